// The model store: finds model files, verifies them, and fetches those that are missing.

import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  InvalidOptionError,
  ModelCorruptError,
  ModelFetchError,
  ModelMissingError,
  throwIfAborted,
} from '../errors.js';
import {
  defaultSources,
  type ModelLocations,
  type ModelSourceName,
  type ModelsOption,
  parseSource,
  readModelLocations,
} from './locations.js';
import { type Manifest, type ModelFile, type ModelKey, officialManifest } from './manifest.js';
import { debianSource } from './sources/debian.js';
import { directorySource } from './sources/directory.js';
import { httpsSource } from './sources/https.js';
import { type FetchProgress, type ModelSource, reasonOf } from './sources/source.js';

/**
 * `verified`: the digest is the manifest's. `unverified`: it is not, and the file lies in a folder that somebody
 * named. `corrupt`: it is not, and the file lies in the cache or is a damaged copy. `missing`: in no place.
 */
export type ModelState = 'verified' | 'unverified' | 'corrupt' | 'missing';

export interface ModelStatus {
  readonly key: ModelKey;
  readonly name: string;
  readonly state: ModelState;
  readonly path?: string;
  readonly bytes?: number;
  readonly sha256?: string;
  readonly licence: string;
  readonly commercialUse: boolean;
}

export interface LoadedModel {
  readonly key: ModelKey;
  readonly name: string;
  readonly path: string;
  readonly state: 'verified' | 'unverified';
  readonly sha256: string;
  /** The very bytes that were hashed. */
  readonly bytes: Uint8Array;
}

export interface ModelStoreOptions {
  readonly models?: ModelsOption | undefined;
  /** Default the one that comes with the package. */
  readonly manifest?: Manifest | undefined;
}

export interface FetchOptions {
  /** Tried in this order. Default https, then debian on a Debian machine. */
  readonly sources?: readonly ModelSourceName[] | undefined;
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface ReadModel {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly state: Exclude<ModelState, 'missing'>;
}

/** There, but not to be read: no permission, a folder of that name. */
interface UnreadableModel {
  readonly path: string;
  readonly state: 'corrupt';
  readonly cause: unknown;
}

type FoundModel = ReadModel | UnreadableModel;

export class ModelStore {
  readonly #locations: ModelLocations;
  readonly #manifest: Manifest;

  /** @throws InvalidOptionError */
  constructor({ models, manifest }: ModelStoreOptions = {}) {
    this.#locations = readModelLocations(models);
    this.#manifest = manifest ?? officialManifest();
  }

  /** Where fetched files are kept. */
  get cache(): string {
    return this.#locations.cache;
  }

  /** Looks for every file of the manifest and verifies what it finds. */
  async status(): Promise<ModelStatus[]> {
    const all: ModelStatus[] = [];
    // One after the other: the largest has 100 MB.
    for (const file of this.#manifest.files) {
      const { key, name, licence, commercialUse } = file;
      const found = await this.#find(file);
      const place = found ? { path: found.path } : {};
      const facts = found && 'bytes' in found ? { bytes: found.bytes.length, sha256: found.sha256 } : {};
      all.push({ key, name, state: found?.state ?? 'missing', ...place, ...facts, licence, commercialUse });
    }
    return all;
  }

