// Records as rows: numbered record by record, the newer first, and refused in words that say which is wrong.

import t from 'tap';
import type { FaceRecord } from '../../../lib/duplicates/index.js';
import { requireRecords, tabulate } from '../../../lib/duplicates/record_table.js';
import { EndlessPauses, NoPauses } from '../../fixtures/turns.js';

const record = (id: string, ...encodings: number[][]): FaceRecord => ({ id, encodings });
const table = (newer: readonly unknown[], older: readonly unknown[] = []) =>
  tabulate(newer as FaceRecord[], older as FaceRecord[], new NoPauses());

t.test('records of one face each are their rows, the newer ones first', async (t) => {
  t.same(await table([record('b', [1, 2]), record('a', [3, 4])], [record('o', [5, 6])]), {
    ids: ['b', 'a', 'o'],
    rows: [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    recordOfRow: undefined,
    newer: { records: 2, rows: 2 },
    dimensions: 2,
  });
});

t.test('rows know their records where one has no face or several', async (t) => {
  const newer = [record('none'), record('two', [1], [2])];
  const older = [record('one', [3]), record('three', [4], [5], [6])];
  t.same(await table(newer, older), {
    ids: ['none', 'two', 'one', 'three'],
    rows: [[1], [2], [3], [4], [5], [6]],
    recordOfRow: Uint32Array.of(1, 1, 2, 3, 3, 3),
    newer: { records: 2, rows: 2 },
    dimensions: 1,
  });
  t.same((await table([record('two', [1], [2]), record('one', [3])])).recordOfRow, Uint32Array.of(0, 0, 1));
});

t.test('without newer records, or older ones, or any at all', async (t) => {
  t.match(await table([], [record('a', [1])]), { newer: { records: 0, rows: 0 }, dimensions: 1 });
  t.match(await table([record('a', [1])], []), { newer: { records: 1, rows: 1 } });
  t.same(await table([]), {
    ids: [],
    rows: [],
    recordOfRow: undefined,
    newer: { records: 0, rows: 0 },
    dimensions: 0,
  });
});

t.test('what is no list of records is refused', async (t) => {
  t.throws(() => requireRecords({ length: 0 }), {
    code: 'ARGUMENT_INVALID',
    message: 'The records must be an array.',
  });
  const records = [record('a', [1])];
  t.equal(requireRecords(records), records);
});

t.test('a record that is none is refused by its place, an older one too', async (t) => {
  const good = record('a', [1]);
  for (const wrong of [null, undefined, 5, 'a', {}, { id: 1, encodings: [] }, { id: 'b' }, { encodings: [] }])
    await t.rejects(table([good], [wrong]), {
      code: 'ARGUMENT_INVALID',
      message: 'Record 1 must be { id: string, encodings: Float32Array[] }.',
    });
});

t.test('an id given twice, and encodings that do not fit the others, are refused by the id', async (t) => {
  await t.rejects(table([record('a', [1])], [record('a', [2])]), {
    code: 'ENCODINGS_INVALID',
    message: "The id 'a' is given twice: each photo needs an id of its own.",
  });
  await t.rejects(table([record('a', [1, 2]), record('b', [1, 2], [1])]), {
    code: 'ENCODINGS_INVALID',
    message: "An encoding of 'b' has 1 numbers where others have 2.",
  });
  await t.rejects(table([record('a', [Number.NaN])]), {
    code: 'ENCODINGS_INVALID',
    message: "An encoding of 'a' holds something other than finite numbers.",
  });
});

const made = (id: string, models: unknown): object => ({
  ...record(id, [1]),
  origin: { models, options: {} },
});

t.test('encodings of different ResNets are not compared; those of unknown ones are', async (t) => {
  const [one, other] = ['1'.repeat(64), '2'.repeat(64)];
  await t.resolves(
    table([made('a', { encoder: one }), record('b', [1]), made('c', {}), made('d', { encoder: one })]),
  );
  await t.rejects(table([record('z', [1]), made('a', { encoder: one })], [made('b', { encoder: other })]), {
    code: 'ENCODINGS_INCOMPARABLE',
    message:
      `The encodings of 'b' and of 'a' are of different ResNets (SHA-256 ${other} and ${one}), ` +
      'so their distance means nothing. Encode the photos of one of them again.',
  });
});

t.test('an origin that is none is refused', async (t) => {
  const message = "The origin of 'a' must be { models, options }.";
  for (const wrong of [undefined, null, 'dlib', 5])
    await t.rejects(table([made('a', wrong)]), { code: 'ARGUMENT_INVALID', message });
  for (const origin of [null, 'dlib', 5])
    await t.rejects(table([{ ...record('a', [1]), origin }]), { code: 'ARGUMENT_INVALID', message });
  await t.resolves(table([{ ...record('a', [1]), origin: undefined }]));
});

t.test('the clock is looked at once in 256 records, and the search can be aborted there', async (t) => {
  const records = Array.from({ length: 600 }, (_, i) => record(String(i), [i]));
  const pauses = new EndlessPauses();
  await tabulate(records, [], pauses);
  t.same([pauses.looks, pauses.pauses], [3, 3], 'at 0, 256 and 512');
  await t.rejects(tabulate(records, [], new EndlessPauses(2)), { code: 'ABORTED' });
});
