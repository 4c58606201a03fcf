// `facededup doctor`: what is installed, and whether it works.

import { type Command, Option } from 'commander';
import { type DoctorFinding, examine, type FindingState } from '../runs/doctor.js';
import { bad, type Colour, doubtful, good, inBold } from './colours.js';
import type { ConfigFlags } from './config_flags.js';
import { addExamples } from './help.js';
import { count, printJson, printLine, printNote, visible } from './output.js';
import { exitCodes } from './photo_run.js';
import { addJsonFlag, modelsOption } from './shared_options.js';

interface Flags extends ConfigFlags {
  readonly json?: boolean;
  readonly models?: string;
  readonly store?: string;
}

const colourOf: Readonly<Record<FindingState, Colour>> = {
  ok: good,
  missing: doubtful,
  warning: doubtful,
  broken: bad,
};
const widest = 'configuration'.length;

export function addDoctorCommand(program: Command, setExitCode: (code: number) => void): void {
  const command = program
    .command('doctor')
    .description('look at what is installed, and try it')
    .addOption(modelsOption())
    .addOption(
      new Option(
        '--store <file>',
        'also read this face store, or postgres://…, through, and say whether it is damaged',
      ),
    );
  addJsonFlag(command).action(async (_flags: Flags, self: Command) => {
    const { config, models, store, json } = self.optsWithGlobals<Flags>();
    const findings = await examine({ config, models, store, ...(json ? {} : { onFinding: linePrinter() }) });
    const broken = findings.filter(({ state }) => state === 'broken');
    const isWell = broken.length === 0;
    if (json) printJson({ isWell, findings });
    else printNote(isWell ? 'What is installed works.' : `${count(broken.length, 'thing')} broken.`);
    setExitCode(isWell ? exitCodes.done : exitCodes.broken);
  });
  addExamples(command, [
    ['facededup doctor', 'versions, backends, models, settings, and a test of each'],
    ['facededup doctor --store faces.db', 'also whether this face store is whole'],
    ['facededup doctor --json > doctor.json', 'to send along with a report of a fault'],
  ]).addHelpText(
    'after',
    '\nExit codes: 0 what is installed works (models that are not here are no fault), 1 something is broken.',
  );
}

/** Line by line, as the tests take seconds. */
function linePrinter(): (finding: DoctorFinding) => void {
  let area: string | undefined;
  return (finding) => {
    if (finding.area !== area) printLine(`${area === undefined ? '' : '\n'}${inBold(finding.area)}`);
    area = finding.area;
    const { state, name, detail, advice } = finding;
    printLine(
      `  ${colourOf[state](state.padEnd('missing'.length))}  ${name.padEnd(widest + 2)}  ${visible(detail)}`,
    );
    if (advice !== undefined)
      printLine(`  ${' '.repeat('missing'.length)}  ${' '.repeat(widest + 2)}  ${visible(advice)}`);
  };
}
