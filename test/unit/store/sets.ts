// The sets of a face store: how they are named, begun, told of and forgotten.

import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FaceStore } from '../../../lib/store/index.js';

const origin = { models: {}, options: {} };

function storeIn(t: Test): FaceStore {
  const store = new FaceStore(join(t.testdir({}), 'faces.db'));
  t.teardown(() => store.close());
  return store;
}

t.test('a store knows its path, and begins the set `default` unless it is told another name', async (t) => {
  const path = join(t.testdir({}), 'faces.db');
  const store = new FaceStore(path);
  t.teardown(() => store.close());
  t.equal(store.path, path);
  t.same(store.sets(), []);
  t.throws(() => store.existingSet(), {
    code: 'FACE_STORE_MISSING',
    message: `There is no set 'default' in '${path}'.`,
  });
  t.equal(store.set().name, 'default');
  t.equal(store.existingSet().name, 'default');
  t.equal(store.existingSet('default').photos.size, 0);
});

t.test('a set that is asked for again is the same one', async (t) => {
  const store = storeIn(t);
  store.set('one').photos.keep({ name: 'a', digest: 'd' }, origin, []);
  t.same(store.set('one').photos.names(), ['a']);
  t.same(store.existingSet('one').photos.names(), ['a']);
  t.equal(store.sets().length, 1);
});

t.test('sets come by name, with when they were begun and how much is in them', async (t) => {
  const store = storeIn(t);
  const before = new Date().toISOString();
  for (const name of ['b', 'a']) store.set(name);
  store.set('b').photos.keep({ name: 'a', digest: 'd' }, origin, []);
  const sets = store.sets();
  t.same(
    sets.map(({ name, photos, runs }) => [name, photos, runs]),
    [
      ['a', 0, 0],
      ['b', 1, 0],
    ],
  );
  for (const { createdAt } of sets) {
    t.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    t.ok(createdAt >= before);
  }
});

t.test('a name has 1 to 100 letters, digits, spaces and . _ -, a letter or digit first', async (t) => {
  const store = storeIn(t);
  for (const name of ['a', '7', 'é', '日本', 'a b', 'a.b_c-d', 'x'.repeat(100)])
    t.equal(store.set(name).name, name);
  for (const name of ['', ' a', '.a', '-a', '_a', 'a/b', 'a\nb', 'a\n', 'x'.repeat(101), "a'"])
    t.throws(() => store.set(name), {
      code: 'ARGUMENT_INVALID',
      message: `'${name}' is no name for a set: it takes 1 to 100 letters, digits, spaces and . _ -`,
    });
  t.equal(store.sets().length, 7);
});

t.test('each set has an address of its own that is told of its runs, until it has none', async (t) => {
  const store = storeIn(t);
  store.set('one');
  store.set('two');
  store.setWebhook('one', 'https://example.org/one');
  const webhooks = () => store.sets().map((set) => ['webhook' in set, set.webhook]);
  t.same(webhooks(), [
    [true, 'https://example.org/one'],
    [false, undefined],
  ]);
  store.setWebhook('one', undefined);
  t.same(webhooks(), [
    [false, undefined],
    [false, undefined],
  ]);
  t.throws(() => store.setWebhook('three', 'https://example.org'), { code: 'FACE_STORE_MISSING' });
});

t.test('a set that is forgotten takes its decisions along, and no other’s', async (t) => {
  const store = storeIn(t);
  for (const name of ['one', 'two'])
    store.set(name).decisions.decide({ kind: 'photo', first: 'a', second: 'b', verdict: 'same' });
  t.equal(store.removeSet('three'), false);
  t.equal(store.removeSet('one'), true);
  t.equal(store.removeSet('one'), false);
  t.same(store.set('one').decisions.list(), [], 'begun anew');
  t.equal(store.set('two').decisions.list().length, 1);
});

t.test('a store may be closed again', async (t) => {
  const store = storeIn(t);
  store.close();
  t.doesNotThrow(() => store.close());
});
