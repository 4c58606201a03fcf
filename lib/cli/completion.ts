// `facededup completion`: the script with which a shell completes facededup.

import { Argument, type Command } from 'commander';
import { shapeOf } from './command_tree.js';
import { completionScripts, type Shell } from './completion_scripts.js';
import { addExamples } from './help.js';
import { printJson } from './output.js';

export function addCompletionCommand(program: Command): void {
  const shells = Object.keys(completionScripts);
  const command = program
    .command('completion')
    .description('print the script with which a shell completes facededup')
    .addArgument(new Argument('<shell>', 'which').choices(shells))
    .option('--json', 'print JSON')
    .action((shell: Shell, { json }: { readonly json?: boolean }) => {
      const script = completionScripts[shell](shapeOf(program));
      if (json) printJson({ shell, script });
      else process.stdout.write(script);
    });
  addExamples(command, [
    ['source <(facededup completion bash)', 'in ~/.bashrc'],
    ['source <(facededup completion zsh)', 'in ~/.zshrc, after compinit'],
    ['facededup completion fish > ~/.config/fish/completions/facededup.fish', 'once'],
  ]);
}
