// Versions of model sets that an administrator brought in: kept side by side, one of each set in use, and a history.
//
// STORE/current.json           which version of each set is in use, and how it came to that; replaced as a whole
// STORE/versions/SET/VERSION/  the files of one version and version.json; never changed once it is there
//
// A change is one rename, of current.json or of a version's folder, so whatever stops the process or the machine leaves
// the state before it or the one after it.

import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Of } from '../digest.js';
import { FaceDedupError, ModelStoreError } from '../errors.js';
import { isAbsence, sharedFolder, syncFolder, textIfThere, writeWhole } from './files.js';
import { type AssertHeld, withLock } from './lock.js';
import type { ModelKey, ModelSetName } from './manifest.js';

/** The version of every set that was never updated: the manifest's. */
export const officialVersion = 'official';

/** One file of a version. */
export interface VersionFile {
  readonly key: ModelKey;
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A version of a set of models that the store keeps. */
export interface ModelVersion {
  readonly set: ModelSetName;
  readonly version: string;
  readonly files: readonly VersionFile[];
  /** Where it came from, without secrets. */
  readonly source: string;
  /** ISO 8601. */
  readonly addedAt: string;
  /** What was found to be right about it, in words. */
  readonly checks: readonly string[];
}

/** One change of the version in use. */
export interface ModelChange {
  /** ISO 8601. */
  readonly at: string;
  readonly action: 'update' | 'rollback';
  readonly version: string;
}

interface Ledger {
  readonly format: 1;
  readonly sets: Readonly<Partial<Record<ModelSetName, readonly ModelChange[]>>>;
}

/** A version that was taken out of the store, and the room that it gave back. */
export interface RemovedVersion {
  readonly set: ModelSetName;
  readonly version: string;
  readonly bytes: number;
}

const emptyLedger: Ledger = { format: 1, sets: {} };
const smallFileBytes = 16 * 1024 * 1024;
/** What a killed process may leave behind begins like one of these. */
const leftovers = ['.incoming-', '.removed-', '.new-', 'partial'] as const;

/** @returns the versions that were in use and would be again, one rollback after the other; the one in use is last. */
export function stackOf(changes: readonly ModelChange[]): string[] {
  const stack = [officialVersion];
  for (const { action, version } of changes) {
    // A rollback takes off what lies above its version; to one that was never in use it is a step like any other.
    const below = action === 'rollback' ? stack.lastIndexOf(version) : -1;
    if (below >= 0) stack.length = below + 1;
    else stack.push(version);
  }
  return stack;
}

export class ModelVersions {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The file that is replaced whenever another version comes into use. */
  get ledgerPath(): string {
    return join(this.folder, 'current.json');
  }

  folderOf(set: ModelSetName, version: string): string {
    return join(this.folder, 'versions', set, version);
  }

  /** The version in use. @throws ModelStoreError `MODEL_STORE_UNUSABLE` */
  async current(set: ModelSetName): Promise<string> {
    return stackOf(await this.history(set)).at(-1) as string;
  }

