// Blocks of faces: how photos are cut into them, and the bytes that they are kept as.

import t from 'tap';
import { crc32 } from 'node:zlib';
import {
  blockOf,
  type FaceBlock,
  packBlock,
  planBlocks,
  unpackBlock,
} from '../../../../lib/duplicates/index.js';
import { packedRowsAt } from '../../../../lib/duplicates/tiles/face_block.js';

const block: FaceBlock = {
  photos: 3,
  dimensions: 2,
  photoOfRow: Uint32Array.of(0, 2),
  encodings: Float32Array.of(1, -0.5, 2, 0),
};

/** The block's bytes, written out by hand but for the checksum. */
const facts = [...Buffer.from('FDBL'), 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0];
const encodings = [0, 0, 0x80, 0x3f, 0, 0, 0, 0xbf, 0, 0, 0, 0x40, 0, 0, 0, 0];
const photoOfRow = [0, 0, 0, 0, 2, 0, 0, 0];

function withChecksum(bytes: readonly number[]): Buffer {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(Uint8Array.from(bytes)));
  return Buffer.from([...bytes, ...checksum]);
}

t.test('a block is kept as columns of little-endian numbers', async (t) => {
  t.same(Buffer.from(packBlock(block)), withChecksum([...facts, ...encodings, ...photoOfRow]));
  t.equal(packedRowsAt, facts.length);
});

t.test('what was packed is read as it was, and no longer hangs on the bytes', async (t) => {
  const bytes = packBlock(block);
  const read = unpackBlock(bytes);
  bytes.fill(0);
  t.same(read, block);
  const empty = { photos: 2, dimensions: 0, photoOfRow: new Uint32Array(), encodings: new Float32Array() };
  t.same(unpackBlock(packBlock(empty)), empty);
});

t.test('bytes that are whole and yet contradict themselves are refused', async (t) => {
  const refuses = (bytes: readonly number[], message: RegExp) =>
    t.throws(() => unpackBlock(withChecksum(bytes)), {
      name: 'TileDataError',
      code: 'BLOCK_INVALID',
      message,
    });
  refuses([], /block of faces/);
  refuses(facts.slice(0, 18), /is cut short/);
  refuses([...facts, ...encodings], /has 28 bytes, which is not what 2 rows of 2 numbers take/);
  refuses([...facts, ...encodings, ...photoOfRow, 0], /has 37 bytes/);
  refuses([...facts, ...encodings, 0, 0, 0, 0, 3, 0, 0, 0], /has a face of photo 3, and 3 photos/);
  refuses([...facts, 0, 0, 0x80, 0x7f, ...encodings.slice(4), ...photoOfRow], /other than finite numbers/);
  // 2³² − 1 rows of 2³² − 1 numbers: nothing is made room for before the size is known to be right.
  refuses([...facts.slice(0, 8), ...new Array<number>(12).fill(255)], /which is not what 4294967295 rows/);
});

t.test('a block that contradicts itself is not packed', async (t) => {
  const refuses = (part: Partial<FaceBlock>, message: RegExp) =>
    t.throws(() => packBlock({ ...block, ...part }), {
      name: 'InvalidEncodingsError',
      code: 'ENCODINGS_INVALID',
      message,
    });
  refuses({ dimensions: 3 }, /has 4 numbers, which is not 2 rows of 3/);
  refuses({ dimensions: 0, encodings: new Float32Array() }, /has rows without a number/);
  refuses({ photos: 2 }, /has a face of photo 2, and 2 photos/);
  refuses({ encodings: Float32Array.of(1, 2, Number.NaN, 4) }, /other than finite numbers/);
  const noRows = { photoOfRow: new Uint32Array(), encodings: new Float32Array() };
  for (const photos of [-1, 1.5, 2 ** 32, Number.NaN])
    refuses({ photos, ...noRows }, new RegExp(`cannot have ${photos} photos`));
  for (const photos of [0, 2 ** 32 - 1])
    t.equal(unpackBlock(packBlock({ ...block, ...noRows, photos })).photos, photos);
  refuses({ encodings: [1, 2, 3, 4] as never }, /must have its columns/);
});

t.test('records become a block, numbered as they come', async (t) => {
  const records = [
    { id: 'a', encodings: [[1, 2], Float64Array.of(3, 4)] },
    { id: 'b', encodings: [] },
    { id: 'c', encodings: [Float32Array.of(5, 6)] },
  ];
  t.same(await blockOf(records), {
    photos: 3,
    dimensions: 2,
    photoOfRow: Uint32Array.of(0, 0, 2),
    encodings: Float32Array.of(1, 2, 3, 4, 5, 6),
  });
  const oneEach = await blockOf([
    { id: 'a', encodings: [[1]] },
    { id: 'b', encodings: [[2]] },
  ]);
  t.same(oneEach.photoOfRow, Uint32Array.of(0, 1));
  await t.rejects(blockOf([{ id: 'a', encodings: [[1], [1, 2]] }]), { code: 'ENCODINGS_INVALID' });
});

t.test('photos are cut where a block is full, never within a photo', async (t) => {
  t.same(planBlocks([2, 1, 2, 0, 4, 1, 0], 3), [
    { from: 0, to: 2, rows: 3 },
    { from: 2, to: 4, rows: 2 },
    { from: 4, to: 5, rows: 4 },
    { from: 5, to: 7, rows: 1 },
  ]);
  t.same(planBlocks(Uint8Array.of(0, 0), 1), [{ from: 0, to: 2, rows: 0 }]);
  t.same(planBlocks([], 5), []);
  t.same(planBlocks(new Uint8Array(8193).fill(1)), [
    { from: 0, to: 8192, rows: 8192 },
    { from: 8192, to: 8193, rows: 1 },
  ]);
});
