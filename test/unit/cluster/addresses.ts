// The addresses of a cluster's engines: what counts as one, and what of them is never shown.

import t from 'tap';
import {
  checkClusterAddress,
  checkStoreAddress,
  isPostgresAddress,
  secretsOf,
} from '../../../lib/cluster/addresses.js';

t.test('an address of PostgreSQL is told from the name of a file', async (t) => {
  for (const address of ['postgres://db/faces', 'postgresql://me@db:5432/faces', 'POSTGRES://db/faces'])
    t.ok(isPostgresAddress(address), address);
  for (const file of ['faces.db', '/var/postgres/faces.db', 'postgres:faces', 'C:\\faces.db'])
    t.notOk(isPostgresAddress(file), file);
});

t.test('another kind of address is refused, without the password in it', async (t) => {
  t.equal(checkClusterAddress('rediss://queue:6380/1'), 'rediss://queue:6380/1');
  const refused = { code: 'ARGUMENT_INVALID', message: /not 'https:\/\/<redacted>@queue'/ };
  t.throws(() => checkClusterAddress('https://me:s3cret@queue'), refused);
  t.throws(() => checkStoreAddress('faces.db'), { code: 'ARGUMENT_INVALID' });
  t.throws(() => checkStoreAddress('postgres://[faces'), { code: 'ARGUMENT_INVALID' });
});

t.test('a password that is not encoded is refused, with how it is written, and not shown', async (t) => {
  const encoded = 'postgres://me:p%40s%2F%23%3F%25@db/faces?sslmode=verify-full';
  t.equal(checkStoreAddress(encoded), encoded);
  const refused = {
    code: 'ARGUMENT_INVALID',
    message: /<redacted>@host\S*'\. In user and password, .*%25 %2F/,
  };
  for (const password of ['p/s3cret', 'p@x/s3cret', 'p#s3cret', 'p?s3cret', '100%s3cret']) {
    t.throws(() => checkStoreAddress(`postgres://me:${password}@host/faces`), refused, password);
    t.throws(() => checkClusterAddress(`redis://:${password}@host`), refused, password);
  }
  t.throws(() => checkClusterAddress('redis//me:s3cret@host'), refused);
});

t.test('a password is known as it was written and as it is sent', async (t) => {
  t.same(secretsOf('postgres://me:a%20b@db/faces'), ['a b']);
  t.same(secretsOf('postgres://db/faces?password=hidden'), ['hidden']);
  t.same(secretsOf('redis://queue'), []);
});
