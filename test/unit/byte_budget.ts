// How much of photos is in memory at once, in the budget alone and in an engine that works by it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { FaceEngine, FaceStore, findInPhotos, NamedPhotos } from '../../lib/index.js';
import { ByteBudget } from '../../lib/photos/byte_budget.js';
import { readPhotoFile } from '../../lib/photos/photo.js';
import { drawnPhoto } from '../fixtures/findings.js';
import { skipWithout } from '../fixtures/places.js';

/** A piece of work that holds its bytes until it is told to end. */
function heldWork(budget: ByteBudget, bytes: number, signal?: AbortSignal) {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const state = { hasBegun: false, resize: undefined as ((bytes: number) => void) | undefined };
  const done = budget.use(bytes, signal, async (resize) => {
    Object.assign(state, { hasBegun: true, resize });
    await ended;
  });
  return { state, done, end };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

t.test('what fits is held at once, what does not waits until others are let go', async (t) => {
  const budget = new ByteBudget(10);
  const first = heldWork(budget, 4);
  const second = heldWork(budget, 6);
  const third = heldWork(budget, 1);
  await settle();
  t.same(
    [first, second, third].map((work) => work.state.hasBegun),
    [true, true, false],
  );
  t.equal(budget.held, 10);
  first.end();
  await first.done;
  await settle();
  t.ok(third.state.hasBegun);
  t.equal(budget.held, 7);
  second.end();
  third.end();
  await Promise.all([second.done, third.done]);
  t.equal(budget.held, 0);
});

t.test('more than the whole is held alone, and is not passed by what is less', async (t) => {
  const budget = new ByteBudget(10);
  const small = heldWork(budget, 1);
  const huge = heldWork(budget, 25);
  const later = heldWork(budget, 1);
  await settle();
  t.same(
    [small, huge, later].map(({ state }) => state.hasBegun),
    [true, false, false],
  );
  small.end();
  await small.done;
  await settle();
  t.same(
    [huge, later].map(({ state }) => state.hasBegun),
    [true, false],
  );
  huge.end();
  await huge.done;
  await settle();
  t.ok(later.state.hasBegun);
  later.end();
});

t.test('what holds nothing never waits', async (t) => {
  const budget = new ByteBudget(10);
  const huge = heldWork(budget, 25);
  t.equal(await budget.use(0, undefined, () => Promise.resolve('done')), 'done');
  huge.end();
});

t.test('what turns out to be more or less counts as that from then on', async (t) => {
  const budget = new ByteBudget(10);
  const unknown = heldWork(budget, 0);
  await settle();
  unknown.state.resize?.(8);
  const waiting = heldWork(budget, 4);
  await settle();
  t.notOk(waiting.state.hasBegun);
  unknown.state.resize?.(5);
  await settle();
  t.ok(waiting.state.hasBegun);
  t.equal(budget.held, 9);
  [unknown, waiting].forEach(({ end }) => end());
});

t.test('work that fails gives its room back, and one who gives up leaves it to the next', async (t) => {
  const budget = new ByteBudget(10);
  await t.rejects(
    budget.use(10, undefined, () => Promise.reject(new Error('it fails'))),
    { message: 'it fails' },
  );
  t.equal(budget.held, 0);
  const first = heldWork(budget, 6);
  const leave = new AbortController();
  const given = heldWork(budget, 10, leave.signal);
  const next = heldWork(budget, 4);
  await settle();
  t.notOk(next.state.hasBegun);
  leave.abort();
  await t.rejects(given.done, { code: 'ABORTED' });
  await settle();
  t.ok(next.state.hasBegun);
  t.notOk(given.state.hasBegun);
  [first, next].forEach(({ end }) => end());
  await t.rejects(heldWork(budget, 1, leave.signal).done, { code: 'ABORTED' });
});

const megabyte = 1024 * 1024;
const limit = 8 * megabyte;
const jpeg = await drawnPhoto();
/** What follows the end of a JPEG is no part of its image. */
const photoOf = (megabytes: number) => Buffer.concat([jpeg], megabytes * megabyte);

/** The budgets that work is done by from now on, and how much each piece of it asks for. */
function watchBudgets(t: Test): { readonly budgets: Set<ByteBudget>; readonly asked: number[] } {
  const budgets = new Set<ByteBudget>();
  const asked: number[] = [];
  const { use } = ByteBudget.prototype as unknown as { readonly use: (...args: unknown[]) => unknown };
  const watched = function (this: ByteBudget, ...args: unknown[]) {
    budgets.add(this);
    asked.push(args[0] as number);
    return use.apply(this, args);
  };
  t.intercept(ByteBudget.prototype, 'use', { value: watched });
  return { budgets, asked };
}

/** Photos that lie elsewhere, of so many megabytes, and what was held whenever one of them was read. */
function largePhotos(budgets: ReadonlySet<ByteBudget>, sizes: readonly number[]) {
  const reads: { readonly own: number; readonly held: number }[] = [];
  const photos = sizes.map((megabytes, index) => ({
    name: `${index}.jpg`,
    bytes: megabytes * megabyte,
    read: () => {
      const [budget] = budgets;
      reads.push({ own: megabytes * megabyte, held: budget?.held ?? 0 });
      return Promise.resolve(photoOf(megabytes));
    },
  }));
  return { photos, reads };
}

const sizes = [3, 3, 3, 20, 1, 5, 5, 1, 1, 1, 1, 9, 3, 3];

function checkReads(t: Test, reads: ReturnType<typeof largePhotos>['reads']): void {
  t.equal(reads.length, sizes.length, 'each is read once');
  for (const { own, held } of reads) {
    t.ok(held >= own, 'what is read is counted');
    t.ok(held <= Math.max(limit, own), `${held} bytes are held for one of ${own}`);
  }
}

t.test('calls of an engine at once hold no more than it may, and all are answered', async (t) => {
  const { budgets } = watchBudgets(t);
  const engine = FaceEngine.createLazily({ detector: 'hog', upsample: 0, lanes: 4 }, limit);
  t.teardown(() => engine.close());
  const { photos, reads } = largePhotos(budgets, sizes);
  const found = await Promise.all(photos.map((photo) => engine.detect(photo)));
  t.equal(found.length, sizes.length);
  checkReads(t, reads);
  t.same(
    [...budgets].map(({ held }) => held),
    [0],
  );
});

t.test(
  'batches that are more together than an engine may hold are taken apart',
  { skip: skipWithout.dlib },
  async (t) => {
    const { budgets } = watchBudgets(t);
    const engine = FaceEngine.createLazily({ detector: 'hog', upsample: 0, lanes: 2 }, limit);
    t.teardown(() => engine.close());
    const { photos, reads } = largePhotos(budgets, sizes);
    const names: string[] = [];
    for await (const { photo, error } of engine.encodeAll(photos)) {
      if (error) t.fail(error.message);
      names.push(photo.name);
    }
    t.same(
      names,
      photos.map(({ name }) => name),
      'in their order',
    );
    checkReads(t, reads);
    t.same(
      [...budgets].map(({ held }) => held),
      [0],
    );
  },
);

t.test('a file counts with its length, bytes and pixels of the caller do not', async (t) => {
  const path = join(t.testdir({}), 'a.jpg');
  writeFileSync(path, photoOf(3));
  const { asked, budgets } = watchBudgets(t);
  const engine = FaceEngine.createLazily({ detector: 'hog', upsample: 0, lanes: 1 }, limit);
  t.teardown(() => engine.close());
  await engine.detect(path);
  await engine.detect(pathToFileURL(path));
  await engine.detect(photoOf(3));
  await engine.detect({ data: new Uint8Array(300 * 300), width: 300, height: 300, channels: 1 });
  await t.rejects(engine.detect(join(path, 'none')), { code: 'PHOTO_NOT_FOUND' });
  t.same(asked, [3 * megabyte, 3 * megabyte, 0]);
  t.same(
    [...budgets].map(({ held }) => held),
    [0],
  );
});

t.test(
  'a find with a store reads large photos twice rather than hold them',
  { skip: skipWithout.dlib },
  async (t) => {
    const folder = t.testdir({ photos: {} });
    // 64 MiB are held besides what the engine holds: together these are more.
    for (let i = 0; i < 5; i++)
      writeFileSync(join(folder, 'photos', `${i}.jpg`), Buffer.concat([photoOf(30), Buffer.of(i)]));
    const store = new FaceStore(join(folder, 'faces.db'));
    t.teardown(() => store.close());
    const engine = FaceEngine.createLazily({ detector: 'hog', upsample: 0, lanes: 1 }, limit);
    t.teardown(() => engine.close());
    let reads = 0;
    const readFile = (path: string) => {
      reads++;
      return readPhotoFile(path);
    };
    const photos = await NamedPhotos.of([join(folder, 'photos')], { readFile });
    const { summary, failed } = await findInPhotos(engine, photos, { set: store.set() });
    t.same(failed, []);
    t.match(summary, { photos: 5, failed: 0 });
    t.ok(reads > 5, `${reads} times for 5 photos`);
  },
);
