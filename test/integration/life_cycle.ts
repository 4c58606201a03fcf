// An engine's life in one process: closed, aborted at every stage, starved of its thread, shared and swapped under load.

import { mkdirSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import t from 'tap';
import {
  drawDetections,
  FaceEngine,
  findDuplicates,
  findInPhotos,
  type ImageInput,
  NamedPhotos,
} from '../../lib/index.js';
import { loadAddon } from '../../lib/native.js';
import { FaceStore } from '../../lib/store/index.js';
import { likeRealOnes } from '../fixtures/encodings.js';
import { modelFolder, rounded } from '../fixtures/model_folder.js';
import { boxSides, cellPhoto, versionedModels } from '../fixtures/model_versions.js';
import { expectedBox, meanValues, numberedPhoto } from '../fixtures/numbered_photo.js';
import { skipWithout } from '../fixtures/places.js';

type Faces = readonly { readonly box: { readonly x: number; y: number; width: number; height: number } }[];

const boxesOf = (faces: Faces | undefined) => faces?.map(({ box }) => rounded(box));
const codeOf = (error: unknown) => (error as { code?: unknown }).code;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

function pngOf(number: number): Promise<Buffer> {
  const { data, width, height, channels } = numberedPhoto(number);
  return sharp(data, { raw: { width, height, channels } }).png().toBuffer();
}

/** One lane, so that two calls fill it: a turn that is not given back shows at once. */
function engineOf(t: Parameters<typeof modelFolder>[0], lanes = 1) {
  const engine = FaceEngine.createLazily({ models: modelFolder(t), meanValues, lanes });
  t.teardown(() => engine.close());
  return engine;
}

t.test('every verb of a closed engine fails, and says so by its code', async (t) => {
  const engine = engineOf(t);
  t.same(boxesOf(await engine.detect(numberedPhoto(3))), [expectedBox(3)]);
  await Promise.all([engine.close(), engine.close()]);
  const photo = numberedPhoto(0);
  const box = expectedBox(0);
  const calls: Record<string, () => Promise<unknown>> = {
    detect: () => engine.detect(photo),
    landmarks: () => engine.landmarks(photo, [box]),
    encode: () => engine.encode(photo),
    extract: () => engine.extract(photo),
    detectAll: () => engine.detectAll([photo]).next(),
    encodeAll: () => engine.encodeAll([photo]).next(),
    origin: () => engine.origin(),
    reloadModels: () => engine.reloadModels(),
  };
  for (const [verb, call] of Object.entries(calls))
    await t.rejects(call(), { name: 'EngineClosedError', code: 'ENGINE_CLOSED' }, verb);
  t.equal(engine.info().models.length, 2, 'what it was can still be asked');
});

t.test('closing in the middle of a sequence ends it with ENGINE_CLOSED after right answers', async (t) => {
  const engine = engineOf(t, 2);
  const answers: unknown[] = [];
  let closing: Promise<void> | undefined;
  const all = async () => {
    for await (const { faces } of engine.detectAll(numbers(500).map(numberedPhoto))) {
      answers.push(boxesOf(faces));
      if (answers.length === 20) closing = engine.close();
    }
  };
  await t.rejects(all(), { code: 'ENGINE_CLOSED' });
  t.ok(answers.length >= 20 && answers.length < 500, `${answers.length} answers`);
  t.same(
    answers,
    numbers(answers.length).map((number) => [expectedBox(number)]),
  );
  await closing;
});

t.test('an engine that is closed before its models are loaded answers the calls it has', async (t) => {
  const engine = engineOf(t);
  const calls = numbers(5).map((number) => engine.detect(numberedPhoto(number)));
  await engine.close();
  t.same(
    (await Promise.all(calls)).map(boxesOf),
    numbers(5).map((number) => [expectedBox(number)]),
  );
});

t.test('a call that closes its engine by its own answer gets it', async (t) => {
  const engine = engineOf(t);
  const faces = await engine.detect(numberedPhoto(1)).then(async (found) => {
    await engine.close();
    return found;
  });
  t.same(boxesOf(faces), [expectedBox(1)]);
});

t.test('an abort while photos are read gives their turns back, though no read ever ends', async (t) => {
  const engine = engineOf(t);
  const silent: ImageInput = { name: 'silent', read: () => new Promise(() => undefined) };
  const verbs = {
    detect: (signal: AbortSignal) => engine.detect(silent, { signal }),
    landmarks: (signal: AbortSignal) => engine.landmarks(silent, [expectedBox(0)], { signal }),
    extract: (signal: AbortSignal) => engine.extract(silent, { signal }),
    encode: (signal: AbortSignal) => engine.encode(silent, { signal }),
    detectAll: (signal: AbortSignal) => engine.detectAll([silent], { signal }).next(),
    encodeAll: (signal: AbortSignal) => engine.encodeAll([silent, silent], { signal }).next(),
  };
  for (const [verb, call] of Object.entries(verbs)) {
    const abort = new AbortController();
    const calls = [call(abort.signal), call(abort.signal), call(abort.signal)];
    const outcomes = Promise.allSettled(calls);
    await sleep(5);
    abort.abort(verb);
    for (const outcome of await outcomes)
      t.match(outcome, { status: 'rejected', reason: { code: 'ABORTED', cause: verb } });
  }
  t.same(boxesOf(await engine.detect(numberedPhoto(2))), [expectedBox(2)], 'the lane is free');
  await engine.close();
});

t.test('an abort while models are fetched gives the turn back, though no server answers', async (t) => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const before = process.env['FACEDEDUP_MODELS'];
  Reflect.deleteProperty(process.env, 'FACEDEDUP_MODELS');
  t.teardown(() => {
    if (before !== undefined) process.env['FACEDEDUP_MODELS'] = before;
    server.close();
    server.closeAllConnections();
  });
  const folder = t.testdir({ cache: {}, store: {} });
  const models = {
    source: `http://127.0.0.1:${port}/`,
    cache: join(folder, 'cache'),
    store: join(folder, 'store'),
  };
  const engine = FaceEngine.createLazily({ models, lanes: 1 });
  const asked = once(server, 'request');
  const abort = new AbortController();
  const calls = numbers(4).map((number) => engine.detect(numberedPhoto(number), { signal: abort.signal }));
  const outcomes = Promise.allSettled([...calls, engine.origin({ signal: abort.signal })]);
  await asked;
  abort.abort();
  for (const outcome of await outcomes) t.match(outcome, { status: 'rejected', reason: { code: 'ABORTED' } });
  t.equal((await engine.detect(numberedPhoto(0), { detector: 'hog' })).length, 0, 'HOG needs no model');
  await engine.close();
});

