// The page of a cluster's queue: for those alone who may use the server, read-only, and from this server alone.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import t from 'tap';
import { Cluster } from '../../lib/cluster/index.js';
import type { ApiCluster, ApiPage, ApiQueuedJob, ApiSession } from '../../lib/server/index.js';
import { accessibilityProblems } from '../fixtures/accessibility.js';
import { launchBrowser, screenshotPath, skipWithoutBrowser } from '../fixtures/browser.js';
import { syntheticPhotos } from '../fixtures/cluster_data.js';
import { skipWithoutCluster, startCluster } from '../fixtures/cluster_parts.js';
import { startWorker } from '../fixtures/cluster_workers.js';
import { facededup } from '../fixtures/command_line.js';
import { watchedPage } from '../fixtures/page_watch.js';
import { skipWithout } from '../fixtures/places.js';
import { askerOf, filledPlace, serverOn, token } from '../fixtures/review_server.js';
import { serving } from '../fixtures/serving.js';

const skip = skipWithoutCluster || skipWithout.dlib;
const engine = { detector: 'hog' } as const;
const parts = skip ? undefined : await startCluster();
t.teardown(() => parts?.stop());
const own = { cluster: parts?.cluster ?? '', store: parts?.store ?? '' };
const shown = { cluster: own.cluster, clusterStore: own.store.replace('tester@', 'tester:sesame@') };

t.test('runs of each kind, for the page to show', { skip }, async (t) => {
  const cluster = await Cluster.open(own);
  t.teardown(() => cluster.close());
  await cluster.importPhotos(syntheticPhotos(300), 'registry');
  const worker = await startWorker(t, own);
  const done = await cluster.submit({ set: 'registry', engine });
  await cluster.wait(done);
  const empty = join(t.testdir(), 'nobody');
  mkdirSync(empty);
  const failed = await cluster.submit({ set: 'intake', photos: [empty], engine });
  await t.rejects(cluster.wait(failed), { code: 'CLUSTER_RUN_FAILED' });
  await worker.end('SIGTERM');
  await cluster.submit({ set: 'waits', photos: [empty], engine });
});

t.test('how the cluster stands is told over HTTP, by who may ask', { skip }, async (t) => {
  const place = await filledPlace(t);
  const server = await serverOn(t, place, { ...shown, token });
  const ask = askerOf(server);
  const bearer = { authorization: `Bearer ${token}` };
  for (const url of ['/api/cluster', '/api/cluster/jobs'])
    t.match(await ask('GET', url), { status: 401, body: { error: { code: 'TOKEN_REQUIRED' } } });
  t.match((await ask<ApiSession>('GET', '/api/session')).body, { hasQueue: false }, 'nobody is told');
  const { body, status } = await ask<ApiCluster>('GET', '/api/cluster', undefined, bearer);
  t.equal(status, 200);
  t.match(body, {
    counts: { waiting: 1, active: 0, delayed: 0 },
    runs: [
      { set: 'waits', state: 'running', stage: 'list' },
      {
        set: 'intake',
        state: 'failed',
        deadJobs: 1,
        dead: [{ stage: 'list', number: 0, code: 'NO_PHOTOS' }],
      },
      { set: 'registry', state: 'finished', deadJobs: 0 },
    ],
  });
  t.notMatch(JSON.stringify(body), 'sesame');
  t.match((await ask<ApiPage<ApiQueuedJob>>('GET', '/api/cluster/jobs', undefined, bearer)).body, {
    total: 1,
    offset: 0,
    items: [{ run: body.runs[0]?.run, stage: 'list', number: 0, attempts: 0 }],
  });
  t.match(await ask('GET', '/api/cluster/jobs?state=active&offset=0&limit=5', undefined, bearer), {
    body: { total: 0, items: [] },
  });
  t.match(await ask('GET', '/api/cluster/jobs?state=completed', undefined, bearer), { status: 400 });
  for (const method of ['POST', 'DELETE', 'PATCH'] as const)
    for (const url of ['/queue', '/api/cluster', '/api/cluster/jobs'])
      t.match(await ask(method, url, undefined, bearer), { status: 404 }, `${method} ${url} changes nothing`);
});

