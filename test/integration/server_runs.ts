// Runs over HTTP: from the request to the result, followed by events, cancelled, and told to a webhook.

import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ApiError, ApiJob, ApiPage, ApiPair, ApiRun, RunEnded } from '../../lib/server/index.js';
import { FaceStore } from '../../lib/store/index.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';
import { askerOf, configIn, filledPlace, serverOn } from '../fixtures/review_server.js';

const johns = join(examplePhotos ?? '', 'johns');
const salley = ['John_Salley/000179_02159509.jpg', 'John_Salley/000183_02159543.jpg'] as const;

/** A root with two photos of one person, and a configuration that finds them without the SSD. */
async function johnsPlace(t: Test) {
  const folder = t.testdir({ photos: {} });
  const root = join(folder, 'photos');
  salley.forEach((photo, index) => copyFileSync(join(johns, photo), join(root, `${'ab'.charAt(index)}.jpg`)));
  const config = await configIn(folder, { detector: 'hog', threshold: 0.6, lanes: 1 });
  return { folder, root, store: join(folder, 'faces.db'), config };
}

async function jobEnd(ask: ReturnType<typeof askerOf>, number: number): Promise<ApiJob> {
  for (;;) {
    const { body } = await ask<ApiJob>('GET', `/api/jobs/${number}`);
    if (body.state !== 'waiting' && body.state !== 'running') return body;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

t.test(
  'a run takes photos in and finds pairs',
  { skip: skipWithout.dlib || skipWithout.examples },
  async (t) => {
    const { config, ...place } = await johnsPlace(t);
    const outside = join(place.folder, 'outside.jpg');
    copyFileSync(join(johns, salley[0]), outside);
    symlinkSync(outside, join(place.root, 'link.jpg'));
    writeFileSync(join(place.root, 'broken.jpg'), 'no photo');
    const ask = askerOf(await serverOn(t, place, { config }));
    const [a, b] = ['a.jpg', 'b.jpg'].map((name) => join(place.root, name)) as [string, string];
    const { status, body, headers } = await ask<ApiJob>('POST', '/api/sets/default/runs', {
      places: [place.root],
      references: { [a]: 'person-1' },
    });
    t.match({ status, body }, { status: 202, body: { job: 1, state: 'waiting', set: 'default' } });
    t.equal(headers['location'], '/api/jobs/1');
    t.match(await jobEnd(ask, 1), { state: 'done', run: 1, failed: 2, error: null });
    const run = (await ask<ApiRun>('GET', '/api/sets/default/runs/latest')).body;
    t.match(run, {
      threshold: 0.6,
      summary: { photos: 4, encoded: 2, failed: 2, pairs: 1 },
      failed: [
        { photo: join(place.root, 'broken.jpg'), code: 'PHOTO_NOT_AN_IMAGE' },
        { photo: join(place.root, 'link.jpg'), code: 'PHOTO_OUTSIDE_ROOTS' },
      ],
    });
    const pairs = (await ask<ApiPage<ApiPair>>('GET', '/api/sets/default/duplicates')).body;
    t.match(pairs, { total: 1, items: [{ first: a, second: b, firstReference: 'person-1', isNew: true }] });

    await ask('POST', '/api/sets/default/runs', {});
    t.match(await jobEnd(ask, 2), { state: 'done', run: 2 }, 'again, as they are kept');
    t.match((await ask('GET', '/api/sets/default/runs/2')).body, {
      summary: { newlyEncoded: 0, newPairs: 0 },
    });
    await ask('POST', '/api/sets/default/runs', { threshold: 0.01 });
    t.match(await jobEnd(ask, 3), { state: 'done' });
    t.match((await ask('GET', '/api/sets/default/runs/3')).body, { threshold: 0.01, summary: { pairs: 0 } });
  },
);

t.test('what cannot be a run is refused at once, or told at its end', async (t) => {
  const place = await filledPlace(t);
  const config = await configIn(place.folder, { backend: 'magic' });
  const ask = askerOf(await serverOn(t, place, { config }));
  const runs = '/api/sets/default/runs';
  for (const body of [
    { threshold: 0 },
    { threshold: '0.4' },
    { policy: 'some' },
    { places: [] },
    { surprise: 1 },
  ])
    t.match(await ask('POST', runs, body), { status: 400 }, JSON.stringify(body));
  t.match(await ask('POST', '/api/sets/nowhere/runs', {}), { status: 404 });
  await ask('POST', runs, {});
  t.match(await jobEnd(ask, 1), { state: 'failed', run: null, error: { code: 'BACKEND_UNAVAILABLE' } });
});

t.test('a queue that is full says when to come again', async (t) => {
  const ask = askerOf(await serverOn(t, await filledPlace(t), { waitingRuns: 0 }));
  const post = () => ask<ApiError>('POST', '/api/sets/default/runs', {});
  const [first, second] = await Promise.all([post(), post()]);
  t.match(first, { status: 202 });
  t.match(second, { status: 503, body: { error: { code: 'QUEUE_FULL' } } });
  t.match(second.headers['retry-after'], /^\d+$/);
});

t.test(
  'a run is cancelled while it goes on, and its set is in use until then',
  { skip: skipWithout.dlib },
  async (t) => {
    const place = await filledPlace(t);
    // Enough photos to be cancelled among them.
    for (let count = 0; count < 300; count++)
      copyFileSync(place.photos[0], join(place.root, `copy-${count}.jpg`));
    const config = await configIn(place.folder, { detector: 'hog', lanes: 1, upsample: 2 });
    const ask = askerOf(await serverOn(t, place, { config }));
    await ask('POST', '/api/sets/default/runs', { places: [place.root] });
    await ask('POST', '/api/sets/default/runs', {});
    t.match(await ask('DELETE', '/api/sets/default'), {
      status: 409,
      body: { error: { code: 'SET_IN_USE' } },
    });
    t.match(await ask('DELETE', '/api/jobs/2'), { status: 200, body: { state: 'cancelled' } });
    await ask('DELETE', '/api/jobs/1');
    t.match(await jobEnd(ask, 1), { state: 'cancelled', run: null, error: null });
    t.match(
      await ask('DELETE', '/api/jobs/1'),
      { status: 200, body: { state: 'cancelled' } },
      'once more is no harm',
    );
    t.match(await ask('DELETE', '/api/sets/default'), { status: 200 });
    t.match(await ask('DELETE', '/api/jobs/3'), { status: 404, body: { error: { code: 'JOB_MISSING' } } });
  },
);

interface Events {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly events: readonly { readonly id: string; readonly job: ApiJob }[];
  readonly text: string;
}

/** Reads a stream to its end. */
function eventsOf(address: string, headers: Readonly<Record<string, string>> = {}): Promise<Events> {
  return new Promise((resolve, reject) => {
    const sent = request(address, { headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const events = [...text.matchAll(/id: (.+)\ndata: (.+)\n\n/g)].map(([, id = '', data = '']) => ({
          id,
          job: JSON.parse(data) as ApiJob,
        }));
        resolve({ status: response.statusCode, type: response.headers['content-type'], events, text });
      });
      response.on('error', reject);
    });
    sent.on('error', reject).end();
  });
}

