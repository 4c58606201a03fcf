// The rates that scale.mjs reckons with, measured on this machine, in processor time of one core.

import {
  axesOfRun,
  blockOf,
  homesOf,
  listsOf,
  matchLists,
  matchTile,
  packBlock,
  planTiles,
  sampleRowsOfList,
  sketchBlock,
  unpackBlock,
} from '../../dist/esm/index.js';
import { mulberry32, readSpectrum } from './synthetic.mjs';

const dimensions = 128;
const threshold = 0.4;
const chunk = 4096;

/** Of the exact search by tiles of 8,192 rows: seconds a pair, seconds a row to make ready, bytes a row. */
export async function exactRates() {
  const blocks = 8;
  const rows = 8192;
  const draw = drawer(1);
  const parts = [];
  for (let i = 0; i < blocks; i++)
    parts.push(await blockOf(draw(rows).map((encoding, row) => ({ id: `${row}`, encodings: [encoding] }))));
  const sample = Array.from({ length: 2048 }, (_, i) =>
    parts[i % blocks].encodings.slice(i * dimensions, (i + 1) * dimensions),
  );
  const axes = await axesOfRun(sample, { threshold, rows: 1e8 });
  const packed = parts.map(packBlock);
  let started = processorTime();
  const sketched = [];
  for (const bytes of packed) sketched.push(await sketchBlock(unpackBlock(bytes), axes));
  const readyRow = (processorTime() - started) / (blocks * rows);
  await matchTile(sketched[0], sketched[1], { threshold });
  started = processorTime();
  for (const { first, second } of planTiles(blocks))
    await matchTile(sketched[first], sketched[second], { threshold });
  const exactPair = (processorTime() - started) / ((blocks * rows) ** 2 / 2);
  return { exactPair, readyRow, rowBytes: packed[0].length / rows };
}

/**
 * What candidates of so many faces take, from some of their tiles: all faces are drawn and find their lists, and those of
 * a few lists are kept.
 *
 * @returns {Promise<{ home: number, shares: number[] }>} seconds a face and list to find its home; for each reach, what
 *   the tiles of two lists take as a share of what exact ones of as many pairs do.
 */
export async function listRates({ faces, lists: count, reaches, exactPair, kept = 12 }) {
  const draw = drawer(2);
  const lists = await listsOf(draw(count * sampleRowsOfList), { lists: count });
  const chosen = new Map(Array.from({ length: kept }, (_, i) => [Math.floor((i * count) / kept), []]));
  let spent = 0;
  for (let done = 0; done < faces; done += chunk) {
    const rows = draw(Math.min(chunk, faces - done));
    const started = processorTime();
    const homes = await homesOf(rows, lists);
    spent += processorTime() - started;
    rows.forEach((row, i) => chosen.get(homes[i])?.push(row));
  }
  const axes = await axesOfRun(draw(2048), { threshold, rows: faces });
  const blocks = [];
  for (const [list, rows] of chosen) {
    const records = rows.map((encoding, row) => ({ id: `${row}`, encodings: [encoding] }));
    if (rows.length > 0)
      blocks.push({ list, rows: rows.length, block: await sketchBlock(await blockOf(records), axes) });
  }
  const shares = [];
  // Once for nothing: the engine compiles what it runs.
  for (const reach of [reaches[0], ...reaches]) {
    let pairs = 0;
    const started = processorTime();
    for (const { first, second } of planTiles(blocks.length)) {
      if (first === second) continue;
      const [a, b] = [blocks[first], blocks[second]];
      await matchLists(a, b, lists, { threshold, reach });
      pairs += a.rows * b.rows;
    }
    shares.push((processorTime() - started) / pairs / exactPair);
  }
  return { home: spent / faces / count, shares: shares.slice(1) };
}

/** Encodings with the variances of real ones, along the coordinates themselves: drawn fast, and no twins. */
function drawer(seed) {
  const random = mulberry32(seed);
  const deviations = readSpectrum().variances.map((variance) => Math.sqrt(Math.max(0, variance)));
  return (count) =>
    Array.from({ length: count }, () => {
      const encoding = new Float32Array(dimensions);
      for (let k = 0; k < 80; k += 2) {
        const length = Math.sqrt(-2 * Math.log(1 - random()));
        const angle = 2 * Math.PI * random();
        encoding[k] = deviations[k] * length * Math.cos(angle);
        encoding[k + 1] = deviations[k + 1] * length * Math.sin(angle);
      }
      return encoding;
    });
}

/** Seconds that this process has kept processors busy. */
function processorTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
