// The JSON API over a store that was filled by code: lists, filters, decisions, photos, settings.

import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import t from 'tap';
import type {
  ApiDecision,
  ApiError,
  ApiHistogram,
  ApiPage,
  ApiPair,
  ApiPhoto,
  ApiRun,
  ApiSession,
  ApiSet,
  ApiSettings,
} from '../../lib/server/index.js';
import { FaceStore } from '../../lib/store/index.js';
import { skipWithout } from '../fixtures/places.js';
import {
  askerOf,
  configIn,
  filledPlace,
  findingsOf,
  keepPhoto,
  pairOf,
  serverOn,
} from '../fixtures/review_server.js';

const pairs = '/api/sets/default/runs/latest/pairs';
const namesOf = ({ body }: { body: ApiPage<ApiPair> }) =>
  body.items.map(({ first, second }) => `${first.slice(-5, -4)}${second.slice(-5, -4)}`);

t.test('who asks from this machine needs no token', async (t) => {
  const place = await filledPlace(t);
  const ask = askerOf(await serverOn(t, place));
  t.match((await ask<ApiSession>('GET', '/api/session')).body, {
    needsToken: false,
    set: 'default',
    roots: [place.root],
    version: /^\d+\.\d+\.\d+/,
  });
});

t.test('sets are begun, listed and forgotten', async (t) => {
  const ask = askerOf(await serverOn(t, await filledPlace(t)));
  t.match(await ask<ApiSet>('POST', '/api/sets', { name: 'Häuser 2' }), {
    status: 201,
    body: { name: 'Häuser 2', photos: 0, runs: 0, webhook: null },
  });
  t.same(
    (await ask<ApiSet[]>('GET', '/api/sets')).body.map(({ name, photos, runs }) => [name, photos, runs]),
    [
      ['Häuser 2', 0, 0],
      ['default', 4, 1],
    ],
  );
  t.match(await ask('DELETE', '/api/sets/H%C3%A4user%202'), { body: { removed: true } });
  t.match(await ask('DELETE', '/api/sets/H%C3%A4user%202'), { body: { removed: false } });
  t.match(await ask('GET', '/api/sets/H%C3%A4user%202'), {
    status: 404,
    body: { error: { code: 'FACE_STORE_MISSING' } },
  });
  t.match(await ask('POST', '/api/sets', { name: '../x' }), {
    status: 400,
    body: { error: { code: 'ARGUMENT_INVALID' } },
  });
});

t.test('a set may name a webhook, and not one of the server’s own network', async (t) => {
  const ask = askerOf(await serverOn(t, await filledPlace(t)));
  const address = 'https://example.org/hook';
  t.match(await ask('PATCH', '/api/sets/default', { webhook: address }), { body: { webhook: address } });
  t.match(await ask('PATCH', '/api/sets/default', { webhook: 'http://169.254.169.254/' }), {
    status: 400,
    body: { error: { code: 'WEBHOOK_REFUSED' } },
  });
  t.match(await ask('PATCH', '/api/sets/default', {}), { body: { webhook: address } }, 'it is as it was');
  t.match(await ask('PATCH', '/api/sets/default', { webhook: null }), { body: { webhook: null } });
});

t.test('photos are listed with their records and faces', async (t) => {
  const { photos, ...place } = await filledPlace(t);
  const ask = askerOf(await serverOn(t, place));
  const list = async (query: string) =>
    (await ask<ApiPage<ApiPhoto>>('GET', `/api/sets/default/photos?${query}`)).body;
  t.same(await list('offset=1&limit=2'), {
    total: 4,
    offset: 1,
    items: [
      { name: photos[1], reference: 'person-2', faces: 1 },
      { name: photos[2], reference: null, faces: 1 },
    ],
  });
  t.match(await list('query=PERSON-1'), { total: 1, items: [{ name: photos[0] }] });
  t.match(await list('query=%25'), { total: 0 }, 'a sign of LIKE is a sign like others');
});