t.test(
  'a run is followed by events to its end, and a client that comes back is told',
  { skip: skipWithout.dlib },
  async (t) => {
    const place = await filledPlace(t);
    const config = await configIn(place.folder, { detector: 'hog', lanes: 1 });
    const server = await serverOn(t, place, { config });
    const address = await server.listen();
    const ask = askerOf(server);
    await ask('POST', '/api/sets/default/runs', { places: [place.root] });
    const { status, type, events, text } = await eventsOf(`${address}/api/jobs/1/events`);
    t.equal(status, 200);
    t.match(type, /^text\/event-stream/);
    t.match(text, /^retry: \d+\n\n/);
    const last = events.at(-1);
    t.match(last?.job, { job: 1, state: 'done', run: 2, secondsLeft: 0 });
    t.equal(events.filter(({ job }) => job.state === 'done').length, 1);
    t.equal(new Set(events.map(({ id }) => id)).size, events.length, 'each has an id of its own');

    const again = await eventsOf(`${address}/api/jobs/1/events`, { 'last-event-id': events[0]?.id ?? '' });
    t.match(again.events, [{ job: { state: 'done' } }], 'one that missed the end is told the end');
    const knows = await eventsOf(`${address}/api/jobs/1/events`, { 'last-event-id': last?.id ?? '' });
    t.equal(knows.status, 204, 'one that knows it is told to come no more');
    t.equal((await eventsOf(`${address}/api/jobs/9/events`)).status, 404);
  },
);

