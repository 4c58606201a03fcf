// What telemetry is made of: every span, metric and attribute by its name. Nothing else is emitted; docs/observability.md
// has the same tables.

/** Seconds, from a statement to a day's run. */
const secondsBounds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200,
] as const;

/**
 * Values are codes, counts, stages and numbers of runs, and never names, references, paths, addresses, encodings, or the
 * sentences of errors, which may hold any of them.
 */
export const attributeTable = {
  'error.type': 'the code of the error, or `_OTHER`; absent: there was none',
  'db.system.name': '`sqlite` or `postgresql`',
  'db.operation.name': 'what the store did: `keep`, `page`, `SELECT`, `transaction` …',
  'messaging.system': '`bullmq`',
  'messaging.operation.type': '`send` or `process`',
  'facededup.operation': 'verb of the engine: `detect`, `landmarks`, `encode`, `extract`',
  'facededup.engine.stage':
    '`wait` for a turn, `read` the photos, `work` in native code (decoding to encodings)',
  'facededup.photos': 'how many photos',
  'facededup.faces': 'how many faces',
  'facededup.failed': 'how many photos failed',
  'facededup.pairs': 'how many pairs were found',
  'facededup.model.set': 'a set of models: `ssd`, `landmarks-small`, `landmarks-large`, `encoder`, `mmod`',
  'facededup.stage':
    'of a run: `encode`, `compare`, `keep`; of one on a cluster: `list`, `encode`, `plan`, `match`, `merge`, `group`, `report`',
  'facededup.run': 'number of a run on a cluster',
  'facededup.job': 'number of a job in its stage',
  'facededup.attempt': 'which attempt of the job: 1 and up',
  'facededup.end':
    'of a job: `done`, `failed` (tried again), `dead` (put aside), `back` (given back by a worker that ends)',
  'facededup.queue.state': '`waiting`, `active` or `delayed`',
} as const;

export type AttributeName = keyof typeof attributeTable;

/** Of a span or measurement. */
export type Attributes = Partial<Record<AttributeName, string | number>>;

export type MetricKind = 'counter' | 'up-down counter' | 'gauge' | 'histogram';

export interface MetricSpec {
  readonly kind: MetricKind;
  /** In UCUM, as OpenTelemetry wants it. */
  readonly unit: string;
  readonly description: string;
  readonly attributes: readonly AttributeName[];
  readonly bounds?: readonly number[];
}

const seconds = { kind: 'histogram', unit: 's', bounds: secondsBounds } as const;

export const metricTable = {
  'facededup.photos': {
    kind: 'counter',
    unit: '{photo}',
    description: 'Photos that the engine answered or failed',
    attributes: ['facededup.operation', 'error.type'],
  },
  'facededup.faces': {
    kind: 'counter',
    unit: '{face}',
    description: 'Faces found on them',
    attributes: ['facededup.operation'],
  },
  'facededup.engine.calls': {
    kind: 'up-down counter',
    unit: '{call}',
    description: 'Calls of the engine that wait for a lane or are in one',
    attributes: [],
  },
  'facededup.engine.stage.duration': {
    ...seconds,
    description: 'What a call of the engine spends its time on; a call may have several photos',
    attributes: ['facededup.engine.stage', 'error.type'],
  },
  'facededup.model.load.duration': {
    ...seconds,
    description: 'Reading, checking and loading a set of models',
    attributes: ['facededup.model.set', 'error.type'],
  },
  'db.client.operation.duration': {
    ...seconds,
    description: 'Reading from and writing to the store',
    attributes: ['db.system.name', 'db.operation.name', 'error.type'],
  },
  'facededup.run.stage.duration': {
    ...seconds,
    description: 'Stages of a run on this machine',
    attributes: ['facededup.stage', 'error.type'],
  },
  'facededup.pairs.compared': {
    kind: 'counter',
    unit: '{pair}',
    description: 'Pairs of faces that were compared',
    attributes: [],
  },
  'facededup.pairs.found': {
    kind: 'counter',
    unit: '{pair}',
    description: 'Pairs that the runs on this machine, and the jobs of `match`, found to be close',
    attributes: [],
  },
  'facededup.jobs': {
    kind: 'counter',
    unit: '{job}',
    description: 'Jobs of a cluster that a worker ended, by how',
    attributes: ['facededup.stage', 'facededup.end', 'error.type'],
  },
  'facededup.job.duration': {
    ...seconds,
    description: 'Attempts of jobs, from their beginning to their end',
    attributes: ['facededup.stage', 'error.type'],
  },
  'facededup.queue.jobs': {
    kind: 'gauge',
    unit: '{job}',
    description: 'Jobs in the queue of the cluster; each worker tells the same number',
    attributes: ['facededup.queue.state'],
  },
} as const satisfies Readonly<Record<string, MetricSpec>>;