t.test('pairs come by parts, closest or farthest first', async (t) => {
  const ask = askerOf(await serverOn(t, await filledPlace(t)));
  const list = (query: string) => ask<ApiPage<ApiPair>>('GET', `${pairs}?${query}`);
  const all = await list('');
  t.match(all.body, { total: 3, offset: 0 });
  t.same(namesOf(all), ['ab', 'bc', 'cd']);
  t.same(
    all.body.items.map(({ position }) => position),
    [0, 1, 2],
  );
  t.match(all.body.items[0], { distance: 0.1, similarity: 0.9, firstReference: 'person-1', isNew: true });
  const farthest = await list('order=farthest&offset=1&limit=1');
  t.match(farthest.body, { total: 3, offset: 1, items: [{ position: 1 }] });
  t.equal((await list('limit=501')).status, 400);
  t.equal((await list('offset=-1')).status, 400);
  t.equal((await list('surprise=1')).status, 400);
});

t.test('pairs are found by what is new, by names and by records', async (t) => {
  const ask = askerOf(await serverOn(t, await filledPlace(t)));
  const list = async (query: string) => namesOf(await ask('GET', `${pairs}?${query}`));
  t.same(await list('new=true'), ['ab', 'cd']);
  t.same(await list('query=C.JPG'), ['bc', 'cd']);
  t.same(await list('query=person-2'), ['ab', 'bc']);
  t.same(await list('query=person-2&new=true'), ['ab']);
  t.same(await list('query=_.jpg'), []);
  t.same(await list(`query=${encodeURIComponent("' OR 1=1 --")}`), []);
  const newest = await ask<ApiPage<ApiPair>>('GET', '/api/sets/default/duplicates?query=a.jpg');
  t.same(namesOf(newest), ['ab']);
});

t.test('pairs are found by the verdict that holds now', async (t) => {
  const { photos, ...place } = await filledPlace(t);
  const ask = askerOf(await serverOn(t, place));
  const [a, b, c, d] = photos;
  const list = async (verdict: string) => namesOf(await ask('GET', `${pairs}?verdict=${verdict}`));
  t.same(await list('open'), ['ab', 'bc', 'cd'], 'nothing was decided yet');
  await ask('POST', '/api/sets/default/decisions', { kind: 'photo', first: d, second: c, verdict: 'unsure' });
  await ask('POST', '/api/sets/default/decisions', { kind: 'photo', first: a, second: b, verdict: 'same' });
  t.same(await list('same'), ['ab']);
  t.same(await list('unsure'), ['cd']);
  t.same(await list('open'), ['bc']);
  // On the records of a and b, later than that on the photos: it counts.
  await ask('POST', '/api/sets/default/decisions', {
    kind: 'reference',
    first: 'person-2',
    second: 'person-1',
    verdict: 'different',
  });
  t.same(await list('same'), []);
  t.same(await list('different'), ['ab']);
  t.same(await list('any'), ['ab', 'bc', 'cd']);
  t.match(await ask('POST', '/api/sets/default/decisions/undo'), {
    body: { undone: { kind: 'reference', verdict: 'different' } },
  });
  t.same(await list('same'), ['ab'], 'the one before it holds again');
});

t.test('decisions are listed newest first, and undone until there is none', async (t) => {
  const { photos, ...place } = await filledPlace(t);
  const ask = askerOf(await serverOn(t, place));
  const [a, b, c] = photos;
  const decisions = '/api/sets/default/decisions';
  t.match(
    await ask('POST', decisions, { kind: 'photo', first: b, second: a, verdict: 'same', reason: 'twins' }),
    {
      status: 201,
      body: { first: a, second: b, reason: 'twins', decidedAt: /^\d{4}-/ },
    },
  );
  await ask('POST', decisions, { kind: 'photo', first: b, second: c, verdict: 'unsure' });
  t.match((await ask<ApiPage<ApiDecision>>('GET', `${decisions}?limit=1`)).body, {
    total: 2,
    items: [{ first: b, second: c, verdict: 'unsure' }],
  });
  const wrong = [
    { kind: 'photo', first: a, second: a, verdict: 'same' },
    { kind: 'photo', first: a, second: b, verdict: 'perhaps' },
    { kind: 'photo', first: a, second: b },
    { kind: 'photo', first: a, second: 7, verdict: 'same' },
    { kind: 'photo', first: a, second: b, verdict: 'same', surprise: true },
    { kind: 'photo', first: a, second: 'x'.repeat(5000), verdict: 'same' },
  ];
  for (const body of wrong)
    t.equal((await ask('POST', decisions, body)).status, 400, JSON.stringify(body).slice(-60));
  await ask('POST', `${decisions}/undo`);
  await ask('POST', `${decisions}/undo`);
  t.same((await ask('POST', `${decisions}/undo`)).body, { undone: null });
});

