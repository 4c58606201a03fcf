// A cluster on the command line: workers, where runs are, what they found, and how they are stopped or tried again.

import { type Command, InvalidArgumentError } from 'commander';
import {
  Cluster,
  type ClusterStatus,
  ClusterWorker,
  eventInWords,
  type RunOptions,
  type RunStatus,
  type StageProgress,
  type WorkerEvent,
} from '../cluster/index.js';
import { ClusterError } from '../errors.js';
import { type Log, makeLog } from '../logging.js';
import type { Findings } from '../runs/findings.js';
import { bad, type Colour, good, plain } from './colours.js';
import { addExamples } from './help.js';
import {
  type Cell,
  count,
  headings,
  jsonText,
  printJson,
  printLine,
  printNote,
  printTable,
} from './output.js';
import { StageProgress as Bars } from './progress.js';
import { inShort, timeInWords } from './progress_line.js';
import {
  addClusterFlags,
  addJsonFlag,
  addTelemetryFlag,
  clusterAddresses,
  type ClusterFlags,
  engineOptions,
  modelsOption,
  parseNumber,
  SettingOption,
} from './shared_options.js';

interface Flags extends ClusterFlags {
  readonly json?: boolean;
}

interface WorkerFlags extends Flags {
  readonly patience?: number;
  readonly log?: boolean;
}

export function addWorkerCommand(program: Command): void {
  const command = program
    .command('worker')
    .description('do the work of a cluster until SIGTERM; what it is at goes back to the others then')
    .option(
      '--patience <seconds>',
      'a job of which nothing is heard for so long is another worker\u2019s; the same for all; default 30',
      parseNumber,
    )
    .addOption(
      new SettingOption(
        '--lanes <number>',
        'photos worked on at once; default the number of cores',
      ).argParser(parseNumber),
    )
    .addOption(new SettingOption('--backend <name>', 'of cv::dnn; default opencv'))
    .addOption(new SettingOption('--target <name>', 'of cv::dnn; default cpu'))
    .addOption(modelsOption())
    .option('--log', 'log to stderr as JSON lines, with codes in place of sentences: no names of photos');
  addJsonFlag(addTelemetryFlag(addClusterFlags(command))).action((flags: WorkerFlags) => work(flags));
  addExamples(command, [
    [
      'facededup worker --cluster redis://queue:6379 --store postgres://faces@db/faces',
      'one for each machine is enough: it uses all cores',
    ],
    [
      'FACEDEDUP_CLUSTER=redis://queue FACEDEDUP_STORE=postgres://faces@db/faces facededup worker',
      'the same',
    ],
  ]).addHelpText(
    'after',
    '\nPhotos in a folder must be readable by every worker under the same path, such as a network share\n' +
      'that all machines mount alike; photos in Azure need credentials on every worker. All workers need\n' +
      'the same model files. The packages bullmq, ioredis and pg come with `npm install bullmq ioredis pg`.',
  );
}

async function work(flags: WorkerFlags): Promise<void> {
  const { lanes, models, backend, target } = engineOptions({ ...flags });
  const log = flags.log ? makeLog() : undefined;
  const print = (event: WorkerEvent) => {
    if (log) logEvent(log, event);
    if (flags.json) printLine(jsonText({ at: new Date().toISOString(), ...event }));
    else if (!log) printNote(eventInWords(event));
  };
  const worker = await ClusterWorker.start({
    ...clusterAddresses(flags),
    engine: { lanes, models, backend, target },
    patience: flags.patience,
    onEvent: print,
  });
  log?.info({ worker: worker.name }, 'takes work');
  if (flags.json) printLine(jsonText({ at: new Date().toISOString(), kind: 'ready', worker: worker.name }));
  else if (!log) printNote(`Worker ${worker.name} takes work.`);
  const stopped = new Promise<undefined>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(undefined));
  });
  const error = await Promise.race([stopped, worker.broken]);
  await worker.close();
  if (error) throw error;
  log?.info({ worker: worker.name }, 'has ended');
}

