#!/usr/bin/env node
// The command line: its commands, what they have in common, and how it exits.

import { Command, CommanderError } from 'commander';
import { FaceDedupError } from '../errors.js';
import { packageVersion } from '../package_root.js';
import { wantsColour } from './colours.js';
import { addCancelCommand, addRetryCommand, addStatusCommand, addWorkerCommand } from './cluster.js';
import { addCompareCommand } from './compare.js';
import { addCompletionCommand } from './completion.js';
import { addConfigCommand } from './config.js';
import { applyConfigFile } from './config_flags.js';
import { addCalibrateCommand } from './calibrate.js';
import { addDecisionsCommand } from './decisions.js';
import { addDetectCommand } from './detect.js';
import { addDoctorCommand } from './doctor.js';
import { addEncodeCommand } from './encode.js';
import { addEncodingsCommand } from './encodings.js';
import { addEraseCommand } from './erase.js';
import { addFindCommand } from './find.js';
import { addExamples, configOption, helpLook } from './help.js';
import { addIdentifyCommand } from './identify.js';
import { addModelsCommand } from './models.js';
import { printNote, visible } from './output.js';
import { exitCodes } from './photo_run.js';
import { addReportCommand } from './report.js';
import { addResultsCommand } from './results.js';
import { addReviewCommand } from './review.js';
import { addServeCommand } from './serve.js';
import { addStoreCommand } from './store.js';
import { endTelemetry, startTelemetry } from './telemetry.js';
import { addUniqueCommand } from './unique.js';

async function run(args: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.done;
  const setExitCode = (code: number) => {
    exitCode = code;
  };
  const program = new Command('facededup')
    .description('Finds the same person twice in a set of photos.')
    .version(packageVersion)
    .addOption(configOption())
    .configureHelp(helpLook)
    .configureOutput({ getOutHasColors: () => wantsColour(process.stdout, process.env) })
    .exitOverride()
    .showSuggestionAfterError()
    .hook('preAction', async (_program, command) => {
      if (commandsAboutThemselves.has(command.name())) return;
      await applyConfigFile(command);
      await startTelemetry(command);
    });

  program.commandsGroup('Find people:');
  addFindCommand(program, setExitCode);
  addCompareCommand(program, setExitCode);
  addIdentifyCommand(program, setExitCode);
  addUniqueCommand(program, setExitCode);
  program.commandsGroup('Decide on pairs:');
  addDecisionsCommand(program);
  addReportCommand(program);
  addReviewCommand(program);
  addServeCommand(program);
  addCalibrateCommand(program, setExitCode);
  program.commandsGroup('Look into photos:');
  addDetectCommand(program, setExitCode);
  addEncodeCommand(program, setExitCode);
  addEncodingsCommand(program);
  program.commandsGroup('Look after a face store:');
  addStoreCommand(program);
  addEraseCommand(program);
  program.commandsGroup('Beyond one machine:');
  addWorkerCommand(program);
  addStatusCommand(program);
  addResultsCommand(program, setExitCode);
  addCancelCommand(program);
  addRetryCommand(program);
  program.commandsGroup('Set up:');
  addModelsCommand(program);
  addConfigCommand(program);
  addDoctorCommand(program, setExitCode);
  addCompletionCommand(program);
  program.helpCommand('help [command]');

  addExamples(program, [
    ['facededup models fetch', 'once: the model files'],
    ['facededup doctor', 'whether all that is installed works'],
    ['facededup find photos/ --store faces.db', 'the photos that show one person'],
    ['facededup compare id_card.jpg selfie.jpg', 'whether two photos do'],
    ['facededup identify members/ door/ --by folder', 'who of one folder is in another'],
    ['facededup unique photos/ --out people/', 'the best face of each person'],
  ]);
  program.addHelpText(
    'after',
    '\nExit codes: 0 done, 1 some photos failed (listed on stderr), 2 wrong use,\n' +
      '70 a fault of facededup or of the output. compare: 1 different people.\n' +
      'doctor: 1 something is broken.',
  );
  await program.parseAsync(args, { from: 'user' });
  return exitCode;
}

/** They say what is wrong with a configuration, or need none. */
const commandsAboutThemselves: ReadonlySet<string> = new Set(['config', 'doctor', 'completion']);

function exitCodeOf(error: unknown): number {
  // commander has already printed what is wrong, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUse;
  if (error instanceof FaceDedupError && error.code !== 'INTERNAL') {
    printNote(`facededup: ${error.message} [${error.code}]`);
    return exitCodes.wrongUse;
  }
  const report = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${report.split('\n').map(visible).join('\n')}\n`);
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
// What is still on its way to a collector that does not answer would keep the process.
if (!(await endTelemetry())) process.stdout.write('', () => process.exit());
