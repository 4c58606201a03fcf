// How options are checked: a table of named checks, and one function that reads an object against it.

import { InvalidOptionError } from './errors.js';

/** Returns the value, typed, or throws InvalidOptionError with the option's name in its sentence. */
export type Check<T> = (value: unknown, name: string) => T;

export interface OptionSpec<T> {
  readonly check: Check<T>;
  /** What stands in when neither the caller nor the environment says anything. */
  readonly fallback?: T;
  /** The environment variable that may set it, and how its text becomes a value to check. */
  readonly environment?: { readonly variable: string; readonly parse: (text: string) => unknown };
}

export type OptionTable = Readonly<Record<string, OptionSpec<unknown>>>;

/** The values of a table: those with a fallback are always there. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends OptionSpec<infer T>
    ? Table[Name] extends { readonly fallback: unknown }
      ? T
      : T | undefined
    : never;
};

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A value in a sentence: numbers and strings as they are, anything else by its kind. */
export function printable(value: unknown): string {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : kindOf(value);
}

export function wrongType(name: string, expected: string, value: unknown): InvalidOptionError {
  return new InvalidOptionError('OPTION_TYPE', `${name} must be ${expected}, not ${kindOf(value)}.`);
}

export function outOfRange(name: string, expected: string, value: unknown): InvalidOptionError {
  return new InvalidOptionError('OPTION_RANGE', `${name} must be ${expected}, not ${printable(value)}.`);
}

export function numberFrom(least: number, most: number): Check<number> {
  return (value, name) => {
    if (typeof value !== 'number') throw wrongType(name, 'a number', value);
    if (!(value >= least && value <= most))
      throw outOfRange(name, `a number from ${least} to ${most}`, value);
    return value;
  };
}

export function integerFrom(least: number, most: number): Check<number> {
  return (value, name) => {
    if (typeof value !== 'number') throw wrongType(name, 'a number', value);
    if (!(Number.isInteger(value) && value >= least && value <= most)) {
      throw outOfRange(name, `a whole number from ${least} to ${most}`, value);
    }
    return value;
  };
}

export const aboveZero: Check<number> = (value, name) => {
  if (typeof value !== 'number') throw wrongType(name, 'a number', value);
  if (!(value > 0)) throw outOfRange(name, 'a number above 0', value);
  return value;
};

export const positiveNumber: Check<number> = (value, name) => {
  if (typeof value !== 'number') throw wrongType(name, 'a number', value);
  if (!(value > 0 && Number.isFinite(value))) throw outOfRange(name, 'a finite number above 0', value);
  return value;
};

export function oneOf<T extends string>(names: readonly T[]): Check<T> {
  return (value, name) => {
    if (typeof value !== 'string') throw wrongType(name, 'a string', value);
    const found = names.find((each) => each === value);
    if (found === undefined) throw outOfRange(name, `one of ${names.join(', ')}`, `'${value}'`);
    return found;
  };
}

export const nonEmptyString: Check<string> = (value, name) => {
  if (typeof value !== 'string') throw wrongType(name, 'a string', value);
  if (value === '') throw outOfRange(name, 'a name', 'empty');
  return value;
};

export function instanceOf<T>(constructor: abstract new (...args: never[]) => T, expected: string): Check<T> {
  return (value, name) => {
    if (!(value instanceof constructor)) throw wrongType(name, expected, value);
    return value;
  };
}

export const callback: Check<(...args: never[]) => unknown> = (value, name) => {
  if (typeof value !== 'function') throw wrongType(name, 'a function', value);
  return value as (...args: never[]) => unknown;
};

/** The value, checked where it is given at all; whoever reads it later checks what is deeper. */
export const anything: Check<unknown> = (value) => value;

/** Array.isArray, which makes `any` of what it looks at, without that. */
export function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

export const boolean: Check<boolean> = (value, name) => {
  if (typeof value !== 'boolean') throw wrongType(name, 'true or false', value);
  return value;
};

export const list: Check<readonly unknown[]> = (value, name) => {
  if (!isArray(value)) throw wrongType(name, 'an array', value);
  return value;
};

/** An object whose keys are to be read; undefined counts as an empty one. */
export function optionsObject(given: unknown): Readonly<Record<string, unknown>> {
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw wrongType('options', 'an object', given);
  return given as Record<string, unknown>;
}

/** What the environment says of an option, checked; undefined when it says nothing. */
export function fromEnvironment<T>(spec: OptionSpec<T>): T | undefined {
  // The matcher reads its options here too, and may run in a browser.
  if (!spec.environment || typeof process === 'undefined') return undefined;
  const text = process.env[spec.environment.variable];
  if (text === undefined || text === '') return undefined;
  return spec.check(spec.environment.parse(text), `The environment variable ${spec.environment.variable}`);
}

/**
 * Reads `given` against `table`: first what the caller gave, then `inherited`, then the environment, then the fallback.
 *
 * @throws InvalidOptionError `OPTION_UNKNOWN`, `OPTION_TYPE` or `OPTION_RANGE`.
 */
export function readOptions<Table extends OptionTable>(
  table: Table,
  given: unknown,
  inherited: Readonly<Record<string, unknown>> = {},
): OptionValues<Table> {
  const object = optionsObject(given);
  for (const name of Object.keys(object)) {
    if (!Object.hasOwn(table, name)) {
      const known = Object.keys(table).join(', ');
      throw new InvalidOptionError(
        'OPTION_UNKNOWN',
        `There is no option '${name}' here; there are ${known}.`,
      );
    }
  }
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(table)) {
    const own = object[name];
    values[name] =
      own === undefined ? (inherited[name] ?? fromEnvironment(spec) ?? spec.fallback) : spec.check(own, name);
  }
  return values as OptionValues<Table>;
}
