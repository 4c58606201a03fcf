// The file of a store: what is no store, what is damaged, and that a transaction is all or nothing.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import t, { type Test } from 'tap';
import { FaceStoreError } from '../../../lib/errors.js';
import { Database } from '../../../lib/store/database.js';
import { FaceStore } from '../../../lib/store/index.js';
import { makeStore } from '../../fixtures/kept_store.js';

const forWriting = { create: false, readOnly: false };

function storeIn(t: Test): string {
  const path = join(t.testdir({}), 'faces.db');
  makeStore(path, 20);
  return path;
}

function opened(t: Test, path: string): Database {
  const database = new Database(path, forWriting);
  t.teardown(() => database.close());
  return database;
}

/** As somebody does who does not know the rules. */
function editedBy(path: string, sql: string): void {
  const connection = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  connection.exec(sql);
  connection.close();
}

t.test('what is no file of a face store is told from one that is missing', async (t) => {
  const folder = t.testdir({ empty: '', 'postgres:': { x: '' } });
  const refuses = (path: string, code: string, message: RegExp) =>
    t.throws(() => new Database(path, forWriting), { name: 'FaceStoreError', code, message });
  refuses(join(folder, 'gone.db'), 'FACE_STORE_MISSING', /no face store '.*gone\.db'\. Check the path\.$/);
  refuses(join(folder, 'empty'), 'FACE_STORE_INVALID', /is empty.*remove the file or name another\.$/);
  for (const scheme of ['postgres', 'postgresql', 'PostgreSQL']) {
    const address = `${scheme}://user:sesame@host/faces`;
    refuses(address, 'FACE_STORE_UNUSABLE', /store of a cluster.*docs\/cluster\.md.*--store\.$/);
    t.throws(() => new Database(address, forWriting), { message: /^(?!.*sesame)/ });
  }
  refuses(`${folder}/postgres://x/gone.db`, 'FACE_STORE_MISSING', /Check the path/);
});

t.test('a row that refers to none is damage', async (t) => {
  const path = storeIn(t);
  editedBy(path, 'DELETE FROM sets');
  const store = new FaceStore(path);
  t.teardown(() => store.close());
  t.throws(() => store.check(), {
    code: 'FACE_STORE_INVALID',
    message: /is damaged: \w+ in it refer to sets that are missing\./,
  });
});

t.test('an index that does not fit its table is damage', async (t) => {
  const path = storeIn(t);
  editedBy(path, 'CREATE INDEX by_stamp ON photos (stamp)');
  const sound = new Database(path, forWriting);
  t.doesNotThrow(() => sound.requireSound());
  sound.close();
  // The text of its definition, in the file itself: the same index on another column.
  const bytes = readFileSync(path, 'latin1');
  writeFileSync(
    path,
    bytes.replace('INDEX by_stamp ON photos (stamp)', 'INDEX by_stamp ON photos (name )'),
    'latin1',
  );
  t.throws(() => opened(t, path).requireSound(), {
    code: 'FACE_STORE_INVALID',
    message: /is damaged: row \d+ missing from index by_stamp\./,
  });
});

t.test('a text that was overwritten is damage', async (t) => {
  const database = opened(t, storeIn(t));
  t.same(database.json('{"a":1}'), { a: 1 });
  t.throws(() => database.json('{"a":'), {
    code: 'FACE_STORE_INVALID',
    message: /is damaged: a text in it is cut off or overwritten\./,
  });
});

t.test('a transaction is all or nothing, and what its work throws stays what it is', async (t) => {
  const database = opened(t, storeIn(t));
  const names = () => database.all('SELECT name FROM sets ORDER BY name').map(({ name }) => name);
  const insert = (name: string) =>
    database.run('INSERT INTO sets (name, created_at) VALUES (?, ?)', name, 'now');
  for (const error of [new TypeError('a fault'), new FaceStoreError('FACE_STORE_MISSING', 'no such set')]) {
    const failing = () =>
      database.transaction(() => {
        insert('half');
        throw error;
      });
    t.throws(failing, error);
    t.same(names(), ['default']);
  }
  database.transaction(() => insert('whole'));
  t.same(names(), ['default', 'whole']);
});

t.test('rows are read one by one, and those that nobody wants are let go of', async (t) => {
  const database = opened(t, storeIn(t));
  const rows = database.rows('SELECT name FROM photos ORDER BY name');
  t.match(rows.next().value, { name: /0000\.jpg$/ });
  rows.return();
  database.run('DELETE FROM photos');
  t.same([...database.rows('SELECT name FROM photos')], []);
});

t.test('a store that is closed twice stays closed', async (t) => {
  const path = storeIn(t);
  const database = new Database(path, forWriting);
  database.close();
  t.doesNotThrow(() => database.close());
  writeFileSync(`${path}-wal`, '');
  t.equal(opened(t, path).all('SELECT 1 FROM photos').length, 20, 'it was left whole, without its log');
});
