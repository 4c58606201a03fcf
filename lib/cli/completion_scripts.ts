// The scripts with which bash, zsh and fish complete facededup, made of its commands.

import { type CommandShape, type Completion, flattened, type OptionShape } from './command_tree.js';

export type Shell = 'bash' | 'zsh' | 'fish';

export const completionScripts: Readonly<Record<Shell, (program: CommandShape) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** For a shell, as one word. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** In a `case` of bash and zsh: the command, a space, the flag. */
function patternOf(shape: CommandShape, flags: readonly string[]): string {
  return flags.map((flag) => quoted(`${shape.path} ${flag}`)).join(' | ');
}

const valued = ({ value }: OptionShape) => value !== undefined;

/** A `case` with a branch for each, or nothing where there is no branch. */
function caseOf(subject: string, branches: readonly string[]): string {
  return branches.length === 0
    ? ':'
    : `case ${subject} in\n${branches.map((branch) => `      ${branch}`).join('\n')}\n    esac`;
}

/**
 * What bash and zsh have in common: which command the words before the cursor make. A value of an option is passed
 * over, so that `--out models` is not the command `models`.
 */
function pathFinder(program: CommandShape, words: string, end: string, first: number): string {
  const shapes = flattened(program);
  const withValue = shapes.flatMap((shape) => {
    const flags = shape.options.filter(valued).flatMap((option) => option.flags);
    return flags.length > 0 ? [`${patternOf(shape, flags)}) i=$((i + 1)) ;;`] : [];
  });
  const steps = shapes.flatMap((shape) =>
    shape.commands.map((below) => `${quoted(`${shape.path} ${below.name}`)}) path=${quoted(below.path)} ;;`),
  );
  return `  for ((i = ${first}; i < ${end}; i++)); do
    ${caseOf(`"$path \${${words}[i]}"`, [...steps, ...withValue])}
  done`;
}

function bashAction(completion: Completion): string {
  switch (completion.kind) {
    case 'words':
      return `_facededup_words ${quoted(completion.words.join(' '))}`;
    case 'files':
      return '_facededup_files';
    case 'nothing':
      return ':';
  }
}

function valueBranches(program: CommandShape, action: (completion: Completion) => string): string[] {
  return flattened(program).flatMap((shape) =>
    shape.options.flatMap(({ flags, value }) =>
      value ? [`${patternOf(shape, flags)}) ${action(value)}; return ;;`] : [],
    ),
  );
}

function bashScript(program: CommandShape): string {
  const shapes = flattened(program);
  const options = shapes.map(
    (shape) =>
      `${quoted(shape.path)}) _facededup_words ${quoted(shape.options.flatMap(({ flags }) => flags).join(' '))} ;;`,
  );
  const rest = shapes.map(
    (shape) =>
      `${quoted(shape.path)}) ${
        shape.commands.length > 0 && shape.argument.kind === 'nothing'
          ? `_facededup_words ${quoted(shape.commands.map(({ name }) => name).join(' '))}`
          : bashAction(shape.argument)
      } ;;`,
  );
  return `# Completion of facededup for bash. Load it with: source <(facededup completion bash)

_facededup_words() {
  local IFS=$' \\t\\n'
  COMPREPLY=($(compgen -W "$1" -- "$word"))
}

_facededup_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$word"))
}

_facededup() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}" path='' i
  COMPREPLY=()
  # bash takes --flag=value for three words.
  if [[ $word == '=' ]]; then word=''; elif [[ $before == '=' ]]; then before="\${COMP_WORDS[COMP_CWORD - 2]}"; fi
${pathFinder(program, 'COMP_WORDS', 'COMP_CWORD', 1)}
  ${caseOf('"$path $before"', valueBranches(program, bashAction))}
  if [[ $word == -* ]]; then
    ${caseOf('"$path"', options)}
    return
  fi
  ${caseOf('"$path"', rest)}
}

complete -F _facededup facededup
`;
}

