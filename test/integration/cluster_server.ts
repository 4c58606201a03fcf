// The review page and the API over the store of a cluster: they answer what they answer over a file.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Cluster } from '../../lib/cluster/index.js';
import { ClusterStore } from '../../lib/cluster/postgres/store.js';
import {
  createServer,
  type ApiError,
  type ApiJob,
  type ApiPage,
  type ApiPair,
  type ApiRun,
  type FaceServer,
} from '../../lib/server/index.js';
import { FaceStore } from '../../lib/store/index.js';
import { skipWithoutCluster, startCluster } from '../fixtures/cluster_parts.js';
import { startWorker } from '../fixtures/cluster_workers.js';
import { facededup } from '../fixtures/command_line.js';
import { testImages } from '../fixtures/images.js';
import { keepRun } from '../fixtures/kept_run.js';
import { skipWithout } from '../fixtures/places.js';
import {
  askerOf,
  configIn,
  filledPlace,
  findingsOf,
  pairOf,
  type Place,
  serverOn,
} from '../fixtures/review_server.js';
import { serving } from '../fixtures/serving.js';

const skip = skipWithoutCluster;
const parts = skip ? undefined : await startCluster();
t.teardown(() => parts?.stop());

/** The store of a cluster that has what the place's file has. */
async function likeFile(place: Place): Promise<string> {
  const address = parts?.newStore() ?? '';
  const file = new FaceStore(place.store);
  const store = await ClusterStore.open(address);
  try {
    const set = await store.set();
    await set.photos.import(file.set().photos.photos());
    const { run, ...findings } = file.set().runs.findings(undefined, file.set().decisions.index());
    if ((await keepRun(store, 'default', findings)) !== run) throw new Error('the runs have other numbers');
  } finally {
    file.close();
    await store.close();
  }
  return address;
}

/** Without times, which differ. */
function timeless(body: unknown): unknown {
  if (Buffer.isBuffer(body)) return body.toString('base64');
  const text = JSON.stringify(body, (key, value: unknown) => (/At$/.test(key) ? '' : value));
  return text === undefined ? undefined : JSON.parse(text);
}

