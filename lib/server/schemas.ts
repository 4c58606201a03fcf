// JSON Schemas of what goes in and out over HTTP: requests are checked by them, answers written, and the API described.

import type { FastifySchema } from 'fastify';
import { officialManifest, setsOf } from '../models/index.js';

type Schema = Readonly<Record<string, unknown>>;

const text = { type: 'string' } as const;
const number = { type: 'number' } as const;
const count = { type: 'integer', minimum: 0 } as const;
const flag = { type: 'boolean' } as const;
const time = { type: 'string', description: 'ISO 8601, UTC' } as const;
const orNull = (schema: { readonly type: string }) => ({ ...schema, type: [schema.type, 'null'] });

export function arrayOf(items: Schema, limits: Schema = {}): Schema {
  return { type: 'array', items, ...limits };
}

/** All properties are there, but for those named as optional; others are not. */
export function object(
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return {
    type: 'object',
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
    properties,
  };
}

/** One of the shapes below, by its name in lib/server/api.ts. */
export function ref(name: string): Schema {
  return { $ref: `${name}#` };
}

const verdict = { type: 'string', enum: ['same', 'different', 'unsure'] } as const;
/** What an id or a decision names: a photo, or a record by its reference. */
const subject = { type: 'string', enum: ['photo', 'reference'] } as const;
const policy = { type: 'string', enum: ['all', 'largest', 'reject'] } as const;
const box = object({ x: number, y: number, width: number, height: number });
const interval = arrayOf(number, { minItems: 2, maxItems: 2 });
/** Of a photo or record, as a decision takes it. */
const name = { type: 'string', minLength: 1, maxLength: 4096 } as const;

const foundPair = {
  first: text,
  second: text,
  distance: number,
  similarity: number,
  firstBox: box,
  secondBox: box,
  firstReference: text,
  secondReference: text,
  isNew: flag,
  verdict,
  firstChanged: flag,
  secondChanged: flag,
};

const stage = {
  type: 'string',
  enum: ['list', 'encode', 'plan', 'match', 'merge', 'group', 'report'],
} as const;
/** A job of a run on a cluster. */
const runJob = { run: count, stage, number: count } as const;

const shapes: Readonly<Record<string, Schema>> = {
  ApiError: object({ error: object({ code: text, message: text }) }),
  ApiSession: object({
    version: text,
    needsToken: flag,
    isLoggedIn: flag,
    set: text,
    roots: arrayOf(text),
    hasQueue: flag,
  }),
  ApiCluster: object({
    store: text,
    cluster: text,
    queue: text,
    counts: object({ waiting: count, active: count, delayed: count }),
    workers: arrayOf(text),
    runs: arrayOf(
      object(
        {
          run: count,
          set: text,
          state: { type: 'string', enum: ['running', 'finished', 'failed', 'cancelled'] },
          stage,
          submittedAt: time,
          endedAt: time,
          stages: arrayOf(
            object({ stage, jobs: count, done: count, dead: count, units: count, unitsDone: count }),
          ),
          rate: number,
          secondsLeft: number,
          failedPhotos: count,
          deadJobs: count,
          dead: arrayOf(object({ ...runJob, attempts: count, code: text, message: text })),
          code: text,
          message: text,
        },
        ['endedAt', 'rate', 'secondsLeft', 'code', 'message'],
      ),
    ),
  }),
  ApiQueuedJob: object({ ...runJob, attempts: count, queuedAt: time, takenAt: time }, ['takenAt']),
  ApiSet: object({ name: text, photos: count, runs: count, createdAt: time, webhook: orNull(text) }),
  ApiPhoto: object({ name: text, reference: orNull(text), faces: count }),
  ApiNewRun: object(
    {
      places: arrayOf(name, { minItems: 1, maxItems: 1000 }),
      threshold: { type: 'number', exclusiveMinimum: 0 },
      policy,
      dropGone: flag,
      references: { type: 'object', additionalProperties: name },
    },
    ['places', 'threshold', 'policy', 'dropGone', 'references'],
  ),
  ApiJob: object({
    job: count,
    set: text,
    state: { type: 'string', enum: ['waiting', 'running', 'done', 'failed', 'cancelled'] },
    createdAt: time,
    stage: { type: ['string', 'null'], enum: ['encoding', 'comparing', null] },
    done: count,
    total: count,
    failed: count,
    rate: orNull(number),
    secondsLeft: orNull(number),
    run: orNull(count),
    error: {
      anyOf: [object({ code: text, message: text }), { type: 'null' }],
    },
  }),
  ApiRun: object({
    run: count,
    startedAt: time,
    finishedAt: time,
    threshold: number,
    policy,
    summary: object({
      photos: count,
      encoded: count,
      withoutFace: count,
      rejected: count,
      failed: count,
      severalFaces: count,
      faces: count,
      newlyEncoded: count,
      pairs: count,
      newPairs: count,
      groups: count,
    }),
    withoutFace: arrayOf(text),
    rejected: arrayOf(text),
    failed: arrayOf(object({ photo: text, code: text, message: text })),
    expectedFalseMatches: object({
      pairsCompared: number,
      falseMatchRate: number,
      falseMatchRateInterval: interval,
      expected: number,
      expectedInterval: interval,
      basis: text,
    }),
  }),
  ApiPair: object({ position: count, ...foundPair }, [
    'firstReference',
    'secondReference',
    'verdict',
    'firstChanged',
    'secondChanged',
  ]),
  ApiHistogram: object({ threshold: number, from: number, width: number, counts: arrayOf(count) }),
  ApiDecision: object(
    {
      kind: subject,
      first: text,
      second: text,
      verdict,
      reason: text,
      decidedAt: time,
      isKnown: flag,
    },
    ['reason', 'isKnown'],
  ),
  ApiErasure: object(
    {
      id: text,
      by: subject,
      sets: arrayOf(
        object({ set: text, photos: arrayOf(text), decisions: count, pairs: count, listed: count }),
      ),
      copies: arrayOf(object({ set: text, photo: text, reference: text }, ['reference'])),
      cancelledRuns: arrayOf(count),
      isErased: flag,
    },
    ['cancelledRuns'],
  ),
  ApiModel: object({
    key: text,
    set: text,
    name: text,
    state: { type: 'string', enum: ['verified', 'approved', 'unverified', 'corrupt', 'missing'] },
    version: orNull(text),
    sha256: orNull(text),
    licence: text,
  }),
  ApiModelHistory: object({
    set: text,
    current: text,
    hiddenBy: orNull(text),
    changes: arrayOf(object({ at: time, action: text, version: text })),
    versions: arrayOf(
      object({
        version: text,
        addedAt: time,
        source: text,
        files: arrayOf(object({ name: text, sha256: text })),
        checks: arrayOf(text),
      }),
    ),
  }),
  ApiSettings: object({
    file: text,
    settings: arrayOf({
      type: 'object',
      additionalProperties: false,
      required: ['name', 'description', 'schema', 'isFixed'],
      properties: {
        name: text,
        description: text,
        schema: { type: 'object', additionalProperties: true },
        default: {},
        variable: text,
        value: {},
        isFixed: flag,
      },
    }),
  }),
};

