// `facededup config`: the settings in force and where each comes from, and a file to begin with.

import type { Command } from 'commander';
import { beginConfig, ConfigFile, type SettingInForce, settingsInForce } from '../settings/index.js';
import { faint, good } from './colours.js';
import type { ConfigFlags } from './config_flags.js';
import { addExamples } from './help.js';
import { type Cell, headings, printJson, printNote, printTable } from './output.js';
import { addJsonFlag } from './shared_options.js';

interface Flags extends ConfigFlags {
  readonly init?: boolean;
  readonly json?: boolean;
}

export function addConfigCommand(program: Command): void {
  const command = program
    .command('config')
    .description('print the settings in force, and where each comes from')
    .option('--init', 'write a configuration to begin with, if there is none');
  addJsonFlag(command).action(async (_flags: Flags, self: Command) => {
    const { config, init, json } = self.optsWithGlobals<Flags>();
    if (init) await begin(config, json === true);
    else await show(config, json === true);
  });
  addExamples(command, [
    ['facededup config', 'each setting with its value: from the environment, the file, or the default'],
    ['facededup config --init', 'facededup.config.json with the defaults, for you to change'],
    ['facededup config --config /etc/facededup.json --json', 'of another file, for a program'],
  ]).addHelpText(
    'after',
    '\nOf a flag, an environment variable, the file and the default the first that is there counts.',
  );
}

async function begin(config: string | undefined, json: boolean): Promise<void> {
  const file = await beginConfig(config);
  if (json) printJson({ file });
  printNote(`${file} is begun with the defaults.`);
}

async function show(config: string | undefined, json: boolean): Promise<void> {
  const file = await ConfigFile.read(config);
  const settings = settingsInForce(file);
  if (json) {
    printJson({ file: file.isThere ? file.path : null, settings });
    return;
  }
  printTable([headings('SETTING', 'VALUE', 'FROM'), ...settings.map(rowOf)]);
  printNote(file.isThere ? `File: ${file.path}` : `There is no file ${file.path}.`);
}

function rowOf({ name, value, source, variable }: SettingInForce): Cell[] {
  const from = source === 'environment' ? (variable ?? source) : source;
  return [name, inWords(value), { text: from, colour: source === 'default' ? faint : good }];
}

function inWords(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
