// The model store: finds model files, verifies them, fetches those that are missing, and replaces sets of them.

import { constants } from 'node:fs';
import { access, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Of } from '../digest.js';
import {
  InvalidOptionError,
  ModelCorruptError,
  ModelFetchError,
  ModelMissingError,
  ModelRejectedError,
  throwIfAborted,
} from '../errors.js';
import { isAbsence, sharedFolder, systemCode, writeWhole } from './files.js';
import { type ModelLocations, type ModelsOption, readModelLocations } from './locations.js';
import { withLock } from './lock.js';
import {
  type Manifest,
  type ModelFile,
  type ModelKey,
  type ModelSetName,
  officialManifest,
  setOf,
  setsOf,
} from './manifest.js';
import { defaultSources, isUnprotected, type ModelSourceName, sourceNamed } from './sources/index.js';
import { type FetchProgress, type ModelSource, reasonOf } from './sources/source.js';
import {
  isVersionName,
  type ModelChange,
  ModelVersions,
  officialVersion,
  type ModelVersion,
  type RemovedVersion,
  type VersionFile,
  versionOfDigests,
} from './versions.js';

/**
 * `verified`: the digest is the manifest's. `approved`: it is that of the version an update brought into use.
 * `unverified`: it is neither, and the file lies in a folder that somebody named. `corrupt`: it is neither, and the file
 * lies in the cache or the store, or is a damaged copy. `missing`: in no place.
 */
export type ModelState = 'verified' | 'approved' | 'unverified' | 'corrupt' | 'missing';

/** A model file: where it lies, and whether it is what it should be. */
export interface ModelStatus {
  readonly key: ModelKey;
  readonly set: ModelSetName;
  readonly name: string;
  readonly state: ModelState;
  /** Of the set in use; undefined in a folder that somebody named. */
  readonly version?: string;
  readonly path?: string;
  readonly bytes?: number;
  readonly sha256?: string;
  readonly licence: string;
  readonly commercialUse: boolean;
}

/** A model file that was read. */
export interface LoadedModel {
  readonly key: ModelKey;
  readonly name: string;
  readonly path: string;
  readonly state: 'verified' | 'approved' | 'unverified';
  readonly version?: string;
  readonly sha256: string;
  /** The very bytes that were hashed. */
  readonly bytes: Uint8Array;
}

/** Where a store of models lies. */
export interface ModelStoreOptions {
  readonly models?: ModelsOption | undefined;
  /** Default the one that comes with the package. */
  readonly manifest?: Manifest | undefined;
}

/** How missing files are fetched. */
export interface FetchOptions {
  /** Tried in this order. Default https, then debian on a Debian machine. */
  readonly sources?: readonly ModelSourceName[] | undefined;
  /** Called as bytes arrive. */
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Which set an update replaces, and by what. */
export interface UpdateOptions extends Omit<FetchOptions, 'sources'> {
  /** Which set the candidate is to replace. Default `ssd`. */
  readonly set?: ModelSetName | undefined;
  /** The candidate's name: letters, digits, `. _ + -`, at most 64. Default made of its digests. */
  readonly version?: string | undefined;
  /** SHA-256 that the candidate's files must have, 64 hexadecimal digits each, in any order. */
  readonly digests?: readonly string[] | undefined;
}

/**
 * Tries a candidate that lies in a folder under the manifest's names.
 *
 * @returns what was found to be right, in words.
 * @throws what is wrong with it.
 */
export type CandidateCheck = (folder: string, set: ModelSetName) => Promise<readonly string[]>;

/** Where the files of a set are taken from: all from one place, for they belong together. */
interface Place {
  readonly folder: string;
  readonly kind: 'explicit' | 'store' | 'cache';
  readonly version?: string;
  /** What an update recorded, for a place in the store. */
  readonly recorded?: readonly VersionFile[];
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

/** No model comes near it; a candidate of no end must not fill the disk. */
const largestCandidate = 2 ** 30;

/** The model files of this machine: fetched, checked, updated and rolled back. */
export class ModelStore {
  readonly #locations: ModelLocations;
  readonly #manifest: Manifest;
  readonly #versions: ModelVersions;

  /** @throws InvalidOptionError */
  constructor({ models, manifest }: ModelStoreOptions = {}) {
    this.#locations = readModelLocations(models);
    this.#manifest = manifest ?? officialManifest();
    this.#versions = new ModelVersions(this.#locations.store);
  }

