// The sets of a cluster's store: listed, told whom they tell, and forgotten.

import { FaceStoreError } from '../../errors.js';
import type { PhotoSetFacts } from '../../store/face_store.js';
import type { Sql, SqlDatabase } from './database.js';
import { busy } from './runs.js';
import { forgetContents, lockContents } from './set_photos.js';

/** By name. */
export async function sets(sql: Sql): Promise<PhotoSetFacts[]> {
  const rows = await sql.rows(
    `SELECT name, created_at, webhook,
       (SELECT count(*) FROM facededup.photos WHERE set_id = sets.id) AS photos,
       (SELECT count(*) FROM facededup.runs WHERE set_id = sets.id AND state = 'finished') AS runs
     FROM facededup.sets ORDER BY name`,
  );
  return rows.map((row) => ({
    name: String(row['name']),
    photos: Number(row['photos']),
    runs: Number(row['runs']),
    createdAt: (row['created_at'] as Date).toISOString(),
    ...(row['webhook'] === null ? {} : { webhook: String(row['webhook']) }),
  }));
}

/** @throws FaceStoreError `FACE_STORE_MISSING` */
export async function existingSet(sql: Sql, store: string, name: string): Promise<number> {
  const row = name.includes('\0')
    ? undefined
    : await sql.row('SELECT id FROM facededup.sets WHERE name = $1', [name]);
  if (row) return Number(row['id']);
  throw new FaceStoreError('FACE_STORE_MISSING', `There is no set '${name}' in the store ${store}.`);
}

/** @throws ClusterError `CLUSTER_SET_BUSY` while a run on the set goes on. */
export async function removeSet(database: SqlDatabase, name: string): Promise<boolean> {
  if (name.includes('\0')) return false;
  return database.transaction(async (sql) => {
    await lockContents(sql);
    const set = await sql.row('SELECT id FROM facededup.sets WHERE name = $1 FOR UPDATE', [name]);
    if (!set) return false;
    const run = await sql.row(`SELECT id FROM facededup.runs WHERE set_id = $1 AND state = 'running'`, [
      set['id'],
    ]);
    if (run) throw busy(name, Number(run['id']));
    await sql.run('DELETE FROM facededup.sets WHERE id = $1', [set['id']]);
    await forgetContents(sql);
    return true;
  });
}
