// A step of many: the photos of one job encoded, those that the store does not know with this content and origin.

import { stat } from 'node:fs/promises';
import { isAzureName } from '../../azure.js';
import { type EncodingOrigin, originId } from '../../encodings/origin.js';
import { type FaceEngine, photosEncodedTogether } from '../../engine.js';
import { ClusterError, FaceDedupError, throwIfAborted } from '../../errors.js';
import { photoNamed } from '../../photos/azure.js';
import { type LazyPhoto, readPhotoFile } from '../../photos/photo.js';
import { digestOf, stampOf } from '../../runs/encode_photos.js';
import { oneAhead } from '../one_ahead.js';
import { partsOf } from '../parts.js';
import type { KeptOrigin } from '../postgres/contents.js';
import {
  countTry,
  keepOutcomes,
  type ListedPhoto,
  type PhotoOutcome,
  waitingPhotos,
} from '../postgres/run_photos.js';
import type { Step, StepContext } from './step.js';

/** Photos whose outcomes are written together, and seconds after which fewer are. */
const writtenTogether = 32;
const writtenAfter = 2000;
/** Photos whose files are read, and looked up in the store, at once: lanes do not wait for the disk and the store. */
const readTogether = 4;
/** A photo that so many workers took up alone, and did not live to end, fails. */
const mostTries = 2;

export const encode: Step = async (context) => {
  const { store, job, begun } = context;
  const engine = await context.engine(begun.facts.request.engine);
  const origin = await originOfRun(context, engine);
  for (;;) {
    const photos = await waitingPhotos(store.database, job.run, job.number);
    if (photos.length === 0) break;
    // After an attempt that nobody ended, one by one: it may have been a photo that ended the worker.
    if (begun.attempts > 1) for (const photo of photos) await encodeAlone(context, engine, origin, photo);
    else await encodeTogether(context, engine, origin, photos);
  }
  await store.runs.complete(job, () => Promise.resolve());
};

/** The first worker says how the run encodes; the others must do it alike. @throws ClusterError `CLUSTER_MODELS_DIFFER` */
async function originOfRun(
  { store, job, begun, signal }: StepContext,
  engine: FaceEngine,
): Promise<KeptOrigin> {
  const origin = await engine.origin({ signal });
  if (begun.origin?.digest === originId(origin)) return { ...begun.origin, origin };
  if (begun.origin) throw modelsDiffer();
  const own = await store.contents.keepOrigin(store.database, origin);
  const row = await store.database.row(
    `UPDATE facededup.runs SET origin_id = $2 WHERE id = $1 AND origin_id IS NULL RETURNING origin_id`,
    [job.run, own.id],
  );
  // Another one may have said it at the same moment.
  const chosen =
    row ?? (await store.database.row('SELECT origin_id FROM facededup.runs WHERE id = $1', [job.run]));
  if (Number(chosen?.['origin_id']) === own.id) return own;
  throw modelsDiffer();
}

async function encodeTogether(
  context: StepContext,
  engine: FaceEngine,
  origin: KeptOrigin,
  photos: readonly ListedPhoto[],
): Promise<void> {
  const outcomes = new Outcomes(context, origin);
  let seen: EncodingOrigin | undefined;
  let left = photos.length;
  const tellWhenNearlyDone = () => {
    // Each lane is at its last photos: it finds those of the next job when they are done.
    // None is begun beside a photo that may end the worker: it would be blamed, too.
    if (left <= photosEncodedTogether * engine.info().lanes && context.begun.attempts === 1)
      context.nearlyDone();
  };
  const add = async (outcome: PhotoOutcome) => {
    left--;
    tellWhenNearlyDone();
    await outcomes.add(outcome);
  };
  const unknown = async function* () {
    const parts = oneAhead(partsOf(photos, readTogether), (some) => identify(context, origin, some));
    for await (const identified of parts) {
      throwIfAborted(context.signal);
      for (const photo of identified) {
        if (photo.isKnown) await add(known(photo));
        else yield photo;
      }
    }
  };
  tellWhenNearlyDone();
  for await (const { photo, faces, error } of engine.encodeAll(unknown(), { signal: context.signal })) {
    if (error) await add(await failedOutcome(context, photo, error));
    else {
      const made = faces[0]?.origin;
      // Photos share the object as long as the models are the same.
      if (made && made !== seen && originId(made) !== origin.digest) throw modelsDiffer();
      seen = made ?? seen;
      await add({ position: photo.position, stamp: photo.stamp, digest: photo.digest, faces });
    }
  }
  await outcomes.write();
}

async function encodeAlone(
  context: StepContext,
  engine: FaceEngine,
  origin: KeptOrigin,
  photo: ListedPhoto,
): Promise<void> {
  throwIfAborted(context.signal);
  if (photo.tries < mostTries) {
    const count = (tries: 1 | -1) => countTry(context.store.database, context.job.run, photo.position, tries);
    await count(1);
    try {
      await encodeTogether(context, engine, origin, [photo]);
    } catch (error) {
      // Whoever can say so has lived.
      await count(-1);
      throw error;
    }
    return;
  }
  const outcomes = new Outcomes(context, origin);
  await outcomes.add({
    position: photo.position,
    stamp: undefined,
    error: {
      code: 'CLUSTER_JOB_CRASHES',
      message: `The photo '${photo.name}' was taken up by ${mostTries} workers alone, and none of them lived to encode it.`,
    },
  });
  await outcomes.write();
}

