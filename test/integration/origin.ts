// Encodings that know what made them.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  encodeFaces,
  FaceEngine,
  findDuplicates,
  outdatedRecords,
  readEncodings,
  readOrigin,
  sameOrigin,
  writeEncodings,
} from '../../lib/index.js';
import { officialManifest } from '../../lib/models/index.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';

const skip = skipWithout.dlib || skipWithout.examples;
const photo = join(examplePhotos ?? '', 'johns', 'John_Salley', '000179_02159509.jpg');
const digestOf = (key: string) =>
  officialManifest().files.find((file) => file.key === key)?.versions[0].sha256;

t.test('an encoding carries the digests and options that made it', { skip }, async (t) => {
  const [face] = await encodeFaces(photo, { detector: 'hog', jitters: 2 });
  t.match(face?.origin, {
    models: { 'landmarks-small': digestOf('landmarks-small'), encoder: digestOf('encoder') },
    options: {
      detector: 'hog',
      confidence: 0,
      upsample: 1,
      landmarks: 'small',
      align: 'box',
      mirror: false,
      jitters: 2,
    },
  });
  t.same(Object.keys(face?.origin.models ?? {}), ['landmarks-small', 'encoder'], 'HOG has no file');

  const [given] = await encodeFaces(photo, { boxes: face ? [face.box] : [] });
  t.same(given?.origin.options, {
    detector: 'boxes',
    landmarks: 'small',
    align: 'box',
    mirror: false,
    jitters: 1,
  });

  const engine = await FaceEngine.create({ detector: 'hog' });
  t.teardown(() => engine.close());
  const [plain] = await engine.encode(photo);
  const current = await engine.origin();
  t.same(current, plain?.origin);
  for await (const { faces } of engine.encodeAll([photo])) t.same(faces?.[0]?.origin, current);

  const records = [
    { id: 'as now', encodings: [], origin: current },
    { id: 'other jitters', encodings: [], origin: face?.origin },
    { id: 'unknown', encodings: [] },
  ];
  t.same(
    outdatedRecords(records, current).map(({ id }) => id),
    ['other jitters', 'unknown'],
  );
});

t.test('an SSD’s two files and its options are part of it', { skip: skip || skipWithout.ssd }, async (t) => {
  const [face] = await encodeFaces(photo);
  t.same(Object.keys(face?.origin.models ?? {}), [
    'ssd-prototxt',
    'ssd-weights',
    'landmarks-small',
    'encoder',
  ]);
  t.match(face?.origin.options, {
    detector: 'ssd',
    confidence: 0.5,
    nmsThreshold: 0.4,
    scaleFactor: 1,
    meanValues: [104, 177, 123],
    align: 'refined',
    mirror: true,
  });
});

const origin = (encoder: string) => ({ models: { encoder }, options: { detector: 'hog', jitters: 1 } });

t.test('encodings of different ResNets are not compared', async (t) => {
  const encodings = [new Float32Array(128)];
  const records = [
    { id: 'a', encodings, origin: origin('1') },
    { id: 'b', encodings },
    { id: 'c', encodings, origin: origin('1') },
  ];
  t.equal((await findDuplicates(records)).length, 3, 'one ResNet, and one that is not known');
  const other = { id: 'd', encodings, origin: origin('2') };
  const incomparable = { code: 'ENCODINGS_INCOMPARABLE', message: /'d' and of 'a'.*Encode/ };
  await t.rejects(findDuplicates([...records, other]), incomparable);
  await t.rejects(findDuplicates(records, { against: [other] }), incomparable);
  await t.rejects(findDuplicates([{ id: 'e', encodings, origin: 5 as never }]), {
    code: 'ARGUMENT_INVALID',
  });
});

t.test('origins are the same whatever the order of their names', (t) => {
  const { models, options } = origin('1');
  t.ok(sameOrigin({ models, options }, { models, options: { jitters: 1, detector: 'hog' } }));
  t.notOk(sameOrigin({ models, options }, { models, options: { ...options, jitters: 2 } }));
  t.notOk(sameOrigin({ models, options }, { models: { encoder: '2' }, options }));
  t.end();
});

t.test('a .npy file keeps the origin beside it, bound to its content', async (t) => {
  const path = join(t.testdir({}), 'a.npy');
  const encodings = [new Float32Array(128).fill(0.5)];
  await writeEncodings(path, encodings, { origin: origin('1') });
  t.same(await readOrigin(path), origin('1'));
  t.same(await readEncodings(path), encodings);
  await writeEncodings(path, encodings);
  t.equal(await readOrigin(path), undefined, 'one written without is one that is not known');

  await writeEncodings(path, encodings, { origin: origin('1') });
  await writeEncodings(join(path, '..', 'b.npy'), [new Float32Array(128)], {});
  writeFileSync(path, await import('node:fs/promises').then((fs) => fs.readFile(join(path, '..', 'b.npy'))));
  await t.rejects(readOrigin(path), { code: 'ENCODINGS_FILE_INVALID', message: /was not written for/ });
  writeFileSync(`${path}.origin.json`, 'no JSON');
  await t.rejects(readOrigin(path), { code: 'ENCODINGS_FILE_INVALID' });
});