t.test('an abort at any moment of a call: its answer or ABORTED, and the lane is free', async (t) => {
  const engine = engineOf(t, 2);
  await engine.detect(numberedPhoto(0));
  const codes = new Set<unknown>();
  for (let i = 0; i < 300; i++) {
    const abort = new AbortController();
    const calls = [i, i + 1, i + 2, i + 3].map(async (number) => {
      try {
        const faces = await engine.detect(numberedPhoto(number), { signal: abort.signal });
        t.same(boxesOf(faces), [expectedBox(number)]);
        codes.add('answered');
      } catch (error) {
        codes.add(codeOf(error));
      }
    });
    for (let turns = 0; turns < i % 8; turns++) await turn();
    abort.abort();
    await Promise.all(calls);
  }
  codes.delete('answered');
  t.same([...codes], ['ABORTED']);
  t.same(boxesOf(await engine.detect(numberedPhoto(5))), [expectedBox(5)]);
});

t.test(
  'an abort between decoding, detection, landmarks, jitters and batches',
  { skip: skipWithout.dlib },
  async (t) => {
    const engine = engineOf(t);
    const boxes = Array.from({ length: 30 }, () => expectedBox(5));
    const calls: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
      encode: (signal) => engine.encode(cellPhoto, { signal, jitters: 500 }),
      'encode in boxes': (signal) => engine.encode(cellPhoto, { signal, boxes, jitters: 500 }),
      encodeAll: (signal) => engine.encodeAll([cellPhoto], { signal, jitters: 500 }).next(),
      landmarks: (signal) =>
        engine.landmarks(cellPhoto, Array<(typeof boxes)[0]>(100_000).fill(expectedBox(0)), { signal }),
    };
    await engine.encode(cellPhoto);
    for (const [name, call] of Object.entries(calls))
      for (const milliseconds of [0, 1, 2, 4, 8, 16]) {
        const abort = new AbortController();
        const rejected = t.rejects(call(abort.signal), { code: 'ABORTED' }, `${name}, ${milliseconds} ms`);
        if (milliseconds > 0) await sleep(milliseconds);
        abort.abort();
        await rejected;
      }
    t.equal((await engine.encode(cellPhoto)).length, 1, 'the lane is free');
  },
);