t.test('asked the same, a server over either store answers the same', { skip }, async (t) => {
  const place = await filledPlace(t);
  const [a, b, c, d] = place.photos;
  const store = await likeFile(place);
  const config = await configIn(place.folder);
  const ask = [
    askerOf(await serverOn(t, place, { config })),
    askerOf(await serverOn(t, { ...place, store }, { config })),
  ];
  const set = '/api/sets/default';
  const face = new URLSearchParams({ name: a, x: '10', y: '20', width: '40', height: '40' });
  const requests: readonly (readonly ['GET' | 'POST' | 'PATCH' | 'DELETE', string, object?])[] = [
    ['GET', '/api/session'],
    ['GET', '/api/sets'],
    ['POST', '/api/sets', { name: 'second', webhook: 'https://93.184.216.34/told' }],
    ['PATCH', '/api/sets/second', { webhook: null }],
    ['GET', '/api/sets/nowhere'],
    ['GET', '/api/sets/no%00where/photos'],
    ['POST', '/api/sets', { name: '/' }],
    ['GET', '/api/sets'],
    ['GET', `${set}/photos?limit=2&offset=1`],
    ['GET', `${set}/photos?query=PERSON`],
    ['GET', `${set}/photos/image?name=${encodeURIComponent(a)}`],
    ['GET', `${set}/photos/face?${face}`],
    ['GET', `${set}/photos/image?name=nobody%00`],
    ['GET', `${set}/photos/image?name=nobody`],
    ['GET', `${set}/runs`],
    ['GET', `${set}/runs/latest`],
    ['GET', `${set}/runs/1`],
    ['GET', `${set}/runs/9`],
    ['GET', `${set}/runs/1/pairs`],
    ['GET', `${set}/runs/1/groups`],
    ['GET', `${set}/runs/1/histogram?bins=4`],
    ['POST', `${set}/decisions`, { kind: 'photo', first: b, second: a, verdict: 'same', reason: 'a scar' }],
    [
      'POST',
      `${set}/decisions`,
      { kind: 'reference', first: 'person-2', second: 'person-1', verdict: 'different' },
    ],
    ['POST', `${set}/decisions`, { kind: 'photo', first: a, second: a, verdict: 'same' }],
    ['POST', `${set}/decisions`, { kind: 'photo', first: 'un\0known', second: a, verdict: 'same' }],
    ['POST', `${set}/ignored-pairs`, { kind: 'photo', first: c, second: d }],
    ['POST', `${set}/ignored-pairs`, { kind: 'photo', first: 'unknown', second: d, reason: 'later' }],
    ['GET', `${set}/decisions`],
    ['GET', `${set}/ignored-pairs?limit=1`],
    ['GET', `${set}/duplicates`],
    ['GET', `${set}/duplicates?verdict=open`],
    ['GET', `${set}/duplicates?verdict=different&order=farthest`],
    ['GET', `${set}/duplicates?new=true&limit=1&offset=1`],
    ['GET', `${set}/duplicates?query=PERSON-2`],
    ['GET', `${set}/duplicates?query=%25`],
    ['POST', `${set}/decisions/undo`],
    ['DELETE', `${set}/ignored-pairs?${new URLSearchParams({ kind: 'photo', first: d, second: c })}`],
    ['DELETE', `${set}/ignored-pairs?${new URLSearchParams({ kind: 'photo', first: d, second: c })}`],
    ['GET', `${set}/decisions`],
    ['POST', '/api/erasures', { id: 'person-1', dryRun: true }],
    ['POST', '/api/erasures', { id: 'person-1' }],
    ['POST', '/api/erasures', { id: 'person-1' }],
    ['POST', '/api/erasures', { id: b, by: 'reference' }],
    ['GET', `${set}/duplicates`],
    ['GET', `${set}/runs/latest`],
    ['GET', `${set}/runs/latest/groups`],
    ['GET', `${set}/decisions`],
    ['GET', `${set}/photos`],
    ['DELETE', '/api/sets/second'],
    ['DELETE', '/api/sets/second'],
    ['GET', '/api/jobs'],
  ];
  for (const [method, url, body] of requests) {
    const [inFile, onServer] = await Promise.all(ask.map((each) => each(method, url, body)));
    const name = (text: string) =>
      text.replaceAll(/'(postgres:[^']*|[^']*faces\.db|faces\d+)'|the store \S+\b/g, 'STORE');
    const told = JSON.stringify(timeless(onServer?.body));
    t.equal(onServer?.status, inFile?.status, `${method} ${url}: ${told.slice(0, 200)}`);
    if ((onServer?.status ?? 0) < 400 || !/'STORE'|store/.test(told))
      t.equal(name(told), name(JSON.stringify(timeless(inFile?.body))), `${method} ${url}`);
  }
});

t.test('a text that PostgreSQL has no place for finds nothing, and is not kept', { skip }, async (t) => {
  const place = await filledPlace(t);
  const ask = askerOf(await serverOn(t, { ...place, store: await likeFile(place) }));
  for (const list of ['photos', 'duplicates'])
    t.match(await ask('GET', `/api/sets/default/${list}?query=%00`), { status: 200, body: { total: 0 } });
  const pair = { kind: 'photo', first: 'a\0b', second: 'c' };
  t.match(await ask('POST', '/api/sets/default/ignored-pairs', pair), { status: 400 });
  t.match(await ask('POST', '/api/erasures', { id: 'a\0b' }), { status: 404 });
});

