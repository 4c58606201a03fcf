// FaceStore: one SQLite file that keeps sets of photos with their encodings, decisions on pairs, and results of runs.

import { FaceStoreError, InvalidOptionError } from '../errors.js';
import { compact } from './compact.js';
import { Database } from './database.js';
import { DecisionTable } from './decisions.js';
import { cipherOf } from './encryption.js';
import { erase, type EraseOptions, type Erasure } from './erase.js';
import type { FacesCipher } from './faces_cipher.js';
import { forgetContents, PhotoTable } from './photo_table.js';
import { RunTable } from './run_table.js';
import { keyFromEnvironment, keyVariable, readKey, type StoreKey } from './store_key.js';

/** A set of photos: those that are compared with each other, and what is known of them. */
export interface PhotoSet {
  readonly name: string;
  readonly photos: PhotoTable;
  readonly decisions: DecisionTable;
  readonly runs: RunTable;
}

/** What a set of photos holds. */
export interface PhotoSetFacts {
  readonly name: string;
  readonly photos: number;
  readonly runs: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** The address that is told when a run on the set ends. */
  readonly webhook?: string;
}

/** What a store holds, all of it read and found to be as it was kept. */
export interface CheckedStore {
  readonly sets: number;
  readonly photos: number;
  readonly faces: number;
  readonly decisions: number;
  readonly runs: number;
}

/** How a store is opened. */
export interface FaceStoreOptions {
  /** Whether it is begun where it is not there; default true. */
  readonly create?: boolean;
  /**
   * Whether a file that cannot be written to will do; default false. What would write then throws `FACE_STORE_UNUSABLE`,
   * and reading throws `FACE_STORE_BUSY` once another process has written to the file.
   */
  readonly readOnly?: boolean | undefined;
  /**
   * Of the encodings: a store that is begun with it is encrypted, and one that is encrypted needs it. Default that of the
   * environment variable FACEDEDUP_STORE_KEY, or of the file that FACEDEDUP_STORE_KEY_FILE names; without either none.
   */
  readonly key?: StoreKey | undefined;
}

/** @throws InvalidOptionError `ARGUMENT_INVALID` */
export function requireSetName(name: string): void {
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,99}$/u.test(name))
    throw new InvalidOptionError(
      'ARGUMENT_INVALID',
      `'${name}' is no name for a set: it takes 1 to 100 letters, digits, spaces and . _ -`,
    );
}

/** The set that is meant where none is named. */
export const defaultSet = 'default';

/**
 * One process writes at a time, others may read. Everything is on the disk when a call returns, so that a process may be
 * killed at any moment; only a power cut may take the last moments with it, and never damages the file.
 */
export class FaceStore {
  readonly #database: Database;
  readonly #cipher: FacesCipher | undefined;