t.test('landmarks stop when they are cancelled', async (t) => {
  const addon = loadAddon();
  const never = new addon.Cancellation();
  never.cancel();
  const pipeline = new addon.Pipeline(1, 1e8);
  t.teardown(() => pipeline.close());
  const request = { boxes: [expectedBox(0)], landmarks: 'small' } as const;
  await t.rejects(pipeline.locateLandmarks(numberedPhoto(0), request, never), { code: 'ABORTED' });
});

t.test('one signal for any number of calls sets off no warning and keeps nothing', async (t) => {
  const warnings: unknown[] = [];
  const onWarning = (warning: unknown) => warnings.push(warning);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));
  const engine = engineOf(t, 4);
  const { signal } = new AbortController();
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  const calls = numbers(100).map((number) => engine.detect(numberedPhoto(number), { signal }));
  t.same(
    (await Promise.all(calls)).map(boxesOf),
    numbers(100).map((number) => [expectedBox(number)]),
  );
  for await (const { faces } of engine.detectAll(numbers(50).map(numberedPhoto), { signal }))
    t.equal(faces?.length, 1);
  await turn();
  t.same(warnings, []);
  t.equal(listeners, 0, 'as many listeners are taken away as were added');
});

t.test('an abort in any turn of a search: its pairs or ABORTED', async (t) => {
  const records = likeRealOnes(4000, 8).map((encoding, i) => ({ id: String(i), encodings: [encoding] }));
  const expected = await findDuplicates(records, { threshold: 0.5 });
  const outcomes = new Set<unknown>();
  for (let turns = 0; turns < 20; turns++) {
    const abort = new AbortController();
    let left = turns;
    const onProgress = () => {
      if (left-- === 0) abort.abort();
    };
    const search = findDuplicates(records, { threshold: 0.5, threads: 2, signal: abort.signal, onProgress });
    outcomes.add(
      await search.then(
        (pairs) => JSON.stringify(pairs) === JSON.stringify(expected),
        (error: unknown) => codeOf(error),
      ),
    );
  }
  outcomes.delete(true);
  t.same([...outcomes], ['ABORTED']);
});

t.test(
  'a run that is aborted while it fills a store keeps what it finished, and the next one does the rest',
  { skip: skipWithout.dlib },
  async (t) => {
    const folder = modelFolder(t);
    const photos = join(folder, 'photos');
    mkdirSync(photos);
    for (const number of numbers(10)) writeFileSync(join(photos, `${number}.png`), await pngOf(number));
    const engine = FaceEngine.createLazily({ models: folder, meanValues, lanes: 2 });
    t.teardown(() => engine.close());
    const find = async (path: string, stopAfter?: number) => {
      const store = new FaceStore(join(folder, path));
      const abort = new AbortController();
      const onProgress = ({ stage, done }: { stage: string; done: number }) => {
        if (stage === 'encoding' && done === stopAfter) abort.abort();
      };
      try {
        const set = store.set();
        const { signal } = abort;
        const found = await findInPhotos(engine, await NamedPhotos.of([photos]), { set, signal, onProgress });
        const { summary, pairs, groups } = found;
        return { newlyEncoded: summary.newlyEncoded, photos: summary.photos, pairs, groups };
      } finally {
        store.close();
      }
    };
    const undisturbed = await find('undisturbed.db');
    t.equal(undisturbed.newlyEncoded, 10);
    for (const stopAfter of [1, 4, 10]) {
      const path = `stopped-${stopAfter}.db`;
      await t.rejects(find(path, stopAfter), { code: 'ABORTED' });
      const { newlyEncoded, ...rest } = await find(path);
      t.ok(newlyEncoded <= 10 - stopAfter, `${newlyEncoded} are left after ${stopAfter}`);
      t.same({ newlyEncoded: 10, ...rest }, undisturbed);
    }
  },
);

