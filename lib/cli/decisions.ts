// `facededup decisions`: what people said of pairs, listed, added, imported, undone.

import { type Command, Option } from 'commander';
import type { Decision, ReviewDecisions, SubjectKind } from '../store/index.js';
import type { Verdict } from '../runs/findings.js';
import { openAnyStore } from './any_store.js';
import { addExamples, type Example } from './help.js';
import { count, printCsvRow, printJson, printNote, printTable, verdictCell } from './output.js';
import { photoName, readDecisions } from './pair_files.js';
import {
  addOutputFlags,
  addStoreFlags,
  outputFormat,
  type OutputFlags,
  type StoreFlags,
} from './shared_options.js';

interface DecisionFlags extends OutputFlags, StoreFlags {}

interface AddFlags extends DecisionFlags {
  readonly verdict: Verdict;
  readonly by: SubjectKind;
  readonly reason?: string;
}

export function addDecisionsCommand(program: Command): void {
  const decisions = withFlags(
    program
      .command('decisions')
      .description('list what was decided on pairs: same, different (never reported again), unsure'),
  ).action((flags: DecisionFlags) =>
    withDecisions(flags, listedSet, async (table) => printDecisions(await table.list(), flags)),
  );

  withFlags(
    decisions
      .command('add')
      .description('decide on a pair')
      .argument('<first>', 'a photo, or with --by reference a record')
      .argument('<second>', 'the other')
      .addOption(
        new Option('--verdict <verdict>', 'whether they show one person')
          .choices(['same', 'different', 'unsure'])
          .default('different'),
      )
      .addOption(
        new Option('--by <kind>', 'what the two names stand for')
          .choices(['photo', 'reference'])
          .default('photo'),
      )
      .option('--reason <text>', 'why, for those who ask later'),
  ).action(async (first: string, second: string, _flags: AddFlags, command: Command) => {
    const { verdict, by: kind, reason, ...flags } = command.optsWithGlobals<AddFlags>();
    const nameOf = (text: string) => (kind === 'photo' ? photoName(text) : text);
    await withDecisions(flags, anySet, async (table) => {
      const decision = { kind, first: nameOf(first), second: nameOf(second), verdict, reason };
      const taken = await table.decideAll([decision]);
      printDecisions(taken, flags);
      await noteUnknown(taken, table);
    });
  });

  withFlags(
    decisions
      .command('import')
      .description(
        'take decisions from a CSV file: first,second (photos) or first_reference,second_reference, verdict, reason',
      )
      .argument('<file>', 'CSV with a header'),
  ).action(async (file: string, _flags: DecisionFlags, command: Command) => {
    const { decisions: given, undecided } = await readDecisions(file);
    const flags = command.optsWithGlobals<DecisionFlags>();
    await withDecisions(flags, anySet, async (table) => {
      const taken = await table.decideAll(given);
      if (outputFormat(flags) !== 'text') printDecisions(taken, flags);
      const left = undecided === 0 ? '' : ` ${count(undecided, 'pair')} without a verdict left open.`;
      printNote(`${count(taken.length, 'decision')} taken from ${file}.${left}`);
      await noteUnknown(taken, table);
    });
  });

  withFlags(decisions.command('undo').description('withdraw the latest decision')).action(
    async (_flags: DecisionFlags, command: Command) => {
      const flags = command.optsWithGlobals<DecisionFlags>();
      await withDecisions(flags, knownSet, async (table) => {
        const undone = await table.undo();
        printDecisions(undone ? [undone] : [], flags);
        printNote(undone ? 'This decision is withdrawn.' : 'There is no decision to withdraw.');
      });
    },
  );
  addDecisionExamples(decisions);
}

function addDecisionExamples(decisions: Command): void {
  addExamples(decisions, [
    ['facededup decisions --store faces.db', 'every decision that holds, oldest first'],
    ['facededup decisions --store faces.db --csv > decisions.csv', 'as a table for a spreadsheet'],
    ['facededup decisions --store postgres://faces@db/faces', 'of a cluster'],
  ]);
  const examples: Readonly<Record<string, readonly Example[]>> = {
    add: [
      [
        'facededup decisions add a.jpg b.jpg --reason twins --store faces.db',
        'two different people: the pair is never reported again',
      ],
      [
        'facededup decisions add R-17 R-42 --by reference --verdict same --store faces.db',
        'two records of one person',
      ],
    ],
    import: [['facededup decisions import reviewed.csv --store faces.db', 'all of a file, or none of it']],
    undo: [['facededup decisions undo --store faces.db', 'the latest one no longer holds']],
  };
  for (const command of decisions.commands) addExamples(command, examples[command.name()] ?? []);
}

/** The commands below `decisions` have flags of the same names, and commander gives them to it wherever they stand. */
function withFlags(command: Command): Command {
  return addOutputFlags(addStoreFlags(command));
}

/** A pair may be ruled out before there is any run. */
const anySet = { create: true } as const;
const knownSet = { create: false } as const;
const listedSet = { create: false, readOnly: true } as const;

async function withDecisions(
  flags: StoreFlags,
  { create, readOnly }: { readonly create: boolean; readonly readOnly?: boolean },
  work: (decisions: ReviewDecisions) => Promise<void>,
): Promise<void> {
  const store = await openAnyStore(flags, { create, readOnly });
  try {
    await work((await (create ? store.set(flags.set) : store.existingSet(flags.set))).decisions);
  } finally {
    await store.close();
  }
}

/** They are kept: their photos may come with a later run. */
async function noteUnknown(taken: readonly Decision[], table: ReviewDecisions): Promise<void> {
  let unknown = 0;
  for (const decision of taken) if (!(await table.isKnown(decision))) unknown++;
  if (unknown > 0)
    printNote(`note: ${count(unknown, 'decision')} on what this set does not have (yet): check the names.`);
}

function printDecisions(decisions: readonly Decision[], flags: OutputFlags): void {
  const format = outputFormat(flags);
  if (format === 'json') printJson(decisions);
  else if (format === 'csv') {
    printCsvRow(['kind', 'first', 'second', 'verdict', 'reason', 'decided_at']);
    for (const { kind, first, second, verdict, reason, decidedAt } of decisions)
      printCsvRow([kind, first, second, verdict, reason ?? '', decidedAt]);
  } else
    printTable(
      decisions.map(({ first, second, verdict, reason, decidedAt }) => [
        decidedAt.slice(0, 16).replace('T', ' '),
        verdictCell(verdict),
        first,
        second,
        reason ?? '',
      ]),
    );
}
