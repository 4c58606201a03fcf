// `facededup completion`: the script with which a shell completes facededup.

import { Argument, type Command } from 'commander';
import { shapeOf } from './command_tree.js';
import { completionScripts, type Shell } from './completion_scripts.js';
import { addExamples } from './help.js';

export function addCompletionCommand(program: Command): void {
  const shells = Object.keys(completionScripts);
  const command = program
    .command('completion')
    .description('print the script with which a shell completes facededup')
    .addArgument(new Argument('<shell>', 'which').choices(shells))
    .action((shell: Shell) => {
      process.stdout.write(completionScripts[shell](shapeOf(program)));
    });
  addExamples(command, [
    ['source <(facededup completion bash)', 'in ~/.bashrc'],
    ['source <(facededup completion zsh)', 'in ~/.zshrc, after compinit'],
    ['facededup completion fish > ~/.config/fish/completions/facededup.fish', 'once'],
  ]);
}
