// The store of a cluster: a PostgreSQL database, brought up to date, with what is kept in it.

import { ClusterError } from '../../errors.js';
import type { Findings } from '../../runs/findings.js';
import type { EraseOptions, Erasure } from '../../store/erase.js';
import { type CheckedStore, defaultSet, type PhotoSetFacts } from '../../store/face_store.js';
import type { ReviewPhotos, ReviewStore } from '../../store/review_store.js';
import { checkStoreAddress } from '../addresses.js';
import { Contents } from './contents.js';
import { type SqlOptions, SqlDatabase } from './database.js';
import { ClusterDecisions, decisionIndex } from './decisions.js';
import { erase } from './erase.js';
import { importPhotos } from './import.js';
import { PhotoList } from './photo_list.js';
import { missing, Runs, setNamed } from './runs.js';
import { migrate } from './schema.js';
import { Sealing } from './sealing.js';
import { existingSet, removeSet, sets } from './set_list.js';
import { factsOf, findingsWith, SetRuns } from './set_runs.js';
import { compact } from './tidy.js';

/** Who has worked lately. */
export interface SeenWorker {
  readonly name: string;
  readonly startedAt: Date;
  readonly seenAt: Date;
}

/** A set of photos, as `PhotoSet` has it. */
export interface ClusterSet {
  readonly name: string;
  readonly photos: PhotoList;
  readonly decisions: ClusterDecisions;
  readonly runs: SetRuns;
}

/** Closed when it is no longer needed: it holds connections. */
export class ClusterStore implements ReviewStore {
  readonly database: SqlDatabase;
  readonly sealing: Sealing;
  readonly contents: Contents;
  readonly runs: Runs;
  /** Tells this store from others. */
  readonly token: string;

  private constructor(database: SqlDatabase, sealing: Sealing, token: string) {
    this.database = database;
    this.sealing = sealing;
    this.contents = new Contents(sealing);
    this.runs = new Runs(database, sealing);
    this.token = token;
  }

  /**
   * Opens the store, begins it in an empty database, and brings an older one up to date.
   *
   * @throws InvalidOptionError, StoreKeyError, ClusterError `CLUSTER_PACKAGE_MISSING`, `CLUSTER_STORE_UNREACHABLE`,
   *   `CLUSTER_STORE_REFUSED`, `CLUSTER_STORE_NEWER`
   */
  static async open(address: string, options: SqlOptions = {}): Promise<ClusterStore> {
    const database = await SqlDatabase.at(checkStoreAddress(address), options);
    try {
      await migrate(database);
      const sealing = await Sealing.of(database);
      const row = await database.row('SELECT token FROM facededup.store');
      return new ClusterStore(database, sealing, String(row?.['token']));
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.database.close();
  }

  /** Its address, without secrets. */
  get path(): string {
    return this.database.name;
  }

  /** Whether the encodings are encrypted in the database. */
  get isEncrypted(): boolean {
    return this.sealing.isEncrypted;
  }

  /** A set by its name; begun where it is not there. @throws InvalidOptionError `ARGUMENT_INVALID`, ClusterError */
  async set(name: string = defaultSet): Promise<ClusterSet> {
    return this.#setOf(name, await setNamed(this.database, name));
  }

  /** @throws FaceStoreError `FACE_STORE_MISSING`, ClusterError */
  async existingSet(name: string = defaultSet): Promise<ClusterSet> {
    return this.#setOf(name, await existingSet(this.database, this.path, name));
  }

  #setOf(name: string, set: number): ClusterSet {
    const takeIn: ReviewPhotos['import'] = (photos) => importPhotos(this, name, photos);
    return {
      name,
      photos: new PhotoList({ sql: this.database, contents: this.contents, takeIn }, set),
      decisions: new ClusterDecisions(this.database, set),
      runs: new SetRuns(this.database, set),
    };
  }