t.test('ignored pairs are decisions that two are different', async (t) => {
  const { photos, ...place } = await filledPlace(t);
  const ask = askerOf(await serverOn(t, place));
  const [a, b, c] = photos;
  const ignored = '/api/sets/default/ignored-pairs';
  await ask('POST', '/api/sets/default/decisions', { kind: 'photo', first: b, second: c, verdict: 'same' });
  t.match(await ask('POST', ignored, { kind: 'photo', first: b, second: a, reason: 'sisters' }), {
    status: 201,
    body: { first: a, second: b, verdict: 'different', reason: 'sisters' },
  });
  t.match(await ask('GET', ignored), { body: { total: 1, items: [{ first: a, second: b }] } });
  const query = new URLSearchParams({ kind: 'photo', first: a, second: b }).toString();
  t.match(await ask('DELETE', `${ignored}?${query}`), { body: { removed: true } });
  t.match(await ask('DELETE', `${ignored}?${query}`), { body: { removed: false } });
  t.match(await ask('GET', ignored), { body: { total: 0 } });
});

t.test('a decision on what the set does not have is kept, and told as such', async (t) => {
  const { photos, ...place } = await filledPlace(t);
  const ask = askerOf(await serverOn(t, place));
  const [a, b] = photos;
  const told = async (route: string, body: object) =>
    (await ask<ApiDecision>('POST', `/api/sets/default/${route}`, body)).body.isKnown;
  t.equal(await told('decisions', { kind: 'photo', first: a, second: b, verdict: 'same' }), true);
  t.equal(await told('decisions', { kind: 'photo', first: a, second: 'nope.jpg', verdict: 'same' }), false);
  t.equal(await told('ignored-pairs', { kind: 'reference', first: 'person-1', second: 'person-2' }), true);
  t.equal(await told('ignored-pairs', { kind: 'reference', first: 'person-1', second: 'nobody' }), false);
  t.match(await ask('GET', '/api/sets/default/decisions'), { body: { total: 4 } });
});

t.test('runs are listed newest first, with groups and a histogram', async (t) => {
  const place = await filledPlace(t);
  const store = new FaceStore(place.store);
  store.set().runs.keep(findingsOf([pairOf('x', 'y', 0.05), pairOf('x', 'z', 0.399)], [['x', 'y', 'z']]));
  store.close();
  const ask = askerOf(await serverOn(t, place));
  const runs = (await ask<ApiRun[]>('GET', '/api/sets/default/runs')).body;
  t.same(
    runs.map(({ run, summary }) => [run, summary.pairs]),
    [
      [2, 2],
      [1, 3],
    ],
  );
  t.match((await ask<ApiRun>('GET', '/api/sets/default/runs/1')).body, {
    run: 1,
    failed: [{ code: 'PHOTO_NOT_AN_IMAGE' }],
    expectedFalseMatches: { expectedInterval: [0, 0.006] },
  });
  t.match(await ask('GET', '/api/sets/default/runs/latest/groups'), {
    body: { total: 1, offset: 0, items: [['x', 'y', 'z']] },
  });
  t.same((await ask<ApiHistogram>('GET', '/api/sets/default/runs/1/histogram?bins=4')).body, {
    threshold: 0.4,
    from: 0,
    width: 0.1,
    counts: [0, 1, 2, 0],
  });
  t.match((await ask('GET', '/api/sets/default/runs/latest/histogram?bins=2')).body, { counts: [1, 1] });
  t.equal((await ask('GET', '/api/sets/default/runs/3')).status, 404);
  t.equal((await ask('GET', '/api/sets/default/runs/0x1')).status, 400);
});

