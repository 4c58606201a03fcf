// The runs that are asked for over HTTP, done here on a store in a file, or by the workers of a cluster.

import type { Calibration } from '../calibration/index.js';
import type { Cluster, RunStatus } from '../cluster/index.js';
import { FaceEngine } from '../engine.js';
import { ServerError } from '../errors.js';
import type { ModelsOption } from '../models/index.js';
import { findInPhotos, type FindProgress } from '../runs/find.js';
import { belowEnvironment, type ConfigFile } from '../settings/index.js';
import type { FaceStore } from '../store/index.js';
import type { ApiNewRun } from './api.js';
import { engineOptionsOf } from './engine_settings.js';
import type { JobWork } from './jobs.js';
import type { RootedPhotos } from './rooted_photos.js';

/** @throws ServerError `RUN_NEEDS_CLUSTER` */
export type FindWork = (set: string, asked: ApiNewRun) => JobWork;

interface WorkParts {
  readonly config: ConfigFile;
  readonly calibration: Calibration | undefined;
}

/** By an engine of this process. */
export function findHere(
  store: FaceStore,
  {
    config,
    calibration,
    photos,
    models,
  }: WorkParts & { readonly photos: RootedPhotos; readonly models: Exclude<ModelsOption, string> },
): FindWork {
  return (set, asked) => async (signal, onProgress) => {
    const settings = await config.refresh();
    const named = asked.places && (await photos.listed(asked.places));
    const engine = await FaceEngine.create({ ...engineOptionsOf(settings), models });
    try {
      return await findInPhotos(engine, named, {
        set: store.existingSet(set),
        threshold: asked.threshold ?? belowEnvironment(settings).threshold,
        policy: asked.policy ?? settings.faces,
        references: new Map(Object.entries(asked.references ?? {})),
        dropGone: asked.dropGone,
        calibration,
        signal,
        onProgress,
      });
    } finally {
      await engine.close();
    }
  };
}

/** By workers elsewhere; a run goes on when this server ends, and is cancelled with its job. */
export function findOnCluster(cluster: Cluster, { config, calibration }: WorkParts): FindWork {
  return (set, asked) => async (signal, onProgress) => {
    const settings = await config.refresh();
    const run = await cluster.submit({
      set,
      photos: asked.places,
      engine: engineOptionsOf(settings),
      threshold: asked.threshold ?? belowEnvironment(settings).threshold,
      policy: asked.policy ?? settings.faces,
      references: new Map(Object.entries(asked.references ?? {})),
      dropGone: asked.dropGone,
      calibration,
    });
    try {
      return await cluster.wait(run, { signal, onProgress: (status) => onProgress(progressOf(status)) });
    } catch (error) {
      const isCancelled = signal.aborted && !isClosing(signal.reason);
      if (isCancelled) await cluster.cancel(run);
      throw error;
    }
  };
}

/** Of a server that has the store of a cluster, and nobody to hand work to. */
export const findNowhere: FindWork = () => {
  throw new ServerError(
    'RUN_NEEDS_CLUSTER',
    'This server has the store of a cluster, whose workers find: start it with --cluster and the address of Redis, or ' +
      'run `facededup find` with both.',
  );
};

function isClosing(reason: unknown): boolean {
  return reason instanceof ServerError && reason.code === 'SERVER_CLOSING';
}

function progressOf({ stage, stages, failedPhotos }: RunStatus): FindProgress {
  const isEncoding = stage === 'list' || stage === 'encode';
  const now = stages.find((each) => each.stage === (isEncoding ? 'encode' : 'match'));
  return {
    stage: isEncoding ? 'encoding' : 'comparing',
    done: now?.unitsDone ?? 0,
    total: now?.units ?? 0,
    failed: failedPhotos,
  };
}