export type MetricName = keyof typeof metricTable;

/** Names of the metrics of a kind. */
export type MetricOf<Kind extends MetricKind> = {
  [Name in MetricName]: (typeof metricTable)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];

export interface SpanSpec {
  readonly kind: 'internal' | 'client' | 'producer' | 'consumer';
  readonly description: string;
  readonly attributes: readonly AttributeName[];
  /** The histogram that its time goes to, too. */
  readonly duration?: MetricOf<'histogram'>;
  /** Whether there is none but within another: what happens on its own every few seconds would drown the rest. */
  readonly within?: true;
}

const engineCall = {
  kind: 'internal',
  attributes: ['facededup.photos', 'facededup.faces', 'facededup.failed', 'error.type'],
} as const;
const stageOfEngine = {
  kind: 'internal',
  attributes: ['facededup.engine.stage', 'error.type'],
  duration: 'facededup.engine.stage.duration',
} as const;
const storeCall = {
  kind: 'client',
  attributes: ['db.system.name', 'db.operation.name', 'error.type'],
  duration: 'db.client.operation.duration',
  within: true,
} as const;

export const spanTable = {
  'facededup.engine.detect': {
    ...engineCall,
    description: '`detect`, or some photos of `detectAll` together',
  },
  'facededup.engine.landmarks': { ...engineCall, description: '`landmarks`' },
  'facededup.engine.encode': {
    ...engineCall,
    description: '`encode`, or some photos of `encodeAll` together',
  },
  'facededup.engine.extract': { ...engineCall, description: '`extract`' },
  'facededup.engine.wait': { ...stageOfEngine, description: 'waiting for a turn' },
  'facededup.engine.read': { ...stageOfEngine, description: 'reading photos from where they lie' },
  'facededup.engine.work': { ...stageOfEngine, description: 'native code: decoding to encodings' },
  'facededup.model.load': {
    kind: 'internal',
    description: 'a set of models read, checked and loaded',
    attributes: ['facededup.model.set', 'error.type'],
    duration: 'facededup.model.load.duration',
  },
  'facededup.store.read': { ...storeCall, description: 'reading from a store, within another span' },
  'facededup.store.write': { ...storeCall, description: 'writing to a store, within another span' },
  'facededup.run': {
    kind: 'internal',
    description: 'a run on this machine: `find`, or `encode` of the command line',
    attributes: ['facededup.photos', 'facededup.failed', 'facededup.pairs', 'error.type'],
  },
  'facededup.run.stage': {
    kind: 'internal',
    description: 'one stage of it',
    attributes: ['facededup.stage', 'error.type'],
    duration: 'facededup.run.stage.duration',
  },
  'facededup.submit': {
    kind: 'producer',
    description: 'a run handed to a cluster; its jobs are in the same trace',
    attributes: ['messaging.system', 'messaging.operation.type', 'facededup.run', 'error.type'],
  },
  'facededup.job': {
    kind: 'consumer',
    description: 'one attempt of a job of a run on a cluster',
    attributes: [
      'messaging.system',
      'messaging.operation.type',
      'facededup.run',
      'facededup.stage',
      'facededup.job',
      'facededup.attempt',
      'error.type',
    ],
    duration: 'facededup.job.duration',
  },
} as const satisfies Readonly<Record<string, SpanSpec>>;

export type SpanName = keyof typeof spanTable;