t.test('a page of others cannot look at it', { skip }, async (t) => {
  const ask = askerOf(await serverOn(t, await filledPlace(t), { ...shown }));
  for (const url of ['/api/cluster', '/api/cluster/jobs']) {
    t.match(await ask('GET', url, undefined, { 'sec-fetch-site': 'cross-site' }), {
      status: 403,
      body: { error: { code: 'REQUEST_REFUSED' } },
    });
    t.match(await ask('GET', url, undefined, { host: 'evil.example' }), { status: 403 });
  }
  const page = await ask<Buffer>('GET', '/queue');
  t.equal(page.status, 200);
  t.match(page.headers['content-security-policy'], "default-src 'none'");
  t.notMatch(page.body.toString(), /registry|intake/, 'the page itself holds nothing');
});

t.test('without a cluster there is no such page', async (t) => {
  const ask = askerOf(await serverOn(t, await filledPlace(t)));
  for (const url of ['/queue', '/queue.js', '/api/cluster']) t.match(await ask('GET', url), { status: 404 });
  t.match((await ask<ApiSession>('GET', '/api/session')).body, { hasQueue: false });
});

t.test('the command line shows it when it is told where', { skip }, async (t) => {
  const { store, root } = await filledPlace(t);
  const args = ['serve', '--store', store, '--root', root, '--port', '0', '--cluster', own.cluster];
  const named = await serving(t, [...args, '--cluster-store', own.store]);
  t.match(await (await fetch(`${named.address}/api/session`)).json(), { hasQueue: true });
  t.equal((await fetch(`${named.address}/queue`)).status, 200);
  t.equal(await named.stop(), 0);
  const unnamed = await serving(t, args);
  t.match(unnamed.stderr(), /the queue of the cluster is not shown.*--cluster-store/);
  t.equal((await fetch(`${unnamed.address}/queue`)).status, 404);
  await unnamed.stop();
  t.match(await facededup(['serve', '--store', store, '--port', '0', '--cluster-store', own.store]), {
    code: 2,
    stderr: /name its Redis, too, with --cluster/,
  });
});

t.test('in a browser', { skip: skip || skipWithoutBrowser }, async (t) => {
  const place = await filledPlace(t);
  const server = await serverOn(t, place, { ...shown, token });
  const address = await server.listen();
  const browser = await launchBrowser(t);
  const { page, complaints, elsewhere } = await watchedPage(t, browser, address);
  await page.goto(`${address}/queue`);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('1 job put aside').waitFor();
  await page.getByText('Run 2').click();
  await page.getByText('NO_PHOTOS', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Waiting (1)' }).click();
  await page.getByText('1 to 1 of 1 job').waitFor();
  t.same(await accessibilityProblems(page), []);
  await page.screenshot({ path: screenshotPath('queue'), fullPage: true });
  // The browser itself tells of each answer that is no success: before the login there is one.
  t.same(
    complaints.filter((each) => !/401/.test(each)),
    [],
  );
  t.same(elsewhere, []);

  const client = new pg.Client(own.store);
  await client.connect();
  await client.query(
    `UPDATE facededup.run_jobs SET message = 'The photo <img src=x onerror=alert(1)> is none.' WHERE state = 'dead'`,
  );
  await client.end();
  await page.getByText('<img src=x').waitFor();
  t.equal(await page.locator('img').count(), 0, 'a message is text');

  await page.setViewportSize({ width: 390, height: 800 });
  t.ok(
    await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'),
    'nothing hangs out on a phone',
  );
  await page.screenshot({ path: screenshotPath('queue-narrow'), fullPage: true });
  await page.goto(address);
  await page.getByRole('link', { name: 'Queue' }).click();
  await page.waitForURL(`${address}/queue`);
  t.same(elsewhere, []);
});

t.test('engines that go away are told of, and found again', { skip }, async (t) => {
  const ask = askerOf(await serverOn(t, await filledPlace(t), { ...shown }));
  t.match(await ask('GET', '/api/cluster'), { status: 200 });
  await parts?.redis.kill();
  t.match(await ask('GET', '/api/cluster'), {
    status: 503,
    headers: { 'retry-after': '5' },
    body: { error: { code: 'CLUSTER_UNREACHABLE' } },
  });
  t.match(await ask('GET', '/api/sets'), { status: 200 }, 'the rest goes on');
  await parts?.redis.start();
  for (let tries = 0; tries < 20 && (await ask('GET', '/api/cluster')).status !== 200; tries++);
  t.match(await ask('GET', '/api/cluster'), { status: 200 });
});