t.test(
  'closing ends a run and those who follow it, and the store is whole',
  { skip: skipWithout.dlib },
  async (t) => {
    const place = await filledPlace(t);
    for (let count = 0; count < 300; count++)
      copyFileSync(place.photos[0], join(place.root, `copy-${count}.jpg`));
    const config = await configIn(place.folder, { detector: 'hog', lanes: 1, upsample: 2 });
    const server = await serverOn(t, place, { config });
    const address = await server.listen();
    await askerOf(server)('POST', '/api/sets/default/runs', { places: [place.root] });
    const following = eventsOf(`${address}/api/jobs/1/events`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await server.close();
    await server.close();
    t.match((await following).events.at(-1)?.job, { state: 'cancelled' });
    t.equal(server.address, undefined);
    await t.rejects(eventsOf(`${address}/api/jobs/1/events`), { code: 'ECONNREFUSED' });
    const store = new FaceStore(place.store, { create: false });
    t.equal(store.existingSet().runs.list().length, 1);
    store.close();
  },
);

t.test('a webhook is told of the end of a run', { skip: skipWithout.dlib }, async (t) => {
  let told: (body: RunEnded) => void = () => undefined;
  const receiver = createHttpServer((incoming, response) => {
    let body = '';
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
    incoming.on('end', () => {
      response.end();
      told({
        ...(JSON.parse(body) as RunEnded),
        signature: incoming.headers['facededup-signature'],
      } as RunEnded);
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  t.teardown(() => receiver.close());
  const webhook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/runs`;

  const place = await filledPlace(t);
  const config = await configIn(place.folder, { detector: 'hog', lanes: 1 });
  const options = { config, allowPrivateWebhooks: true, webhookSecret: 'secret' };
  const ask = askerOf(await serverOn(t, place, options));
  t.match(await ask('PATCH', '/api/sets/default', { webhook }), { body: { webhook } });
  const message = new Promise<RunEnded>((resolve) => (told = resolve));
  await ask('POST', '/api/sets/default/runs', {});
  t.match(await message, {
    event: 'run.ended',
    set: 'default',
    job: 1,
    state: 'done',
    run: 2,
    summary: { photos: 4 },
    error: null,
    signature: /^sha256=[0-9a-f]{64}$/,
  });
});

t.test('a set of a store from before webhooks has none', async (t) => {
  const folder = t.testdir();
  mkdirSync(join(folder, 'photos'));
  const { DatabaseSync } = await import('@photostructure/sqlite');
  const { applicationId, migrations } = await import('../../lib/store/schema.js');
  const file = join(folder, 'old.db');
  const old = new DatabaseSync(file);
  old.exec(migrations[0] ?? '');
  old.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = 1;`);
  old.exec(`INSERT INTO sets (name, created_at) VALUES ('default', '2026-01-01T00:00:00.000Z')`);
  old.close();
  const store = new FaceStore(file);
  t.teardown(() => store.close());
  t.same(store.sets(), [{ name: 'default', photos: 0, runs: 0, createdAt: '2026-01-01T00:00:00.000Z' }]);
  store.setWebhook('default', 'https://example.org/');
  t.equal(store.sets()[0]?.webhook, 'https://example.org/');
  store.setWebhook('default', undefined);
  t.notOk(Object.hasOwn(store.sets()[0] ?? {}, 'webhook'));
  t.throws(() => store.setWebhook('nowhere', undefined), { code: 'FACE_STORE_MISSING' });
});
