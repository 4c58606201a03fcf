// The tiles together find what findDuplicates finds: the same pairs, in the same order, at the same distances.

import t, { type Test } from 'tap';
import { type DuplicatePair, type FaceRecord, findDuplicates } from '../../../../lib/duplicates/index.js';
import { bruteForce } from '../../../fixtures/brute_force.js';
import { likeRealOnes } from '../../../fixtures/encodings.js';
import fc from '../../../fixtures/properties.js';
import { searchByTiles, type TiledSearch } from '../../../fixtures/tiles.js';

const kernels = ['wasm', 'scalar'] as const;

/** Throws where the tiles find something else, so that fast-check can look for the smallest example. */
async function holds(newer: readonly FaceRecord[], search: Omit<TiledSearch, 'kernel'>): Promise<void> {
  const { threshold, older = [], ignoredPairs = [] } = search;
  const expected = JSON.stringify(await findDuplicates(newer, { threshold, against: older, ignoredPairs }));
  for (const kernel of kernels) {
    const found = JSON.stringify((await searchByTiles(newer, { ...search, kernel })).pairs);
    if (found !== expected) throw new Error(`${kernel}: ${found} instead of ${expected}`);
  }
}

/** Whole numbers: many distances are equal, many exactly at a threshold. */
const face = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }));
const photo = fc.record({ id: fc.string({ maxLength: 3 }), encodings: fc.array(face, { maxLength: 4 }) });
const photos = fc.uniqueArray(photo, { selector: ({ id }) => id, maxLength: 30 });
const mostRows = fc.constantFrom(1, 2, 3, 5, 16, 1000);
const threshold = fc.constantFrom(0.5, 1, 1.0000001, Math.SQRT2, 2, 4);

t.test('of photos with no, one and several faces, at distances that are often the same', async () => {
  await fc.assert(
    fc.asyncProperty(photos, mostRows, threshold, async (records, rows, below) => {
      await holds(records, { threshold: below, mostRows: rows });
    }),
    { numRuns: 50 },
  );
});

t.test('of new photos against old ones, as findDuplicates does `against`', async () => {
  await fc.assert(
    fc.asyncProperty(photos, fc.nat(30), mostRows, threshold, async (all, at, rows, below) => {
      await holds(all.slice(0, at), { threshold: below, mostRows: rows, older: all.slice(at) });
    }),
    { numRuns: 50 },
  );
});

t.test('but for the pairs that are ignored, either way round', async () => {
  const two = fc.tuple(fc.nat(29), fc.nat(29));
  await fc.assert(
    fc.asyncProperty(photos, fc.array(two, { maxLength: 60 }), mostRows, async (records, pairs, rows) => {
      const ignoredPairs = pairs
        .map(([a, b]) => [records[a]?.id, records[b]?.id])
        .filter((ids): ids is [string, string] => ids.every((id) => id !== undefined));
      await holds(records, { threshold: 2, mostRows: rows, ignoredPairs });
    }),
    { numRuns: 30 },
  );
});

t.test('of clusters as wide as the threshold', async () => {
  const coordinate = fc.float({ min: -1, max: 1, noNaN: true });
  const step = fc.float({ min: Math.fround(-0.2), max: Math.fround(0.2), noNaN: true });
  const of = (number: fc.Arbitrary<number>) => fc.array(number, { minLength: 5, maxLength: 5 });
  const cluster = fc
    .tuple(of(coordinate), fc.array(of(step), { minLength: 1, maxLength: 12 }))
    .map(([centre, steps]) => steps.map((each) => each.map((x, k) => x + (centre[k] as number))));
  await fc.assert(
    fc.asyncProperty(fc.array(cluster, { maxLength: 6 }), mostRows, async (clusters, rows) => {
      const records = clusters.flat().map((encoding, i) => ({ id: `${i}`, encodings: [encoding] }));
      const distances = bruteForce(records, Number.POSITIVE_INFINITY).map(({ distance }) => distance);
      // One that occurs: the pair at it is none, the one before it is.
      const below = distances.findLast((distance) => distance < 0.3) || 0.3;
      await holds(records, { threshold: below, mostRows: rows });
    }),
    { numRuns: 30 },
  );
});

/** Three thousand encodings as real ones are spread, dealt to photos of one to four faces. */
const encodings = likeRealOnes(3000, 17);
const records: FaceRecord[] = [];
for (let row = 0; row < encodings.length;) {
  const faces = encodings.slice(row, (row += 1 + (records.length % 4)));
  records.push({ id: `photo ${records.length}`, encodings: faces });
}

async function matches(
  t: Test,
  newer: readonly FaceRecord[],
  expected: readonly DuplicatePair[],
  search: TiledSearch,
): Promise<void> {
  const { pairs } = await searchByTiles(newer, search);
  t.ok(JSON.stringify(pairs) === JSON.stringify(expected), `in blocks of ${search.mostRows} rows`);
}

t.test('of thousands of faces, in blocks of many sizes, as a plain double loop does', async (t) => {
  const expected = bruteForce(records, 0.5);
  t.ok(expected.length > 100, `${expected.length} pairs`);
  for (const mostRows of [100, 128, 700, 3000])
    await matches(t, records, expected, { threshold: 0.5, mostRows, kernel: 'wasm' });
  await matches(t, records, expected, { threshold: 0.5, mostRows: 1000, kernel: 'scalar' });
});

t.test('of photos with one face each', async (t) => {
  const single = encodings.slice(0, 1500).map((encoding, i) => ({ id: `photo ${i}`, encodings: [encoding] }));
  const expected = bruteForce(single, 0.5);
  t.ok(expected.length > 50, `${expected.length} pairs`);
  await matches(t, single, expected, { threshold: 0.5, mostRows: 400 });
});

t.test('of a few hundred new photos against a thousand old ones', async (t) => {
  const [newer, older] = [records.slice(0, 300), records.slice(300)];
  const expected = bruteForce(newer, 0.55, older);
  t.ok(expected.length > 1000, `${expected.length} pairs`);
  await matches(t, newer, expected, { threshold: 0.55, mostRows: 400, older });
});
