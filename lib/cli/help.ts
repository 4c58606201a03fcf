// What --help prints beside the options: examples, and headings that stand out.

import { type Command, type Help, Option } from 'commander';
import { inBold } from './colours.js';

/** A line to type, and what it does. */
export type Example = readonly [line: string, does: string];

export function addExamples(command: Command, examples: readonly Example[]): Command {
  const lines = examples.map(([line, does]) => `  ${line}\n      ${does}\n`);
  return command.addHelpText('after', `\n${inBold('Examples:')}\n${lines.join('')}`.trimEnd());
}

/** Every command has it, and it stands anywhere on the line. */
export function configOption(): Option {
  return new Option(
    '--config <file>',
    'settings for what no flag says; default facededup.config.json in this folder, or FACEDEDUP_CONFIG',
  );
}

/** Of the options of the commands above, --config alone is worth a line in each help. */
export const helpLook: Partial<Help> = {
  visibleGlobalOptions: (command) => (command.parent ? [configOption()] : []),
  showGlobalOptions: true,
  styleTitle: inBold,
};
