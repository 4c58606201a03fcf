// Telemetry of real work: spans that hang together, and no name of a photo, reference, folder or password in any of it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FaceEngine, findInPhotos, NamedPhotos } from '../../lib/index.js';
import { FaceStore } from '../../lib/store/index.js';
import { metricTable, spanTable } from '../../lib/telemetry/names.js';
import { skipWithoutCluster, startCluster } from '../fixtures/cluster_parts.js';
import { startWorker } from '../fixtures/cluster_workers.js';
import { facededup, main, run } from '../fixtures/command_line.js';
import { dependencies, installInto, packInto } from '../fixtures/packed.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';
import { listen, startCollector } from '../fixtures/telemetry.js';

const skip = skipWithout.dlib || skipWithout.examples;
const skipCluster = skip || skipWithoutCluster;
const parts = skipCluster ? undefined : await startCluster();
t.teardown(() => parts?.stop());

/** What nobody may be told: names, parts of them, and what stands in addresses. */
const secrets = ['schneider', 'quarantine', 'dossier', 'mueller', 'sesame'];

/** Two photos of one person and two that fail, named so that their names are found wherever they are told. */
function namedFolder(t: Test): {
  readonly folder: string;
  readonly photos: string;
  readonly references: string;
} {
  const folder = t.testdir();
  const photos = join(folder, 'quarantine');
  mkdirSync(photos);
  const copy = (from: string, to: string) =>
    copyFileSync(join(examplePhotos ?? '', 'johns', 'John_Schneider', from), join(photos, to));
  copy('000288_00925786.jpg', 'schneider-1.jpg');
  copy('000329_00925859.jpg', 'schneider-2.jpg');
  writeFileSync(join(photos, 'mueller.jpg'), 'no photo');
  writeFileSync(join(photos, 'mueller-empty.jpg'), '');
  const references = join(folder, 'references.csv');
  writeFileSync(references, `photo,reference\n${join(photos, 'schneider-1.jpg')},dossier-17\n`);
  return { folder, photos, references };
}

function requireNoSecret(t: Test, text: string): void {
  t.ok(text.length > 1000, 'something was told');
  for (const secret of secrets) t.notMatch(text.toLowerCase(), secret);
}

t.test('a program with an SDK of its own hears of a run, and of nobody in it', { skip }, async (t) => {
  const heard = listen(t);
  const { folder, photos } = namedFolder(t);
  const store = new FaceStore(join(folder, 'dossier.db'));
  const engine = await FaceEngine.create({ detector: 'hog', lanes: 1 });
  const findings = await findInPhotos(engine, await NamedPhotos.of([photos]), {
    set: store.set('dossier'),
    threshold: 0.6,
    references: new Map([[join(photos, 'schneider-1.jpg'), 'dossier-17']]),
  });
  const photo = join(photos, 'schneider-1.jpg');
  const [face] = await engine.detect(photo);
  await engine.landmarks(photo, face ? [face.box] : []);
  await engine.extract(photo);
  await t.rejects(engine.encode(join(photos, 'mueller.jpg')));
  await engine.close();
  store.close();
  t.match(findings.summary, { photos: 4, failed: 2, pairs: 1 });

  const spans = heard.spans();
  const ofFind = spans.find(({ name }) => name === 'facededup.run');
  t.match(ofFind?.attributes, { 'facededup.photos': 4, 'facededup.failed': 2, 'facededup.pairs': 1 });
  const ofRun = spans.filter(({ traceId }) => traceId === ofFind?.traceId);
  const ids = new Set(ofRun.map(({ spanId }) => spanId));
  t.ok(ofRun.every(({ parentId, name }) => name === 'facededup.run' || ids.has(parentId ?? '')));
  t.same(
    ofRun
      .filter(({ name }) => name === 'facededup.run.stage')
      .map(({ attributes }) => attributes['facededup.stage']),
    ['encode', 'compare', 'keep'],
  );
  const names = new Set(spans.map(({ name }) => name));
  const elsewhere = ['facededup.submit', 'facededup.job'];
  t.same(
    Object.keys(spanTable).filter((name) => !names.has(name)),
    elsewhere,
  );
  const points = await heard.points();
  const told = new Set(points.map(({ name }) => name));
  t.same(
    Object.keys(metricTable).filter((name) => !told.has(name)),
    ['facededup.jobs', 'facededup.job.duration', 'facededup.queue.jobs'],
  );
  for (const { name, attributes } of points) {
    const known: readonly string[] = metricTable[name as keyof typeof metricTable].attributes;
    t.ok(
      Object.keys(attributes).every((each) => known.includes(each)),
      name,
    );
  }
  for (const { name, attributes } of spans) {
    const known: readonly string[] = spanTable[name as keyof typeof spanTable].attributes;
    t.ok(
      Object.keys(attributes).every((each) => known.includes(each)),
      name,
    );
  }
  t.same(
    points
      .filter(({ name }) => name === 'facededup.photos')
      .map(({ attributes, value }) => [
        attributes['facededup.operation'],
        attributes['error.type'] ?? '',
        value,
      ])
      .sort(),
    [
      ['detect', '', 1],
      ['encode', '', 2],
      ['encode', 'PHOTO_EMPTY', 1],
      ['encode', 'PHOTO_NOT_AN_IMAGE', 2],
      ['extract', '', 1],
      ['landmarks', '', 1],
    ],
  );
  const calls = points.find(({ name }) => name === 'facededup.engine.calls');
  t.equal(calls?.value, 0, 'nothing is under way any more');
  requireNoSecret(t, await heard.text());
});

