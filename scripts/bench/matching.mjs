// npm run bench:matching [-- --sizes 2000,20000,100000] [--thresholds 0.4,0.6] [--rounds 3] [--threads 2]
// The matcher against a plain double loop and against FAISS's exact range search, on encodings spread as real ones are.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findDuplicates } from '../../dist/esm/index.js';
import { interleaved, median } from './measure.mjs';
import { buildProgram } from './programs.mjs';
import { drawEncodings } from './synthetic.mjs';
import { printTable } from './table.mjs';

/** The double loop is timed on so many rows, and its time on more is worked out from that. */
const mostLoopRows = 4000;

export const matchingColumns = [
  'rows',
  'threshold',
  'pairs found',
  'contestant',
  'seconds',
  'million pairs/s',
  'times our time',
  'spread',
];

/**
 * @param {{ sizes: number[], thresholds: number[], rounds: number, threads: number }} wanted
 * @returns {Promise<(string | number)[][]>} rows for a table of `matchingColumns`.
 */
export async function matchingRows({ sizes, thresholds, rounds, threads }) {
  const faiss = buildProgram('faiss_range_search');
  const folder = mkdtempSync(join(tmpdir(), 'facededup-bench-'));
  const rows = [];
  try {
    for (const size of sizes) {
      const { encodings, buffer } = drawEncodings({ count: size });
      const file = join(folder, `${size}.f32`);
      writeFileSync(file, new Uint8Array(buffer));
      for (const threshold of thresholds) {
        rows.push(...(await compare({ encodings, file, threshold, rounds, threads, faiss })));
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return rows;
}

async function compare({ encodings, file, threshold, rounds, threads, faiss }) {
  const size = encodings.length;
  const pairs = (size * (size - 1)) / 2;
  const records = encodings.map((encoding, i) => ({ id: `photo ${i}`, encodings: [encoding] }));
  const counts = new Map();
  const contestants = [
    {
      name: `facededup, ${threads} threads`,
      run: async () => {
        // Small searches follow each other as in a service: one cold start would say little of them.
        const repeats = size < 5000 ? 20 : 1;
        const times = [];
        for (let i = 0; i < repeats; i++) {
          const started = performance.now();
          const { length } = await findDuplicates(records, { threshold, threads });
          times.push((performance.now() - started) / 1000);
          counts.set('facededup', length);
        }
        return median(times);
      },
    },
    { name: 'plain double loop', run: () => timeDoubleLoop(encodings, threshold) },
  ];
  if (faiss) {
    for (const way of ['square', 'triangle', 'dealt']) {
      contestants.push({
        name: faissNames[way],
        run: () => {
          const { seconds, pairs: found } = runFaiss(
            faiss,
            file,
            threshold,
            threads,
            size < 5000 ? 20 : 1,
            way,
          );
          counts.set(way, found);
          return median(seconds);
        },
      });
    }
  }
  const results = await interleaved(contestants, rounds, { warmUp: size < 50_000 });
  const own = results.get(contestants[0].name).seconds;
  for (const way of ['square', 'triangle', 'dealt']) {
    const difference = counts.has(way) ? counts.get(way) - counts.get('facededup') : 0;
    if (difference !== 0)
      console.log(
        `FAISS (${way}) finds ${Math.abs(difference)} ${difference > 0 ? 'more' : 'fewer'} of ${counts.get('facededup')} pairs at ${threshold}: it sums in float32.`,
      );
  }
  return contestants.map(({ name }) => {
    const { seconds, spread } = results.get(name);
    const isExtrapolated = name === 'plain double loop' && size > mostLoopRows;
    return [
      size,
      threshold,
      counts.get('facededup'),
      isExtrapolated ? `${name} (from ${mostLoopRows} rows)` : name,
      seconds.toPrecision(3),
      (pairs / seconds / 1e6).toFixed(0),
      (seconds / own).toFixed(2),
      `${(100 * spread).toFixed(0)} %`,
    ];
  });
}

const faissNames = {
  square: 'FAISS, all against all',
  triangle: 'FAISS, each block from itself on',
  dealt: 'FAISS, blocks dealt to threads by hand',
};

function runFaiss(program, file, threshold, threads, repeats, way) {
  const { status, stdout, stderr } = spawnSync(
    program,
    [file, '128', String(threshold), String(threads), String(repeats), way],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
  return JSON.parse(stdout);
}

/** Float64 sums over flat float32 numbers, every pair to the end. */
function timeDoubleLoop(encodings, threshold) {
  const count = Math.min(encodings.length, mostLoopRows);
  const dimensions = encodings[0].length;
  const flat = new Float32Array(count * dimensions);
  for (let i = 0; i < count; i++) flat.set(encodings[i], i * dimensions);
  const started = performance.now();
  const found = [];
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count; b++) {
      let sum = 0;
      for (let k = 0; k < dimensions; k++) {
        const difference = flat[a * dimensions + k] - flat[b * dimensions + k];
        sum += difference * difference;
      }
      const distance = Math.sqrt(sum);
      if (distance < threshold) found.push({ a, b, distance });
    }
  }
  const seconds = (performance.now() - started) / 1000;
  return seconds * ((encodings.length * (encodings.length - 1)) / (count * (count - 1)));
}

/** What a search at 0.4 takes beside its input, at most, as its own process sees it. */
export function measureMemory({ size, threads }) {
  const program = fileURLToPath(new URL('matching_memory.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', program, String(size), String(threads)],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string', default: '2000,20000,100000' },
      thresholds: { type: 'string', default: '0.4,0.6' },
      rounds: { type: 'string', default: '3' },
      threads: { type: 'string', default: '2' },
    },
  });
  const numbers = (text) => text.split(',').map(Number);
  const sizes = numbers(values.sizes);
  const threads = Number(values.threads);
  const rows = await matchingRows({
    sizes,
    thresholds: numbers(values.thresholds),
    rounds: Number(values.rounds),
    threads,
  });
  printTable(matchingColumns, rows);
  console.log('\nMemory beside the input, at most, in a search at 0.4:');
  printTable(
    ['rows', 'threads', 'input MB', 'sketch and buffers', 'heap', 'all, % of the input'],
    sizes.flatMap((size) =>
      [1, threads].map((count) => {
        const { input, buffers, heap } = measureMemory({ size, threads: count });
        const mb = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
        return [
          size,
          count,
          (input / 2 ** 20).toFixed(1),
          mb(buffers),
          mb(heap),
          ((100 * (buffers + heap)) / input).toFixed(1),
        ];
      }),
    ),
  );
}