  /** Every change, oldest first. @throws ModelStoreError `MODEL_STORE_UNUSABLE` */
  async history(set: ModelSetName): Promise<readonly ModelChange[]> {
    return (await this.#ledger()).sets[set] ?? [];
  }

  /** What is known of a version; undefined when there is none of that name. @throws ModelStoreError `MODEL_STORE_UNUSABLE` */
  async find(set: ModelSetName, version: string): Promise<ModelVersion | undefined> {
    const path = join(this.folderOf(set, version), 'version.json');
    const text = await this.#guarded(() => textIfThere(path));
    return text === undefined
      ? undefined
      : parsed<ModelVersion>(path, text, (value) => Array.isArray(value.files));
  }

  /** All versions of a set, in the order they were added. @throws ModelStoreError `MODEL_STORE_UNUSABLE` */
  async list(set: ModelSetName): Promise<ModelVersion[]> {
    const names = await this.#namesIn(join(this.folder, 'versions', set));
    const versions = await Promise.all(names.map((name) => this.find(set, name)));
    return versions
      .filter((version) => version !== undefined)
      .sort((a, b) => (a.addedAt < b.addedAt ? -1 : 1));
  }

  /**
   * Lets `fill` put files into a folder of their own, and keeps them as a version in use.
   *
   * @param fill what it throws leaves everything as it was.
   * @returns the version; `changed` is false when it was in use already.
   * @throws ModelStoreError `MODEL_VERSION_EXISTS` when other files have that name, `MODEL_STORE_UNUSABLE`
   */
  async add(
    set: ModelSetName,
    signal: AbortSignal | undefined,
    fill: (folder: string) => Promise<Omit<ModelVersion, 'set' | 'addedAt'>>,
  ): Promise<{ readonly version: ModelVersion; readonly changed: boolean }> {
    return this.#locked(signal, async (assertHeld) => {
      const parent = join(this.folder, 'versions', set);
      await mkdir(parent, { recursive: true, mode: sharedFolder });
      const incoming = join(parent, `.incoming-${randomUUID()}`);
      await mkdir(incoming, { mode: sharedFolder });
      try {
        const filled = await fill(incoming);
        const version: ModelVersion = { set, ...filled, addedAt: new Date().toISOString() };
        const known = await this.find(set, version.version);
        if (known) requireSameFiles(known, version);
        else {
          await writeJson(join(incoming, 'version.json'), version);
          assertHeld();
          await rename(incoming, this.folderOf(set, version.version));
          await syncFolder(parent);
        }
        const changed = (await this.current(set)) !== version.version;
        if (changed) await this.#append(set, { action: 'update', version: version.version }, assertHeld);
        return { version: known ?? version, changed };
      } finally {
        await rm(incoming, { recursive: true, force: true });
      }
    });
  }

  /**
   * Puts an earlier version back in use.
   *
   * @param version default the one before that in use.
   * @param check of the files of the version; what it throws leaves everything as it was.
   * @returns its name.
   * @throws ModelStoreError `MODEL_VERSION_MISSING`, `MODEL_STORE_UNUSABLE`
   */
  async rollback(
    set: ModelSetName,
    version: string | undefined,
    check: (version: string) => Promise<void>,
  ): Promise<string> {
    return this.#locked(undefined, async (assertHeld) => {
      const stack = stackOf(await this.history(set));
      const target = version ?? stack.at(-2);
      if (target === undefined)
        throw missing(
          `Nothing of ${set} came before '${stack.at(-1)}', so there is nothing to roll back to.`,
        );
      if (target === stack.at(-1)) throw missing(`'${target}' is the version of ${set} in use already.`);
      if (target !== officialVersion && !(await this.find(set, target)))
        throw missing(
          `There is no version '${target}' of ${set} in ${this.folder}: it was pruned or never there. ` +
            "'npx facededup models history' lists those that are.",
        );
      await check(target);
      await this.#append(set, { action: 'rollback', version: target }, assertHeld);
      return target;
    });
  }

  /**
   * Deletes the versions that are neither in use nor among the `keep` that rollbacks would reach first, and whatever
   * killed processes left behind.
   */
  async prune(sets: readonly ModelSetName[], keep: number): Promise<RemovedVersion[]> {
    return this.#locked(undefined, async () => {
      const removed: RemovedVersion[] = [];
      for (const set of sets) {
        const parent = join(this.folder, 'versions', set);
        const stack = stackOf(await this.history(set));
        const kept = new Set(stack.slice(-1 - keep));
        for (const { version, files } of await this.list(set)) {
          if (kept.has(version)) continue;
          // Renamed first: half a version must not look like a whole one.
          const doomed = join(parent, `.removed-${randomUUID()}`);
          await rename(this.folderOf(set, version), doomed);
          await rm(doomed, { recursive: true });
          removed.push({ set, version, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) });
        }
        await removeLeftovers(parent);
      }
      await removeLeftovers(this.folder);
      return removed;
    });
  }

  async #append(
    set: ModelSetName,
    change: Pick<ModelChange, 'action' | 'version'>,
    assertHeld: AssertHeld,
  ): Promise<void> {
    const ledger = await this.#ledger();
    const changes = [...(ledger.sets[set] ?? []), { at: new Date().toISOString(), ...change }];
    assertHeld();
    await writeJson(this.ledgerPath, { ...ledger, sets: { ...ledger.sets, [set]: changes } });
  }

  async #ledger(): Promise<Ledger> {
    const path = this.ledgerPath;
    const text = await this.#guarded(() => textIfThere(path));
    if (text === undefined) return emptyLedger;
    return parsed<Ledger>(
      path,
      text,
      ({ format, sets }) =>
        format === 1 &&
        typeof sets === 'object' &&
        Object.values(sets).every((changes) => Array.isArray(changes) && changes.every(isChange)),
    );
  }

  #locked<T>(signal: AbortSignal | undefined, work: (assertHeld: AssertHeld) => Promise<T>): Promise<T> {
    return this.#guarded(async () => {
      await mkdir(this.folder, { recursive: true, mode: sharedFolder });
      return withLock(this.folder, signal, work);
    });
  }

  /** What the system refuses is an error of the store. */
  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof FaceDedupError || !(cause instanceof Error && 'syscall' in cause)) throw cause;
      throw unusable(`The model store ${this.folder} cannot be used: ${cause.message}.`, cause);
    }
  }

  async #namesIn(folder: string): Promise<string[]> {
    try {
      return (await readdir(folder)).filter((name) => !name.startsWith('.'));
    } catch (error) {
      if (isAbsence(error)) return [];
      throw unusable(`The model store ${this.folder} cannot be read.`, error);
    }
  }
}