function zshAction(completion: Completion): string {
  switch (completion.kind) {
    case 'words':
      return `compadd -- ${completion.words.map(quoted).join(' ')}`;
    case 'files':
      return '_files';
    case 'nothing':
      return ':';
  }
}

/** `name:description`, as _describe takes it. */
function zshPair(name: string, description: string): string {
  return quoted(`${name.replaceAll(':', '\\:')}:${description}`);
}

function zshScript(program: CommandShape): string {
  const shapes = flattened(program);
  const describe = (label: string, pairs: readonly string[]) =>
    `found=(${pairs.join(' ')}); _describe ${quoted(label)} found`;
  const options = shapes.map(
    (shape) =>
      `${quoted(shape.path)}) ${describe(
        'option',
        shape.options.flatMap(({ flags, description }) => flags.map((flag) => zshPair(flag, description))),
      )} ;;`,
  );
  const rest = shapes.map(
    (shape) =>
      `${quoted(shape.path)}) ${
        shape.commands.length > 0 && shape.argument.kind === 'nothing'
          ? describe(
              'command',
              shape.commands.map(({ name, description }) => zshPair(name, description)),
            )
          : zshAction(shape.argument)
      } ;;`,
  );
  return `#compdef facededup
# Completion of facededup for zsh. Put it as _facededup into a folder of $fpath, or load it after compinit with:
# source <(facededup completion zsh)

_facededup() {
  # zsh counts from 1, and the first word is facededup. Its own $path holds folders.
  local word="\${words[CURRENT]}" before="\${words[CURRENT - 1]}" at='' i
  local -a found
${pathFinder(program, 'words', 'CURRENT', 2).replaceAll('$path', '$at').replaceAll(' path=', ' at=')}
  ${caseOf('"$at $before"', valueBranches(program, zshAction))}
  if [[ $word == -* ]]; then
    ${caseOf('"$at"', options)}
    return
  fi
  ${caseOf('"$at"', rest)}
}

if [[ "\${funcstack[1]}" == _facededup ]]; then _facededup "$@"; else compdef _facededup facededup; fi
`;
}

function fishScript(program: CommandShape): string {
  const lines = flattened(program).flatMap((shape) => {
    const here = `-n ${quoted(`__facededup_at ${quoted(shape.path)}`)}`;
    const commands = shape.commands.map(
      ({ name, description }) => `complete -c facededup ${here} -f -a ${name} -d ${quoted(description)}`,
    );
    const options = shape.options.map(({ flags, description, value }) => {
      const names = flags.map((flag) =>
        flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
      );
      return `complete -c facededup ${here} ${names.join(' ')} ${fishValue(value)}-d ${quoted(description)}`;
    });
    const argument =
      shape.argument.kind === 'words'
        ? [`complete -c facededup ${here} -f -a ${quoted(shape.argument.words.join(' '))}`]
        : shape.argument.kind === 'files'
          ? [`complete -c facededup ${here} -F`]
          : [];
    return [...commands, ...options, ...argument];
  });
  const steps = flattened(program).flatMap((shape) => {
    const flags = shape.options.filter(valued).flatMap((option) => option.flags);
    return [
      ...shape.commands.map(
        (below) =>
          `            case ${quoted(`${shape.path} ${below.name}`)}\n                set at ${quoted(below.path)}`,
      ),
      ...(flags.length > 0
        ? [
            `            case ${flags.map((flag) => quoted(`${shape.path} ${flag}`)).join(' ')}\n                set skip 1`,
          ]
        : []),
    ];
  });
  return `# Completion of facededup for fish. Keep it as ~/.config/fish/completions/facededup.fish, or load it with:
# facededup completion fish | source

function __facededup_at
    set -l at ''
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch "$at $word"
${steps.join('\n')}
        end
    end
    test "$at" = "$argv[1]"
end

complete -c facededup -f
${lines.join('\n')}
`;
}

function fishValue(value: Completion | undefined): string {
  if (!value) return '';
  if (value.kind === 'words') return `-x -a ${quoted(value.words.join(' '))} `;
  return value.kind === 'files' ? '-r -F ' : '-x ';
}
