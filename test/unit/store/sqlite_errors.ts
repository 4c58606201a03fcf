// What SQLite refuses, told in our words: by its codes, or by its own words where no code came along.

import t, { type Test } from 'tap';
import { FaceStoreError } from '../../../lib/errors.js';
import { storeError } from '../../../lib/store/sqlite_errors.js';

/** As SQLite's binding throws it. */
const byCode = (errcode: number) => Object.assign(new Error('words'), { code: 'ERR_SQLITE_ERROR', errcode });
const byWords = (words: string) => Object.assign(new Error(words), { code: 'ERR_SQLITE_ERROR' });

interface Told {
  readonly code: string;
  readonly message: RegExp;
}

const busy = { code: 'FACE_STORE_BUSY', message: /'faces\.db' for 10 seconds\. Try again later\.$/ };
const full = {
  code: 'FACE_STORE_UNUSABLE',
  message: /disk of the face store 'faces\.db' is full.*make room/,
};
const noStore = {
  code: 'FACE_STORE_INVALID',
  message: /'faces\.db' is no face store\. Name another file\.$/,
};
const readOnly = {
  code: 'FACE_STORE_UNUSABLE',
  message: /cannot be written to\. Get the right.*folder of your own/,
};
const damage = (how: string) => ({
  code: 'FACE_STORE_INVALID',
  message: new RegExp(`'faces\\.db' is damaged: ${how}\\. .*doctor --store.*backup`),
});
const unusable = (how: string) => ({
  code: 'FACE_STORE_UNUSABLE',
  message: new RegExp(`'faces\\.db' cannot be used: ${how}\\.$`),
});

function tells(t: Test, cause: Error, { code, message }: Told, isWritable = true): void {
  const error = storeError('faces.db', cause, isWritable);
  t.type(error, FaceStoreError);
  t.match(error, { code, message, cause });
}

t.test('primary codes, and extended ones, whose lowest byte is the primary', async (t) => {
  tells(t, byCode(5), busy);
  tells(t, byCode(5 | (2 << 8)), busy);
  tells(t, byCode(6), busy);
  tells(t, byCode(8), readOnly);
  tells(t, byCode(11), damage('words'));
  tells(t, byCode(13), full);
  tells(t, byCode(26), noStore);
  tells(t, byCode(10), unusable('words'));
});

t.test('words, where a statement could not be prepared', async (t) => {
  tells(t, byWords('database is locked'), busy);
  tells(t, byWords('attempt to write a readonly database'), readOnly);
  tells(t, byWords('disk I/O error'), unusable('disk I/O error'));
  tells(t, byWords('database disk image is malformed'), damage('database disk image is malformed'));
  tells(t, byWords('no such table: photos'), damage('no such table: photos'));
  tells(t, byWords('no such column: name'), damage('no such column: name'));
  tells(t, byWords('database or disk is full'), full);
  tells(t, byWords('file is not a database'), noStore);
  tells(t, byWords('unable to open database file'), unusable('unable to open database file'));
});

t.test('a file that is only read and cannot be opened lacks the right to write beside it', async (t) => {
  tells(t, byWords('unable to open database file'), readOnly, false);
  tells(t, byCode(14), readOnly, false);
  tells(t, byCode(14), unusable('words'), true);
  tells(t, byCode(10), unusable('words'), false);
});

t.test('what the system refuses is told with its reason', async (t) => {
  const refused = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', syscall: 'open' });
  tells(t, refused, unusable('EACCES: permission denied'));
});

t.test('any other error is a fault of ours, and stays what it is', async (t) => {
  for (const cause of [
    new TypeError('x is not a function'),
    Object.assign(new Error('the database is locked'), { code: 'ERR_INVALID_STATE' }),
    Object.assign(new Error('an open file'), { syscall: 'open' }),
    byWords('there is no such table: photos'),
    Object.assign(new Error(), { code: 'ERR_SQLITE_ERROR', message: undefined }),
  ])
    t.equal(storeError('faces.db', cause, true), cause);
});
