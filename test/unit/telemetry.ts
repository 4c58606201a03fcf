// Telemetry: nothing without an SDK; with one, spans and metrics by the names in the table, and codes in place of sentences.

import t from 'tap';
import { FaceStoreError, PhotoAccessError } from '../../lib/errors.js';
import { FaceStore } from '../../lib/store/index.js';
import {
  carriedTrace,
  count,
  countWhile,
  errorType,
  inTrace,
  isListenedTo,
  observe,
  traced,
  tracedBatch,
  tracedSync,
} from '../../lib/telemetry/index.js';
import { attributeTable, metricTable, spanTable } from '../../lib/telemetry/names.js';
import { listen } from '../fixtures/telemetry.js';

t.test('without an SDK the work is done and nobody is told', async (t) => {
  t.equal(isListenedTo(), false);
  t.equal(await traced('facededup.run', {}, async () => 7), 7);
  t.equal(
    tracedSync('facededup.store.write', {}, () => 8),
    8,
  );
  await t.rejects(
    traced('facededup.run', {}, () => Promise.reject(new Error('as it was'))),
    {
      message: 'as it was',
    },
  );
  count('facededup.pairs.found', 1);
  countWhile('facededup.engine.calls')();
  observe('facededup.queue.jobs', () => Promise.resolve([]))();
  t.equal(carriedTrace(), undefined);
});

t.test('an SDK that is registered later is told', async (t) => {
  await traced('facededup.run', {}, () => Promise.resolve());
  const heard = listen(t);
  t.equal(isListenedTo(), true);
  await traced('facededup.run', {}, async (tell) => {
    tell({ 'facededup.photos': 3 });
    await traced('facededup.run.stage', { 'facededup.stage': 'encode' }, () => Promise.resolve());
  });
  const [stage, run] = heard.spans();
  t.match(run, { name: 'facededup.run', parentId: undefined, attributes: { 'facededup.photos': 3 } });
  t.match(stage, { name: 'facededup.run.stage', parentId: run?.spanId, traceId: run?.traceId });
  t.match(await heard.points(), [
    {
      name: 'facededup.run.stage.duration',
      unit: 's',
      attributes: { 'facededup.stage': 'encode' },
      value: 1,
    },
  ]);
});

t.test('a failure is told by its code, and its sentence by nobody', async (t) => {
  const heard = listen(t);
  const error = new PhotoAccessError('PHOTO_NOT_FOUND', "There is no photo 'anna.jpg'.");
  await t.rejects(
    traced('facededup.run.stage', { 'facededup.stage': 'encode' }, () => Promise.reject(error)),
    error,
  );
  t.match(heard.spans(), [{ attributes: { 'error.type': 'PHOTO_NOT_FOUND' } }]);
  t.match(await heard.points(), [{ attributes: { 'error.type': 'PHOTO_NOT_FOUND' }, value: 1 }]);
  t.notMatch(await heard.text(), 'anna');
  t.equal(errorType(new Error('anna')), '_OTHER');
  t.equal(errorType(Object.assign(new Error('anna'), { code: 'ECONNREFUSED' })), 'ECONNREFUSED');
  t.equal(errorType(Object.assign(new Error('anna'), { code: 'anna.jpg' })), '_OTHER');
  t.equal(errorType('anna'), '_OTHER');
});

t.test('photos are counted by what came of them', async (t) => {
  const heard = listen(t);
  const error = new PhotoAccessError('PHOTO_EMPTY', 'It is empty.');
  await tracedBatch('encode', 3, () =>
    Promise.resolve([{ faces: ['a', 'b'] }, { error }, { faces: [] as string[] }]),
  );
  t.match(heard.spans(), [
    {
      name: 'facededup.engine.encode',
      attributes: { 'facededup.photos': 3, 'facededup.faces': 2, 'facededup.failed': 1 },
    },
  ]);
  const ofCall = { 'facededup.operation': 'encode' };
  t.same(
    (await heard.points()).map(({ name, unit, attributes, value }) => [name, unit, attributes, value]),
    [
      ['facededup.photos', '{photo}', ofCall, 2],
      ['facededup.photos', '{photo}', { ...ofCall, 'error.type': 'PHOTO_EMPTY' }, 1],
      ['facededup.faces', '{face}', ofCall, 2],
    ],
  );
});