t.test(
  'runs are left to a cluster, or refused where there is none',
  { skip: skip || skipWithout.dlib },
  async (t) => {
    const place = await filledPlace(t);
    const photos = join(place.root, 'drawn');
    mkdirSync(photos);
    for (const [index, { bytes }] of (await testImages()).slice(0, 3).entries())
      for (const copy of ['', ' again']) writeFileSync(join(photos, `${index}${copy}.png`), bytes);
    writeFileSync(join(photos, 'broken.jpg'), 'no photo');
    const store = parts?.newStore() ?? '';
    const config = await configIn(place.folder, { detector: 'hog' });
    const alone = askerOf(await serverOn(t, { ...place, store }, { config }));
    t.match(await alone<ApiError>('POST', '/api/sets/default/runs', { places: [photos] }), {
      status: 409,
      body: { error: { code: 'RUN_NEEDS_CLUSTER' } },
    });
    t.match(await alone('GET', '/api/sets/default/duplicates'), { status: 404 });
    const cluster = parts?.cluster ?? '';
    await t.rejects(createServer({ store: place.store, cluster, config }), { code: 'ARGUMENT_INVALID' });

    const server: FaceServer = await serverOn(t, { ...place, store }, { config, cluster });
    const ask = askerOf(server);
    t.match(await ask('POST', '/api/sets/default/runs', { places: ['/etc'] }), { status: 403 });
    const begun = await ask<ApiJob>('POST', '/api/sets/default/runs', {
      places: [photos],
      references: { [join(photos, '0.png')]: 'R-1' },
    });
    t.match(begun, { status: 202 });
    const jobAt = async (job: number) => (await ask<ApiJob>('GET', `/api/jobs/${job}`)).body;
    const ended = async (job: number) => {
      for (;;) {
        const now = await jobAt(job);
        if (now.state !== 'waiting' && now.state !== 'running') return now;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    const opened = await Cluster.open({ cluster, store });
    t.teardown(() => opened.close());
    const submitted = async (count: number) => {
      while ((await opened.overview()).runs.length < count)
        await new Promise((resolve) => setTimeout(resolve, 50));
    };
    // Nobody works yet: what is under way keeps an erasure and the end of its set off, from here and elsewhere.
    await submitted(1);
    t.match(await ask('POST', '/api/erasures', { id: 'R-1' }), { status: 409 });
    t.match(await alone<ApiError>('POST', '/api/erasures', { id: 'R-1' }), {
      status: 409,
      body: { error: { code: 'CLUSTER_SET_BUSY' } },
    });
    t.match(await alone('DELETE', '/api/sets/default'), { status: 409 });
    t.match(await ask('DELETE', `/api/jobs/${begun.body.job}`), { status: 200 });
    t.match(await ended(begun.body.job), { state: 'cancelled', run: null });
    t.match((await opened.overview()).runs, [{ state: 'cancelled' }]);

    await startWorker(t, { cluster, store });
    const again = await ask<ApiJob>('POST', '/api/sets/default/runs', { places: [photos] });
    const done = await ended(again.body.job);
    t.match(done, { state: 'done', run: 2, error: null });
    t.match((await alone<ApiRun>('GET', '/api/sets/default/runs/latest')).body, {
      run: 2,
      summary: { photos: 7, failed: 1 },
    });
    t.match(await alone<ApiPage<ApiPair>>('GET', '/api/sets/default/duplicates'), { status: 200 });

    // Its end does not take the run with it.
    for (const [index, { bytes }] of (await testImages()).slice(0, 3).entries())
      writeFileSync(join(photos, `${index} once more.png`), bytes);
    const last = await ask<ApiJob>('POST', '/api/sets/default/runs', { places: [photos] });
    t.match(last, { status: 202 });
    await submitted(3);
    await server.close();
    t.match((await opened.wait(3)).summary, { photos: 10 });
  },
);

t.test('verdicts of several servers are all kept, each once', { skip }, async (t) => {
  const place = await filledPlace(t);
  const store = await likeFile(place);
  const config = await configIn(place.folder);
  const asks = await Promise.all(
    [1, 2, 3].map(async () => askerOf(await serverOn(t, { ...place, store }, { config }))),
  );
  const [one] = asks as [ReturnType<typeof askerOf>];
  const [a, b] = place.photos;
  const verdicts = ['same', 'different', 'unsure'] as const;
  const asked = (index: number) => asks[index % 3] as ReturnType<typeof askerOf>;
  const decide = (index: number) =>
    asked(index)('POST', '/api/sets/default/decisions', {
      kind: 'photo',
      ...{
        first: index % 2 ? a : `other-${index}`,
        second: b,
        verdict: verdicts[index % 3],
        reason: `${index}`,
      },
    });
  const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => decide(index)));
  t.ok(answers.every((answer) => answer.status === 201));
  const held = await Promise.all(
    asks.map((ask) => ask<ApiPage<{ reason: string }>>('GET', '/api/sets/default/decisions')),
  );
  t.equal(held[0]?.body.total, 31, 'of one pair the latest holds');
  for (const each of held) t.same(each.body, held[0]?.body, 'all servers tell the same');
  // Sixty lines of the log are withdrawn one by one, whoever asks.
  const undone = await Promise.all(
    Array.from({ length: 66 }, (_, index) =>
      asked(index)<{ undone: { reason: string } | null }>('POST', '/api/sets/default/decisions/undo'),
    ),
  );
  const reasons = undone.map((answer) => answer.body.undone?.reason).filter((reason) => reason !== undefined);
  t.equal(reasons.length, 60);
  t.equal(new Set(reasons).size, 60, 'none twice');
  t.match(await one('GET', '/api/sets/default/decisions'), { body: { total: 0 } });
});

