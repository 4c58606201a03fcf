// The blocks and tiles of a run: encodings in columns, and the pairs that were found in each tile.

import type { PlacedBlock, RecordPair, Tile } from '../tiles.js';
import type { Contents } from './contents.js';
import type { Sql } from './database.js';
import type { Sealing } from './sealing.js';
import type { KeptFace } from '../../encodings/kept_encodings.js';

const recordsTogether = 1000;
const tilesTogether = 5000;
const pairBytes = 16;

/** Numbers the photos that are compared. @returns how many there are. */
export async function numberRecords(sql: Sql, run: number): Promise<number> {
  return sql.run(
    `UPDATE facededup.run_photos AS photos SET record = numbered.record
     FROM (SELECT position, row_number() OVER (ORDER BY position) - 1 AS record FROM facededup.run_photos
       WHERE run_id = $1 AND outcome = 'compared') AS numbered
     WHERE photos.run_id = $1 AND photos.position = numbered.position`,
    [run],
  );
}

/** The faces of the photos that are compared, in the order of their numbers. */
export async function* facesOfRecords(
  sql: Sql,
  contents: Contents,
  run: number,
): AsyncGenerator<readonly KeptFace[], void, undefined> {
  for (let from = 0; ; from += recordsTogether) {
    const rows = await sql.rows(
      `SELECT contents.digest, origins.digest AS origin, contents.faces
       FROM facededup.run_photos JOIN facededup.contents USING (digest, origin_id)
         JOIN facededup.origins ON origins.id = contents.origin_id
       WHERE run_id = $1 AND record >= $2 AND record < $3 ORDER BY record`,
      [run, from, from + recordsTogether],
    );
    for (const row of rows) yield contents.facesOf(row);
    if (rows.length < recordsTogether) return;
  }
}

const placeOfBlock = (run: number, number: number) => `block ${number} of run ${run}`;
const placeOfPairs = (run: number, number: number) => `the pairs of tile ${number} of run ${run}`;

export async function keepBlock(
  sql: Sql,
  sealing: Sealing,
  run: number,
  number: number,
  { bytes, firstRecord }: PlacedBlock,
): Promise<void> {
  await sql.run(
    'INSERT INTO facededup.run_blocks (run_id, number, first_record, data) VALUES ($1, $2, $3, $4)',
    [run, number, firstRecord, sealing.bytes(bytes, placeOfBlock(run, number))],
  );
}

/** @returns undefined when the run is over and its blocks are gone. */
export async function blockOf(
  sql: Sql,
  sealing: Sealing,
  run: number,
  number: number,
): Promise<PlacedBlock | undefined> {
  const [row] = await sql.rows(
    'SELECT first_record, data FROM facededup.run_blocks WHERE run_id = $1 AND number = $2',
    [run, number],
  );
  return (
    row && {
      bytes: sealing.bytesIn(row['data'] as Uint8Array, placeOfBlock(run, number)),
      firstRecord: Number(row['first_record']),
    }
  );
}

export async function keepTiles(sql: Sql, run: number, tiles: readonly Tile[]): Promise<void> {
  for (let from = 0; from < tiles.length; from += tilesTogether) {
    const some = tiles.slice(from, from + tilesTogether);
    await sql.run(
      `INSERT INTO facededup.run_tiles (run_id, number, first_block, second_block)
       SELECT $1, $2 + ordinality - 1, first_block, second_block
       FROM unnest($3::integer[], $4::integer[]) WITH ORDINALITY AS given (first_block, second_block, ordinality)`,
      [run, from, some.map(({ first }) => first), some.map(({ second }) => second)],
    );
  }
}

/** @returns undefined when the run is over and its tiles are gone. */
export async function tileOf(
  sql: Sql,
  run: number,
  number: number,
): Promise<Pick<Tile, 'first' | 'second'> | undefined> {
  const row = await sql.row(
    'SELECT first_block, second_block FROM facededup.run_tiles WHERE run_id = $1 AND number = $2',
    [run, number],
  );
  return row && { first: Number(row['first_block']), second: Number(row['second_block']) };
}

export async function keepPairs(
  sql: Sql,
  sealing: Sealing,
  run: number,
  tile: number,
  pairs: readonly RecordPair[],
): Promise<void> {
  await sql.run('UPDATE facededup.run_tiles SET pairs = $3 WHERE run_id = $1 AND number = $2', [
    run,
    tile,
    sealing.bytes(packPairs(pairs), placeOfPairs(run, tile)),
  ]);
}

/** Tile by tile. */
export async function* pairsOfTiles(
  sql: Sql,
  sealing: Sealing,
  run: number,
): AsyncGenerator<RecordPair[], void, undefined> {
  for (let from = 0; ; from += tilesTogether) {
    const rows = await sql.rows(
      `SELECT number, pairs FROM facededup.run_tiles WHERE run_id = $1 AND number >= $2 AND number < $3 ORDER BY number`,
      [run, from, from + tilesTogether],
    );
    for (const row of rows)
      yield unpackPairs(
        sealing.bytesIn(row['pairs'] as Uint8Array, placeOfPairs(run, Number(row['number']))),
      );
    if (rows.length < tilesTogether) return;
  }
}

/** Two numbers of records as uint32 and their distance as float64, little-endian, for each. */
function packPairs(pairs: readonly RecordPair[]): Uint8Array {
  const bytes = new Uint8Array(pairs.length * pairBytes);
  const view = new DataView(bytes.buffer);
  pairs.forEach(({ first, second, distance }, index) => {
    view.setUint32(index * pairBytes, first, true);
    view.setUint32(index * pairBytes + 4, second, true);
    view.setFloat64(index * pairBytes + 8, distance, true);
  });
  return bytes;
}

function unpackPairs(bytes: Uint8Array): RecordPair[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / pairBytes }, (_, index) => ({
    first: view.getUint32(index * pairBytes, true),
    second: view.getUint32(index * pairBytes + 4, true),
    distance: view.getFloat64(index * pairBytes + 8, true),
  }));
}
