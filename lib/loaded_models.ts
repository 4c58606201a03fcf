// The models an engine works with at one time: loaded once, used by any number of calls, given up after the last.

import type { Detector, EncoderName, LandmarkModelName, MeanValues } from './config.js';
import type { LoadedModel, ModelKey, ModelSetName, ModelStore } from './models/index.js';
import { callNative, loadAddon, type NativePipeline } from './native.js';
import { traced } from './telemetry/index.js';

/** A model file in use, as it was when it was loaded. */
export interface ModelInfo {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
  /** Of its set: `official`, or an update's; undefined for a file of a folder that somebody named. */
  readonly version?: string;
  /** `approved`: brought into use by an update. `unverified`: the digest is neither in the manifest nor in the store. */
  readonly state: 'verified' | 'approved' | 'unverified';
}

/** What the native side is set up with. */
export interface PipelineSettings {
  readonly lanes: number;
  readonly maxPixels: number;
  readonly backend: string;
  readonly target: string;
  readonly scaleFactor: number;
  readonly meanValues: MeanValues;
  readonly faceClass: number | undefined;
  readonly encoder: EncoderName;
}

export type ModelDigests = Readonly<Partial<Record<ModelKey, string>>>;

export class LoadedModels {
  readonly #settings: PipelineSettings;
  readonly #store: ModelStore;
  readonly #loading = new Map<ModelSetName, Promise<void>>();
  readonly #models = new Map<ModelKey, ModelInfo>();
  readonly #uses = new Set<Promise<unknown>>();
  readonly pipeline: NativePipeline;

  constructor(settings: PipelineSettings, store: ModelStore) {
    this.#settings = settings;
    this.#store = store;
    this.pipeline = new (loadAddon().Pipeline)(settings.lanes, settings.maxPixels);
  }

  /** The files loaded so far. */
  get infos(): ModelInfo[] {
    return [...this.#models.values()];
  }

  /** The sets loaded so far. */
  get sets(): ModelSetName[] {
    return [...this.#loading.keys()];
  }

  /** The digests of the files loaded so far. */
  get digests(): ModelDigests {
    return Object.fromEntries([...this.#models].map(([key, { sha256 }]) => [key, sha256]));
  }

  /** Does work with these models, which stay until it ends. */
  async use<T>(work: (models: this) => Promise<T>): Promise<T> {
    const working = work(this);
    this.#uses.add(working);
    try {
      return await working;
    } finally {
      this.#uses.delete(working);
    }
  }

  /** Lets the work under way end, then frees the models. May be called again. */
  async retire(): Promise<void> {
    await Promise.allSettled(this.#uses);
    this.pipeline.close();
  }

  /** Loads those of the sets that are not yet; a set that failed to load is tried again by the next call. */
  async load(sets: readonly ModelSetName[]): Promise<void> {
    const unknown = sets.filter((set) => !this.#loading.has(set));
    if (unknown.length > 0) {
      // In one go, so that what is missing arrives together.
      const fetching = this.#store.fetchMissing(unknown);
      for (const set of unknown) {
        const loading = fetching.then(() =>
          traced('facededup.model.load', { 'facededup.model.set': set }, () => this.#loadSet(set)),
        );
        this.#loading.set(set, loading);
        loading.catch(() => this.#loading.delete(set));
      }
    }
    // All are under way; of several that fail, the first is told, whichever fails first.
    const all = sets.map((set) => this.#loading.get(set));
    for (const loading of all) await loading;
  }

  async #loadSet(set: ModelSetName): Promise<void> {
    const models = await this.#store.readSet(set);
    await callNative(`The model ${models.map(({ path }) => path).join(' with ')}`, () =>
      this.#hand(
        set,
        models.map(({ bytes }) => bytes),
      ),
    );
    for (const model of models) this.#models.set(model.key, infoOf(model));
  }

  #hand(set: ModelSetName, files: readonly Uint8Array[]): Promise<void> {
    const { backend, target, scaleFactor, meanValues, faceClass, encoder } = this.#settings;
    const [first, second] = files as [Uint8Array, Uint8Array];
    switch (set) {
      case 'ssd':
        return this.pipeline.loadSsd(first, second, { scaleFactor, meanValues, faceClass, backend, target });
      case 'landmarks-small':
        return this.pipeline.loadLandmarks('small', first);
      case 'landmarks-large':
        return this.pipeline.loadLandmarks('large', first);
      case 'encoder':
        return this.pipeline.loadEncoder(first, { encoder, backend, target });
      case 'mmod':
        return this.pipeline.loadMmod(first);
    }
  }
}

/** The sets that a detector needs: HOG needs none. */
export function detectorSets(detector: Detector): ModelSetName[] {
  return detector === 'hog' ? [] : [detector];
}

export function landmarkSet(model: LandmarkModelName): ModelSetName {
  return `landmarks-${model}`;
}

function infoOf({ name, path, sha256, version, state }: LoadedModel): ModelInfo {
  return { name, path, sha256, ...(version === undefined ? {} : { version }), state };
}
