// The search by lists finds nothing that is no pair, each pair at its distance, and every pair within its reach.

import t from 'tap';
import { type DuplicatePair, type FaceRecord, findDuplicates } from '../../../../lib/duplicates/index.js';
import { likeRealOnes } from '../../../fixtures/encodings.js';
import { type ListSearch, searchByLists } from '../../../fixtures/lists.js';
import fc from '../../../fixtures/properties.js';

const kernels = ['wasm', 'scalar'] as const;
const key = ({ first, second }: DuplicatePair) => JSON.stringify([first, second]);

/**
 * Throws where it does not, so that fast-check can look for the smallest example. A pair of photos with several faces
 * may be found by faces that are not the nearest of them.
 */
async function holds(newer: readonly FaceRecord[], search: Omit<ListSearch, 'kernel'>): Promise<void> {
  const { threshold, reach, older = [] } = search;
  const exact = await findDuplicates(newer, { threshold, against: older });
  const expected = new Map(exact.map((pair) => [key(pair), pair.distance]));
  const isPlain = [...newer, ...older].every(({ encodings }) => encodings.length < 2);
  for (const kernel of kernels) {
    const { pairs } = await searchByLists(newer, { ...search, kernel });
    const found = new Map(pairs.map((pair) => [key(pair), pair.distance]));
    const wrong = pairs.find((pair) => {
      const distance = expected.get(key(pair)) ?? Number.POSITIVE_INFINITY;
      return isPlain || pair.distance < reach ? pair.distance !== distance : pair.distance < distance;
    });
    if (wrong) throw new Error(`${kernel}: ${key(wrong)} is not at ${wrong.distance}`);
    const missed = exact.find((pair) => pair.distance < reach && found.get(key(pair)) !== pair.distance);
    if (missed) throw new Error(`${kernel}: ${key(missed)} at ${missed.distance} is missed`);
    if (found.size !== pairs.length) throw new Error(`${kernel}: a pair is found twice`);
    const isInOrder = pairs.every(({ distance }, i) => i === 0 || distance >= (pairs[i - 1]?.distance ?? 0));
    if (!isInOrder) throw new Error(`${kernel}: they are not in order`);
  }
}

/** Whole numbers: rows lie on borders, centres in the same place, and many distances are equal. */
const face = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }));
const photo = fc.record({ id: fc.string({ maxLength: 3 }), encodings: fc.array(face, { maxLength: 3 }) });
const photos = fc.uniqueArray(photo, { selector: ({ id }) => id, maxLength: 30 });
const search = fc.record({
  threshold: fc.constantFrom(0.5, 1, 1.0000001, Math.SQRT2, 2, 4),
  share: fc.constantFrom(0.01, 0.3, 0.5, 0.9, 1, 2),
  lists: fc.constantFrom(1, 2, 3, 7, 40),
  mostRows: fc.constantFrom(1, 3, 1000),
  mostHeld: fc.constantFrom(2, 10, 1000),
});

t.test('of photos with no, one and several faces, of which old ones are not compared', async () => {
  await fc.assert(
    fc.asyncProperty(photos, fc.nat(30), search, async (all, at, { share, ...options }) => {
      const reach = share * options.threshold;
      await holds(all.slice(0, at), { ...options, reach, older: all.slice(at) });
    }),
    { numRuns: 40 },
  );
});

t.test('of numbers of any size', async () => {
  const number = fc.oneof(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.float({ min: -1, max: 1, noNaN: true }),
  );
  const encoding = fc.array(number, { minLength: 3, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(encoding, { maxLength: 20 }),
      search,
      async (encodings, { share, ...options }) => {
        const records = encodings.map((each, i) => ({ id: `${i}`, encodings: [each] }));
        await holds(records, { ...options, reach: share * options.threshold });
      },
    ),
    { numRuns: 40 },
  );
});

/** Encodings as real ones are spread, dealt to photos of one to three faces. */
const records: FaceRecord[] = [];
for (let from = 0, encodings = likeRealOnes(2500, 29); from < encodings.length; from += 1 + (from % 3))
  records.push({ id: `photo ${from}`, encodings: encodings.slice(from, from + 1 + (from % 3)) });

t.test('of encodings as real ones are spread, with a reach of the threshold: all', async (t) => {
  for (const [threshold, lists, mostRows] of [
    [0.4, 9, 1000],
    [0.5, 12, 150],
  ] as const) {
    const expected = await findDuplicates(records, { threshold });
    t.ok(expected.length > 20, `${expected.length} pairs`);
    for (const reach of [threshold, 2 * threshold]) {
      const { pairs, blocks } = await searchByLists(records, { threshold, reach, lists, mostRows });
      t.ok(blocks.length > lists / 2);
      t.same(pairs, expected, `${lists} lists, a reach of ${reach}`);
    }
  }
});

t.test('with a smaller reach nearly all, and fewer the smaller it is', async (t) => {
  const strangers = likeRealOnes(2500, 31).map((encoding, i) => ({ id: `${i}`, encodings: [encoding] }));
  const search = { threshold: 0.5, lists: 20, mostRows: 1000 };
  const expected = await findDuplicates(strangers, { threshold: search.threshold });
  const recallAt = async (reach: number) => {
    await holds(strangers, { ...search, reach });
    return (await searchByLists(strangers, { ...search, reach })).pairs.length / expected.length;
  };
  const [half, third, least] = [await recallAt(0.25), await recallAt(0.15), await recallAt(0.001)];
  t.ok(half > 0.95, `${half} with half of the threshold`);
  t.ok(third < half && least < third, `${third} and ${least} with less`);
});
