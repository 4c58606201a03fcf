// Encodings that are none: every function that takes some refuses them by a typed error, and nothing of them is kept.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  compareFaces,
  faceDistance,
  FaceStore,
  findDuplicates,
  formatNpy,
  type KeptPhoto,
  parseNpy,
  readKeptPhotos,
  writeEncodings,
  writeKeptPhotos,
} from '../../lib/index.js';

const sound = new Float32Array(128).fill(0.1);

function holding(number: number): Float32Array {
  return Float32Array.from(sound, (each, index) => (index === 77 ? number : each));
}

const wrongs: Readonly<Record<string, unknown>> = {
  NaN: holding(Number.NaN),
  infinity: holding(Number.POSITIVE_INFINITY),
  'minus infinity': holding(Number.NEGATIVE_INFINITY),
  'a number that float32 makes infinite': Float64Array.from(sound, () => 1e300),
  'such a number in an array': [...sound.subarray(1), -1e39],
  'no number': [...sound.subarray(1), '1'],
  'a hole': [...sound.subarray(1), undefined],
  'whole numbers of any size': new BigInt64Array(128),
  'nothing in it': new Float32Array(0),
  nothing: null,
  'a text': 'x'.repeat(128),
  'bytes without a type': new DataView(new ArrayBuffer(128)),
};

const origin = { models: { encoder: 'a' }, options: {} };
const photoWith = (encoding: Float32Array): KeptPhoto => ({ photo: 'photo', faces: [{ encoding }] });

for (const [what, wrong] of Object.entries(wrongs)) {
  const encoding = wrong as Float32Array;
  t.test(`an encoding of ${what} is refused`, async (t) => {
    const refusal = { name: 'InvalidEncodingsError', code: 'ENCODINGS_INVALID' };
    t.throws(() => faceDistance(sound, encoding), refusal);
    t.throws(() => faceDistance(encoding, sound), refusal);
    t.throws(() => compareFaces([sound, encoding], sound), refusal);
    t.throws(() => compareFaces([sound], encoding), refusal);
    const records = [{ id: 'a', encodings: [sound, encoding] }];
    await t.rejects(findDuplicates(records), refusal);
    await t.rejects(findDuplicates([], { against: records }), refusal);
    t.throws(() => formatNpy([sound, encoding]), refusal);
    t.throws(() => formatNpy([encoding], { precision: 'float64' }), refusal);

    const folder = t.testdir({});
    await t.rejects(writeEncodings(join(folder, 'faces.npy'), [encoding]), refusal);
    t.notOk(existsSync(join(folder, 'faces.npy')));
    for (const file of ['faces.jsonl', 'faces.csv', 'faces']) {
      await t.rejects(
        writeKeptPhotos(join(folder, file), [photoWith(sound), photoWith(encoding)]),
        refusal,
        file,
      );
      t.notOk(existsSync(join(folder, file)), file);
    }

    const store = new FaceStore(join(folder, 'faces.db'));
    t.teardown(() => store.close());
    const { photos } = store.set('set');
    const seen = { name: 'photo', digest: 'sha256 1' };
    t.throws(() => photos.keep(seen, origin, [{ encoding: sound }, { encoding }]), refusal);
    await t.rejects(photos.import([photoWith(encoding)]), refusal);
    t.equal(photos.size, 0);
  });
}

t.test('files that hold such numbers are refused, too', async (t) => {
  const npy = Buffer.from(formatNpy([sound]));
  for (const number of [Number.NaN, Number.POSITIVE_INFINITY]) {
    npy.writeFloatLE(number, npy.length - 4);
    t.throws(() => parseNpy(npy), { code: 'ENCODINGS_FILE_INVALID' });
  }
  const numbers = [...sound.subarray(1)].join(',');
  for (const number of ['1e999', '-1e39', 'null', '"1"']) {
    const line = `{"photo":"a","faces":[{"encoding":[${numbers},${number}]}]}\n`;
    const path = join(t.testdir({ 'faces.jsonl': line }), 'faces.jsonl');
    await t.rejects(
      async () => {
        for await (const photo of readKeptPhotos(path)) t.fail(photo.photo);
      },
      { code: 'ENCODINGS_FILE_INVALID' },
    );
  }
});

t.test('a photo with more faces than a store keeps is refused, and the store stays as it was', (t) => {
  const store = new FaceStore(join(t.testdir({}), 'faces.db'));
  t.teardown(() => store.close());
  const { photos } = store.set('set');
  const faces = Array.from({ length: 7001 }, () => ({ encoding: sound }));
  t.throws(() => photos.keep({ name: 'crowd', digest: 'sha256 1' }, origin, faces), {
    code: 'ENCODINGS_INVALID',
  });
  t.equal(photos.size, 0);
  t.end();
});
