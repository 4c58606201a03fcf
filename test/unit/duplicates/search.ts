// The search itself: the same pairs whichever way it takes, as many threads as it may, and an end in each of its pauses.

import t from 'tap';
import type { FoundPairs } from '../../../lib/duplicates/found_pairs.js';
import { type FaceRecord, faceDistance } from '../../../lib/duplicates/index.js';
import { tabulate } from '../../../lib/duplicates/record_table.js';
import { searchPairs, type SearchOptions } from '../../../lib/duplicates/search.js';
import type { Turns } from '../../../lib/duplicates/turns.js';
import { pseudoRandom } from '../../fixtures/encodings.js';
import { EndlessPauses, NoPauses } from '../../fixtures/turns.js';

const threshold = 0.25;
const cut = 520;
const random = pseudoRandom(4);

/** Rows at random, and so many alike that their candidates fill more than half of a thread's room for them. */
const faces = Array.from({ length: 900 }, (_, i) =>
  i % 3 === 0
    ? new Float32Array(40).fill(0.5)
    : Float32Array.from({ length: 40 }, () => 0.15 * Math.floor(3 * random()) * random()),
);
const records: FaceRecord[] = faces.map((face, i) => ({ id: String(i), encodings: [face] }));
const noneIgnored: SearchOptions = { threshold, isIgnored: () => false, threads: 1 };

/** Rows of this many newer records, and the others as older ones. */
const tableOf = (newer: number) => tabulate(records.slice(0, newer), records.slice(newer), new NoPauses());

/** By both rows; infinite where they are no pair. */
const distances = new Float64Array(faces.length ** 2).fill(Number.POSITIVE_INFINITY);
for (let a = 0; a < faces.length; a++)
  for (let b = a + 1; b < faces.length; b++) {
    const distance = faceDistance(faces[a] as Float32Array, faces[b] as Float32Array);
    if (distance < threshold) distances[a * faces.length + b] = distance;
  }

const pairsOf = (newer: number) => distances.subarray(0, newer * faces.length).filter(Number.isFinite).length;

/** Whether these are the pairs of so many newer records, each of them once. */
async function areRight(found: FoundPairs, newer: number): Promise<boolean> {
  const pairs = await found.take(
    Uint32Array.from(faces, (_, i) => i),
    new NoPauses(),
  );
  const keys = Array.from(pairs.firsts, (first, i) => first * faces.length + (pairs.seconds[i] as number));
  return (
    keys.length === pairsOf(newer) &&
    new Set(keys).size === keys.length &&
    keys.every((key, i) => key < newer * faces.length && distances[key] === pairs.distances[i])
  );
}

async function search(
  newer: number,
  options: SearchOptions,
  turns: Turns = new NoPauses(),
  stage = { share: 0 },
) {
  return searchPairs(await tableOf(newer), options, stage, turns);
}

const ways: Readonly<Record<string, SearchOptions>> = {
  'without a sketch': { ...noneIgnored, fewRows: 900 },
  'with a sketch': noneIgnored,
  'without WebAssembly': { ...noneIgnored, kernel: 'scalar' },
  'with two more threads': { ...noneIgnored, threads: 3, pairsWorthAThread: 1 },
};

for (const [way, options] of Object.entries(ways)) {
  t.test(`the pairs are those below the threshold, ${way}`, async (t) => {
    for (const newer of [0, 1, cut, 900])
      t.ok(
        await areRight(await search(newer, options), newer),
        `${newer} newer records, ${pairsOf(newer)} pairs`,
      );
  });
}

t.test('a pause may come anywhere, and changes nothing', async (t) => {
  for (const options of Object.values(ways).slice(1)) {
    const stage = { share: 0 };
    const shares: number[] = [];
    class Watching extends EndlessPauses {
      override async next(): Promise<void> {
        shares.push(stage.share);
        await super.next();
      }
    }
    t.ok(await areRight(await search(900, options, new Watching(), stage), 900));
    t.ok(shares.length > 10, `${shares.length} pauses`);
    t.ok(
      shares.every((share, i) => share >= (shares[i - 1] ?? 0) && share < 1),
      'the share of the work that is done grows',
    );
  }
});

t.test('a search on one thread says which part of its squares is done', async (t) => {
  const stage = { share: 0 };
  await search(900, noneIgnored, new NoPauses(), stage);
  // 900 rows are 8 blocks, which are one square.
  t.equal(stage.share, 0);
  const few = new Set<number>();
  const many: FaceRecord[] = Array.from({ length: 2500 }, (_, i) => ({ id: String(i), encodings: [[i]] }));
  class Watching extends EndlessPauses {
    override async next(): Promise<void> {
      few.add(stage.share);
    }
  }
  const table = await tabulate(many, [], new NoPauses());
  await searchPairs(table, { ...noneIgnored, kernel: 'scalar' }, stage, new Watching());
  // 20 blocks make 3 × 3 squares.
  t.same(
    [...few],
    Array.from({ length: 9 }, (_, i) => i / 9),
  );
});