t.test('what is under way is counted while it is', async (t) => {
  const heard = listen(t);
  const [first, second] = [countWhile('facededup.engine.calls'), countWhile('facededup.engine.calls')];
  const calls = async () => (await heard.points()).map(({ value }) => value);
  t.same(await calls(), [2]);
  first();
  t.same(await calls(), [1]);
  second();
  t.same(await calls(), [0]);
});

t.test('a gauge is read when it is collected, and what fails harms nobody', async (t) => {
  const heard = listen(t);
  let isBroken = false;
  const end = observe('facededup.queue.jobs', () =>
    isBroken
      ? Promise.reject(new Error('Redis is gone'))
      : Promise.resolve([[5, { 'facededup.queue.state': 'waiting' }]]),
  );
  t.match(await heard.points(), [{ value: 5, attributes: { 'facededup.queue.state': 'waiting' } }]);
  isBroken = true;
  count('facededup.pairs.found', 1);
  t.ok((await heard.points()).some(({ name }) => name === 'facededup.pairs.found'));
  end();
});

t.test('a trace goes on in another process, without what else is carried along', async (t) => {
  const heard = listen(t);
  const carrier = await traced('facededup.submit', {}, () => Promise.resolve(carriedTrace()));
  t.match(carrier?.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  t.same(Object.keys(carrier ?? {}), ['traceparent']);
  await inTrace(carrier, () => traced('facededup.job', {}, () => Promise.resolve()));
  await inTrace(undefined, () => traced('facededup.job', {}, () => Promise.resolve()));
  const [submit, job, other] = heard.spans();
  t.equal(job?.traceId, submit?.traceId);
  t.equal(job?.parentId, submit?.spanId);
  t.not(other?.traceId, submit?.traceId);
});

t.test('a store in a file is told of: with a span only within another', async (t) => {
  const heard = listen(t);
  const store = new FaceStore(`${t.testdir()}/anna.db`);
  const faces = [{ box: { x: 0, y: 0, width: 1, height: 1 }, encoding: new Float32Array(128) }];
  const keep = () =>
    store
      .set('kreis')
      .photos.keep({ name: 'anna.jpg', digest: 'of-anna' }, { models: {}, options: {} }, faces);
  keep();
  t.same(heard.spans(), []);
  await traced('facededup.run', {}, async () => keep());
  t.match(heard.spans(), [
    {
      name: 'facededup.store.write',
      attributes: { 'db.system.name': 'sqlite', 'db.operation.name': 'keep' },
    },
    { name: 'facededup.run' },
  ]);
  await traced('facededup.run', {}, async () => [...store.set('kreis').photos.photos()]);
  t.match(heard.spans().at(-2), {
    name: 'facededup.store.read',
    attributes: { 'db.operation.name': 'page' },
  });
  const durations = (await heard.points()).filter(({ name }) => name === 'db.client.operation.duration');
  t.ok(durations.some(({ attributes, value }) => attributes['db.operation.name'] === 'keep' && value === 2));
  t.throws(() => store.existingSet('anna'), FaceStoreError);
  store.close();
  t.notMatch(await heard.text(), /anna|kreis/);
});

t.test('the tables fit each other', async (t) => {
  const known = new Set(Object.keys(attributeTable));
  for (const { attributes } of [...Object.values(spanTable), ...Object.values(metricTable)])
    for (const name of attributes) t.ok(known.has(name), name);
  for (const [name, span] of Object.entries(spanTable))
    if ('duration' in span) {
      const ofSpan: readonly string[] = span.attributes;
      for (const attribute of metricTable[span.duration].attributes)
        t.ok(ofSpan.includes(attribute), `${name}: ${attribute}`);
    }
});