/** JSON, so that it can be read here, and every measurement at once. */
const otlp = (address?: string): NodeJS.ProcessEnv => ({
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  ...(address === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: address }),
});

t.test('the command line tells a collector', { skip }, async (t) => {
  const { folder, photos, references } = namedFolder(t);
  for (const how of ['the environment', 'a flag', 'the configuration'] as const) {
    const collector = await startCollector(t);
    const config = join(folder, 'dossier.json');
    writeFileSync(
      config,
      JSON.stringify(how === 'the configuration' ? { telemetry: collector.address } : {}),
    );
    const { code, stderr } = await facededup(
      [
        ...['find', photos, '--detector', 'hog', '--references', references, '--config', config],
        ...(how === 'a flag' ? ['--telemetry', collector.address] : []),
      ],
      otlp(how === 'the environment' ? collector.address : undefined),
    );
    t.equal(code, 1, stderr);
    const spans = collector.spans();
    t.ok(
      spans.some(({ name }) => name === 'facededup.run'),
      how,
    );
    t.ok(collector.metrics().includes('facededup.photos'), how);
    t.match(spans[0]?.resource, { 'service.name': 'facededup', 'service.version': /^\d/ });
    t.same(
      Object.keys(spans[0]?.resource ?? {}).filter((name) => /^(process|host)\./.test(name)),
      [],
      'the command would name the photos',
    );
    requireNoSecret(t, collector.text());
  }
  const named = await startCollector(t);
  await facededup(['encode', photos, '--detector', 'hog'], {
    ...otlp(named.address),
    OTEL_SERVICE_NAME: 'intake',
  });
  t.match(named.spans()[0]?.resource, { 'service.name': 'intake' });
  t.ok(named.spans().some(({ name, parentId }) => name === 'facededup.run' && parentId === undefined));
});

t.test('a collector that is not there, or never answers, changes nothing', { skip }, async (t) => {
  const { photos } = namedFolder(t);
  const deaf = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
  t.teardown(() => deaf.close());
  const addresses = ['http://127.0.0.1:1', `http://127.0.0.1:${(deaf.address() as AddressInfo).port}`];
  const find = ['find', photos, '--detector', 'hog', '--json'];
  const silent = await facededup(find, otlp());
  const withoutTimes = (text: string) => text.replaceAll(/"(started|finished)At": "[^"]*"/g, '');
  for (const address of addresses) {
    const { code, stdout, stderr } = await facededup(find, otlp(address));
    t.equal(code, 1);
    t.equal(withoutTimes(stdout), withoutTimes(silent.stdout));
    t.match(stderr, 'note: the collector of telemetry did not take all');
  }
  const off = await facededup(find, { ...otlp('http://127.0.0.1:1'), OTEL_SDK_DISABLED: 'true' });
  t.notMatch(off.stderr, 'collector of telemetry');
});

