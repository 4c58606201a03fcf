// The settings in force where no flag says otherwise, and where each comes from.

import { engineOptionTable, thresholdOptionTable } from '../config.js';
import type { OptionSpec } from '../options.js';
import { redactAddress } from '../redaction.js';
import type { ConfigFile } from './config_file.js';
import { type SettingSpec, settingsTable } from './table.js';

export interface SettingInForce {
  readonly name: string;
  /** Absent: there is none, and what that means is in the description. */
  readonly value?: unknown;
  readonly source: 'environment' | 'file' | 'default';
  /** The environment variable that sets it, or could. */
  readonly variable?: string;
  readonly description: string;
}

const checks: Readonly<Record<string, OptionSpec<unknown>>> = {
  ...engineOptionTable,
  ...thresholdOptionTable,
};

/** In the order of the table. @throws InvalidOptionError when an environment variable is out of its range. */
export function settingsInForce({ settings }: ConfigFile): SettingInForce[] {
  const ofFile: Readonly<Record<string, unknown>> = settings;
  return Object.entries(settingsTable).map(([name, spec]) => {
    const { description, variable } = spec;
    const facts = { name, description, ...(variable === undefined ? {} : { variable }) };
    const text = variable === undefined ? undefined : process.env[variable];
    if (text) return { ...facts, value: shown(fromText(name, spec, text)), source: 'environment' };
    if (ofFile[name] !== undefined) return { ...facts, value: shown(ofFile[name]), source: 'file' };
    return { ...facts, ...(spec.default === undefined ? {} : { value: spec.default }), source: 'default' };
  });
}

/** Addresses may hold passwords. */
function shown(value: unknown): unknown {
  return typeof value === 'string' ? redactAddress(value) : value;
}

function fromText(name: string, { schema, variable }: SettingSpec, text: string): unknown {
  const check = checks[name];
  const parse = check?.environment?.parse ?? (schema.type === 'string' ? (given: string) => given : Number);
  const value = parse(text);
  check?.check(value, `The environment variable ${variable ?? name}`);
  return value;
}
