// What the configuration file says becomes the value of the options that nobody gave: flag, environment, file, default.

import type { Command } from 'commander';
import { belowEnvironment, ConfigFile } from '../settings/index.js';
import { SettingOption } from './shared_options.js';

export interface ConfigFlags {
  readonly config?: string;
}

/**
 * Of a command that is about to run, and of those above it, whose flags may stand anywhere on the line.
 *
 * @throws ConfigFileError
 */
export async function applyConfigFile(command: Command): Promise<void> {
  const { config } = command.optsWithGlobals<ConfigFlags>();
  const { settings } = await ConfigFile.read(config);
  const values = new Map(Object.entries(belowEnvironment(settings)));
  for (let at: Command | null = command; at; at = at.parent)
    for (const option of at.options) if (option instanceof SettingOption) applyTo(at, option, values);
}

function applyTo(command: Command, option: SettingOption, values: ReadonlyMap<string, unknown>): void {
  const name = option.attributeName();
  const source = command.getOptionValueSource(name);
  const isGiven = source !== undefined && source !== 'default';
  if (values.has(name) && !isGiven) command.setOptionValueWithSource(name, values.get(name), 'config');
}
