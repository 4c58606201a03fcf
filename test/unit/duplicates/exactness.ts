// findDuplicates finds the very pairs of a float64 brute force, whatever the encodings and whichever way it takes.

import fc from '../../fixtures/properties.js';
import t, { type Test } from 'tap';
import { findDuplicatesBy, type SearchTuning } from '../../../lib/duplicates/find_duplicates.js';
import type { DuplicatePair, FaceRecord } from '../../../lib/duplicates/index.js';
import { bruteForce } from '../../fixtures/brute_force.js';
import { likeRealOnes, pseudoRandom } from '../../fixtures/encodings.js';

/** Every kernel, always with a sketch, however few the rows. */
const ways: readonly SearchTuning[] = [
  { kernel: 'wasm', fewRows: 1 },
  { kernel: 'scalar', fewRows: 1 },
];

function recordsOf(faces: readonly ArrayLike<number>[]): FaceRecord[] {
  return faces.map((face, i) => ({ id: `photo ${i}`, encodings: [Float32Array.from(face)] }));
}

/** Text tells every float64 from its neighbours, and is compared faster than objects. */
function isSame(found: readonly DuplicatePair[], expected: readonly DuplicatePair[]): boolean {
  return JSON.stringify(found) === JSON.stringify(expected);
}

/** What each way through the search finds, beside what it must find. */
async function answers(newer: readonly FaceRecord[], threshold: number, older: readonly FaceRecord[]) {
  const expected = bruteForce(newer, threshold, older);
  const found = [];
  for (const way of ways) {
    const pairs = await findDuplicatesBy(newer, { threshold, against: older, threads: 1 }, way);
    found.push({ kernel: way.kernel, pairs });
  }
  return { expected, found };
}

async function matches(
  t: Test,
  newer: readonly FaceRecord[],
  threshold: number,
  older: readonly FaceRecord[] = [],
): Promise<void> {
  const { expected, found } = await answers(newer, threshold, older);
  for (const { kernel, pairs } of found)
    t.ok(isSame(pairs, expected), `${kernel}: ${expected.length} pairs below ${threshold}`);
}

/** The same as a property: throws where it does not hold, so that fast-check can look for the smallest example. */
async function holds(
  newer: readonly FaceRecord[],
  threshold: number,
  older: readonly FaceRecord[] = [],
): Promise<void> {
  const { expected, found } = await answers(newer, threshold, older);
  for (const { kernel, pairs } of found) {
    if (!isSame(pairs, expected))
      throw new Error(`${kernel}: ${JSON.stringify(pairs)} instead of ${JSON.stringify(expected)}`);
  }
}

const dimensions = fc.constantFrom(1, 2, 3, 7, 16, 31, 33, 128, 130);
/** What a float32 can be, often the extremes. */
const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });
const ordinary = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1, max: 1 });

function sets(number: fc.Arbitrary<number>): fc.Arbitrary<number[][]> {
  return dimensions.chain((d) =>
    fc.array(fc.array(number, { minLength: d, maxLength: d }), { minLength: 0, maxLength: 24 }),
  );
}

/** A distance that occurs among the rows, and the float64 just below and above it. */
function thresholdsAround(faces: readonly number[][]): number[] {
  const pairs = bruteForce(recordsOf(faces), Number.POSITIVE_INFINITY);
  const middle = pairs[pairs.length >> 1]?.distance;
  return middle ? [neighbour(middle, -1), middle, neighbour(middle, 1)] : [1];
}

function neighbour(value: number, steps: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + BigInt(steps));
  return view.getFloat64(0);
}

t.test('any numbers that float32 knows, huge and denormal ones among them', async () => {
  await fc.assert(
    fc.asyncProperty(sets(float32), async (faces) => {
      for (const threshold of thresholdsAround(faces))
        if (threshold > 0) await holds(recordsOf(faces), threshold);
    }),
    { numRuns: 60 },
  );
});

t.test('ordinary numbers, pairs exactly at the threshold and next to it', async () => {
  await fc.assert(
    fc.asyncProperty(sets(ordinary), async (faces) => {
      for (const threshold of [...thresholdsAround(faces), Number.POSITIVE_INFINITY])
        if (threshold > 0) await holds(recordsOf(faces), threshold);
    }),
    { numRuns: 60 },
  );
});