t.test('a photo comes upright as JPEG, and once more only when it changed', async (t) => {
  const { photos, ...place } = await filledPlace(t);
  const ask = askerOf(await serverOn(t, place));
  const address = `/api/sets/default/photos/image?side=100&name=${encodeURIComponent(photos[0])}`;
  const { status, headers, body } = await ask<Buffer>('GET', address);
  t.equal(status, 200);
  t.match(headers, {
    'content-type': 'image/jpeg',
    'cache-control': /private/,
    'facededup-photo-width': '200',
    'facededup-photo-height': '100',
  });
  t.match(await sharp(body).metadata(), { format: 'jpeg', width: 100, height: 50 });
  const etag = String(headers['etag']);
  t.equal((await ask('GET', address, undefined, { 'if-none-match': etag })).status, 304);
  await sharp({ create: { width: 50, height: 50, channels: 3, background: 'red' } })
    .jpeg()
    .toFile(photos[0]);
  const store = new FaceStore(place.store);
  t.teardown(() => store.close());
  keepPhoto(store.set(), photos[0]);
  t.match(await ask('GET', address, undefined, { 'if-none-match': etag }), { status: 200 });
  writeFileSync(photos[0], 'no photo');
  keepPhoto(store.set(), photos[0]);
  t.match(await ask('GET', address), { status: 422, body: { error: { code: 'PHOTO_NOT_AN_IMAGE' } } });
  rmSync(photos[0]);
  t.match(await ask('GET', address), { status: 404, body: { error: { code: 'PHOTO_NOT_FOUND' } } });
});

t.test(
  'of a photo that was replaced since it was encoded neither the whole nor a face is shown',
  async (t) => {
    const { photos, ...place } = await filledPlace(t);
    const ask = askerOf(await serverOn(t, place));
    const name = encodeURIComponent(photos[0]);
    const addresses = [`image?name=${name}`, `face?name=${name}&x=10&y=20&width=40&height=40`];
    const etag = String((await ask('GET', `/api/sets/default/photos/${addresses[0]}`)).headers['etag']);
    copyFileSync(photos[1], photos[0]);
    for (const address of addresses)
      t.match(
        await ask('GET', `/api/sets/default/photos/${address}`, undefined, { 'if-none-match': etag }),
        {
          status: 409,
          body: {
            error: { code: 'PHOTO_CHANGED', message: /has changed since it was encoded\. Run find again\.$/ },
          },
        },
        address,
      );
  },
);

t.test('a face comes turned upright in the size that is asked for', { skip: skipWithout.dlib }, async (t) => {
  const { photos, ...place } = await filledPlace(t);
  const ask = askerOf(await serverOn(t, place));
  const face = (query: string) =>
    ask<Buffer>('GET', `/api/sets/default/photos/face?name=${encodeURIComponent(photos[0])}&${query}`);
  const { body, headers } = await face('x=60&y=20&width=60&height=60&size=96');
  t.match(await sharp(body).metadata(), { format: 'jpeg', width: 96, height: 96 });
  t.ok(headers['etag']);
  t.match(await face('x=5000&y=20&width=60&height=60'), {
    status: 422,
    body: { error: { code: 'BOX_OUTSIDE_PHOTO' } },
  });
  for (const query of [
    'x=1',
    'x=1&y=1&width=0&height=9',
    'x=1&y=1&width=9&height=9&size=100000',
    'x=NaN&y=1&width=9&height=9',
  ])
    t.equal((await face(query)).status, 400, query);
});

