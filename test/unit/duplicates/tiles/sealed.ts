// Bytes that say what they are: whatever is done to them is seen.

import t from 'tap';
import { crc32 } from 'node:zlib';
import { breakSeal, openSeal, plainCrc32 } from '../../../../lib/duplicates/tiles/sealed.js';
import fc from '../../../fixtures/properties.js';

const kind = { name: 'TEST', noun: 'letter', code: 'BLOCK_INVALID' };

function sealedBytes(numbers: readonly number[]): Uint8Array {
  const { body, close } = openSeal(kind, numbers.length);
  numbers.forEach((number, i) => body.setUint8(i, number));
  return close();
}

t.test('they begin with four letters and version 1, and end with the CRC-32 of all before', async (t) => {
  const bytes = sealedBytes([9, 8]);
  t.same([...bytes.subarray(0, 10)], [84, 69, 83, 84, 1, 0, 0, 0, 9, 8]);
  t.equal(new DataView(bytes.buffer).getUint32(10, true), crc32(bytes.subarray(0, 10)));
});

t.test('the checksum is CRC-32, in browsers as well', async (t) => {
  // The check value of the catalogue of parametrised CRC algorithms, CRC-32/ISO-HDLC.
  t.equal(plainCrc32(Buffer.from('123456789')), 0xcbf43926);
  fc.assert(fc.property(fc.uint8Array(), (bytes) => plainCrc32(bytes) === crc32(bytes)));
});

t.test('what was sealed is found again, wherever the bytes lie', async (t) => {
  const bytes = sealedBytes([1, 2, 3]);
  const amongOthers = new Uint8Array([7, ...bytes, 7]).subarray(1, -1);
  for (const given of [bytes, amongOthers, Buffer.from(bytes)]) {
    const body = breakSeal(kind, given);
    t.same(
      [0, 1, 2].map((i) => body.getUint8(i)),
      [1, 2, 3],
    );
    t.equal(body.byteLength, 3);
  }
});

t.test('any bit that is not what it was, and any length, is refused', async (t) => {
  const bytes = sealedBytes([1, 2, 3]);
  const refusal = { name: 'TileDataError', code: 'BLOCK_INVALID' };
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Uint8Array.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    t.throws(() => breakSeal(kind, changed), refusal, `bit ${bit}`);
  }
  for (let length = 0; length < bytes.length; length++)
    t.throws(() => breakSeal(kind, bytes.subarray(0, length)), refusal, `${length} bytes`);
  t.throws(() => breakSeal(kind, new Uint8Array([...bytes, 0])), refusal);
  t.throws(() => breakSeal(kind, 'TEST' as never), refusal);
});

t.test('the refusal says what is wrong and what to do', async (t) => {
  const says = (bytes: Uint8Array, sentence: string) =>
    t.throws(() => breakSeal(kind, bytes), {
      message: `The letter ${sentence}. Make it once more from the encodings it was made of.`,
    });
  const bytes = sealedBytes([1]);
  says(new Uint8Array(20), "does not begin as one: 'TEST' and a version");
  says(bytes.with(4, 2), 'is of version 2, and this release reads version 1 alone');
  says(bytes.with(8, 2), 'is damaged: its CRC-32 is not that of its bytes');
});
