// The blocks and tiles of a run: encodings in columns, and the pairs that were found in each tile.

import {
  type BlockRange,
  type PairColumns,
  pairsByRecord,
  type Tile,
  type TilePairs,
} from '../../duplicates/index.js';
import { oneAhead } from '../one_ahead.js';
import { partsOf } from '../parts.js';
import type { Contents } from './contents.js';
import type { Sql, SqlRow } from './database.js';
import type { Sealing } from './sealing.js';
import type { KeptFace } from '../../encodings/kept_encodings.js';

const recordsTogether = 1000;
/** Of neighbouring ones. */
const rangeTogether = 5000;
const tilesTogether = 5000;
const rowsTogether = 20_000;
const pairBytes = 16;

/** A tile, its place in a job, and the pairs of faces in it. */
export interface PlannedTile extends Tile {
  readonly job: number;
  readonly pairs: number;
}

/** The faces of photos that are compared, in the order of their numbers, of which `to` is no longer one. */
export async function* facesOfRecords(
  sql: Sql,
  contents: Contents,
  run: number,
  { from, to }: Pick<BlockRange, 'from' | 'to'>,
): AsyncGenerator<readonly KeptFace[], void, undefined> {
  const pages = Math.ceil((to - from) / rangeTogether);
  const starts = Array.from({ length: pages }, (_, page) => from + page * rangeTogether);
  const rowsFrom = (from: number) =>
    sql.rows(
      `SELECT contents.digest, origins.digest AS origin, contents.faces
       FROM facededup.run_photos JOIN facededup.contents USING (digest, origin_id)
         JOIN facededup.origins ON origins.id = contents.origin_id
       WHERE run_id = $1 AND record >= $2 AND record < $3 ORDER BY record`,
      [run, from, Math.min(from + rangeTogether, to)],
    );
  for await (const rows of oneAhead(starts, rowsFrom)) for (const row of rows) yield contents.facesOf(row);
}

/** The faces of some of the photos that are compared, by their numbers, in order. */
export async function facesOfSome(
  sql: Sql,
  contents: Contents,
  run: number,
  records: readonly number[],
): Promise<KeptFace[][]> {
  const faces: KeptFace[][] = [];
  for (const some of partsOf(records, recordsTogether)) {
    const rows = await sql.rows(
      `SELECT contents.digest, origins.digest AS origin, contents.faces
       FROM facededup.run_photos JOIN facededup.contents USING (digest, origin_id)
         JOIN facededup.origins ON origins.id = contents.origin_id
       WHERE run_id = $1 AND record = ANY ($2::integer[]) ORDER BY record`,
      [run, some],
    );
    for (const row of rows) faces.push(contents.facesOf(row));
  }
  return faces;
}

/** How many faces of each photo are compared, in the order of their numbers. */
export async function faceCounts(sql: Sql, run: number): Promise<number[]> {
  return (await columnOfRecords(sql, run, 'faces')).map(Number);
}

/** Of the photos that are compared, in the order of their numbers. */
async function columnOfRecords(sql: Sql, run: number, column: 'faces' | 'name'): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let from = 0; ; from += rowsTogether) {
    const rows = await sql.rows(
      `SELECT ${column} FROM facededup.run_photos WHERE run_id = $1 AND record >= $2 AND record < $3 ORDER BY record`,
      [run, from, from + rowsTogether],
    );
    for (const row of rows) values.push(row[column]);
    if (rows.length < rowsTogether) return values;
  }
}

/** The names of the photos of each block; of blocks that are of lists, those of all photos, as if they were one block. */
export async function namesOfBlocks(sql: Sql, run: number, areLists: boolean): Promise<string[][]> {
  const names = (await columnOfRecords(sql, run, 'name')).map(String);
  if (areLists) return [names];
  const blocks = await sql.rows('SELECT photos FROM facededup.run_blocks WHERE run_id = $1 ORDER BY number', [
    run,
  ]);
  let from = 0;
  return blocks.map(({ photos }) => names.slice(from, (from += Number(photos))));
}

const placeOfBlock = (run: number, number: number) => `block ${number} of run ${run}`;
const placeOfAxes = (run: number) => `the axes of run ${run}`;
const placeOfPairs = (run: number, { first, second }: Tile) =>
  `the pairs of the blocks ${first} and ${second} of run ${run}`;

