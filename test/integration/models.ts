// Models that are missing or damaged, as an engine meets them.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FaceEngine } from '../../lib/index.js';
import { ModelStore } from '../../lib/models/index.js';
import { modelFolder } from '../fixtures/model_folder.js';
import { skipWithout } from '../fixtures/places.js';

const grey = { data: new Uint8Array(100), width: 10, height: 10, channels: 1 } as const;
const box = { x: 1, y: 1, width: 5, height: 5 };

/** Neither the environment's folder nor the user's cache may help out. */
function withoutModels(t: Test): string {
  const folder = t.testdir({ explicit: {}, cache: {} });
  const before = process.env['FACEDEDUP_MODELS'];
  Reflect.deleteProperty(process.env, 'FACEDEDUP_MODELS');
  t.teardown(() => {
    if (before !== undefined) process.env['FACEDEDUP_MODELS'] = before;
  });
  return folder;
}

t.test('a missing model is named with the places looked at and what to do', async (t) => {
  const folder = withoutModels(t);
  const models = { directory: join(folder, 'explicit'), cache: join(folder, 'cache') };
  const missing = { code: 'MODEL_MISSING', message: /deploy\.prototxt[\s\S]*models fetch/ };
  await t.rejects(FaceEngine.create({ models }), missing);
  const engine = FaceEngine.createLazily({ models });
  t.teardown(() => engine.close());
  await t.rejects(engine.detect(grey), missing);
  await t.rejects(engine.encode(grey, { boxes: [box] }), {
    code: 'MODEL_MISSING',
    message: /shape_predictor_5/,
  });
  t.same(await engine.detect(grey, { detector: 'hog' }), [], 'HOG needs no file');
});

t.test('a model that comes later is found by the next call', async (t) => {
  const folder = withoutModels(t);
  const models = join(folder, 'explicit');
  const engine = FaceEngine.createLazily({ models: { directory: models, cache: join(folder, 'cache') } });
  t.teardown(() => engine.close());
  await t.rejects(engine.detect(grey), { code: 'MODEL_MISSING' });
  const source = modelFolder(t);
  mkdirSync(models, { recursive: true });
  for (const name of ['deploy.prototxt', 'res10_300x300_ssd_iter_140000.caffemodel']) {
    copyFileSync(join(source, name), join(models, name));
  }
  t.same(await engine.detect({ ...grey }), []);
});

t.test('a flipped byte in any dlib model is refused', { skip: skipWithout.dlib }, async (t) => {
  const folder = t.testdir({});
  for (const key of ['landmarks-small', 'encoder'] as const) {
    const { name, bytes } = await new ModelStore({}).read(key);
    const damaged = Uint8Array.from(bytes);
    const middle = Math.floor(damaged.length / 2);
    damaged[middle] = (damaged[middle] ?? 0) ^ 0x10;
    writeFileSync(join(folder, name), damaged);
  }
  const engine = FaceEngine.createLazily({ models: folder });
  t.teardown(() => engine.close());
  await t.rejects(engine.landmarks(grey, [box]), { code: 'MODEL_CORRUPT' });
  await t.rejects(engine.encode(grey, { boxes: [box] }), { code: 'MODEL_CORRUPT' });
});

t.test(
  'a dlib model that is cut short, empty, of another kind or followed by more is refused',
  { skip: skipWithout.dlib },
  async (t) => {
    const store = new ModelStore({});
    const landmarks = await store.read('landmarks-small');
    const encoder = await store.read('encoder');
    const wrongs = [
      landmarks.bytes.subarray(0, 1_000_000),
      new Uint8Array(0),
      encoder.bytes,
      Buffer.from('not a model at all'),
      Buffer.concat([landmarks.bytes, Buffer.from('more')]),
    ];
    for (const [i, wrong] of wrongs.entries()) {
      const folder = t.testdir({ [String(i)]: { [landmarks.name]: Buffer.from(wrong) } });
      const engine = FaceEngine.createLazily({ models: join(folder, String(i)) });
      await t.rejects(engine.landmarks(grey, [box]), { code: 'MODEL_CORRUPT' });
      await engine.close();
    }
    const folder = t.testdir({ [encoder.name]: readFileSync(landmarks.path) });
    const engine = FaceEngine.createLazily({ models: folder });
    t.teardown(() => engine.close());
    await t.rejects(engine.encode(grey, { boxes: [box] }), { code: 'MODEL_CORRUPT' });
  },
);