/** Written some at a time: a worker that is killed takes no more with it. */
class Outcomes {
  readonly #context: StepContext;
  readonly #origin: KeptOrigin;
  #outcomes: PhotoOutcome[] = [];
  #lastWrite = performance.now();
  #writing: Promise<void> = Promise.resolve();

  constructor(context: StepContext, origin: KeptOrigin) {
    this.#context = context;
    this.#origin = origin;
  }

  async add(outcome: PhotoOutcome): Promise<void> {
    this.#outcomes.push(outcome);
    const isTime =
      this.#outcomes.length >= writtenTogether || performance.now() - this.#lastWrite > writtenAfter;
    if (isTime) await this.write();
  }

  /** One after the other: photos that are known and those that are encoded come beside each other. */
  write(): Promise<void> {
    const outcomes = this.#outcomes;
    this.#outcomes = [];
    this.#lastWrite = performance.now();
    const { store, job } = this.#context;
    this.#writing = this.#writing.then(() =>
      outcomes.length === 0
        ? undefined
        : store.runs.during(job.run, (sql) =>
            keepOutcomes(sql, store.contents, job.run, this.#origin, outcomes),
          ),
    );
    return this.#writing;
  }
}

/** A photo, and by what the store tells whether it changed. */
interface IdentifiedPhoto extends LazyPhoto {
  readonly position: number;
  readonly stamp: string | undefined;
  /** Of what `read` gives; empty where it cannot be read. */
  readonly digest: string;
  /** Whether the store has the faces on this content. */
  readonly isKnown: boolean;
}

async function identify(
  { store }: StepContext,
  origin: KeptOrigin,
  photos: readonly ListedPhoto[],
): Promise<IdentifiedPhoto[]> {
  const knownOf = (digests: readonly string[]) => store.contents.known(store.database, origin, digests);
  const stamped = await Promise.all(
    photos.map(async ({ position, name, stamp: listed, seen }) => {
      const stamp = listed ?? (await stampOf(name)).stamp;
      const unchanged = stamp !== undefined && seen?.stamp === stamp ? seen.digest : undefined;
      return { photo: { name, position, stamp }, unchanged };
    }),
  );
  const unchanged = await knownOf(stamped.flatMap((each) => each.unchanged ?? []));
  const identified = await Promise.all(
    stamped.map(async ({ photo, unchanged: digest }) =>
      digest !== undefined && unchanged.has(digest)
        ? { ...photo, digest, isKnown: true, read: () => readAnew(photo.name) }
        : readPhoto(photo),
    ),
  );
  const read = await knownOf(
    identified.flatMap(({ digest, isKnown }) => (isKnown || !digest ? [] : [digest])),
  );
  return identified.map((photo) => ({ ...photo, isKnown: photo.isKnown || read.has(photo.digest) }));
}

async function readPhoto(
  photo: Pick<IdentifiedPhoto, 'name' | 'position' | 'stamp'>,
): Promise<IdentifiedPhoto> {
  try {
    const bytes = await readAnew(photo.name);
    return { ...photo, digest: digestOf(bytes), isKnown: false, read: () => Promise.resolve(bytes) };
  } catch (error) {
    if (!(error instanceof FaceDedupError) || error instanceof ClusterError) throw error;
    // The engine meets the same, and says it of this photo.
    return { ...photo, digest: '', isKnown: false, read: () => Promise.reject(error) };
  }
}

async function readAnew(name: string): Promise<Uint8Array> {
  const photo = photoNamed(name);
  return typeof photo === 'string' ? readPhotoFile(photo) : photo.read();
}

function known({ position, stamp, digest }: IdentifiedPhoto): PhotoOutcome {
  return { position, stamp, digest, faces: undefined };
}

/** @throws ClusterError `CLUSTER_PLACE_MISSING` when it is this worker that lacks it, and not the photo that is gone. */
async function failedOutcome(
  { begun }: StepContext,
  { name, position, stamp }: IdentifiedPhoto,
  { code, message }: FaceDedupError,
): Promise<PhotoOutcome> {
  if (code === 'PHOTO_NOT_FOUND')
    for (const place of begun.facts.request.photos)
      if (!isAzureName(place) && name.startsWith(`${place}/`) && !(await isThere(place)))
        throw new ClusterError(
          'CLUSTER_PLACE_MISSING',
          `The folder '${place}' is not on this worker: every worker must reach the photos under the same path.`,
        );
  return { position, stamp, error: { code, message } };
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function modelsDiffer(): ClusterError {
  return new ClusterError(
    'CLUSTER_MODELS_DIFFER',
    'This worker has other models, or other options, than the worker that the run began with, and would encode ' +
      'otherwise: give all workers the same model files and environment.',
  );
}
