// The axes of a run: from an even sample, the same after a journey as bytes, and of no importance to what is found.

import t from 'tap';
import { crc32 } from 'node:zlib';
import {
  axesOfRun,
  blockOf,
  findDuplicates,
  matchTile,
  mergeTilePairs,
  packAxes,
  planSample,
  sketchBlock,
  unpackAxes,
} from '../../../../lib/duplicates/index.js';
import { likeRealOnes, pseudoRandom } from '../../../fixtures/encodings.js';

const encodings = likeRealOnes(900, 3);
const records = encodings.map((encoding, i) => ({ id: `photo ${i}`, encodings: [encoding] }));

t.test('a sample is spread evenly over all rows of all blocks', async (t) => {
  // Of ten rows, four: 0, 2.5, 5 and 7.5, rounded down.
  t.same(planSample([3, 0, 4, 3], 4), [
    { block: 0, rows: [0, 2] },
    { block: 2, rows: [2] },
    { block: 3, rows: [0] },
  ]);
  t.same(planSample([2, 1], 10), [
    { block: 0, rows: [0, 1] },
    { block: 1, rows: [0] },
  ]);
  t.same(planSample([0, 0]), []);
  t.same(planSample([]), []);
  t.equal(planSample([100_000])[0]?.rows.length, 2048);
});

t.test('axes are read as exactly what was packed', async (t) => {
  const shapes: [name: string, sample: ArrayLike<number>[]][] = [
    ['128 numbers', encodings],
    ['three numbers', encodings.map((encoding) => encoding.slice(0, 3))],
    ['one row', encodings.slice(0, 1)],
    ['rows that are all the same', [[1], [1], [1]]],
    ['600 numbers, of which 512 are looked at', [1, 2, 3].map((x) => new Array<number>(600).fill(x))],
  ];
  for (const [name, sample] of shapes) {
    const axes = await axesOfRun(sample, { threshold: 0.6, rows: 1e6, pairs: 5e11 });
    const bytes = packAxes(axes);
    t.same(unpackAxes(bytes), axes, name);
    t.same(packAxes(unpackAxes(Buffer.from(bytes))), bytes, name);
  }
});

t.test('whatever axes a run has, it finds the same', async (t) => {
  const random = pseudoRandom(8);
  const strangers = Array.from({ length: 300 }, () =>
    Float32Array.from({ length: 128 }, () => 100 * random()),
  );
  const alike = [new Float32Array(128), new Float32Array(128)];
  for (const threshold of [0.4, 0.6]) {
    const expected = await findDuplicates(records, { threshold });
    t.ok(expected.length > 10, `${expected.length} pairs`);
    for (const sample of [encodings, encodings.slice(0, 5), strangers, alike]) {
      const axes = unpackAxes(packAxes(await axesOfRun(sample, { threshold: 0.5 })));
      const parts = [records.slice(0, 500), records.slice(500)];
      const blocks = await Promise.all(parts.map(async (part) => sketchBlock(await blockOf(part), axes)));
      const [a, b] = blocks as [(typeof blocks)[0], (typeof blocks)[0]];
      const tiles = [
        { first: 0, second: 0, pairs: await matchTile(a, a, { threshold }) },
        { first: 0, second: 1, pairs: await matchTile(a, b, { threshold }) },
        { first: 1, second: 1, pairs: await matchTile(b, b, { threshold }) },
      ];
      const ids = parts.map((part) => part.map(({ id }) => id));
      t.ok(JSON.stringify(await mergeTilePairs(tiles, ids)) === JSON.stringify(expected));
    }
  }
});

t.test('a sample that is none is refused', async (t) => {
  await t.rejects(axesOfRun([]), { code: 'ENCODINGS_INVALID', message: /there are none/ });
  await t.rejects(axesOfRun([[1], [1, 2]]), { code: 'ENCODINGS_INVALID', message: /1 and 2/ });
  await t.rejects(axesOfRun([[Number.NaN]]), { code: 'ENCODINGS_INVALID', message: /Row 0 of the sample/ });
  await t.rejects(axesOfRun(5 as never), { code: 'ARGUMENT_INVALID' });
  await t.rejects(axesOfRun([[1]], { rows: 0 }), { code: 'OPTION_RANGE' });
  await t.rejects(axesOfRun([[1]], { signal: AbortSignal.abort() }), { code: 'ABORTED' });
});

t.test('bytes that are no axes, or contradict themselves, are refused', async (t) => {
  const refusal = { name: 'TileDataError', code: 'AXES_INVALID' };
  const bytes = packAxes(await axesOfRun(encodings.slice(0, 50)));
  /** The same with a change at a place of what is sealed, and the checksum that goes with it. */
  const changed = (change: (body: DataView) => void, length = bytes.length) => {
    const copy = bytes.slice(0, length);
    const view = new DataView(copy.buffer);
    change(new DataView(copy.buffer, 8));
    view.setUint32(length - 4, crc32(copy.subarray(0, length - 4)), true);
    return copy;
  };
  t.ok(unpackAxes(changed(() => undefined)));
  t.throws(() => unpackAxes(bytes.with(100, 1 ^ (bytes[100] as number))), refusal);
  t.throws(() => unpackAxes(new Uint8Array(50)), refusal);
  t.throws(() => unpackAxes(changed(() => undefined, 30)), { ...refusal, message: /are cut short/ });
  const sizes: ((body: DataView) => void)[] = [
    (body) => body.setUint32(0, 0, true),
    (body) => body.setUint32(0, 127, true),
    (body) => body.setUint32(4, 64, true),
    (body) => body.setUint32(8, 16, true),
    (body) => body.setUint32(8, 4_000_000_000, true),
  ];
  for (const change of sizes)
    t.throws(() => unpackAxes(changed(change)), { ...refusal, message: /not of the size that they say/ });
  const numbers: ((body: DataView) => void)[] = [
    (body) => body.setFloat64(16, 0, true),
    (body) => body.setFloat64(16, Number.POSITIVE_INFINITY, true),
    (body) => body.setFloat64(24, -1, true),
    (body) => body.setFloat64(24, Number.NaN, true),
    (body) => body.setFloat64(32, Number.NaN, true),
    (body) => body.setFloat32(32 + 8 * 128, Number.NaN, true),
    (body) => body.setFloat64(24, 3, true),
    (body) => body.setFloat64(32, 1e39, true),
    (body) => body.setFloat32(32 + 8 * 128, 3, true),
  ];
  for (const change of numbers)
    t.throws(() => unpackAxes(changed(change)), { ...refusal, message: /hold numbers that no axes have/ });
});
