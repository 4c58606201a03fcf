// Logs: JSON lines by pino, made of fields that hold nobody's data. What is not known to be such a field is left out.

import { type LevelWithSilent, type Logger, pino, stdTimeFunctions } from 'pino';
import { InvalidOptionError } from './errors.js';

export type Log = Logger;

/** What a line may hold beside its time, level, process and words. No names, references, paths, addresses or tokens. */
export interface LogFields {
  /** Of the error. */
  readonly code?: string | undefined;
  /** Of a stack: where in the code, without its first line. */
  readonly stack?: readonly string[] | undefined;
  readonly method?: string | undefined;
  /** The pattern of an address, and not the address. */
  readonly route?: string | undefined;
  readonly status?: number | undefined;
  readonly milliseconds?: number | undefined;
  /** Machine, process and four letters. */
  readonly worker?: string | undefined;
  readonly run?: number | undefined;
  readonly stage?: string | undefined;
  /** Of a run on a cluster: its number within the stage; of a server: since it was started. */
  readonly job?: number | undefined;
  readonly state?: string | undefined;
  readonly photos?: number | undefined;
  readonly failed?: number | undefined;
  readonly pairs?: number | undefined;
}

const known: Readonly<Record<keyof LogFields, true>> = {
  code: true,
  stack: true,
  method: true,
  route: true,
  status: true,
  milliseconds: true,
  worker: true,
  run: true,
  stage: true,
  job: true,
  state: true,
  photos: true,
  failed: true,
  pairs: true,
};

const levels: ReadonlySet<string> = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']);

/** The environment variable with the least level that is written; default `info`. */
const levelVariable = 'FACEDEDUP_LOG_LEVEL';

/** @throws InvalidOptionError `OPTION_RANGE` when the level is none. */
export function makeLog(stream: NodeJS.WritableStream = process.stderr): Log {
  return pino(
    {
      name: 'facededup',
      level: levelIn(process.env),
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: withoutOthers },
      hooks: {
        logMethod(args: readonly unknown[], method) {
          const [fields, words] = safe(args);
          method.call(this, fields, words);
        },
      },
    },
    stream,
  );
}

function levelIn(environment: NodeJS.ProcessEnv): LevelWithSilent {
  const level = environment[levelVariable] || 'info';
  if (levels.has(level)) return level as LevelWithSilent;
  throw new InvalidOptionError(
    'OPTION_RANGE',
    `The environment variable ${levelVariable} must be one of ${[...levels].join(', ')}.`,
  );
}

function withoutOthers(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => Object.hasOwn(known, name)));
}

/** Other libraries, fastify among them, write errors and make their sentences, which may name a photo, the line's words. */
function safe(args: readonly unknown[]): [fields: object, words: string] {
  const [first, second] = args;
  const given = typeof first === 'object' && first !== null ? first : {};
  const error = [given, ...Object.values(given as Readonly<Record<string, unknown>>), ...args].find(isError);
  if (error) return [{ ...given, ...factsOf(error) }, 'an error'];
  return [given, [first, second].find((each) => typeof each === 'string') ?? ''];
}

/** Of an error what may be told of it: its code, and where in the code it arose. */
export function factsOf(error: unknown): LogFields {
  if (!isError(error)) return { code: '_OTHER' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { code, stack: placesIn(error) };
}

function placesIn({ stack = '' }: Error): string[] {
  return stack.split('\n').filter((line) => /^\s+at /.test(line));
}

function isError(value: unknown): value is Error {
  return value instanceof Error;
}