t.test('serve, review and report take the address of a store', { skip }, async (t) => {
  const place = await filledPlace(t);
  const store = await likeFile(place);
  for (const [command, ...flags] of [
    ['serve', '--port', '0'],
    ['review', '--no-open'],
  ] as const) {
    const { address, stop } = await serving(t, [
      command ?? '',
      ...flags,
      '--store',
      store,
      '--root',
      place.root,
    ]);
    const answer = await fetch(`${address}/api/sets/default/duplicates?limit=1`);
    t.match(await answer.json(), { total: 3, items: [{ position: 0, distance: 0.1 }] });
    t.equal(await stop(), 0);
  }
  const written = async (at: string, name: string) => {
    const out = join(place.folder, name);
    const { code, stdout, stderr } = await facededup(['report', '--store', at, '--out', out, '--json']);
    t.equal(code, 0, stderr);
    const { path, bytes, ...told } = JSON.parse(stdout) as Record<string, unknown>;
    t.ok(path && bytes);
    return { told, html: readFileSync(out, 'utf8').replaceAll(/"createdAt":"[^"]*"/g, '') };
  };
  const fromFile = await written(place.store, 'file.html');
  const fromStore = await written(store, 'store.html');
  t.same(fromStore.told, fromFile.told);
  t.equal(fromStore.html, fromFile.html, 'the same report');
  t.match(
    await facededup(['report', '--store', store, '--set', 'none', '--out', join(place.folder, 'x.html')]),
    {
      code: 2,
      stderr: /FACE_STORE_MISSING/,
    },
  );
});

t.test(
  'of a run with 200,000 pairs any page is told without reading the others',
  { skip },
  async (t: Test) => {
    const address = parts?.newStore() ?? '';
    const store = await ClusterStore.open(address);
    t.teardown(() => store.close());
    const set = await store.set();
    const encoding = new Float32Array(128).fill(0.1);
    const name = (index: number) => `p${String(index).padStart(5, '0')}`;
    await set.photos.import(
      Array.from({ length: 2000 }, (_, index) => ({
        photo: name(index),
        reference: `R${index}`,
        faces: [{ encoding }],
      })),
    );
    const count = 200_000;
    const pairs = Array.from({ length: count }, (_, index) =>
      pairOf(name(index % 1000), name(1000 + Math.floor(index / 200)), (0.39 * index) / count),
    );
    const run = await keepRun(store, 'default', findingsOf(pairs));
    await set.decisions.decideAll(
      pairs.slice(1000, 1100).map(({ first, second }) => ({ kind: 'photo', first, second, verdict: 'same' })),
    );
    const index = await set.decisions.index();
    const rowsOf = async (query: Parameters<typeof set.runs.pairs>[2]) => {
      const { total, pairs: page } = await set.runs.pairs(run, index, query);
      return { total, positions: page.map(({ position }) => position) };
    };
    t.same(await rowsOf({ offset: 199_990, limit: 3 }), {
      total: count,
      positions: [199_990, 199_991, 199_992],
    });
    t.same(await rowsOf({ order: 'farthest', limit: 2 }), { total: count, positions: [199_999, 199_998] });
    t.same(await rowsOf({ verdict: 'same', offset: 98, limit: 9 }), { total: 100, positions: [1098, 1099] });
    t.same(await rowsOf({ verdict: 'open', offset: 999, limit: 2 }), {
      total: count - 100,
      positions: [999, 1100],
    });
    t.same((await rowsOf({ text: 'P00007', limit: 2 })).total, 200);
    await store.erase(name(1001));
    t.same(await rowsOf({ offset: 199, limit: 2 }), { total: count - 200, positions: [199, 200] });
    t.same(
      (await set.runs.pairs(run, index, { offset: 200, limit: 1 })).pairs[0]?.distance,
      (0.39 * 400) / count,
    );
  },
);