  /** By name. */
  sets(): Promise<PhotoSetFacts[]> {
    return sets(this.database);
  }

  /** @param address undefined: nobody is told any more. @throws FaceStoreError `FACE_STORE_MISSING` */
  async setWebhook(name: string, address: string | undefined): Promise<void> {
    const set = await existingSet(this.database, this.path, name);
    await this.database.run('UPDATE facededup.sets SET webhook = $2 WHERE id = $1', [set, address ?? null]);
  }

  /**
   * Forgets a set with its decisions and runs, and the encodings that no other set has.
   *
   * @throws ClusterError `CLUSTER_SET_BUSY` while a run on it goes on.
   */
  removeSet(name: string): Promise<boolean> {
    return removeSet(this.database, name);
  }

  /** Reads all that the sets hold, and compares faces with their checksums. @throws ClusterError `CLUSTER_STORE_INVALID` */
  async check(): Promise<CheckedStore> {
    const held = { sets: 0, photos: 0, faces: 0, decisions: 0, runs: 0 };
    for (const { name } of await this.sets()) {
      const { photos, decisions, runs } = await this.existingSet(name);
      held.sets++;
      for await (const { faces } of photos.photos()) {
        held.photos++;
        held.faces += faces.length;
      }
      const index = await decisions.index();
      held.decisions += index.decisions().length;
      for (const { run } of await runs.list()) {
        await runs.findings(run, index);
        held.runs++;
      }
    }
    return held;
  }

  /** Of a run that is finished, with the verdicts that hold now. @throws ClusterError `CLUSTER_RUN_MISSING` */
  async findings(run: number): Promise<Findings & Required<Pick<Findings, 'run'>>> {
    const row = await this.database.row('SELECT id, set_id, facts FROM facededup.runs WHERE id = $1', [run]);
    if (!row) throw missing(run);
    if (row['facts'] === null)
      throw new ClusterError('CLUSTER_RUN_MISSING', `Run ${run} has no results: it is not finished.`);
    const decisions = await decisionIndex(this.database, Number(row['set_id']));
    return findingsWith(this.database, factsOf(row), decisions);
  }

  /**
   * Truly removes what is known of a photo, or of a record with all its photos, as `FaceStore.erase` does. What runs that
   * have failed still hold goes, too, and they cannot be tried again.
   *
   * @throws FaceStoreError `FACE_STORE_MISSING`; ClusterError `CLUSTER_SET_BUSY` while a run on a set that knows them goes
   *   on, `CLUSTER_STORE_REFUSED` when the user does not own the tables; InvalidOptionError `ARGUMENT_INVALID`
   */
  erase(id: string, options: EraseOptions = {}): Promise<Erasure> {
    return erase(this.database, id, options);
  }

  /**
   * Writes the tables anew, without what was deleted; they are locked meanwhile.
   *
   * @throws ClusterError `CLUSTER_STORE_REFUSED` when the user does not own the tables
   */
  compact(): Promise<void> {
    return compact(this.database);
  }

  /** That a worker is alive. */
  async seen(worker: string): Promise<void> {
    await this.database.run(
      `INSERT INTO facededup.workers (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET seen_at = now()`,
      [worker],
    );
  }

  async forgetWorker(worker: string): Promise<void> {
    await this.database.run(
      `DELETE FROM facededup.workers WHERE name = $1 OR seen_at < now() - interval '1 day'`,
      [worker],
    );
  }

  /** Those that were heard of within so many seconds. */
  async workers(seconds: number): Promise<SeenWorker[]> {
    const rows = await this.database.rows(
      `SELECT name, started_at, seen_at FROM facededup.workers
       WHERE seen_at > now() - make_interval(secs => $1) ORDER BY name`,
      [seconds],
    );
    return rows.map((row) => ({
      name: String(row['name']),
      startedAt: row['started_at'] as Date,
      seenAt: row['seen_at'] as Date,
    }));
  }
}
