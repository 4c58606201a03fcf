// Models that change under a running engine.

import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { type FaceDetection, FaceEngine, type ModelsReload } from '../../lib/index.js';
import { prototxtName, weightsName } from '../fixtures/model_folder.js';
import { boxSides, cellPhoto, versionedModels } from '../fixtures/model_versions.js';
import { skipWithout } from '../fixtures/places.js';

const options = { meanValues: [0, 0, 0] as const, lanes: 2 };

const sideOf = (faces: readonly FaceDetection[] | undefined) => Math.round(faces?.[0]?.box.width ?? 0);

t.test('reloadModels takes up another version; calls under way end on the old one', async (t) => {
  const { models, use } = versionedModels(t);
  await use('old');
  const engine = FaceEngine.createLazily({ models, ...options });
  t.teardown(() => engine.close());
  t.equal(sideOf(await engine.detect(cellPhoto)), boxSides.old);
  t.match(engine.info().models, [{ state: 'approved', version: 'old' }, { version: 'old' }]);
  t.equal(await engine.reloadModels(), false, 'nothing changed');

  await use('new');
  t.equal(sideOf(await engine.detect(cellPhoto)), boxSides.old, 'not before it is told');
  const underWay = Array.from({ length: 20 }, () => engine.detect(cellPhoto));
  const [changed, again] = await Promise.all([engine.reloadModels(), engine.reloadModels()]);
  t.same([changed, again], [true, false]);
  t.equal(sideOf(await engine.detect(cellPhoto)), boxSides.new);
  const sides = (await Promise.all(underWay)).map(sideOf);
  t.ok(sides.every((side) => side === boxSides.old || side === boxSides.new));
  t.equal(sides[0], boxSides.old);
  t.match(engine.info().models, [{ version: 'new' }, { version: 'new' }]);
});

t.test('a long run goes on through many changes without a failure', async (t) => {
  const { models, use } = versionedModels(t);
  await use('old');
  const engine = FaceEngine.createLazily({ models, ...options });
  t.teardown(() => engine.close());
  let done = 0;
  const photos = (async function* () {
    for (let i = 0; i < 600; i++) {
      if (i % 20 === 0) await sleep(1);
      yield cellPhoto;
    }
  })();
  const swapping = (async () => {
    for (const name of ['new', 'old', 'new', 'old'] as const) {
      await use(name);
      t.equal(await engine.reloadModels(), true);
    }
  })();
  for await (const { faces, error } of engine.detectAll(photos)) {
    if (error) t.fail(error.message);
    const side = sideOf(faces);
    if (side !== boxSides.old && side !== boxSides.new) t.fail(`a box of ${side}`);
    done++;
  }
  await swapping;
  t.equal(done, 600);
});

t.test('an engine that watches the store follows updates and rollbacks by itself', async (t) => {
  const { models, store, use } = versionedModels(t);
  await use('old');
  const reloads: ModelsReload[] = [];
  // The watch does not keep the process alive.
  const alive = setInterval(() => undefined, 1000);
  t.teardown(() => clearInterval(alive));
  const events = new EventTarget();
  const onModelsReload = (reload: ModelsReload) => {
    reloads.push(reload);
    events.dispatchEvent(new Event('reload'));
  };
  const engine = FaceEngine.createLazily({ models, ...options, watchModels: true, onModelsReload });
  t.teardown(() => engine.close());
  t.equal(sideOf(await engine.detect(cellPhoto)), boxSides.old);
  let reloaded = once(events, 'reload');
  await use('new');
  await reloaded;
  t.equal(sideOf(await engine.detect(cellPhoto)), boxSides.new);
  reloaded = once(events, 'reload');
  t.equal(await store.rollback('ssd'), 'old');
  await reloaded;
  t.equal(sideOf(await engine.detect(cellPhoto)), boxSides.old);

  reloaded = once(events, 'reload');
  writeFileSync(join(models.store, 'versions', 'ssd', 'new', prototxtName), 'damaged');
  await use('new');
  await reloaded;
  t.match(reloads.at(-1), { error: { code: 'MODEL_CORRUPT' } });
  t.equal(sideOf(await engine.detect(cellPhoto)), boxSides.old, 'it goes on with those it has');
});

t.test('what cannot be loaded leaves the engine as it was', async (t) => {
  const { models, use } = versionedModels(t);
  await use('old');
  const engine = FaceEngine.createLazily({ models, ...options });
  await engine.detect(cellPhoto);
  await use('new');
  rmSync(join(models.store, 'versions', 'ssd', 'new', weightsName));
  await t.rejects(engine.reloadModels(), { code: 'MODEL_MISSING' });
  t.equal(sideOf(await engine.detect(cellPhoto)), boxSides.old);
  const reloading = engine.reloadModels();
  await engine.close();
  await t.rejects(reloading);
  await t.rejects(engine.reloadModels(), { code: 'ENGINE_CLOSED' });
});

t.test('the memory of models that were replaced is freed', { skip: skipWithout.dlib }, async (t) => {
  const { models, use } = versionedModels(t);
  await use('old');
  // The dlib models come from where they usually are.
  const own = { store: models.store };
  const engine = await FaceEngine.create({ models: own, ...options });
  t.teardown(() => engine.close());
  const swap = async (name: 'old' | 'new') => {
    await use(name);
    t.equal(await engine.reloadModels(), true);
    const faces = await engine.encode(cellPhoto);
    t.equal(faces.length, 1);
  };
  // The files' bytes are JavaScript's to free, which it does when it pleases: here before each reading.
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const memory = async () => {
    collectGarbage();
    await sleep(50);
    collectGarbage();
    return process.memoryUsage.rss() / 2 ** 20;
  };
  for (let i = 0; i < 3; i++) for (const name of ['new', 'old'] as const) await swap(name);
  const before = await memory();
  for (let i = 0; i < 10; i++) for (const name of ['new', 'old'] as const) await swap(name);
  const grown = (await memory()) - before;
  // Twenty sets of models that stayed would be more than 1000 MB.
  t.ok(grown < 100, `${grown.toFixed(0)} MB more after 20 changes`);
});
