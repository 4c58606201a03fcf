// npm run bench:candidates [-- --sizes 100000] [--lists 16,64,256] [--reaches 0.1,0.15,0.2,0.25] [--lfw DIR]
// Candidates against the exact search: what share of the pairs below 0.4 they find, by distance, what share of the groups,
// and in what time. Of drawn encodings, in which one in fifty is a twin as far from its neighbour as two photos of one
// person are; with --lfw, of real ones: photos below DIR/images, a folder for each person.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  axesOfRun,
  Dealer,
  FaceEngine,
  findDuplicates,
  groupDuplicates,
  listsOf,
  matchLists,
  planTiles,
  sampleRowsOfList,
  sketchBlock,
} from '../../dist/esm/index.js';
import { drawEncodings } from './synthetic.mjs';
import { printTable } from './table.mjs';

const threshold = 0.4;
const bands = [
  [0, 0.2],
  [0.2, 0.3],
  [0.3, 0.35],
  [0.35, 0.4],
];

export const candidatesColumns = [
  'faces',
  'lists',
  'reach',
  'pairs found',
  ...bands.map(([from, to]) => `${from}–${to}`),
  'one person',
  'groups as exact',
  'photos in groups',
  'CPU s',
  'exact / it',
];

/** @returns {Promise<(string | number)[][]>} rows for a table of `candidatesColumns`. */
export async function candidatesRows({ encodings, lists, reaches, people }) {
  const records = encodings.map((encoding, i) => ({ id: nameOf(i), encodings: [encoding] }));
  const started = processorTime();
  const exact = await findDuplicates(records, { threshold, threads: 1 });
  const exactSeconds = processorTime() - started;
  const isOfOne = ({ first, second }) => people[Number(first)] === people[Number(second)];
  const rows = [];
  for (const count of lists) {
    const dealt = await deal(encodings, count);
    for (const reach of reaches) {
      const { pairs, seconds } = await search(dealt, reach);
      rows.push([
        encodings.length,
        count,
        reach,
        share(pairs.length, exact.length),
        ...bands.map((band) => share(within(pairs, band).length, within(exact, band).length)),
        people ? share(pairs.filter(isOfOne).length, exact.filter(isOfOne).length) : '',
        ...groupShares(pairs, exact),
        (dealt.seconds + seconds).toFixed(1),
        (exactSeconds / (dealt.seconds + seconds)).toFixed(2),
      ]);
    }
  }
  return { rows, pairs: exact.length, exactSeconds };
}

/** What is done once: lists, and their faces in sketched blocks. */
async function deal(encodings, count) {
  const started = processorTime();
  const sample = spread(encodings, Math.max(2048, count * sampleRowsOfList));
  const lists = await listsOf(sample, { lists: count });
  const axes = await axesOfRun(spread(sample, 2048), { threshold, rows: encodings.length });
  const dealer = new Dealer(lists, { mostRows: 24_576, mostHeld: Number.POSITIVE_INFINITY });
  const dealt = [];
  for (let from = 0; from < encodings.length; from += 4096) {
    const some = encodings.slice(from, from + 4096);
    dealt.push(
      ...(await dealer.deal(some.map((encoding, i) => ({ record: from + i, encodings: [encoding] })))),
    );
  }
  dealt.push(...dealer.end());
  const blocks = [];
  for (const { list, block, records } of dealt)
    blocks.push({ list, records, block: await sketchBlock(block, axes) });
  return { lists, blocks, seconds: processorTime() - started };
}

async function search({ lists, blocks }, reach) {
  const started = processorTime();
  const pairs = [];
  for (const { first, second } of planTiles(blocks.length)) {
    const [a, b] = [blocks[first], blocks[second]];
    const { firsts, seconds, distances } = await matchLists(a, b, lists, { threshold, reach });
    for (let i = 0; i < distances.length; i++) {
      const ids = [nameOf(a.records[firsts[i]]), nameOf(b.records[seconds[i]])].sort();
      pairs.push({ first: ids[0], second: ids[1], distance: distances[i] });
    }
  }
  return { pairs, seconds: processorTime() - started };
}

/** Groups that are what they are in the exact answer, and photos of exact groups that are in any. */
function groupShares(pairs, exact) {
  const found = groupDuplicates(pairs);
  const keys = new Set(found.map((group) => [...group].sort().join()));
  const all = groupDuplicates(exact);
  const same = all.filter((group) => keys.has([...group].sort().join())).length;
  return [share(same, all.length), share(found.flat().length, all.flat().length)];
}

function within(pairs, [from, to]) {
  return pairs.filter(({ distance }) => distance >= from && distance < to);
}

function share(part, whole) {
  return whole === 0 ? 'none' : `${((100 * part) / whole).toFixed(2)} %`;
}

function spread(rows, most) {
  const count = Math.min(most, rows.length);
  return Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)]);
}

function nameOf(number) {
  return String(number).padStart(9, '0');
}

/** Seconds that this process has kept processors busy. */
function processorTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The first face of each photo of a folder in LFW's layout. */
async function encodeLfw(directory) {
  const root = join(directory, 'images');
  if (!existsSync(root)) throw new Error(`There is no ${root}.`);
  const photos = readdirSync(root).flatMap((person) =>
    readdirSync(join(root, person)).map((file) => join(root, person, file)),
  );
  const engine = await FaceEngine.create();
  const [encodings, people] = [[], []];
  for await (const { photo, faces } of engine.encodeAll(photos)) {
    if (!faces?.[0]) continue;
    encodings.push(faces[0].encoding);
    people.push(photo.split('/').at(-2));
  }
  await engine.close();
  return { encodings, people };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string', default: '100000' },
      lists: { type: 'string', default: '16,64,256' },
      reaches: { type: 'string', default: '0.1,0.15,0.2,0.25' },
      lfw: { type: 'string' },
    },
  });
  const [sizes, lists, reaches] = [values.sizes, values.lists, values.reaches].map((text) =>
    text.split(',').map(Number),
  );
  const print = ({ rows, pairs, exactSeconds }, what) => {
    console.log(`\n${what}: ${pairs} pairs below ${threshold}, exactly in ${exactSeconds.toFixed(1)} s.`);
    printTable(candidatesColumns, rows);
  };
  if (values.lfw !== undefined) {
    const { encodings, people } = await encodeLfw(values.lfw);
    print(await candidatesRows({ encodings, people, lists, reaches }), `LFW, ${encodings.length} faces`);
  }
  for (const size of values.lfw === undefined ? sizes : []) {
    const { encodings } = drawEncodings({ count: size });
    print(await candidatesRows({ encodings, lists, reaches }), `${size} drawn faces`);
  }
}
