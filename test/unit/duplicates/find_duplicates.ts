// findDuplicates: what counts as a pair, in which order, and what is refused.

import t from 'tap';
import { findDuplicatesBy } from '../../../lib/duplicates/find_duplicates.js';
import {
  type DuplicateProgress,
  type FaceRecord,
  faceDistance,
  findDuplicates,
} from '../../../lib/duplicates/index.js';

function record(id: string, ...encodings: number[][]): FaceRecord {
  return { id, encodings: encodings.map((encoding) => Float32Array.from(encoding)) };
}

/** Numbers that look random and are the same in every run (Numerical Recipes' LCG). */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

t.test('pairs below the threshold come closest first', async (t) => {
  const pairs = await findDuplicates([record('a', [0]), record('b', [0.375]), record('c', [0.5])]);
  t.same(pairs, [
    { first: 'b', second: 'c', distance: 0.125 },
    { first: 'a', second: 'b', distance: 0.375 },
  ]);
});

t.test('a distance equal to the threshold is no pair', async (t) => {
  t.same(await findDuplicates([record('a', [0]), record('b', [0.5])], { threshold: 0.5 }), []);
  t.equal((await findDuplicates([record('a', [0]), record('b', [0.5])], { threshold: 0.5000001 })).length, 1);
});

t.test('the distance of two photos is the least over their faces', async (t) => {
  const pairs = await findDuplicates([record('group', [5], [1], [9]), record('other', [7], [1.25])]);
  t.same(pairs, [{ first: 'group', second: 'other', distance: 0.25 }]);
});

t.test('a photo is no duplicate of itself, however alike its faces', async (t) => {
  t.same(await findDuplicates([record('twins', [1], [1])]), []);
});

t.test('photos without a face match nothing', async (t) => {
  t.same(await findDuplicates([record('empty'), record('a', [0]), record('empty too')]), []);
});

t.test('the order of the records does not change the answer', async (t) => {
  const records = [record('b', [0]), record('a', [0.25]), record('c', [0.25])];
  const expected = [
    { first: 'a', second: 'c', distance: 0 },
    { first: 'a', second: 'b', distance: 0.25 },
    { first: 'b', second: 'c', distance: 0.25 },
  ];
  t.same(await findDuplicates(records), expected);
  t.same(await findDuplicates([...records].reverse()), expected);
});

t.test('ignored pairs are left out, either way round', async (t) => {
  const records = [record('a', [0]), record('b', [0]), record('c', [0])];
  const pairs = await findDuplicates(records, {
    ignoredPairs: [
      ['b', 'a'],
      ['b', 'c'],
      ['a', 'a photo that is gone'],
    ],
  });
  t.same(pairs, [{ first: 'a', second: 'c', distance: 0 }]);
});

t.test('ids may be any strings, even those that name properties of objects', async (t) => {
  const ids = ['__proto__', 'constructor', '', '\n', '<b>'];
  const pairs = await findDuplicates(ids.map((id) => record(id, [0])));
  t.equal(pairs.length, 10);
});

t.test('against: the old records are compared with the new ones but not with each other', async (t) => {
  const fresh = [record('n1', [0]), record('n2', [0.125])];
  const old = [record('o1', [0.25]), record('o2', [0.25])];
  const pairs = await findDuplicates(fresh, { against: old, threshold: 0.2 });
  t.same(pairs, [
    { first: 'n1', second: 'n2', distance: 0.125 },
    { first: 'n2', second: 'o1', distance: 0.125 },
    { first: 'n2', second: 'o2', distance: 0.125 },
  ]);
});

t.test('the answer is that of a float64 brute force', async (t) => {
  const random = pseudoRandom(7);
  const faces = Array.from({ length: 60 }, () =>
    Array.from({ length: 128 }, () => Math.fround(random() * 0.1)),
  );
  const records = faces.map((face, i) => record(`photo ${String(i).padStart(2, '0')}`, face));
  const threshold = 0.45;
  const expected = [];
  for (let a = 0; a < faces.length; a++) {
    for (let b = a + 1; b < faces.length; b++) {
      const distance = faceDistance(faces[a] ?? [], faces[b] ?? []);
      if (distance < threshold) expected.push({ first: records[a]?.id, second: records[b]?.id, distance });
    }
  }
  expected.sort((x, y) => x.distance - y.distance);
  t.ok(expected.length > 100 && expected.length < 1700, 'the threshold divides the pairs');
  t.same(await findDuplicates(records, { threshold }), expected);
});

t.test('no records, or one, give no pairs', async (t) => {
  t.same(await findDuplicates([]), []);
  t.same(await findDuplicates([record('alone', [1])]), []);
});

t.test('an id given twice is refused, also between new and old', async (t) => {
  await t.rejects(findDuplicates([record('a', [0]), record('a', [1])]), { code: 'ENCODINGS_INVALID' });
  await t.rejects(findDuplicates([record('a', [0])], { against: [record('a', [0])] }), {
    code: 'ENCODINGS_INVALID',
  });
});

t.test('encodings of different lengths, and numbers that are not finite, are refused', async (t) => {
  await t.rejects(findDuplicates([record('a', [0, 1]), record('b', [0])]), { code: 'ENCODINGS_INVALID' });
  await t.rejects(findDuplicates([record('a', [Number.NaN])]), { code: 'ENCODINGS_INVALID' });
  await t.rejects(findDuplicates([record('a', [1e300])]), { code: 'ENCODINGS_INVALID' });
  await t.rejects(findDuplicates([record('a', [])]), { code: 'ENCODINGS_INVALID' });
});