/** A name for files that were given none: the same files always get the same. */
export function versionOfDigests(files: readonly VersionFile[]): string {
  const digests = files.map(({ key, sha256 }) => `${key} ${sha256}\n`).sort();
  return sha256Of(digests.join('')).slice(0, 12);
}

function requireSameFiles(known: ModelVersion, candidate: ModelVersion): void {
  if (versionOfDigests(known.files) === versionOfDigests(candidate.files)) return;
  throw new ModelStoreError(
    'MODEL_VERSION_EXISTS',
    `There is a version '${known.version}' of ${known.set} with other files already. Choose another name.`,
  );
}

function isChange(value: unknown): value is ModelChange {
  const { at, action, version } = (value ?? {}) as Partial<Record<keyof ModelChange, unknown>>;
  return typeof at === 'string' && (action === 'update' || action === 'rollback') && isVersionName(version);
}

/** It becomes the name of a folder. */
export function isVersionName(name: unknown): name is string {
  return typeof name === 'string' && /^[A-Za-z0-9][\w.+-]{0,63}$/.test(name);
}

function parsed<T extends object>(path: string, text: string, isWhole: (value: Partial<T>) => boolean): T {
  try {
    const value = JSON.parse(text) as Partial<T> | null;
    if (typeof value === 'object' && value !== null && isWhole(value)) return value as T;
  } catch {
    // Told below, with the path.
  }
  throw unusable(`The file ${path} of the model store is damaged. Restore it from a backup, or delete it.`);
}

async function writeJson(path: string, value: unknown): Promise<void> {
  const text = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  await writeWhole(path, [text], { maxBytes: smallFileBytes });
}

async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [] as string[]);
  for (const name of names.filter((each) => leftovers.some((start) => each.startsWith(start))))
    await rm(join(folder, name), { recursive: true, force: true });
}

function missing(sentence: string): ModelStoreError {
  return new ModelStoreError('MODEL_VERSION_MISSING', sentence);
}

function unusable(sentence: string, cause?: unknown): ModelStoreError {
  return new ModelStoreError('MODEL_STORE_UNUSABLE', sentence, { cause });
}
