// npm run bench:tiles [-- --size 20000] [--threshold 0.4] [--rounds 7] [--blocks 1024,4096,8192]
// A search by tiles, one after the other on one thread, against the same search in one piece, on one thread as well: what
// cutting it up costs. Every round has them take turns; the best of each is compared, in processor time, which other
// programs on the machine change least.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  axesOfRun,
  blockOf,
  findDuplicates,
  KeptBlocks,
  matchTile,
  mergeTilePairs,
  packAxes,
  packBlock,
  planBlocks,
  planSample,
  planTiles,
  sketchBlock,
  unpackAxes,
  unpackBlock,
} from '../../dist/esm/index.js';
import { drawEncodings } from './synthetic.mjs';
import { printTable } from './table.mjs';

const stages = ['axes', 'read', 'sketch', 'match', 'merge'];
export const tilesColumns = [
  'search',
  'tiles',
  'ms, best',
  'ratio',
  ...stages.map((stage) => `${stage}, ms`),
];

/**
 * @param {{ size: number, threshold: number, rounds: number, blockSizes: number[] }} wanted
 * @returns {Promise<(string | number)[][]>} rows for a table of `tilesColumns`.
 */
export async function tilesRows({ size, threshold, rounds, blockSizes }) {
  const { encodings } = drawEncodings({ count: size });
  const records = encodings.map((encoding, i) => ({ id: `photo ${i}`, encodings: [encoding] }));
  const stored = [];
  for (const mostRows of blockSizes) stored.push(await storedBlocks(records, mostRows));
  const best = new Map();
  const keep = (name, result) => {
    if (!best.has(name) || result.total < best.get(name).total) best.set(name, result);
  };
  let expected = '';
  // One round more, which does not count: the first has the engine compile everything.
  for (let round = 0; round <= rounds; round++) {
    const started = processorTime();
    const pairs = await findDuplicates(records, { threshold, threads: 1 });
    const total = processorTime() - started;
    expected = JSON.stringify(pairs);
    if (round > 0) keep('in one piece', { total });
    for (const blocks of stored) {
      const { pairs: found, ...result } = await searchByTiles(blocks, size, threshold);
      if (JSON.stringify(found) !== expected) throw new Error(`Other pairs in blocks of ${blocks.mostRows}.`);
      if (round > 0) keep(`in blocks of ${blocks.mostRows}`, result);
    }
  }
  const one = best.get('in one piece').total;
  return [...best].map(([name, { total, tiles = '', spent }]) => [
    name,
    tiles,
    total.toFixed(0),
    (total / one).toFixed(3),
    ...stages.map((stage) => spent?.[stage].toFixed(0) ?? ''),
  ]);
}

/** What a store would hold: blocks as bytes, and which rows of each belong to the sample. */
async function storedBlocks(records, mostRows) {
  const ranges = planBlocks(new Uint8Array(records.length).fill(1), mostRows);
  const parts = ranges.map(({ from, to }) => records.slice(from, to));
  const packed = await Promise.all(parts.map(async (part) => packBlock(await blockOf(part))));
  const sample = planSample(ranges.map(({ rows }) => rows)).flatMap(({ block, rows }) =>
    rows.map((row) => parts[block][row].encodings[0]),
  );
  return { mostRows, packed, sample, ids: parts.map((part) => part.map(({ id }) => id)) };
}

/** All that workers do, from bytes to pairs. */
async function searchByTiles({ packed, sample, ids }, rows, threshold) {
  const spent = Object.fromEntries(stages.map((stage) => [stage, 0]));
  const timed = async (stage, work) => {
    const started = processorTime();
    const result = await work();
    spent[stage] += processorTime() - started;
    return result;
  };
  const axes = await timed('axes', async () =>
    unpackAxes(packAxes(await axesOfRun(sample, { threshold, rows }))),
  );
  const kept = new KeptBlocks();
  const blockAt = (number) =>
    kept.get(`${number}`, async () => {
      const block = await timed('read', () => unpackBlock(packed[number]));
      return timed('sketch', () => sketchBlock(block, axes));
    });
  const found = [];
  for (const { first, second } of planTiles(packed.length)) {
    const [a, b] = [await blockAt(first), await blockAt(second)];
    found.push({ first, second, pairs: await timed('match', () => matchTile(a, b, { threshold })) });
  }
  const pairs = await timed('merge', () => mergeTilePairs(found, ids));
  const total = stages.reduce((sum, stage) => sum + spent[stage], 0);
  return { pairs, tiles: found.length, total, spent };
}

/** Milliseconds that this process has kept processors busy. */
function processorTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '20000' },
      threshold: { type: 'string', default: '0.4' },
      rounds: { type: 'string', default: '7' },
      blocks: { type: 'string', default: '1024,4096,8192' },
    },
  });
  const rows = await tilesRows({
    size: Number(values.size),
    threshold: Number(values.threshold),
    rounds: Number(values.rounds),
    blockSizes: values.blocks.split(',').map(Number),
  });
  printTable(tilesColumns, rows);
}