t.test('records that are none are refused', async (t) => {
  await t.rejects(findDuplicates('photos' as unknown as FaceRecord[]), { code: 'ARGUMENT_INVALID' });
  await t.rejects(findDuplicates(5 as unknown as FaceRecord[]), { code: 'ARGUMENT_INVALID' });
  await t.rejects(findDuplicates([{ id: 1 } as unknown as FaceRecord]), { code: 'ARGUMENT_INVALID' });
  await t.rejects(findDuplicates([null as unknown as FaceRecord]), { code: 'ARGUMENT_INVALID' });
});

t.test('options that are misspelt, of the wrong type or out of range are refused', async (t) => {
  await t.rejects(findDuplicates([], { treshold: 0.4 } as object), {
    code: 'OPTION_UNKNOWN',
    message: /threshold/,
  });
  await t.rejects(findDuplicates([], { threshold: -1 }), { code: 'OPTION_RANGE' });
  await t.rejects(findDuplicates([], { against: 'all' as unknown as FaceRecord[] }), { code: 'OPTION_TYPE' });
  await t.rejects(findDuplicates([], { ignoredPairs: [['a']] as unknown as [string, string][] }), {
    code: 'OPTION_TYPE',
  });
});

t.test('an aborted search rejects with the reason, at once or in the middle', async (t) => {
  await t.rejects(findDuplicates([], { signal: AbortSignal.abort('enough') }), {
    code: 'ABORTED',
    cause: 'enough',
  });
  const random = pseudoRandom(1);
  const many = Array.from({ length: 20_000 }, (_, i) => record(String(i), [random(), random(), random()]));
  const controller = new AbortController();
  const search = findDuplicates(many, {
    threshold: 1e-6,
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await t.rejects(search, { code: 'ABORTED' });
});

t.test('timers fire during a long search, and progress reaches its total', async (t) => {
  let fired = 0;
  const timer = setInterval(() => fired++, 1);
  const random = pseudoRandom(3);
  const many = Array.from({ length: 6000 }, (_, i) => record(String(i), [random(), random(), random()]));
  let last = { compared: 0, total: -1 };
  await findDuplicates(many, { threshold: 1e-6, onProgress: (progress) => (last = progress) });
  clearInterval(timer);
  t.ok(fired > 1, `a timer fired ${fired} times`);
  t.same(last, { compared: (6000 * 5999) / 2, total: (6000 * 5999) / 2 });
});

t.test('faces given instead of their encodings are refused, not found at distance 0', async (t) => {
  const face = { encoding: Float32Array.of(1, 2) };
  const wrongs = [[face], [null], [1, 2], ['12']];
  for (const encodings of wrongs) {
    const records = ['a', 'b'].map((id) => ({ id, encodings }) as unknown as FaceRecord);
    await t.rejects(findDuplicates(records), { code: 'ENCODINGS_INVALID' });
  }
  await t.rejects(findDuplicates([, record('a', [0])] as FaceRecord[]), { code: 'ARGUMENT_INVALID' });
});

t.test('the answer is that of the records as they were when the search began', async (t) => {
  const random = pseudoRandom(11);
  const many = Array.from({ length: 3000 }, (_, i) => record(String(i), [random(), random(), random()]));
  const expected = await findDuplicates([...many], { threshold: 0.02 });
  const search = findDuplicates(many, { threshold: 0.02 });
  many.length = 10;
  t.same(await search, expected);
});

t.test('two photos whose faces are near more than once are one pair', async (t) => {
  const pairs = await findDuplicates([record('a', [0], [0.125]), record('b', [0.0625], [0.25])]);
  t.same(pairs, [{ first: 'a', second: 'b', distance: 0.0625 }]);
});

t.test('progress counts pairs of new records, and of new with old ones, up to all of them', async (t) => {
  const fresh = [record('n1', [0]), record('n2', [1]), record('n3', [2])];
  const told: DuplicateProgress[] = [];
  await findDuplicates(fresh, {
    against: [record('o1', [3]), record('o2', [4])],
    onProgress: (progress) => told.push(progress),
  });
  // Three among themselves, and each of three with each of two.
  t.same(told.at(-1), { compared: 9, total: 9 });
});

t.test('progress is told while records are compared, and never goes back', async (t) => {
  const random = pseudoRandom(3);
  const records = Array.from({ length: 3000 }, (_, i) =>
    record(String(i), Array.from({ length: 64 }, random)),
  );
  const told: DuplicateProgress[] = [];
  const onProgress = (progress: DuplicateProgress) => told.push(progress);
  // However fast the machine, every look at the clock finds a turn over.
  let now = 0;
  t.intercept(performance, 'now', { value: () => (now += 20) });
  await findDuplicatesBy(records, { onProgress, threads: 1 }, { kernel: 'scalar' });
  const total = (3000 * 2999) / 2;
  t.ok(told.length > 1);
  t.ok(told.every(({ compared }, i) => compared >= (told[i - 1]?.compared ?? 0) && compared <= total));
  t.ok(told.slice(0, -1).some(({ compared }) => compared > 0 && compared < total));
});