/** A block that is of one list. */
export interface ListedBlock {
  readonly list: number;
  /** Of each of its photos, by its number there, its record. */
  readonly records: Uint32Array;
}

/** A block of one list. @param packed as `packBlock` makes it. */
export async function keepBlock(
  sql: Sql,
  sealing: Sealing,
  run: number,
  number: number,
  packed: Uint8Array,
  photos: number,
  { list, records }: ListedBlock,
): Promise<void> {
  await sql.run(
    'INSERT INTO facededup.run_blocks (run_id, number, photos, data, list, records) VALUES ($1, $2, $3, $4, $5, $6)',
    [run, number, photos, sealing.bytes(packed, placeOfBlock(run, number)), list, packRecords(records)],
  );
}

/** Blocks of photos in a row, numbered from 0 on: what is in them is made when somebody needs it. */
export async function keepRanges(
  sql: Sql,
  run: number,
  ranges: readonly Pick<BlockRange, 'from' | 'to'>[],
): Promise<void> {
  await sql.run(
    `INSERT INTO facededup.run_blocks (run_id, number, photos, from_record)
     SELECT $1, ordinality - 1, photos, from_record FROM unnest($2::integer[], $3::integer[]) WITH ORDINALITY
       AS given (photos, from_record, ordinality)`,
    [run, ranges.map(({ from, to }) => to - from), ranges.map(({ from }) => from)],
  );
}

/** What is known of a block: what is in it, or which photos. */
export type KnownBlock =
  | { readonly packed: Uint8Array }
  | {
      readonly range: Pick<BlockRange, 'from' | 'to'>;
      /** Whether the run has so many that each is needed often. */
      readonly isOfMany: boolean;
    };

/** So many blocks are many. */
const manyBlocks = 16;

/** @returns undefined when the run is over and its blocks are gone. @throws ClusterError */
export async function knownBlock(
  sql: Sql,
  sealing: Sealing,
  run: number,
  number: number,
): Promise<KnownBlock | undefined> {
  const row = await sql.row(
    `SELECT data, from_record, photos,
       EXISTS (SELECT 1 FROM facededup.run_blocks WHERE run_id = $1 AND number = ${manyBlocks - 1}) AS many
     FROM facededup.run_blocks WHERE run_id = $1 AND number = $2`,
    [run, number],
  );
  if (!row) return undefined;
  if (row['data'] !== null)
    return { packed: sealing.bytesIn(row['data'] as Uint8Array, placeOfBlock(run, number)) };
  const from = Number(row['from_record']);
  return { range: { from, to: from + Number(row['photos']) }, isOfMany: row['many'] === true };
}

/** Where nobody else did it before. @param packed as `packBlock` makes it. */
export async function fillBlock(
  sql: Sql,
  sealing: Sealing,
  run: number,
  number: number,
  packed: Uint8Array,
): Promise<void> {
  await sql.run(
    'UPDATE facededup.run_blocks SET data = $3 WHERE run_id = $1 AND number = $2 AND data IS NULL',
    [run, number, sealing.bytes(packed, placeOfBlock(run, number))],
  );
}

/** The lists of blocks that are of one each. @returns by the blocks' numbers. */
export async function listsOfBlocks(
  sql: Sql,
  run: number,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const rows = await sql.rows(
    'SELECT number, list FROM facededup.run_blocks WHERE run_id = $1 AND number = ANY ($2::integer[]) AND list IS NOT NULL',
    [run, numbers],
  );
  return new Map(rows.map(({ number, list }) => [Number(number), Number(list)]));
}

/** @param packed as `packAxes` makes them. */
export async function keepAxes(sql: Sql, sealing: Sealing, run: number, packed: Uint8Array): Promise<void> {
  await sql.run('INSERT INTO facededup.run_axes (run_id, data) VALUES ($1, $2)', [
    run,
    sealing.bytes(packed, placeOfAxes(run)),
  ]);
}

/** @returns undefined when the run is over and they are gone. @throws ClusterError */
export async function packedAxes(sql: Sql, sealing: Sealing, run: number): Promise<Uint8Array | undefined> {
  const row = await sql.row('SELECT data FROM facededup.run_axes WHERE run_id = $1', [run]);
  return row && sealing.bytesIn(row['data'] as Uint8Array, placeOfAxes(run));
}