  /** Where fetched files are kept. */
  get cache(): string {
    return this.#locations.cache;
  }

  /** Where versions brought in by updates are kept. */
  get folder(): string {
    return this.#versions.folder;
  }

  /** The file that changes whenever another version of a set comes into use. */
  get ledgerPath(): string {
    return this.#versions.ledgerPath;
  }

  /** Looks for every file of the manifest and verifies what it finds. @throws ModelStoreError `MODEL_STORE_UNUSABLE` */
  async status(): Promise<ModelStatus[]> {
    const all: ModelStatus[] = [];
    // One after the other: the largest has 100 MB.
    for (const file of this.#manifest.files) {
      const { key, name, licence, commercialUse } = file;
      const place = await this.#placeOf(setOf(file));
      const found = await find(file, place);
      const facts = found && 'bytes' in found ? { bytes: found.bytes.length, sha256: found.sha256 } : {};
      all.push({
        key,
        set: setOf(file),
        name,
        state: found?.state ?? 'missing',
        ...(place.version === undefined ? {} : { version: place.version }),
        ...(found ? { path: found.path } : {}),
        ...facts,
        licence,
        commercialUse,
      });
    }
    return all;
  }

  /**
   * Reads and verifies the files of a set, all of one version; fetches those that are missing first when the `models`
   * option names a source.
   *
   * @returns its files in the manifest's order.
   * @throws ModelMissingError `MODEL_MISSING`, ModelCorruptError `MODEL_CORRUPT`, ModelFetchError `MODEL_FETCH_FAILED`,
   *   ModelStoreError `MODEL_STORE_UNUSABLE`
   */
  async readSet(set: ModelSetName): Promise<LoadedModel[]> {
    await this.fetchMissing([set]);
    const files = this.#filesOf(set);
    const place = await this.#placeOf(set);
    const models: LoadedModel[] = [];
    for (const file of files) {
      const found = await find(file, place);
      if (!found) {
        // Pruned between the look at what is in use and the reading of it.
        if (place.kind === 'store' && (await this.#placeOf(set)).folder !== place.folder)
          return this.readSet(set);
        throw this.#missing(file, place);
      }
      if ('cause' in found || found.state === 'corrupt') throw corrupt(file, found, place);
      const { path, bytes, sha256, state } = found;
      const version = place.version === undefined ? {} : { version: place.version };
      models.push({ key: file.key, name: file.name, path, state, ...version, sha256, bytes });
    }
    return models;
  }

  /** Reads and verifies one file, out of its whole set. @throws as readSet, InvalidOptionError */
  async read(key: ModelKey): Promise<LoadedModel> {
    const models = await this.readSet(setOf(this.#fileOf(key)));
    return models.find((model) => model.key === key) as LoadedModel;
  }

  /** The digest of each file of a set, as `readSet` would find it. @throws as readSet */
  async digests(set: ModelSetName): Promise<Partial<Record<ModelKey, string>>> {
    const models = await this.readSet(set);
    return Object.fromEntries(models.map(({ key, sha256 }) => [key, sha256]));
  }

  /** Fetches what is missing of the sets, all at once, when the `models` option names a source; else does nothing. */
  async fetchMissing(sets: readonly ModelSetName[]): Promise<void> {
    const { sources, offline, onProgress } = this.#locations;
    if (sources.length === 0 || offline) return;
    const missing: ModelKey[] = [];
    for (const set of sets) {
      const place = await this.#placeOf(set);
      // A version in the store, or a part of a set in a folder that somebody named, is not completed by official files.
      if (place.kind !== 'cache') continue;
      for (const file of this.#filesOf(set))
        if (!(await isThere(join(place.folder, file.name)))) missing.push(file.key);
    }
    if (missing.length > 0) await this.fetch(missing, { sources, onProgress });
  }

  /**
   * Fetches those of the files that are missing, or corrupt in the cache, into the cache; processes that do so at the
   * same time fetch each once. A corrupt file in an explicit folder hides the cache's, so nothing is fetched for it: it is
   * reported once the others are there.
   *
   * @param keys default every file of the manifest.
   * @returns the files that were fetched; none when all are there.
   * @throws ModelFetchError `MODEL_FETCH_FAILED` once every source was tried, or when the store is offline;
   *   ModelCorruptError `MODEL_CORRUPT`, ModelStoreError `MODEL_STORE_UNUSABLE`, AbortedError `ABORTED`, InvalidOptionError
   */
  async fetch(keys?: readonly ModelKey[], options: FetchOptions = {}): Promise<ModelFile[]> {
    const { signal } = options;
    const sources = (options.sources ?? defaultSources()).map(sourceNamed);
    const asked = keys?.map((key) => this.#fileOf(key)) ?? this.#manifest.files;
    let { wanted, hiding } = await this.#lookFor(asked);
    if (wanted.length > 0) {
      if (this.#locations.offline)
        throw new ModelFetchError(
          'MODEL_FETCH_FAILED',
          `${wanted.map(({ name }) => name).join(', ')} cannot be fetched: the store is offline.`,
        );
      await makeCache(this.cache);
      await withLock(this.cache, signal, async () => {
        // Another process may have fetched them while this one waited.
        ({ wanted, hiding } = await this.#lookFor(asked));
        await this.#fetchFromFirst(sources, wanted, options);
      });
    }
    if (hiding[0]) throw hiding[0];
    return [...wanted];
  }

  /**
   * Brings a candidate for a set into the store, checks it, and puts it in use in one step. Whatever goes wrong, the set
   * in use stays as it was.
   *
   * @param source a folder, an address or a container that holds the set's files under the manifest's names.
   * @returns the version; `changed` is false when it was in use already. `hiddenBy`: a folder named by the `models` option
   *   or FACEDEDUP_MODELS holds the set too, and comes first.
   * @throws ModelRejectedError `MODEL_REJECTED` (a digest is another one, or the check failed), ModelFetchError
   *   `MODEL_FETCH_FAILED`, ModelStoreError `MODEL_VERSION_EXISTS` or `MODEL_STORE_UNUSABLE`, AbortedError `ABORTED`,
   *   InvalidOptionError
   */
  async update(
    source: ModelSourceName,
    check: CandidateCheck,
    { set = 'ssd', version, digests, signal, onProgress = () => undefined }: UpdateOptions = {},
  ): Promise<{ readonly version: ModelVersion; readonly changed: boolean; readonly hiddenBy?: string }> {
    const files = this.#filesOf(set);
    const place = sourceNamed(source);
    if (version === officialVersion)
      throw new InvalidOptionError('OPTION_RANGE', `'${officialVersion}' is the manifest's own version.`);
    checkVersionName(version);
    const wantedDigests = checkDigests(digests, files);
    if (isUnprotected(source) && wantedDigests === undefined)
      throw new InvalidOptionError(
        'OPTION_RANGE',
        `Anybody between here and ${place.name} can change what comes over http: give the digests, or use https.`,
      );

    const result = await this.#versions.add(set, signal, async (folder) => {
      const came = await bring(files, place, folder, { cache: this.folder, onProgress, signal });
      const checks: string[] = [];
      if (wantedDigests) {
        requireDigests(came, wantedDigests);
        checks.push('the digests are those given');
      }
      throwIfAborted(signal);
      checks.push(...(await check(folder, set)));
      throwIfAborted(signal);
      return { version: version ?? versionOfDigests(came), files: came, source: place.name, checks };
    });
    const inUse = await this.#placeOf(set);
    return { ...result, ...(inUse.kind === 'explicit' ? { hiddenBy: inUse.folder } : {}) };
  }

  /**
   * Puts an earlier version of a set back in use, once its files are found to be whole.
   *
   * @param version `official` for the manifest's own; default the one before that in use.
   * @returns the version now in use.
   * @throws ModelStoreError `MODEL_VERSION_MISSING`, `MODEL_STORE_UNUSABLE`; ModelMissingError, ModelCorruptError
   */
  async rollback(set: ModelSetName = 'ssd', version?: string): Promise<string> {
    const files = this.#filesOf(set);
    checkVersionName(version);
    return this.#versions.rollback(set, version, async (target) => {
      const place = await this.#placeOfVersion(set, target);
      for (const file of files) {
        const found = await find(file, place);
        if (!found) throw this.#missing(file, place);
        if (found.state === 'corrupt') throw corrupt(file, found, place);
      }
    });
  }

  /**
   * The changes of a set, oldest first, and the versions that are there.
   *
   * @returns `hiddenBy`: a folder that somebody named holds the set too, and comes before `current`.
   * @throws ModelStoreError `MODEL_STORE_UNUSABLE`
   */
  async history(set: ModelSetName = 'ssd'): Promise<{
    readonly current: string;
    readonly hiddenBy?: string;
    readonly changes: readonly ModelChange[];
    readonly versions: readonly ModelVersion[];
  }> {
    const { kind, folder } = await this.#placeOf(set);
    return {
      ...(kind === 'explicit' ? { hiddenBy: folder } : {}),
      current: await this.#versions.current(set),
      changes: await this.#versions.history(set),
      versions: await this.#versions.list(set),
    };
  }

  /**
   * Deletes versions that are neither in use nor among the `keep` that rollbacks would reach first.
   *
   * @param keep 0 to 1000, default 1.
   * @throws ModelStoreError `MODEL_STORE_UNUSABLE`, InvalidOptionError
   */
  async prune({ keep = 1 }: { readonly keep?: number | undefined } = {}): Promise<RemovedVersion[]> {
    if (!Number.isInteger(keep) || keep < 0 || keep > 1000)
      throw new InvalidOptionError('OPTION_RANGE', 'keep must be a whole number from 0 to 1000.');
    return this.#versions.prune([...setsOf(this.#manifest).keys()], keep);
  }

  /** Those to be fetched, and those that hide what could be. */
  async #lookFor(
    files: readonly ModelFile[],
  ): Promise<{ wanted: readonly ModelFile[]; hiding: readonly ModelCorruptError[] }> {
    const wanted: ModelFile[] = [];
    const hiding: ModelCorruptError[] = [];
    for (const file of files) {
      const place = await this.#placeOf(setOf(file));
      const found = await find(file, place);
      if (!found || (found.state === 'corrupt' && place.kind === 'cache')) wanted.push(file);
      else if (found.state === 'corrupt') hiding.push(corrupt(file, found, place));
    }
    return { wanted, hiding };
  }

  async #fetchFromFirst(
    sources: readonly ModelSource[],
    wanted: readonly ModelFile[],
    { onProgress = () => undefined, signal }: FetchOptions,
  ): Promise<void> {
    let left = wanted;
    const reasons = new Map<ModelFile, string[]>();
    for (const source of sources) {
      if (left.length === 0) break;
      throwIfAborted(signal);
      const failures = await fetchFrom(
        source,
        left,
        this.cache,
        officialBytes,
        { onProgress, signal },
        (file, bytes) => deliverOfficial(this.cache, file, bytes, signal),
      );
      for (const [file, reason] of failures)
        reasons.set(file, [...(reasons.get(file) ?? []), `${source.name}: ${reason}`]);
      left = [...failures.keys()];
    }
    if (left.length > 0) throw fetchFailed(left, reasons);
  }

  #fileOf(key: ModelKey): ModelFile {
    const file = this.#manifest.files.find((each) => each.key === key);
    if (file) return file;
    const known = this.#manifest.files.map((each) => each.key).join(', ');
    throw new InvalidOptionError('OPTION_RANGE', `There is no model '${key}'; there are ${known}.`);
  }

  #filesOf(set: ModelSetName): readonly ModelFile[] {
    const sets = setsOf(this.#manifest);
    const files = sets.get(set);
    if (files) return files;
    const known = [...sets.keys()].join(', ');
    throw new InvalidOptionError('OPTION_RANGE', `There is no set of models '${set}'; there are ${known}.`);
  }

  /** The first place that holds any file of the set. */
  async #placeOf(set: ModelSetName): Promise<Place> {
    const { explicit, cache } = this.#locations;
    for (const folder of explicit) {
      // The cache stays the cache when somebody names it.
      if (folder === cache) continue;
      for (const { name } of this.#filesOf(set))
        if (await isThere(join(folder, name))) return { folder, kind: 'explicit' };
    }
    return this.#placeOfVersion(set, await this.#versions.current(set));
  }

  async #placeOfVersion(set: ModelSetName, version: string): Promise<Place> {
    if (version === officialVersion) return { folder: this.cache, kind: 'cache', version };
    const recorded = (await this.#versions.find(set, version))?.files ?? [];
    return { folder: this.#versions.folderOf(set, version), kind: 'store', version, recorded };
  }

  #missing(file: ModelFile, place: Place): ModelMissingError {
    const files = this.#filesOf(setOf(file));
    const code = 'MODEL_MISSING';
    if (place.kind === 'store')
      return new ModelMissingError(
        code,
        `The model file ${file.name} of the version '${place.version}' in use is not in ${place.folder}. ` +
          `Put it back, or run 'npx facededup models rollback --set ${setOf(file)}'.`,
      );
    if (place.kind === 'explicit' && files.length > 1)
      return new ModelMissingError(
        code,
        `The folder ${place.folder} has no ${file.name}, which belongs together with the ` +
          `${files
            .filter((each) => each !== file)
            .map(({ name }) => name)
            .join(', ')} there. Add it, or take those away.`,
      );
    const places = [...this.#locations.explicit, this.cache].join(', ');
    return new ModelMissingError(
      code,
      `The model file ${file.name} (${file.purpose}) is in none of these folders: ${places}. Get it with ` +
        `'npx facededup models fetch ${file.key}', or name the folder that has it by the option models or by FACEDEDUP_MODELS.`,
    );
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    return !isAbsence(error);
  }
}

async function find(file: ModelFile, place: Place): Promise<FoundModel | undefined> {
  const path = join(place.folder, file.name);
  try {
    const bytes = await readFile(path);
    const sha256 = sha256Of(bytes);
    return { path, bytes, sha256, state: stateOf(file, bytes.length, sha256, place) };
  } catch (cause) {
    if (isAbsence(cause)) return undefined;
    if (systemCode(cause) === undefined) throw cause;
    return { path, state: 'corrupt', cause };
  }
}

function stateOf(
  file: ModelFile,
  bytes: number,
  sha256: string,
  { kind, recorded }: Place,
): FoundModel['state'] {
  const isOfficial = file.versions.some((version) => version.sha256 === sha256);
  if (kind === 'store') {
    if (recorded?.find(({ key }) => key === file.key)?.sha256 !== sha256) return 'corrupt';
    return isOfficial ? 'verified' : 'approved';
  }
  if (isOfficial) return 'verified';
  const damagedCopy =
    file.lengthIdentifies === true && file.versions.some((version) => version.bytes === bytes);
  return kind === 'explicit' && !damagedCopy ? 'unverified' : 'corrupt';
}

function corrupt(file: ModelFile, found: FoundModel, { kind, recorded }: Place): ModelCorruptError {
  const { path } = found;
  if ('cause' in found) {
    const { cause } = found;
    const message = `The model file ${path} cannot be read: ${reasonOf(cause)}. Mend that, or delete it.`;
    return new ModelCorruptError('MODEL_CORRUPT', message, { cause });
  }
  const inStore = kind === 'store';
  const expected = inStore
    ? (recorded?.find(({ key }) => key === file.key)?.sha256 ?? 'another one')
    : file.versions.map((version) => version.sha256).join(' or ');
  const whatToDo = inStore
    ? `Restore it from a backup, or run 'npx facededup models rollback --set ${setOf(file)}'.`
    : `Delete it and run 'npx facededup models fetch ${file.key}'.`;
  return new ModelCorruptError(
    'MODEL_CORRUPT',
    `The model file ${path} is damaged: its SHA-256 is ${found.sha256} where ${expected} was expected. ${whatToDo}`,
  );
}

function fetchFailed(
  files: readonly ModelFile[],
  reasons: ReadonlyMap<ModelFile, readonly string[]>,
): ModelFetchError {
  return new ModelFetchError(
    'MODEL_FETCH_FAILED',
    `Could not fetch ${inWords(files, reasons)}. Check the connection, or copy the files from another machine into a folder ` +
      'and name it by the option models or by FACEDEDUP_MODELS.',
  );
}

/** Files of one source mostly fail for one reason, which is then told once. */
function inWords(files: readonly ModelFile[], reasons: ReadonlyMap<ModelFile, readonly string[]>): string {
  const filesOf = new Map<string, string[]>();
  for (const file of files) {
    const reason = (reasons.get(file) ?? ['no source was named']).join('; ');
    filesOf.set(reason, [...(filesOf.get(reason) ?? []), file.name]);
  }
  return [...filesOf].map(([reason, names]) => `${names.join(', ')}: ${reason}`).join('. ');
}

async function fetchFrom(
  source: ModelSource,
  files: readonly ModelFile[],
  cache: string,
  maxBytes: (file: ModelFile) => number,
  { onProgress, signal }: { onProgress: (progress: FetchProgress) => void; signal: AbortSignal | undefined },
  deliver: (file: ModelFile, bytes: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<ReadonlyMap<ModelFile, string>> {
  try {
    return await source.fetch(files, deliver, { onProgress, signal, cache, maxBytes });
  } catch (error) {
    throwIfAborted(signal);
    return new Map(files.map((file) => [file, reasonOf(error)]));
  }
}

async function makeCache(cache: string): Promise<void> {
  try {
    await mkdir(cache, { recursive: true, mode: sharedFolder });
    await access(cache, constants.W_OK);
  } catch (cause) {
    const message = `The model cache ${cache} cannot be written: ${reasonOf(cause)}. Name another by XDG_CACHE_HOME.`;
    throw new ModelFetchError('MODEL_FETCH_FAILED', message, { cause });
  }
}

function officialBytes({ versions }: ModelFile): number {
  return Math.max(...versions.map(({ bytes }) => bytes));
}

async function deliverOfficial(
  folder: string,
  file: ModelFile,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  await writeWhole(join(folder, file.name), content, {
    maxBytes: officialBytes(file),
    signal,
    check: ({ bytes, sha256 }) => {
      if (!file.versions.some((version) => version.sha256 === sha256 && version.bytes === bytes))
        throw new Error(`what came is not the file: ${bytes} bytes with the SHA-256 ${sha256}`);
    },
  });
}

/** Puts a candidate's files into a folder. */
async function bring(
  files: readonly ModelFile[],
  source: ModelSource,
  folder: string,
  context: { cache: string; onProgress: (progress: FetchProgress) => void; signal: AbortSignal | undefined },
): Promise<VersionFile[]> {
  const came = new Map<ModelFile, VersionFile>();
  const failures = await fetchFrom(
    source,
    files,
    context.cache,
    () => largestCandidate,
    context,
    async (file, content) => {
      const written = await writeWhole(join(folder, file.name), content, {
        maxBytes: largestCandidate,
        signal: context.signal,
      });
      came.set(file, { key: file.key, name: file.name, ...written });
    },
  );
  if (failures.size > 0) {
    const reasons = new Map([...failures].map(([file, reason]) => [file, [reason]]));
    throw new ModelFetchError(
      'MODEL_FETCH_FAILED',
      `The candidate could not be had from ${source.name}: ${inWords([...failures.keys()], reasons)}. ` +
        `It must hold ${files.map(({ name }) => name).join(' and ')}.`,
    );
  }
  return files.map((file) => came.get(file) as VersionFile);
}

function checkVersionName(version: string | undefined): void {
  if (version === undefined) return;
  const given: unknown = version;
  if (isVersionName(given)) return;
  throw new InvalidOptionError(
    'OPTION_RANGE',
    `'${version}' is no name for a version: letters, digits and . _ + - after a letter or digit, at most 64.`,
  );
}

function checkDigests(
  digests: readonly string[] | undefined,
  files: readonly ModelFile[],
): ReadonlySet<string> | undefined {
  if (digests === undefined) return undefined;
  const wrong = digests.find((digest) => !/^[0-9a-f]{64}$/i.test(digest));
  if (wrong !== undefined)
    throw new InvalidOptionError('OPTION_RANGE', `'${wrong}' is no SHA-256: 64 hexadecimal digits.`);
  if (digests.length !== files.length)
    throw new InvalidOptionError(
      'OPTION_RANGE',
      `${digests.length} digests are given for ${files.length} files: ${files.map(({ name }) => name).join(', ')}.`,
    );
  return new Set(digests.map((digest) => digest.toLowerCase()));
}

function requireDigests(came: readonly VersionFile[], wanted: ReadonlySet<string>): void {
  const wrong = came.filter(({ sha256 }) => !wanted.has(sha256));
  if (wrong.length === 0) return;
  const list = wrong.map(({ name, sha256 }) => `${name} has ${sha256}`).join(', ');
  throw new ModelRejectedError('MODEL_REJECTED', `The candidate has not the digests given: ${list}.`);
}