t.test('an address that is none is wrong use', async (t) => {
  const { code, stderr } = await facededup(['find', 'x.jpg', '--telemetry', 'collector:4318']);
  t.equal(code, 2);
  t.match(stderr, 'ARGUMENT_INVALID');
});

t.test('whoever asks for it without its package is told which', async (t) => {
  // Not below this repository, whose packages would be found.
  const folder = mkdtempSync(join(tmpdir(), 'facededup-untold-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const installed = installInto(folder, packInto(folder), dependencies);
  const { code, stderr } = await run(
    process.execPath,
    [join(installed, 'dist', 'esm', 'cli', 'main.js'), 'find', 'x.jpg'],
    { cwd: folder, env: { ...process.env, ...otlp('http://127.0.0.1:1') } },
  );
  t.equal(code, 2);
  t.match(stderr, /run `npm install @opentelemetry\/sdk-node`.* \[TELEMETRY_PACKAGE_MISSING\]/);
});

t.test('a signal ends a run, and what it told until then is sent', { skip }, async (t) => {
  const { photos } = namedFolder(t);
  const collector = await startCollector(t);
  const copies = Array.from({ length: 200 }, (_, number) => join(photos, `copy-${number}.jpg`));
  for (const copy of copies) symlinkSync(join(photos, 'schneider-1.jpg'), copy);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const child = spawn(
      process.execPath,
      [main, 'encode', ...copies, '--jitters', '20', '--detector', 'hog', '--lanes', '1'],
      { env: { ...process.env, ...otlp(collector.address) }, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    child.stdout.once('data', () => child.kill(signal));
    const [code, by] = (await once(child, 'exit')) as [number | null, string | null];
    t.same([code, by], [null, signal]);
  }
  const loaded = collector.spans().filter(({ name }) => name === 'facededup.model.load');
  t.equal(new Set(loaded.map(({ resource }) => resource['service.instance.id'])).size, 2);
  requireNoSecret(t, collector.text());
});

t.test('a run on a cluster is one trace, from submit to the last job', { skip: skipCluster }, async (t) => {
  const { photos, references } = namedFolder(t);
  const collector = await startCollector(t);
  const store = (parts?.newStore() ?? '').replace('tester@', 'tester:sesame@');
  const cluster = parts?.cluster ?? '';
  const worker = await startWorker(
    t,
    { cluster, store },
    {
      environment: {
        ...otlp(collector.address),
        OTEL_METRIC_EXPORT_INTERVAL: '200',
        OTEL_METRIC_EXPORT_TIMEOUT: '200',
      },
    },
  );
  const flags = ['--cluster', cluster, '--store', store, '--references', references];
  const { stdout, stderr } = await facededup(
    ['find', photos, '--detector', 'hog', '-t', '0.6', '--json', ...flags],
    otlp(collector.address),
  );
  t.match(JSON.parse(stdout), { summary: { photos: 4, failed: 2 } }, stderr);
  t.equal(await worker.end('SIGTERM'), 0);

  const spans = collector.spans();
  const submit = spans.find(({ name }) => name === 'facededup.submit');
  const jobs = spans.filter(({ name }) => name === 'facededup.job');
  t.same(
    [...new Set(jobs.map(({ attributes }) => attributes['facededup.stage']))],
    ['list', 'encode', 'plan', 'match', 'merge', 'group', 'report'],
  );
  t.ok(jobs.every(({ traceId, parentId }) => traceId === submit?.traceId && parentId === submit?.spanId));
  t.ok(jobs.every(({ attributes }) => attributes['facededup.run'] === submit?.attributes['facededup.run']));
  const instances = new Set(spans.map(({ resource }) => resource['service.instance.id']));
  t.equal(instances.size, 2, 'the worker and the one who submitted');
  t.ok(spans.some(({ attributes }) => attributes['db.system.name'] === 'postgresql'));
  for (const name of [
    'facededup.jobs',
    'facededup.job.duration',
    'facededup.queue.jobs',
    'facededup.pairs.compared',
  ])
    t.ok(collector.metrics().includes(name), name);
  requireNoSecret(t, collector.text());
});
