// Faces as bytes: where each number lies, what is not known, and what is refused.

import t from 'tap';
import { faceBytes, packFaces, unpackFaces, viewOf } from '../../../lib/store/packed_faces.js';

const encoding = Float32Array.from({ length: 128 }, (_, i) => i / 4 - 3);
const box = { x: 1.5, y: -2.5, width: 30, height: 40 };

t.test(
  'a face is 552 bytes: five float64 and 128 float32, little-endian, one face after the other',
  async (t) => {
    t.equal(faceBytes, 5 * 8 + 128 * 4);
    const other = { x: 7, y: 8, width: 9, height: 10 };
    const view = viewOf(
      packFaces([{ encoding }, { box, confidence: 0.75, encoding }, { box: other, encoding }]),
    );
    t.equal(view.byteLength, 3 * 552);
    const float64 = (face: number, index: number) => view.getFloat64(face * 552 + index * 8, true);
    t.same(
      [0, 1, 2, 3, 4].map((index) => float64(0, index)),
      Array<number>(5).fill(Number.NaN),
    );
    t.same(
      [0, 1, 2, 3, 4].map((index) => float64(1, index)),
      [1.5, -2.5, 30, 40, 0.75],
    );
    t.same(
      [0, 1, 2, 3, 4].map((index) => float64(2, index)),
      [7, 8, 9, 10, Number.NaN],
    );
    for (const face of [0, 1, 2])
      t.same(
        Array.from(encoding, (_, index) => view.getFloat32(face * 552 + 40 + index * 4, true)),
        [...encoding],
      );
  },
);

t.test('a face comes back with what was known of it and nothing else', async (t) => {
  const faces = [
    { box, confidence: 0.75, encoding },
    { box, encoding },
    { confidence: 0, encoding },
    { encoding },
    { box: { x: 0, y: 0, width: 0, height: 0 }, confidence: 1, encoding },
  ];
  t.strictSame(unpackFaces(viewOf(packFaces(faces))), faces);
  t.same(unpackFaces(viewOf(packFaces([]))), []);
});

t.test('faces may lie anywhere among other bytes, at any address', async (t) => {
  const packed = packFaces([
    { box, confidence: 0.5, encoding },
    { box, encoding: encoding.map((number) => -number) },
  ]);
  for (const offset of [0, 1, 2, 4, 552]) {
    const bytes = new Uint8Array(offset + packed.length + 8).fill(0xff);
    bytes.set(packed, offset);
    const view = viewOf(bytes.subarray(offset));
    t.same(
      [...(unpackFaces(view, 0, 2 * 552)[1]?.encoding ?? [])].slice(0, 2),
      [3, 2.75],
      `offset ${offset}`,
    );
    t.strictSame(unpackFaces(view, 552, 2 * 552), [{ box, encoding: encoding.map((number) => -number) }]);
    t.equal(unpackFaces(view, 0, 552).length, 1);
    t.equal(unpackFaces(view, 0, 551).length, 0, 'less than a face is none');
    t.equal(unpackFaces(view, 552, 2 * 552 + 8).length, 1);
  }
});

t.test('what is no encoding of 128 finite numbers is refused', async (t) => {
  for (const length of [0, 127, 129])
    t.throws(() => packFaces([{ encoding }, { encoding: new Float32Array(length) }]), {
      code: 'ENCODINGS_INVALID',
      message: / numbers where a face store keeps 128|must be an array of numbers/,
    });
  for (const [at, wrong] of [
    [0, Number.NaN],
    [127, Number.POSITIVE_INFINITY],
  ] as const)
    t.throws(() => packFaces([{ encoding: Float32Array.from(encoding).fill(wrong, at, at + 1) }]), {
      code: 'ENCODINGS_INVALID',
      message: 'An encoding holds something other than finite numbers.',
    });
});

t.test('a photo has up to 7,000 faces', async (t) => {
  const faces = Array.from({ length: 7001 }, () => ({ encoding }));
  t.throws(() => packFaces(faces), {
    code: 'ENCODINGS_INVALID',
    message: 'A photo has 7001 faces where a face store keeps up to 7000.',
  });
  t.equal(packFaces(faces.slice(1)).length, 7000 * 552);
});
