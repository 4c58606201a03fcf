#!/usr/bin/env node
// The command line: facededup find, detect, encode, decisions, models, review, serve.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { FaceDedupError } from '../errors.js';
import { packageRoot } from '../package_root.js';
import { addDecisionsCommand } from './decisions.js';
import { addDetectCommand } from './detect.js';
import { addEncodeCommand } from './encode.js';
import { addFindCommand } from './find.js';
import { addModelsCommand } from './models.js';
import { printNote } from './output.js';
import { exitCodes } from './photo_run.js';
import { addReportCommand } from './report.js';
import { addReviewCommand } from './review.js';
import { addServeCommand } from './serve.js';

const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  version: string;
};

async function run(args: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.done;
  const setExitCode = (code: number) => {
    exitCode = code;
  };
  const program = new Command('facededup')
    .description('Finds the same person twice in a set of photos.')
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 some photos failed (listed on stderr), 2 wrong use,\n70 a fault of facededup or of the output.\n\n' +
        'Examples:\n  facededup models fetch\n  facededup models update new-ssd/ --name 2026-11\n  facededup find photos/ --threshold 0.4 --json > pairs.json',
    );
  addFindCommand(program, setExitCode);
  addDetectCommand(program, setExitCode);
  addEncodeCommand(program, setExitCode);
  addDecisionsCommand(program);
  addReportCommand(program);
  addModelsCommand(program);
  addReviewCommand(program);
  addServeCommand(program);
  await program.parseAsync(args, { from: 'user' });
  return exitCode;
}

function exitCodeOf(error: unknown): number {
  // commander has already printed what is wrong, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUse;
  if (error instanceof FaceDedupError && error.code !== 'INTERNAL') {
    printNote(`facededup: ${error.message} [${error.code}]`);
    return exitCodes.wrongUse;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitCodes.ourMistake;
}

// A reader that has seen enough, such as head, closes the pipe: that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.done);
  printNote(`facededup: the output cannot be written: ${error.message}`);
  process.exit(exitCodes.ourMistake);
});
// Nobody can be told any more; the result on stdout still counts.
process.stderr.on('error', () => undefined);

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
