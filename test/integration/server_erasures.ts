// A person who asked to be forgotten, over HTTP: what goes is what `facededup erase` takes away.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { ApiErasure, ApiError, ApiPage, ApiPhoto, ApiRun } from '../../lib/server/index.js';
import { facededup } from '../fixtures/command_line.js';
import { askerOf, filledPlace, type Place, serverOn, token } from '../fixtures/review_server.js';

const erasures = '/api/erasures';

/** Files of the store that hold this text. */
function filesWith({ folder }: Place, text: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('faces.db'))
    .filter((name) => readFileSync(join(folder, name)).includes(text));
}

t.test('a record goes with its photos, decisions and pairs, and no byte of them is left', async (t) => {
  const place = await filledPlace(t);
  const [a, b, c] = place.photos;
  const ask = askerOf(await serverOn(t, place));
  for (const second of [b, c])
    await ask('POST', '/api/sets/default/decisions', { kind: 'photo', first: a, second, verdict: 'same' });
  t.ok(filesWith(place, 'person-1').length > 0);
  const planned = {
    id: 'person-1',
    by: 'reference',
    sets: [{ set: 'default', photos: [a], decisions: 2, pairs: 1, listed: 1 }],
    copies: [],
  };
  const asked = await ask<ApiErasure>('POST', erasures, { id: 'person-1', dryRun: true });
  t.same(asked.body, { ...planned, isErased: false });
  t.match(await ask('GET', '/api/sets/default/photos'), { body: { total: 4 } }, 'a dry run changes nothing');

  const { status, body } = await ask<ApiErasure>('POST', erasures, { id: 'person-1' });
  t.equal(status, 200);
  t.same(body, { ...planned, isErased: true });
  const { body: photos } = await ask<ApiPage<ApiPhoto>>('GET', '/api/sets/default/photos');
  t.same(
    photos.items.map(({ name }) => name),
    place.photos.slice(1),
  );
  t.match((await ask<ApiRun>('GET', '/api/sets/default/runs/latest')).body, { summary: { pairs: 2 } });
  t.match(await ask('GET', '/api/sets/default/decisions'), { body: { total: 0 } });
  t.same(filesWith(place, 'person-1'), []);
  t.same(filesWith(place, 'a.jpg'), []);
  t.match(await ask<ApiError>('POST', erasures, { id: 'person-1' }), {
    status: 404,
    body: { error: { code: 'FACE_STORE_MISSING' } },
  });
});

t.test('the command line says the same of the same store', async (t) => {
  const place = await filledPlace(t);
  const server = await serverOn(t, place);
  for (const [id, by] of [
    ['person-2', 'reference'],
    [place.photos[2], 'photo'],
  ] as const) {
    const flags = ['--by', by, '--store', place.store, '--dry-run', '--json'];
    const { stdout } = await facededup(['erase', id, ...flags]);
    const { body } = await askerOf(server)<ApiErasure>('POST', erasures, { id, by, dryRun: true });
    t.same(body, JSON.parse(stdout));
  }
});

t.test('only the set that is named is looked at, and every set otherwise', async (t) => {
  const place = await filledPlace(t);
  const server = await serverOn(t, place);
  const ask = askerOf(server);
  await ask('POST', '/api/sets', { name: 'empty' });
  t.match(await ask('POST', erasures, { id: 'person-1', set: 'empty' }), {
    status: 404,
    body: { error: { code: 'FACE_STORE_MISSING' } },
  });
  t.match(await ask('POST', erasures, { id: 'person-1', set: 'nowhere' }), { status: 404 });
  t.match(await ask('POST', erasures, { id: 'person-1', by: 'photo' }), { status: 404 });
  t.match(await ask('POST', erasures, { id: 'person-1' }), { status: 200, body: { isErased: true } });
});

t.test('nothing is erased under a run that could bring it back', async (t) => {
  const ask = askerOf(await serverOn(t, await filledPlace(t)));
  const [begun, refused, planned] = await Promise.all([
    ask('POST', '/api/sets/default/runs', {}),
    ask<ApiError>('POST', erasures, { id: 'person-1' }),
    ask<ApiErasure>('POST', erasures, { id: 'person-1', dryRun: true }),
  ]);
  t.match(begun, { status: 202 });
  t.match(refused, { status: 409, body: { error: { code: 'SET_IN_USE' } } });
  t.match(planned, { status: 200, body: { isErased: false } });
});

t.test('what is no request for it erases nothing', async (t) => {
  const place = await filledPlace(t);
  const ask = askerOf(await serverOn(t, place));
  for (const body of [
    {},
    { id: '' },
    { id: 7 },
    { id: 'person-1', by: 'face' },
    { id: 'person-1', dryRun: 'yes' },
    { id: 'person-1', all: true },
  ])
    t.match(await ask('POST', erasures, body), { status: 400 }, JSON.stringify(body));
  t.match(await ask('GET', erasures), { status: 404 });
  t.match(await ask('GET', '/api/sets/default/photos'), { body: { total: 4 } });
});

t.test('neither a page of others nor who has no token can ask for it', async (t) => {
  const place = await filledPlace(t);
  const open = askerOf(await serverOn(t, place), { host: 'localhost:8080' });
  t.match(await open('POST', erasures, { id: 'person-1' }), { status: 403 });
  t.match(await open('POST', erasures, { id: 'person-1' }, { origin: 'https://evil.example' }), {
    status: 403,
  });
  const guarded = askerOf(await serverOn(t, place, { token }));
  t.match(await guarded('POST', erasures, { id: 'person-1' }), { status: 401 });
  t.match(await guarded('GET', '/api/sets/default/photos', undefined, { authorization: `Bearer ${token}` }), {
    body: { total: 4 },
  });
  t.match(await guarded('POST', erasures, { id: 'person-1' }, { authorization: `Bearer ${token}` }), {
    status: 200,
    body: { isErased: true },
  });
});