t.test('answers that come while the main thread is blocked arrive afterwards, all of them', async (t) => {
  const engine = engineOf(t, 2);
  await engine.detect(numberedPhoto(0));
  const block = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  const calls = numbers(200).map((number) => engine.detect(numberedPhoto(number)));
  const sequence = (async () => {
    const boxes = [];
    for await (const { faces } of engine.detectAll(numbers(60).map(numberedPhoto))) {
      boxes.push(boxesOf(faces));
      if (boxes.length % 20 === 0) block();
    }
    return boxes;
  })();
  for (let i = 0; i < 3; i++) {
    await turn();
    block();
  }
  t.same(
    (await Promise.all(calls)).map(boxesOf),
    numbers(200).map((number) => [expectedBox(number)]),
  );
  t.same(
    await sequence,
    numbers(60).map((number) => [expectedBox(number)]),
  );
});

t.test('an engine takes any number of calls, and works on two a lane', async (t) => {
  const engine = engineOf(t, 2);
  let reading = 0;
  let most = 0;
  const png = await pngOf(7);
  const photo = {
    name: 'seven',
    read: async () => {
      most = Math.max(most, ++reading);
      await turn();
      reading--;
      return png;
    },
  };
  const calls = numbers(3000).map(() => engine.detect(photo));
  t.ok((await Promise.all(calls)).every((faces) => boxesOf(faces)?.length === 1));
  t.ok(most <= 4, `${most} photos read at once`);
});

t.test('pictures that are drawn wait for one another beside the pool', async (t) => {
  const { createHook } = await import('node:async_hooks');
  let handedOver = 0;
  const hook = createHook({ init: (_id, type) => void (type === 'facededup' && handedOver++) }).enable();
  const drawn = numbers(200).map(() => drawDetections(numberedPhoto(0), []));
  await drawn[0];
  hook.disable();
  t.ok(handedOver > 0 && handedOver < 100, `${handedOver} of 200 were with libuv when the first was done`);
  await Promise.all(drawn);
});

t.test('several engines at once, made and closed while others work, do not meddle', async (t) => {
  const models = modelFolder(t);
  const work = async (engineNumber: number) => {
    for (let round = 0; round < 3; round++) {
      const engine = FaceEngine.createLazily({ models, meanValues, lanes: 1 + (engineNumber % 3) });
      const own = numbers(15).map((i) => i + engineNumber);
      const answers = await Promise.all(own.map((number) => engine.detect(numberedPhoto(number))));
      t.same(
        answers.map(boxesOf),
        own.map((number) => [expectedBox(number)]),
      );
      await engine.close();
    }
  };
  await Promise.all(numbers(8).map(work));
});

t.test('models are swapped while calls are made, aborted and answered, and then it is closed', async (t) => {
  const { models, use } = versionedModels(t);
  await use('old');
  const engine = FaceEngine.createLazily({ models, meanValues, lanes: 2 });
  const outcomes = new Map<unknown, number>();
  const count = (outcome: unknown) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  let isOver = false;
  const calling = async () => {
    for (let i = 0; !isOver; i++) {
      const abort = new AbortController();
      const call = engine.detect(cellPhoto, { signal: abort.signal });
      if (i % 3 === 0) void turn().then(() => abort.abort());
      await call.then(
        (faces) => count(Math.round(faces[0]?.box.width ?? 0)),
        (error: unknown) => count(codeOf(error)),
      );
      if (i % 10 === 0) await sleep(1);
    }
  };
  const callers = numbers(6).map(calling);
  for (const name of ['new', 'old', 'new', 'old'] as const) {
    await use(name);
    t.equal(await engine.reloadModels(), true);
  }
  await use('new');
  const reloading = engine.reloadModels().catch(codeOf);
  const closing = engine.close();
  await Promise.all([reloading, closing, sleep(5)]);
  isOver = true;
  await Promise.all(callers);
  for (const outcome of outcomes.keys())
    t.ok(
      new Set<unknown>([boxSides.old, boxSides.new, 'ABORTED', 'ENGINE_CLOSED']).has(outcome),
      String(outcome),
    );
  t.ok(outcomes.has(boxSides.old) && outcomes.has(boxSides.new) && outcomes.has('ENGINE_CLOSED'));
});