export async function keepTiles(sql: Sql, run: number, tiles: readonly PlannedTile[]): Promise<void> {
  for (const some of partsOf(tiles, tilesTogether)) {
    await sql.run(
      `INSERT INTO facededup.run_tiles (run_id, job, first_block, second_block)
       SELECT $1, job, first_block, second_block
       FROM unnest($2::integer[], $3::integer[], $4::integer[]) AS given (job, first_block, second_block)`,
      [run, some.map(({ job }) => job), some.map(({ first }) => first), some.map(({ second }) => second)],
    );
  }
}

/** The tiles of a job, one after the other as they share blocks. */
export async function tilesOf(sql: Sql, run: number, job: number): Promise<Tile[]> {
  const rows = await sql.rows(
    `SELECT first_block, second_block FROM facededup.run_tiles WHERE run_id = $1 AND job = $2
     ORDER BY first_block, second_block`,
    [run, job],
  );
  return rows.map(tileIn);
}

export async function keepPairs(
  sql: Sql,
  sealing: Sealing,
  run: number,
  { pairs, ...tile }: TilePairs,
): Promise<void> {
  await sql.run(
    'UPDATE facededup.run_tiles SET pairs = $4 WHERE run_id = $1 AND first_block = $2 AND second_block = $3',
    [run, tile.first, tile.second, sealing.bytes(packPairs(pairs), placeOfPairs(run, tile))],
  );
}

/** Job by job; of blocks that are of lists, as of the one block of all photos. @throws ClusterError */
export async function* pairsOfTiles(
  sql: Sql,
  sealing: Sealing,
  run: number,
): AsyncGenerator<TilePairs, void, undefined> {
  const records = await recordsOfBlocks(sql, run);
  const last = await sql.row('SELECT max(job) AS job FROM facededup.run_tiles WHERE run_id = $1', [run]);
  for (let job = 0; job <= Number(last?.['job'] ?? -1); job++) {
    const rows = await sql.rows(
      'SELECT first_block, second_block, pairs FROM facededup.run_tiles WHERE run_id = $1 AND job = $2',
      [run, job],
    );
    for (const row of rows) {
      const tile = tileIn(row);
      const bytes = sealing.bytesIn(row['pairs'] as Uint8Array, placeOfPairs(run, tile));
      const pairs = unpackPairs(bytes);
      const [a, b] = [records.get(tile.first), records.get(tile.second)];
      yield a && b ? { first: 0, second: 0, pairs: pairsByRecord(pairs, a, b) } : { ...tile, pairs };
    }
  }
}

/** Of blocks that are of lists. */
async function recordsOfBlocks(sql: Sql, run: number): Promise<ReadonlyMap<number, Uint32Array>> {
  const rows = await sql.rows(
    'SELECT number, records FROM facededup.run_blocks WHERE run_id = $1 AND records IS NOT NULL',
    [run],
  );
  return new Map(rows.map(({ number, records }) => [Number(number), unpackRecords(records as Uint8Array)]));
}

/** uint32, little-endian. */
export function packRecords(records: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(4 * records.length);
  const view = new DataView(bytes.buffer);
  records.forEach((record, index) => view.setUint32(4 * index, record, true));
  return bytes;
}

export function unpackRecords(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(4 * index, true));
}

function tileIn(row: SqlRow): Tile {
  return { first: Number(row['first_block']), second: Number(row['second_block']) };
}

/** Two numbers of photos as uint32 and their distance as float64, little-endian, for each. */
function packPairs({ firsts, seconds, distances }: PairColumns): Uint8Array {
  const bytes = new Uint8Array(distances.length * pairBytes);
  const view = new DataView(bytes.buffer);
  distances.forEach((distance, index) => {
    view.setUint32(index * pairBytes, firsts[index] as number, true);
    view.setUint32(index * pairBytes + 4, seconds[index] as number, true);
    view.setFloat64(index * pairBytes + 8, distance, true);
  });
  return bytes;
}

function unpackPairs(bytes: Uint8Array): PairColumns {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length / pairBytes;
  return {
    firsts: Uint32Array.from({ length: count }, (_, index) => view.getUint32(index * pairBytes, true)),
    seconds: Uint32Array.from({ length: count }, (_, index) => view.getUint32(index * pairBytes + 4, true)),
    distances: Float64Array.from({ length: count }, (_, index) =>
      view.getFloat64(index * pairBytes + 8, true),
    ),
  };
}
