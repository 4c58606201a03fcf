// The store of a cluster: a PostgreSQL database, brought up to date, with what is kept in it.

import { FaceStoreError } from '../../errors.js';
import type { Findings } from '../../runs/findings.js';
import { defaultSet } from '../../store/face_store.js';
import { checkStoreAddress } from '../addresses.js';
import { Contents } from './contents.js';
import { type SqlOptions, SqlDatabase } from './database.js';
import { ClusterDecisions, decisionIndex } from './decisions.js';
import { findingsOf } from './results.js';
import { Runs, setNamed } from './runs.js';
import { migrate } from './schema.js';
import { Sealing } from './sealing.js';

/** Who has worked lately. */
export interface SeenWorker {
  readonly name: string;
  readonly startedAt: Date;
  readonly seenAt: Date;
}

/** Closed when it is no longer needed: it holds connections. */
export class ClusterStore {
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
    this.runs = new Runs(database);
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

  /** @param options `create`: whether the set is begun where it is not there. @throws FaceStoreError `FACE_STORE_MISSING` */
  async decisions(set: string = defaultSet, { create = false } = {}): Promise<ClusterDecisions> {
    if (create) return new ClusterDecisions(this.database, await setNamed(this.database, set));
    const row = await this.database.row('SELECT id FROM facededup.sets WHERE name = $1', [set]);
    if (row) return new ClusterDecisions(this.database, Number(row['id']));
    throw new FaceStoreError(
      'FACE_STORE_MISSING',
      `There is no set '${set}' in the store ${this.database.name}.`,
    );
  }

  /** Of a run that is finished, with the verdicts that hold now. @throws ClusterError `CLUSTER_RUN_MISSING` */
  async findings(run: number): Promise<Findings & Required<Pick<Findings, 'run'>>> {
    const row = await this.database.row('SELECT set_id FROM facededup.runs WHERE id = $1', [run]);
    const decisions = await decisionIndex(this.database, Number(row?.['set_id'] ?? -1));
    return findingsOf(this.database, run, decisions);
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
