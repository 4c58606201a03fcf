// The commands as plain data: what a shell needs to know to complete them.

import type { Argument, Command, Option } from 'commander';
import { SettingOption } from './shared_options.js';

export type Completion =
  /** One of these. */
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' }
  /** A number or a name that nobody can guess. */
  | { readonly kind: 'nothing' };

export interface OptionShape {
  /** `-t` and `--threshold`, as far as it has them. */
  readonly flags: readonly string[];
  readonly description: string;
  /** Absent: it takes no value. */
  readonly value?: Completion;
}

export interface CommandShape {
  /** From the program on, without it: `models fetch`; empty for the program itself. */
  readonly path: string;
  readonly name: string;
  readonly description: string;
  readonly commands: readonly CommandShape[];
  readonly options: readonly OptionShape[];
  readonly argument: Completion;
}

/** Of a command, and of those below it, which take the options of those above them, too. */
export function shapeOf(command: Command, above: readonly string[] = []): CommandShape {
  const help = command.createHelp();
  const options = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
  const [argument] = command.registeredArguments;
  return {
    path: above.join(' '),
    name: command.name(),
    description: command.description(),
    commands: help
      .visibleCommands(command)
      .filter((each) => each.name() !== 'help')
      .map((each) => shapeOf(each, [...above, each.name()])),
    options: options.map(optionShape),
    argument: argument ? ofArgument(argument) : { kind: 'nothing' },
  };
}

/** A command, then those below it. */
export function flattened(shape: CommandShape): CommandShape[] {
  return [shape, ...shape.commands.flatMap(flattened)];
}

function optionShape(option: Option): OptionShape {
  const { short, long, description } = option;
  const flags = [short, long].filter((flag) => flag !== undefined);
  const takesValue = option.required || option.optional;
  return { flags, description, ...(takesValue ? { value: ofOption(option) } : {}) };
}

function ofOption(option: Option): Completion {
  const words = option.argChoices ?? (option instanceof SettingOption ? option.suggestions : []);
  return words.length > 0 ? { kind: 'words', words } : byPlaceholder(/<(.+?)>/.exec(option.flags)?.[1] ?? '');
}

function ofArgument(argument: Argument): Completion {
  return argument.argChoices ? { kind: 'words', words: argument.argChoices } : byPlaceholder(argument.name());
}

/** What a value is called in the help tells what it is. */
const places = /^(file|path|directory|folder|photos?|first|second|known|unknown|source|places?|pairs|out)$/;

function byPlaceholder(name: string): Completion {
  return { kind: places.test(name) ? 'files' : 'nothing' };
}