t.test('the search ends in the very pause in which it is aborted, and its threads with it', async (t) => {
  const pausesIn = async (options: SearchOptions) => {
    const turns = new EndlessPauses();
    await search(cut, options, turns);
    return turns.pauses;
  };
  for (const options of Object.values(ways).slice(1, 3)) {
    const pauses = await pausesIn(options);
    for (let pause = 1; pause <= pauses; pause += Math.ceil(pauses / 8)) {
      const turns = new EndlessPauses(pause);
      await t.rejects(search(cut, options, turns), { code: 'ABORTED' });
      t.equal(turns.pauses, pause);
    }
  }
  const before = portsOpen();
  await t.rejects(search(900, ways['with two more threads'] as SearchOptions, new EndlessPauses(20)), {
    code: 'ABORTED',
  });
  t.equal(portsOpen(), before);
});

/** One for each thread that runs. */
function portsOpen(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
}

t.test('as many threads are started as are wanted and worth it, the caller’s own among them', async (t) => {
  const started = async (options: Partial<SearchOptions>, newer = 900) => {
    const before = portsOpen();
    let most = 0;
    class Counting extends EndlessPauses {
      override async next(): Promise<void> {
        most = Math.max(most, portsOpen() - before);
      }
    }
    await search(newer, { ...noneIgnored, ...options }, new Counting());
    return most;
  };
  t.equal(await started({ threads: 1, pairsWorthAThread: 1 }), 0);
  t.equal(await started({ threads: 3, pairsWorthAThread: 1 }), 2);
  t.equal(await started({ threads: 3 }), 0, 'too little to do');
  // 900 records make 404,550 pairs; 520 newer ones of them make 134,940 and, with the 380 older ones, 197,600 more.
  t.equal(await started({ threads: 4, pairsWorthAThread: 404_550 }), 1);
  t.equal(await started({ threads: 4, pairsWorthAThread: 404_551 }), 0);
  t.equal(await started({ threads: 4, pairsWorthAThread: 332_540 }, cut), 1);
  t.equal(await started({ threads: 4, pairsWorthAThread: 332_541 }, cut), 0);
  t.equal(
    await started({ threads: 3, pairsWorthAThread: 1, kernel: 'scalar' }),
    0,
    'memory cannot be shared',
  );
  t.equal(await started({ threads: 3, pairsWorthAThread: 1, fewRows: 900 }), 0);
});

t.test('threads that do nearly all of the work find each pair once', async (t) => {
  // 20 blocks make 9 squares, of which the caller's own thread takes one before the others are done.
  const twins: FaceRecord[] = Array.from({ length: 2500 }, (_, i) => ({
    id: String(i),
    encodings: [[Math.floor(i / 2)]],
  }));
  class Slow extends EndlessPauses {
    override next(): Promise<void> {
      return new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  const table = await tabulate(twins, [], new NoPauses());
  const found = await searchPairs(
    table,
    { ...noneIgnored, threads: 3, pairsWorthAThread: 1 },
    { share: 0 },
    new Slow(),
  );
  const { firsts, seconds } = await found.take(
    Uint32Array.from(twins, (_, i) => i),
    new NoPauses(),
  );
  t.same(
    Array.from(firsts, (first, i) => [first, seconds[i]]).sort(([a = 0], [b = 0]) => a - b),
    Array.from({ length: 1250 }, (_, i) => [2 * i, 2 * i + 1]),
  );
});

t.test('a pair at the threshold itself is none', async (t) => {
  const table = await tabulate(
    [1, 1.125, 1.375].map((at) => ({ id: String(at), encodings: [[at]] })),
    [],
    new NoPauses(),
  );
  for (const fewRows of [1, 100]) {
    const found = await searchPairs(
      table,
      { ...noneIgnored, threshold: 0.25, fewRows },
      { share: 0 },
      new NoPauses(),
    );
    const { distances } = await found.take(Uint32Array.of(0, 1, 2), new NoPauses());
    t.same([...distances], [0.125]);
  }
});

t.test('an ignored pair is not found, nor a record beside itself', async (t) => {
  const twins: FaceRecord[] = ['a', 'b', 'c'].map((id) => ({ id, encodings: [[1], [1], [1.125]] }));
  const table = await tabulate(twins, [], new NoPauses());
  const isIgnored = (a: number, b: number) => Math.min(a, b) === 0 && Math.max(a, b) === 1;
  for (const fewRows of [1, 100]) {
    const found = await searchPairs(
      table,
      { ...noneIgnored, isIgnored, fewRows },
      { share: 0 },
      new NoPauses(),
    );
    const { firsts, seconds } = await found.take(Uint32Array.of(0, 1, 2), new NoPauses());
    // Three faces with three, for each of the two pairs of records that are left.
    t.same(Array.from(firsts, (first, i) => `${first} ${seconds[i]}`).sort(), [
      ...Array<string>(9).fill('0 2'),
      ...Array<string>(9).fill('1 2'),
    ]);
  }
});