const levelOf = { done: 'info', back: 'info', failed: 'warn', trouble: 'warn', dead: 'error' } as const;

function logEvent(log: Log, { kind, job, code }: WorkerEvent): void {
  const { run, stage, number } = job ?? {};
  log[levelOf[kind]]({ run, stage, job: number, state: kind, code }, job ? `job ${kind}` : kind);
}

export function addStatusCommand(program: Command): void {
  const command = program
    .command('status')
    .description('how far the runs of a cluster are: stages, rates, time left, failures, jobs put aside')
    .argument('[run]', 'the number of a run; default the latest ones', parseRun);
  addJsonFlag(addClusterFlags(command)).action((run: number | undefined, flags: Flags) =>
    withCluster(flags, async (cluster) => {
      if (run !== undefined) {
        const status = await cluster.status(run);
        if (flags.json) printJson(status);
        else printRun(status);
        return;
      }
      const status = await cluster.overview();
      if (flags.json) printJson(status);
      else printOverview(status);
    }),
  );
  addExamples(command, [
    [
      'facededup status --cluster redis://queue --store postgres://faces@db/faces',
      'the latest runs, and the workers',
    ],
    ['facededup status 17 --json', 'one run, for a program; with FACEDEDUP_CLUSTER and FACEDEDUP_STORE set'],
  ]).addHelpText('after', '\nJobs that Redis lost are handed out again on the way.');
}

export function addCancelCommand(program: Command): void {
  const command = program
    .command('cancel')
    .description('stop a run of a cluster; what it encoded is kept until the next run of its set')
    .argument('<run>', 'the number of a run', parseRun);
  addJsonFlag(addClusterFlags(command)).action((run: number, flags: Flags) =>
    withCluster(flags, async (cluster) => {
      await cluster.cancel(run);
      if (flags.json) printJson(await cluster.status(run));
      printNote(`Run ${run} is cancelled.`);
    }),
  );
  addExamples(command, [
    [
      'facededup cancel 17 --cluster redis://queue --store postgres://faces@db/faces',
      'its workers go on with other runs',
    ],
  ]);
}

export function addRetryCommand(program: Command): void {
  const command = program
    .command('retry')
    .description('try the jobs of a run again that were put aside; the run goes on from there')
    .argument('<run>', 'the number of a run', parseRun);
  addJsonFlag(addClusterFlags(command)).action((run: number, flags: Flags) =>
    withCluster(flags, async (cluster) => {
      const jobs = await cluster.retry(run);
      if (flags.json) printJson({ run, jobs });
      printNote(`${count(jobs, 'job')} of run ${run} ${jobs === 1 ? 'is' : 'are'} tried again.`);
    }),
  );
  addExamples(command, [
    [
      'facededup retry 17 --cluster redis://queue --store postgres://faces@db/faces',
      'after the cause is gone',
    ],
  ]);
}

/** Submits a run; with `detach` that is all, and its number is told. */
export async function findOnCluster(
  flags: Flags & { readonly detach?: boolean },
  options: RunOptions,
): Promise<Findings | undefined> {
  return withCluster(flags, async (cluster) => {
    const run = await cluster.submit(options);
    if (flags.detach) {
      if (flags.json) printJson({ run });
      else printLine(String(run));
      printNote(
        `Run ${run} is submitted: \`facededup status ${run}\` tells how far it is, \`facededup results ${run}\` what it found.`,
      );
      return undefined;
    }
    const { workers } = await cluster.overview({ limit: 1 });
    if (workers.length === 0)
      printNote(
        `note: no worker has been heard of in the last minute; run ${run} waits for one: \`facededup worker\`.`,
      );
    return resultsOf(cluster, run);
  });
}

