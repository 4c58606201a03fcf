// Lists of faces: made alike from the same sample, the same after a journey as bytes, and refused where they do not fit.

import { crc32 } from 'node:zlib';
import t from 'tap';
import {
  axesOfRun,
  blockOf,
  Dealer,
  homesOf,
  listsOf,
  matchLists,
  packLists,
  sketchBlock,
  unpackLists,
} from '../../../../lib/duplicates/index.js';

/** Three heaps on a line, of two rows each. */
const rows = [0, 1, 10, 11, 20, 21].map((x) => Float32Array.of(x, 0));

t.test('centres lie in the middle of their rows, and each row is at home with the nearest', async (t) => {
  const lists = await listsOf(rows, { lists: 3 });
  t.same(lists, { dimensions: 2, count: 3, centres: Float32Array.of(0.5, 0, 10.5, 0, 20.5, 0) });
  t.same(await homesOf(rows, lists), Uint32Array.of(0, 0, 1, 1, 2, 2));
  t.same(await homesOf([Float32Array.of(15, 3), Float32Array.of(-7, 0)], lists), Uint32Array.of(1, 0));
  t.equal((await listsOf(rows, { lists: 100 })).count, 6, 'no more lists than rows');
});

t.test('lists are read as exactly what was packed', async (t) => {
  const lists = await listsOf(rows, { lists: 3 });
  const bytes = packLists(lists);
  t.same(
    Buffer.from(bytes.subarray(0, 16)),
    Buffer.from([...Buffer.from('FDLS'), 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]),
  );
  t.same(unpackLists(bytes), lists);
});

t.test('bytes that are no lists are refused', async (t) => {
  const refuses = (body: readonly number[], message: RegExp) => {
    const bytes = Uint8Array.from([...Buffer.from('FDLS'), 1, 0, 0, 0, ...body]);
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32LE(crc32(bytes));
    t.throws(() => unpackLists(Buffer.concat([bytes, checksum])), {
      ...{ name: 'TileDataError', code: 'LISTS_INVALID', message },
    });
  };
  refuses([1, 0, 0, 0], /are cut short/);
  refuses([1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0], /not of the size/);
  refuses([0, 0, 0, 0, 0, 0, 0, 0], /not of the size/);
  refuses([1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0xc0, 0x7f], /other than finite/);
});

t.test('what does not fit is refused', async (t) => {
  const lists = await listsOf(rows, { lists: 3 });
  await t.rejects(homesOf([Float32Array.of(1)], lists), { code: 'ENCODINGS_INVALID' });
  await t.rejects(listsOf([], { lists: 3 }), { code: 'ENCODINGS_INVALID' });
  await t.rejects(listsOf(rows, { lists: 0 }), { code: 'OPTION_RANGE' });
  const sketched = async () =>
    sketchBlock(await blockOf([{ id: 'a', encodings: rows }]), await axesOfRun(rows, { threshold: 1 }));
  const block = await sketched();
  await t.rejects(matchLists({ block, list: 0 }, { block, list: 1 }, lists), { code: 'ARGUMENT_INVALID' });
  await t.rejects(matchLists({ block, list: 0 }, { block, list: 3 }, lists), {
    ...{ code: 'ARGUMENT_INVALID', message: /no list 3 among 3/ },
  });
  const other = { block: await sketched(), list: 1 };
  await t.rejects(matchLists({ block, list: 0 }, other, lists, { reach: 0 }), { code: 'OPTION_RANGE' });
  await t.rejects(matchLists({ block, list: 0 }, other, await listsOf([Float32Array.of(1)], { lists: 1 })), {
    code: 'ENCODINGS_INVALID',
  });
});

t.test('a dealer hands out blocks that are full, and the longest when it holds too much', async (t) => {
  const lists = await listsOf(rows, { lists: 3 });
  const photos = [
    { record: 7, encodings: [rows[0], rows[2], rows[1]] as Float32Array[] },
    { record: 9, encodings: [rows[3]] as Float32Array[] },
  ];
  const full = new Dealer(lists, { mostRows: 2, mostHeld: 100 });
  const [first, second] = await full.deal(photos);
  t.match(first, {
    list: 0,
    records: Uint32Array.of(7),
    block: { photos: 1, photoOfRow: Uint32Array.of(0, 0) },
  });
  t.match(second, {
    list: 1,
    records: Uint32Array.of(7, 9),
    block: { photos: 2, photoOfRow: Uint32Array.of(0, 1) },
  });
  t.same(full.end(), []);
  const held = new Dealer(lists, { mostRows: 100, mostHeld: 2 });
  t.match(await held.deal(photos), [{ list: 0, records: Uint32Array.of(7) }]);
  t.match(held.end(), [{ list: 1, records: Uint32Array.of(7, 9), block: { dimensions: 2 } }]);
  await t.rejects(held.deal([{ record: 1, encodings: [Float32Array.of(1)] }]), { code: 'ENCODINGS_INVALID' });
});
