// The lists of a run that compares candidates alone: centres, and blocks on their way to be joined.

import { type DealtBlock, packBlock, unpackBlock } from '../../duplicates/index.js';
import type { Approximation } from '../../runs/findings.js';
import type { Sql } from './database.js';
import type { Sealing } from './sealing.js';
import { packRecords, unpackRecords } from './tiles.js';

const placeOfLists = (run: number) => `the lists of run ${run}`;
const placeOfFragment = (run: number, number: number) => `fragment ${number} of run ${run}`;

/** @param packed as `packLists` makes them. */
export async function keepLists(
  sql: Sql,
  sealing: Sealing,
  run: number,
  count: number,
  packed: Uint8Array,
): Promise<void> {
  await sql.run('INSERT INTO facededup.run_lists (run_id, count, data) VALUES ($1, $2, $3)', [
    run,
    count,
    sealing.bytes(packed, placeOfLists(run)),
  ]);
}

/** @returns undefined when the run has none, or is over and they are gone. @throws ClusterError */
export async function packedLists(sql: Sql, sealing: Sealing, run: number): Promise<Uint8Array | undefined> {
  const row = await sql.row('SELECT data FROM facededup.run_lists WHERE run_id = $1', [run]);
  return row && sealing.bytesIn(row['data'] as Uint8Array, placeOfLists(run));
}

/** @returns undefined when the run has none. */
export async function countOfLists(sql: Sql, run: number): Promise<number | undefined> {
  const row = await sql.row('SELECT count FROM facededup.run_lists WHERE run_id = $1', [run]);
  return row && Number(row['count']);
}

/** What a run and those before it passed over, once its pairs are kept; undefined where every pair was compared. */
export async function approximationOf(
  sql: Sql,
  set: number,
  run: number,
): Promise<Approximation | undefined> {
  const row = await sql.row('SELECT epoch_reach AS reach FROM facededup.sets WHERE id = $1', [set]);
  if (typeof row?.['reach'] !== 'number') return undefined;
  const lists = await countOfLists(sql, run);
  return { reach: row['reach'], ...(lists === undefined ? {} : { lists }) };
}

export async function keepFragment(
  sql: Sql,
  sealing: Sealing,
  run: number,
  number: number,
  { list, block, records }: DealtBlock,
): Promise<void> {
  await sql.run(
    'INSERT INTO facededup.run_fragments (run_id, list, number, data, records) VALUES ($1, $2, $3, $4, $5)',
    [run, list, number, sealing.bytes(packBlock(block), placeOfFragment(run, number)), packRecords(records)],
  );
}

/** The fragments of a list, in the order in which they were kept; they are then no longer there. @throws ClusterError */
export async function takeFragments(
  sql: Sql,
  sealing: Sealing,
  run: number,
  list: number,
): Promise<DealtBlock[]> {
  const rows = await sql.rows(
    'SELECT number, data, records FROM facededup.run_fragments WHERE run_id = $1 AND list = $2 ORDER BY number',
    [run, list],
  );
  await sql.run('DELETE FROM facededup.run_fragments WHERE run_id = $1 AND list = $2', [run, list]);
  return rows.map(({ number, data, records }) => ({
    list,
    block: unpackBlock(sealing.bytesIn(data as Uint8Array, placeOfFragment(run, Number(number)))),
    records: unpackRecords(records as Uint8Array),
  }));
}