/** Waits for a run with a bar; SIGINT ends waiting, and not the run. */
export async function resultsOf(cluster: Cluster, run: number): Promise<Findings> {
  const bars = new Bars(`run ${run}: `);
  const interrupted = new AbortController();
  const onSignal = () => interrupted.abort();
  process.once('SIGINT', onSignal);
  try {
    return await cluster.wait(run, {
      signal: interrupted.signal,
      onProgress: ({ stage, stages }) => {
        const now = stages.find((each) => each.stage === stage);
        const shown = stage === 'list' || stage === 'encode' ? 'encoding' : 'comparing';
        if (now && (stage === 'encode' || stage === 'match'))
          bars.update({ stage: shown, done: now.unitsDone, total: now.units, failed: 0 });
      },
    });
  } catch (error) {
    const isUnknown = error instanceof ClusterError && error.code === 'CLUSTER_STORE_UNREACHABLE';
    if (interrupted.signal.aborted || isUnknown)
      printNote(
        `Run ${run} goes on: \`facededup results ${run}\` waits for it, \`facededup cancel ${run}\` stops it.`,
      );
    throw error;
  } finally {
    process.off('SIGINT', onSignal);
    bars.stop();
  }
}

export async function withCluster<Result>(
  flags: ClusterFlags,
  work: (cluster: Cluster) => Promise<Result>,
): Promise<Result> {
  const cluster = await Cluster.open(clusterAddresses(flags));
  try {
    return await work(cluster);
  } finally {
    await cluster.close();
  }
}

export function parseRun(text: string): number {
  const run = parseNumber(text);
  if (!Number.isSafeInteger(run) || run < 1)
    throw new InvalidArgumentError('It must be the number of a run.');
  return run;
}

function printOverview({ store, cluster, queued, workers, runs }: ClusterStatus): void {
  if (runs.length > 0)
    printTable([
      headings('RUN', 'SET', 'STATE', 'STAGE', 'DONE', 'LEFT', 'FAILED', 'PUT ASIDE'),
      ...runs.map(rowOf),
    ]);
  printNote(
    `${count(runs.length, 'run')} in ${store}; ${count(queued, 'job')} in ${cluster}; ${count(workers.length, 'worker')} heard of in the last minute.`,
  );
}

const colours: Readonly<Record<RunStatus['state'], Colour>> = {
  running: plain,
  finished: good,
  failed: bad,
  cancelled: bad,
};

function rowOf(status: RunStatus): Cell[] {
  const { run, set, state, stage, stages, secondsLeft, failedPhotos, dead } = status;
  const now = stages.find((each) => each.stage === stage);
  return [
    String(run),
    set,
    { text: state, colour: colours[state] },
    stage,
    now ? unitsInWords(now) : '',
    secondsLeft === undefined ? '' : timeInWords(secondsLeft),
    String(failedPhotos),
    String(dead.length),
  ];
}

function printRun(status: RunStatus): void {
  const { run, set, state, stage, stages, rate, secondsLeft, failedPhotos, dead, code, message } = status;
  printTable([
    headings('STAGE', 'JOBS', 'DONE', 'PUT ASIDE', 'OF IT'),
    ...stages.map((each) => [
      each.stage,
      String(each.jobs),
      String(each.done),
      String(each.dead),
      unitsInWords(each),
    ]),
  ]);
  for (const job of dead)
    printNote(
      `put aside: ${job.stage} ${job.number} after ${count(job.attempts, 'attempt')}: ${job.message} [${job.code}]`,
    );
  const speed = rate === undefined ? '' : `, ${inShort(rate)} ${unitOf(stage)} a second`;
  const left = secondsLeft === undefined ? '' : `, ${timeInWords(secondsLeft)} left of this stage`;
  const photos = failedPhotos === 0 ? '' : `, ${count(failedPhotos, 'photo')} failed`;
  const why = message === undefined ? '' : `: ${message} [${code ?? ''}]`;
  printNote(`Run ${run} on the set ${set} is ${state}, stage ${stage}${speed}${left}${photos}${why}`);
}

function unitOf(stage: string): string {
  if (stage === 'encode') return 'photos';
  return stage === 'match' ? 'pairs' : 'jobs';
}

function unitsInWords({ stage, units, unitsDone }: StageProgress): string {
  return `${inShort(unitsDone)}/${inShort(units)} ${unitOf(stage)}`;
}