t.test('records with no, one and several faces, new and old', async () => {
  const faces = fc.array(fc.array(ordinary, { minLength: 3, maxLength: 3 }), { maxLength: 4 });
  const record = fc.record({ id: fc.string(), encodings: faces });
  const records = fc.uniqueArray(record, { selector: ({ id }) => id, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(
      records,
      fc.nat(30),
      fc.double({ min: 0.01, max: 2, noNaN: true }),
      async (all, cut, threshold) => {
        await holds(all.slice(0, cut), threshold, all.slice(cut));
      },
    ),
    { numRuns: 80 },
  );
});

t.test('several hundred rows in clusters of clusters', async (t) => {
  const random = pseudoRandom(5);
  const around = (face: readonly number[], spread: number) => face.map((x) => x + spread * (random() - 0.5));
  const faces: number[][] = [];
  for (let i = 0; i < 6; i++) {
    const centre = around(new Array<number>(40).fill(0), 10);
    for (let j = 0; j < 10; j++) {
      const nearer = around(centre, 0.1);
      for (let k = 0; k < 10; k++) faces.push(around(nearer, 0.001));
    }
  }
  for (const threshold of [0.0018, 0.002, 0.19, 15]) await matches(t, recordsOf(faces), threshold);
});

t.test('rows that are all the same, or but for one coordinate', async (t) => {
  const same = Array.from({ length: 200 }, () => new Array<number>(128).fill(0.1));
  await matches(t, recordsOf(same), 1e-300);
  const line = Array.from({ length: 300 }, (_, i) => [i % 7, 0, 0]);
  for (const threshold of [1, 1.0000001, 3]) await matches(t, recordsOf(line), threshold);
});

t.test('outliers of 1e30 neither hide near pairs nor join them', async (t) => {
  const faces: ArrayLike<number>[] = likeRealOnes(300, 3);
  for (const at of [0, 17, 150, 299]) faces[at] = new Array<number>(128).fill(1e30 * (at - 100));
  faces[18] = faces[17] as ArrayLike<number>;
  await matches(t, recordsOf(faces), 0.45);
  await matches(t, recordsOf(faces), 1e31);
});

t.test('coordinates of magnitudes that lie far apart', async (t) => {
  const random = pseudoRandom(9);
  const scales = Array.from({ length: 24 }, (_, k) => 10 ** (k * 3 - 36));
  const faces = Array.from({ length: 200 }, () => scales.map((scale) => scale * Math.round(random() * 3)));
  for (const threshold of [1e-36, 1e-3, 1e20, 1e33]) await matches(t, recordsOf(faces), threshold);
});

t.test('new rows against old ones, in blocks that are not full', async (t) => {
  const faces = recordsOf(likeRealOnes(520, 11));
  for (const cut of [0, 1, 127, 128, 129, 259, 519, 520])
    await matches(t, faces.slice(0, cut), 0.55, faces.slice(cut));
});

t.test('encodings that are plain arrays, or of float64, are compared as float32', async (t) => {
  const random = pseudoRandom(2);
  const faces = Array.from({ length: 150 }, () => [random(), random(), random()]);
  const records = faces.map((face, i) => ({
    id: String(i),
    encodings: [i % 3 === 0 ? face : i % 3 === 1 ? Float64Array.from(face) : Float32Array.from(face)],
  }));
  await matches(t, records, 0.2);
});

t.test('five thousand encodings spread as real ones, whatever the number of threads', async (t) => {
  const records = recordsOf(likeRealOnes(5000, 1));
  const all = bruteForce(records, 0.6);
  for (const threshold of [0.4, 0.6]) {
    const expected = all.filter(({ distance }) => distance < threshold);
    t.ok(expected.length > 50, `${expected.length} pairs`);
    for (const threads of [1, 2, 3]) {
      const found = await findDuplicatesBy(records, { threshold, threads }, { pairsWorthAThread: 1 });
      t.ok(isSame(found, expected), `${threads} threads below ${threshold}`);
    }
    const scalar = await findDuplicatesBy(records, { threshold }, { kernel: 'scalar' });
    t.ok(isSame(scalar, expected), `without WebAssembly, below ${threshold}`);
  }
});

t.test('searches at the same time and one after the other, which use the same memory again', async (t) => {
  const sets = [700, 300, 900, 300].map((count, i) => {
    const faces = likeRealOnes(count, 20 + i);
    // Lengths that are no multiple of 8 leave room beside the numbers, which must be empty.
    return recordsOf(i % 2 === 0 ? faces : faces.map((face) => face.slice(0, 101 + i)));
  });
  const thresholds = [0.6, 0.45, 0.5, 0.55];
  const expected = sets.map((records, i) => bruteForce(records, thresholds[i] as number));
  const search = (i: number) =>
    findDuplicatesBy(sets[i] as FaceRecord[], { threshold: thresholds[i], threads: 1 }, { fewRows: 1 });
  const isExpected = (found: DuplicatePair[], i: number) => isSame(found, expected[i] as DuplicatePair[]);
  for (const i of [0, 1, 2, 3, 2, 1, 0]) t.ok(isExpected(await search(i), i), `set ${i} alone`);
  const together = await Promise.all([0, 1, 2, 3].map(search));
  together.forEach((found, i) => t.ok(isExpected(found, i), `set ${i} beside the others`));
});
