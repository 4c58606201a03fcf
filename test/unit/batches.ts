// Many items through few lanes: batches, order, back-pressure, and how it ends.

import t from 'tap';
import { type BatchPlan, runInBatches } from '../../lib/batches.js';

/** Work whose end the test decides, batch by batch. */
function controlledWork() {
  const begun: number[][] = [];
  const ends: ((error?: Error) => void)[] = [];
  const work = (batch: readonly number[]) =>
    new Promise<number[]>((resolve, reject) => {
      begun.push([...batch]);
      ends.push((error) => (error ? reject(error) : resolve(batch.map((item) => item * 10))));
    });
  return { begun, ends, work };
}

const usual = { lanes: 1, batchSize: 1, startEarly: true, ordered: true, signal: undefined } as const;

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 1; i <= count; i++) yield i;
}

function run(plan: Partial<BatchPlan<number, number>>, source: AsyncIterator<number> = numbers(5)) {
  const work = (batch: readonly number[]) => Promise.resolve(batch.map((item) => item * 10));
  return runInBatches(source, { ...usual, work, ...plan });
}

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

/** Long enough for every promise that can settle without the test's doing. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

t.test('every item is answered once, in order, whatever the batches', async (t) => {
  for (const lanes of [1, 2, 3])
    for (const batchSize of [1, 2, 5, 9])
      for (const startEarly of [true, false])
        t.same(await collect(run({ lanes, batchSize, startEarly })), [10, 20, 30, 40, 50]);
  t.same(await collect(run({}, numbers(0))), []);
});

t.test('whole batches are waited for, but for the last', async (t) => {
  const { begun, ends, work } = controlledWork();
  const all = collect(run({ work, batchSize: 2, startEarly: false, lanes: 4 }));
  await settled();
  t.same(begun, [[1, 2], [3, 4], [5]]);
  for (const end of ends) end();
  t.same(await all, [10, 20, 30, 40, 50]);
});

t.test('a lane without work takes what there is; the others wait for a whole batch', async (t) => {
  const { begun, ends, work } = controlledWork();
  const all = collect(run({ work, batchSize: 3, lanes: 1 }));
  await settled();
  t.same(begun, [[1], [2, 3, 4]], 'the second batch is read while the first is at work');
  ends[0]?.();
  ends[1]?.();
  await settled();
  t.same(begun[2], [5]);
  ends[2]?.();
  t.same(await all, [10, 20, 30, 40, 50]);
});

t.test('a lane that others use is not without work, and wakes who waits for it', async (t) => {
  const { begun, ends, work } = controlledWork();
  const others = new Set<Promise<undefined>>();
  let endOther: () => void = () => undefined;
  const other = new Promise<undefined>((resolve) => (endOther = () => resolve(undefined)));
  others.add(other);
  void other.then(() => others.delete(other));
  let read: (item: number) => void = () => undefined;
  async function* source() {
    yield 1;
    yield await new Promise<number>((resolve) => (read = resolve));
  }
  const all = collect(run({ work, batchSize: 3, lanes: 1, underWay: () => others }, source()));
  await settled();
  t.same(begun, [], 'it waits for a whole batch');
  endOther();
  await settled();
  t.same(begun, [[1]]);
  read(2);
  await settled();
  for (const end of ends) end();
  t.same(await all, [10, 20]);
});

t.test(
  'a lane that becomes free takes what there is, though an earlier batch is still at work',
  async (t) => {
    const { begun, ends, work } = controlledWork();
    async function* source() {
      yield* [1, 2, 3];
      await new Promise(() => undefined);
    }
    const results = run({ work, batchSize: 3, lanes: 2 }, source());
    const first = results.next();
    await settled();
    t.same(begun, [[1], [2]]);
    ends[1]?.();
    await settled();
    t.same(begun, [[1], [2], [3]]);
    for (const end of ends) end();
    t.same(await first, { value: 10, done: false });
  },
);

t.test('in order, a slow first batch keeps the second back; else not', async (t) => {
  for (const ordered of [true, false]) {
    const { ends, work } = controlledWork();
    const got: number[] = [];
    const all = (async () => {
      for await (const result of run({ work, lanes: 2, ordered }, numbers(2))) got.push(result);
    })();
    await settled();
    ends[1]?.();
    await settled();
    t.same(got, ordered ? [] : [20]);
    ends[0]?.();
    await all;
    t.same(got, ordered ? [10, 20] : [20, 10]);
  }
});

t.test('nothing is read beyond two batches a lane while no result is taken', async (t) => {
  let read = 0;
  async function* source() {
    for (;;) yield ++read;
  }
  const results = run({ lanes: 2, batchSize: 3, startEarly: false }, source());
  await results.next();
  await settled();
  t.ok(read <= 3 * (2 * 2 + 1), `${read} read`);
  const before = read;
  await settled();
  t.equal(read, before);
  await results.return();
});

t.test('a failure of the work ends everything, and the source is told', async (t) => {
  let told = false;
  async function* source() {
    try {
      for (let i = 1; ; i++) yield i;
    } finally {
      told = true;
    }
  }
  const work = (batch: readonly number[]) =>
    batch.includes(3) ? Promise.reject(new Error('third')) : Promise.resolve([...batch]);
  await t.rejects(collect(run({ work }, source())), { message: 'third' });
  await settled();
  t.ok(told);
});

t.test('a failure of the source ends everything', async (t) => {
  async function* source() {
    yield 1;
    throw new Error('unreadable');
  }
  await t.rejects(collect(run({}, source())), { message: 'unreadable' });
});

t.test('an abort ends it at once, whatever the work and the source are waiting for', async (t) => {
  const { work } = controlledWork();
  const abort = new AbortController();
  const silent: AsyncIterator<number> = { next: () => new Promise(() => undefined) };
  for (const source of [numbers(3), silent]) {
    const all = collect(run({ work, signal: abort.signal }, source));
    setImmediate(() => abort.abort());
    await t.rejects(all, { code: 'ABORTED' });
  }
});

t.test('whoever leaves early waits for the work under way', async (t) => {
  const { ends, work } = controlledWork();
  const results = run({ work, lanes: 2 });
  const first = results.next();
  await settled();
  ends[0]?.();
  t.same(await first, { value: 10, done: false });
  let left = false;
  const leaving = results.return().then(() => (left = true));
  await settled();
  t.notOk(left);
  for (const end of ends) end();
  await leaving;
  t.ok(left);
});