  /**
   * Opens the file.
   *
   * @throws FaceStoreError `FACE_STORE_UNUSABLE`, `FACE_STORE_INVALID`, `FACE_STORE_MISSING`, `FACE_STORE_BUSY`;
   *   StoreKeyError
   */
  constructor(path: string, { create = true, readOnly = false, key }: FaceStoreOptions = {}) {
    const given = key === undefined ? keyFromEnvironment(keyVariable) : readKey(key);
    this.#database = new Database(path, { create, readOnly });
    try {
      this.#cipher = cipherOf(this.#database, given);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Of the file, absolute. */
  get path(): string {
    return this.#database.path;
  }

  /** Whether the encodings are encrypted in the file. */
  get isEncrypted(): boolean {
    return this.#cipher !== undefined;
  }

  /**
   * A set by its name; begun where it is not there.
   *
   * @param name 1 to 100 letters, digits, spaces and `. _ -`; default `default`.
   * @throws InvalidOptionError `ARGUMENT_INVALID`, FaceStoreError
   */
  set(name: string = defaultSet): PhotoSet {
    return this.#set(name) ?? this.#begin(name);
  }

  /** @throws FaceStoreError `FACE_STORE_MISSING` */
  existingSet(name: string = defaultSet): PhotoSet {
    const set = this.#set(name);
    if (set) return set;
    throw new FaceStoreError('FACE_STORE_MISSING', `There is no set '${name}' in '${this.path}'.`);
  }

  /** By name. */
  sets(): PhotoSetFacts[] {
    return this.#database
      .all(
        `SELECT name, created_at, webhook,
           (SELECT count(*) FROM photos WHERE set_id = sets.id) AS photos,
           (SELECT count(*) FROM runs WHERE set_id = sets.id) AS runs
         FROM sets ORDER BY name`,
      )
      .map((row) => ({
        name: String(row['name']),
        photos: Number(row['photos']),
        runs: Number(row['runs']),
        createdAt: String(row['created_at']),
        ...(row['webhook'] === null ? {} : { webhook: String(row['webhook']) }),
      }));
  }

  /**
   * Reads all that the file holds, and compares it with its checksums.
   *
   * @returns what it holds, over all sets.
   * @throws FaceStoreError `FACE_STORE_INVALID` where any of it is damaged
   */
  check(): CheckedStore {
    this.#database.requireSound();
    this.#database.requireNothingMissing();
    const held = { sets: 0, photos: 0, faces: 0, decisions: 0, runs: 0 };
    for (const { name } of this.sets()) {
      const { photos, decisions, runs } = this.existingSet(name);
      held.sets++;
      for (const { faces } of photos.photos()) {
        held.photos++;
        held.faces += faces.length;
      }
      const index = decisions.index();
      held.decisions += index.decisions().length;
      for (const { run } of runs.list()) {
        runs.findings(run, index);
        held.runs++;
      }
    }
    return held;
  }

  /** @param address undefined: nobody is told any more. @throws FaceStoreError `FACE_STORE_MISSING` */
  setWebhook(name: string, address: string | undefined): void {
    this.existingSet(name);
    this.#database.run('UPDATE sets SET webhook = ? WHERE name = ?', address ?? null, name);
  }

  /** Forgets a set with its decisions and runs, and the encodings that no other set has. */
  removeSet(name: string): boolean {
    return this.#database.transaction(() => {
      const removed = this.#database.run('DELETE FROM sets WHERE name = ?', name).changes > 0;
      forgetContents(this.#database);
      return removed;
    });
  }

  /**
   * Truly removes what is known of a photo, or of a record with all its photos: encodings, decisions (the log of those
   * withdrawn among them), and pairs, groups and lists of the runs that are kept; the bytes of all that go from the file
   * and its log. Photos, and reports and exports that were written, are files of their own, and stay.
   *
   * @param id the name of a photo, or the reference of a record.
   * @throws FaceStoreError `FACE_STORE_MISSING` when nothing is known of it; `FACE_STORE_BUSY` when it is gone from the
   *   store, but another process still reads what the log holds; InvalidOptionError `ARGUMENT_INVALID` when the id names
   *   a photo and a record
   */
  erase(id: string, options: EraseOptions = {}): Erasure {
    return erase(this.#database, id, options);
  }

  /**
   * Writes the file anew, without room for what is no longer there, and empties the log beside it.
   *
   * @throws FaceStoreError `FACE_STORE_BUSY` when another process still reads what the log holds
   */
  compact(): void {
    compact(this.#database);
  }

  /** May be called again. */
  close(): void {
    this.#database.close();
  }

  #set(name: string): PhotoSet | undefined {
    const row = this.#database.get('SELECT id FROM sets WHERE name = ?', name);
    if (!row) return undefined;
    const id = Number(row['id']);
    return {
      name,
      photos: new PhotoTable(this.#database, id, this.#cipher),
      decisions: new DecisionTable(this.#database, id),
      runs: new RunTable(this.#database, id),
    };
  }

  #begin(name: string): PhotoSet {
    requireSetName(name);
    this.#database.run(
      'INSERT INTO sets (name, created_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING',
      name,
      new Date().toISOString(),
    );
    return this.existingSet(name);
  }
}