t.test('settings are told with their ranges, and changed within them', async (t) => {
  const place = await filledPlace(t);
  const config = await configIn(place.folder, { threshold: 0.5, models: 'somewhere' });
  const ask = askerOf(await serverOn(t, place, { config }));
  const change = (body: object) => ask<ApiSettings & ApiError>('PATCH', '/api/settings', body);
  const settings = (await ask<ApiSettings>('GET', '/api/settings')).body;
  t.equal(settings.file, 'facededup.config.json');
  const find = (all: ApiSettings, name: string) => all.settings.find((each) => each.name === name);
  t.match(find(settings, 'threshold'), {
    value: 0.5,
    default: 0.4,
    schema: { exclusiveMinimum: 0 },
    isFixed: false,
  });
  t.notMatch(find(settings, 'detector'), { value: /./ }, 'its default holds');
  const changed = await change({ threshold: null, detector: 'hog', meanValues: [1, 2, 3] });
  t.match(find(changed.body, 'detector'), { value: 'hog' });
  t.same(find(changed.body, 'meanValues')?.value, [1, 2, 3]);
  t.notOk(Object.hasOwn(find(changed.body, 'threshold') ?? {}, 'value'));
  t.match(JSON.parse(readFileSync(config.path, 'utf8')), {
    detector: 'hog',
    models: 'somewhere',
  });
  await Promise.all([change({ jitters: 2 }), change({ lanes: 3 })]);
  const both = (await ask<ApiSettings>('GET', '/api/settings')).body;
  t.same([find(both, 'jitters')?.value, find(both, 'lanes')?.value], [2, 3], 'of two at once none is lost');
  for (const body of [
    { threshold: -1 },
    { detector: 'magic' },
    { lanes: 1.5 },
    { meanValues: [1, 2] },
    { threshold: '0.5' },
  ])
    t.match(await change(body), { status: 422, body: { error: { code: 'CONFIG_FILE_INVALID' } } });
  t.match(await change({ threshold: 1e308 }), { status: 422 });
  t.match(find(both, 'backend'), { schema: { enum: ['opencv'] } });
  for (const name of ['backend', 'target'])
    t.match(await change({ [name]: 'nonsense' }), {
      status: 400,
      body: { error: { code: 'REQUEST_INVALID', message: name === 'backend' ? /opencv/ : /cpu/ } },
    });
  t.match(await change({ surprise: 1 }), { status: 400, body: { error: { code: 'REQUEST_INVALID' } } });
  t.match(await change({ toString: 1 }), { status: 400 });
});

t.test('what leads to files is neither told nor changed over HTTP', async (t) => {
  const place = await filledPlace(t);
  const config = await configIn(place.folder, { models: '/secret/models' });
  const ask = askerOf(await serverOn(t, place, { config }));
  const names = (await ask<ApiSettings>('GET', '/api/settings')).body.settings.map(({ name }) => name);
  for (const name of ['models', 'store', 'set', 'roots', 'calibration']) {
    t.notOk(names.includes(name), name);
    t.match(await ask('PATCH', '/api/settings', { [name]: '/etc' }), {
      status: 403,
      body: { error: { code: 'SETTING_FIXED' } },
    });
  }
});

t.test('what an environment variable sets is told as fixed', async (t) => {
  const place = await filledPlace(t);
  process.env['NMS_THRESHOLD'] = '0.3';
  t.teardown(() => Reflect.deleteProperty(process.env, 'NMS_THRESHOLD'));
  const ask = askerOf(await serverOn(t, place));
  const { settings } = (await ask<ApiSettings>('GET', '/api/settings')).body;
  t.match(
    settings.find(({ name }) => name === 'nmsThreshold'),
    { value: '0.3', isFixed: true, variable: 'NMS_THRESHOLD' },
  );
  t.match(await ask('PATCH', '/api/settings', { nmsThreshold: 0.2 }), {
    status: 403,
    body: { error: { code: 'SETTING_FIXED' } },
  });
});

t.test('the page comes with everything from this server, and nothing inline', async (t) => {
  const ask = askerOf(await serverOn(t, await filledPlace(t)));
  const { status, headers, body } = await ask<Buffer>('GET', '/');
  t.equal(status, 200);
  t.match(headers, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy':
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
  });
  t.notOk(headers['strict-transport-security'], 'http stays usable');
  t.match(body.toString(), /<script src="\/review\.js" defer><\/script>/);
  t.notMatch(body.toString(), /<script>|<style|style=|onload=/);
});

t.test('an error names the store without its whereabouts', async (t) => {
  const place = await filledPlace(t);
  const ask = askerOf(await serverOn(t, place));
  const { body } = await ask<ApiError>('GET', '/api/sets/nowhere');
  t.notMatch(body.error.message, place.folder);
  t.match(body.error.message, /no set 'nowhere' in 'faces\.db'/);
});