/** With the names under which they refer to each other. */
export const sharedSchemas: readonly Schema[] = Object.entries(shapes).map(([$id, schema]) => ({
  $id,
  ...schema,
}));

const setName = { type: 'string', minLength: 1, maxLength: 100 } as const;

export const setParams = object({ set: setName });

export const runParams = object({
  set: setName,
  run: { type: 'string', pattern: '^(latest|[1-9][0-9]{0,14})$', description: 'a number, or `latest`' },
});

export const modelSetParams = object({
  set: { type: 'string', enum: [...setsOf(officialManifest()).keys()] },
});

const range = {
  offset: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 },
  limit: { type: 'integer', minimum: 1, maximum: 500, default: 100 },
} as const;
const contained = {
  type: 'string',
  maxLength: 1000,
  description: 'only those with this text in a name or reference',
} as const;

export const rangeQuery = object(range, ['offset', 'limit']);

export const queueQuery = object(
  { ...range, state: { type: 'string', enum: ['waiting', 'active', 'delayed'], default: 'waiting' } },
  ['offset', 'limit', 'state'],
);

export const photosQuery = object({ ...range, query: contained }, ['offset', 'limit', 'query']);

export const pairsQuery = object(
  {
    ...range,
    verdict: {
      type: 'string',
      enum: ['any', 'open', 'same', 'different', 'unsure'],
      default: 'any',
      description: '`open` is no verdict yet',
    },
    new: { type: 'boolean', default: false, description: 'only those that the run before did not have' },
    query: contained,
    order: { type: 'string', enum: ['closest', 'farthest'], default: 'closest' },
  },
  ['offset', 'limit', 'verdict', 'new', 'query', 'order'],
);

export const imageQuery = object(
  {
    name,
    side: {
      type: 'integer',
      minimum: 16,
      maximum: 8192,
      default: 8192,
      description: 'the most pixels of the longer side',
    },
  },
  ['side'],
);

const coordinate = { type: 'number', minimum: -1e7, maximum: 1e7 } as const;

export const faceQuery = object(
  {
    name,
    x: coordinate,
    y: coordinate,
    width: { ...coordinate, exclusiveMinimum: 0 },
    height: { ...coordinate, exclusiveMinimum: 0 },
    size: { type: 'integer', minimum: 16, maximum: 1024, default: 150, description: 'pixels' },
    padding: { type: 'number', minimum: 0, maximum: 4, default: 0.25, description: 'a part of the face' },
  },
  ['size', 'padding'],
);

export const pairOfNames = {
  kind: subject,
  first: name,
  second: name,
} as const;

export const newDecision = object({ ...pairOfNames, verdict, reason: name }, ['reason']);

export const newErasure = object(
  {
    id: { ...name, description: 'a photo, by its name as it is listed, or the reference of a record' },
    by: { ...subject, description: 'what the id names; left out, whichever of the two the store knows' },
    set: { ...setName, description: 'only in this set; left out, in all' },
    dryRun: { type: 'boolean', default: false, description: 'tell what would go, and change nothing' },
  },
  ['by', 'set', 'dryRun'],
);

export function pageOf(items: Schema): Schema {
  return object({ total: count, offset: count, items: arrayOf(items) });
}

/** What a route answers when all is well; whatever is wrong, it is an ApiError. */
export function answers(status: number, description: string, schema: Schema): FastifySchema['response'] {
  return {
    [status]: { description, ...content(schema) },
    '4xx': { description: 'The request is wrong, or not allowed.', ...content(ref('ApiError')) },
    503: {
      description: 'Not now: too much is asked for at once, the server closes, or a model is missing.',
      headers: { 'retry-after': { type: 'integer', description: 'seconds, where waiting helps' } },
      ...content(ref('ApiError')),
    },
    '5xx': { description: 'The server cannot do it, or not at all.', ...content(ref('ApiError')) },
  };
}

function content(schema: Schema): Schema {
  return { content: { 'application/json': { schema } } };
}

/** Of a route that does not answer JSON. */
export function answersOther(description: string, type: string): FastifySchema['response'] {
  return {
    ...(answers(200, description, {}) as object),
    200: { description, content: { [type]: { schema: { type: 'string' } } } },
  };
}