  /**
   * Reads and verifies one file; fetches it first when it is missing and the `models` option names a source.
   *
   * @throws ModelMissingError `MODEL_MISSING`, ModelCorruptError `MODEL_CORRUPT`, ModelFetchError `MODEL_FETCH_FAILED`
   */
  async read(key: ModelKey): Promise<LoadedModel> {
    const file = this.#fileOf(key);
    let found = await this.#find(file);
    if (!found && this.#locations.sources.length > 0) {
      await this.fetch([key], { sources: this.#locations.sources });
      found = await this.#find(file);
    }
    if (!found) throw this.#missing(file);
    if ('cause' in found || found.state === 'corrupt') throw corrupt(file, found);
    const { path, bytes, sha256, state } = found;
    return { key, name: file.name, path, state, sha256, bytes };
  }

  /**
   * Fetches those of the files that are missing, or corrupt in the cache, into the cache. A corrupt file in an explicit
   * folder hides the cache's, so nothing is fetched for it: it is reported once the others are there.
   *
   * @param keys default every file of the manifest.
   * @returns the files that were fetched; none when all are there.
   * @throws ModelFetchError `MODEL_FETCH_FAILED` once every source was tried, ModelCorruptError
   * `MODEL_CORRUPT`, AbortedError `ABORTED`, InvalidOptionError
   */
  async fetch(keys?: readonly ModelKey[], options: FetchOptions = {}): Promise<ModelFile[]> {
    const { signal, onProgress = () => undefined } = options;
    const sources = (options.sources ?? defaultSources()).map(sourceOf);
    const wanted: ModelFile[] = [];
    const hiding: ModelCorruptError[] = [];
    for (const file of keys?.map((key) => this.#fileOf(key)) ?? this.#manifest.files) {
      const found = await this.#find(file);
      if (!found || (found.state === 'corrupt' && dirname(found.path) === this.cache)) wanted.push(file);
      else if (found.state === 'corrupt') hiding.push(corrupt(file, found));
    }

    if (wanted.length > 0) await makeCache(this.cache);
    let left = wanted;
    const reasons = new Map<ModelFile, string[]>();
    for (const source of sources) {
      if (left.length === 0) break;
      throwIfAborted(signal);
      const failures = await this.#fetchFrom(source, left, onProgress, signal);
      for (const [file, reason] of failures)
        reasons.set(file, [...(reasons.get(file) ?? []), `${source.name}: ${reason}`]);
      left = [...failures.keys()];
    }
    if (left.length > 0) throw fetchFailed(left, reasons);
    if (hiding[0]) throw hiding[0];
    return wanted;
  }

  async #fetchFrom(
    source: ModelSource,
    files: readonly ModelFile[],
    onProgress: (progress: FetchProgress) => void,
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<ModelFile, string>> {
    const context = { onProgress, signal, cache: this.cache };
    try {
      return await source.fetch(files, (file, bytes) => deliver(this.cache, file, bytes, signal), context);
    } catch (error) {
      throwIfAborted(signal);
      return new Map(files.map((file) => [file, reasonOf(error)]));
    }
  }

  #fileOf(key: ModelKey): ModelFile {
    const file = this.#manifest.files.find((each) => each.key === key);
    if (file) return file;
    const known = this.#manifest.files.map((each) => each.key).join(', ');
    throw new InvalidOptionError('OPTION_RANGE', `There is no model '${key}'; there are ${known}.`);
  }

  async #find(file: ModelFile): Promise<FoundModel | undefined> {
    const { explicit, cache } = this.#locations;
    for (const folder of [...explicit, cache]) {
      const path = join(folder, file.name);
      const bytes = await readIfThere(path);
      if (!bytes) continue;
      if ('cause' in bytes) return { path, state: 'corrupt', cause: bytes.cause };
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { path, bytes, sha256, state: stateOf(file, bytes.length, sha256, folder !== cache) };
    }
    return undefined;
  }

  #missing(file: ModelFile): ModelMissingError {
    const places = [...this.#locations.explicit, this.cache].join(', ');
    return new ModelMissingError(
      'MODEL_MISSING',
      `The model file ${file.name} (${file.purpose}) is in none of these folders: ${places}. Get it with ` +
        `'npx facededup models fetch ${file.key}', or name the folder that has it by the option models or by FACEDEDUP_MODELS.`,
    );
  }
}

function stateOf(file: ModelFile, bytes: number, sha256: string, explicit: boolean): FoundModel['state'] {
  if (file.versions.some((version) => version.sha256 === sha256)) return 'verified';
  const damagedCopy =
    file.lengthIdentifies === true && file.versions.some((version) => version.bytes === bytes);
  return explicit && !damagedCopy ? 'unverified' : 'corrupt';
}

async function readIfThere(path: string): Promise<Uint8Array | { readonly cause: unknown } | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    return { cause };
  }
}

function corrupt(file: ModelFile, found: FoundModel): ModelCorruptError {
  const { path } = found;
  if ('cause' in found) {
    const { cause } = found;
    const message = `The model file ${path} cannot be read: ${reasonOf(cause)}. Mend that, or delete it.`;
    return new ModelCorruptError('MODEL_CORRUPT', message, { cause });
  }
  const expected = file.versions.map((version) => version.sha256).join(' or ');
  return new ModelCorruptError(
    'MODEL_CORRUPT',
    `The model file ${path} is damaged: its SHA-256 is ${found.sha256} where ${expected} was expected. ` +
      `Delete it and run 'npx facededup models fetch ${file.key}'.`,
  );
}

function fetchFailed(
  files: readonly ModelFile[],
  reasons: ReadonlyMap<ModelFile, readonly string[]>,
): ModelFetchError {
  // Files of one source mostly fail for one reason, which is then told once.
  const filesOf = new Map<string, string[]>();
  for (const file of files) {
    const reason = (reasons.get(file) ?? ['no source was named']).join('; ');
    filesOf.set(reason, [...(filesOf.get(reason) ?? []), file.name]);
  }
  const lines = [...filesOf].map(([reason, names]) => `${names.join(', ')}: ${reason}`);
  return new ModelFetchError(
    'MODEL_FETCH_FAILED',
    `Could not fetch ${lines.join('. ')}. Check the connection, or copy the files from another machine into a folder ` +
      'and name it by the option models or by FACEDEDUP_MODELS.',
  );
}

function sourceOf(name: ModelSourceName): ModelSource {
  const source = parseSource(name);
  switch (source.kind) {
    case 'https':
      return httpsSource;
    case 'debian':
      return debianSource;
    case 'directory':
      return directorySource(source.path);
  }
}

async function makeCache(cache: string): Promise<void> {
  try {
    await mkdir(cache, { recursive: true });
    await access(cache, constants.W_OK);
  } catch (cause) {
    const message = `The model cache ${cache} cannot be written: ${reasonOf(cause)}. Name another by XDG_CACHE_HOME.`;
    throw new ModelFetchError('MODEL_FETCH_FAILED', message, { cause });
  }
}

/** Writes to a file of another name first, so that no reader ever meets half a model. */
async function deliver(
  folder: string,
  file: ModelFile,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const temporary = join(folder, `.${file.name}.${process.pid}.${randomUUID()}`);
  const most = Math.max(...file.versions.map((version) => version.bytes));
  const hash = createHash('sha256');
  let length = 0;
  const handle = await open(temporary, 'wx');
  try {
    for await (const chunk of bytes) {
      throwIfAborted(signal);
      length += chunk.length;
      if (length > most) throw new Error(`it is longer than the ${most} bytes it should have`);
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    const sha256 = hash.digest('hex');
    if (!file.versions.some((version) => version.sha256 === sha256 && version.bytes === length)) {
      throw new Error(`what came is not the file: ${length} bytes with the SHA-256 ${sha256}`);
    }
    await handle.sync();
    await handle.close();
    await rename(temporary, join(folder, file.name));
  } catch (error) {
    await handle.close();
    await rm(temporary, { force: true });
    throw error;
  }
}
