// People who asked to be forgotten, in a cluster's store: what goes is what goes from a file, and no table names them.

import pg from 'pg';
import t from 'tap';
import { Cluster } from '../../lib/cluster/index.js';
import { rename } from '../../lib/cluster/postgres/set_photos.js';
import { ClusterStore } from '../../lib/cluster/postgres/store.js';
import type { KeptPhoto } from '../../lib/encodings/kept_encodings.js';
import type { Erasure, NewDecision } from '../../lib/store/index.js';
import { FaceStore } from '../../lib/store/index.js';
import { bothStores, bytesOf, photosOfRecords, tablesNaming, toldBySet } from '../fixtures/both_stores.js';
import { skipWithoutCluster, startCluster } from '../fixtures/cluster_parts.js';
import { facededup } from '../fixtures/command_line.js';
import { skipWithout } from '../fixtures/places.js';

const skip = skipWithoutCluster || skipWithout.dlib;
const parts = skip ? undefined : await startCluster();
t.teardown(() => parts?.stop());

const addresses = () => ({ cluster: parts?.cluster ?? '', store: parts?.newStore() ?? '' });

async function query(store: string, text: string, values: readonly unknown[] = []): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: store });
  await client.connect();
  try {
    return await client.query(text, [...values]);
  } finally {
    await client.end();
  }
}

const encodingsOf = ({ faces }: KeptPhoto) => faces.map(({ encoding }) => bytesOf(encoding));

t.test('what goes is what goes from a file, and no table names it any more', { skip }, async (t) => {
  const photos = photosOfRecords();
  const both = await bothStores(t, addresses(), { photos });
  const { file, store, onEach } = both;
  const [before, same] = await onEach(toldBySet);
  t.same(same, before, 'both tell the same before');
  const { pairs } = (before as { runs: { pairs: { first: string; second: string }[] }[] }).runs[0] ?? {
    pairs: [],
  };
  t.ok(pairs.length > 20, `${pairs.length} pairs`);

  // Of the closest pairs: one photo alone, one of a record, one that is renamed, and one without a face.
  const [{ first: alone = '' } = {}] = pairs;
  const ofRecord = photos.find(
    ({ photo, reference }) =>
      reference && pairs.some(({ first, second }) => photo === first || photo === second),
  );
  const renamed =
    pairs.map(({ second }) => second).find((name) => name !== alone && name !== ofRecord?.photo) ?? '';
  const said: NewDecision[] = [
    { kind: 'photo', first: alone, second: renamed, verdict: 'unsure', reason: 'hard to say' },
    { kind: 'photo', first: ofRecord?.photo ?? '', second: renamed, verdict: 'different' },
    { kind: 'reference', first: ofRecord?.reference ?? '', second: 'IND-1-X', verdict: 'same' },
    { kind: 'reference', first: 'IND-2-X', second: 'IND-1-X', verdict: 'same' },
  ];
  await onEach(async (each) => {
    const { decisions } = await each.set();
    await decisions.decideAll(said);
    await decisions.undo();
  });
  const newName = '/registry/moved.jpg';
  const inFile = new FaceStore(file);
  inFile.set().photos.rename(renamed, newName);
  inFile.close();
  const renaming = await ClusterStore.open(store);
  await renaming.database.transaction((sql) => rename(sql, 1, { from: renamed, to: newName, isGone: false }));
  await renaming.close();

  for (const [id, by] of [
    [alone, 'photo'],
    [ofRecord?.reference ?? '', 'reference'],
    [newName, 'photo'],
    ['/registry/blank-2.jpg', 'photo'],
  ] as const) {
    const erased = await Promise.all(
      [file, store].map(async (at) => {
        const dry = await facededup(['erase', id, '--store', at, '--dry-run', '--json']);
        const { code, stdout, stderr } = await facededup(['erase', id, '--store', at, '--yes', '--json']);
        t.equal(code, 0, stderr);
        const told = JSON.parse(stdout) as Erasure;
        t.same(JSON.parse(dry.stdout), { ...told, isErased: false }, `a dry run at ${at}`);
        return told;
      }),
    );
    t.same(erased[1], erased[0], id);
    t.match(erased[1], { id, by, isErased: true });
    const [left, leftThere] = await onEach(toldBySet);
    t.same(leftThere, left, `both tell the same without ${id}`);
    const names = erased[1]?.sets.flatMap((set) => set.photos) ?? [];
    t.ok(names.length > 0);
    const gone = photos.filter(({ photo }) => names.includes(photo === renamed ? newName : photo));
    const wanted = [
      ...[id, ...names, ...(id === newName ? [renamed] : [])],
      ...gone.flatMap((photo) => [photo.digest ?? '', ...encodingsOf(photo)]),
    ];
    for (const text of wanted) t.same(await tablesNaming(store, text), [], String(text).slice(0, 80));
    t.match(await facededup(['erase', id, '--store', store, '--yes']), {
      code: 2,
      stderr: /FACE_STORE_MISSING/,
    });
  }
  await both.find();
  const [after, afterThere] = await onEach(toldBySet);
  t.same(afterThere, after, 'and runs go on alike');

  const onServer = await ClusterStore.open(store);
  await onServer.compact();
  await onServer.close();
  t.ok((parts?.tablesWith('/registry/000001.jpg') ?? []).length > 0);
  const [someone] = photos.filter(({ photo }) => photo === alone);
  for (const text of [
    alone,
    newName,
    ofRecord?.reference ?? '',
    someone?.digest ?? '',
    ...encodingsOf(someone as KeptPhoto),
  ])
    t.same(parts?.tablesWith(text), [], 'written anew, no file of the server holds it');
});

t.test('pages, positions and histograms are those of a file, before and after', { skip }, async (t) => {
  const { onEach } = await bothStores(t, addresses(), { runs: 1 });
  const pages = (): Promise<[unknown, unknown]> =>
    onEach(async (store) => {
      const { decisions, runs, photos } = await store.existingSet();
      const index = await decisions.index();
      const { run } = await runs.facts();
      const told: unknown[] = [await runs.histogram(run, 7), (await runs.list()).length];
      for (const query of [
        {},
        { limit: 5 },
        { offset: 3, limit: 4, order: 'farthest' },
        { verdict: 'open', limit: 6 },
        { verdict: 'different' },
        { verdict: 'same', offset: 1 },
        { text: 'ind-1', limit: 50 },
        { text: '00012', isNew: true },
        { text: 'REGISTRY/0003', verdict: 'open' },
        { text: '100%_\\' },
      ] as const)
        told.push([query, await runs.pairs(run, index, query)]);
      told.push(await runs.groupsPage(run, { offset: 1, limit: 2 }), await runs.groupsPage(run, {}));
      for (const query of [{}, { offset: 5, limit: 3 }, { text: 'Blank' }, { text: 'IND-3', limit: 2 }])
        told.push(await photos.list(query));
      told.push((await photos.seen('/registry/000003.jpg'))?.digest, await photos.seen('nobody\0'));
      return told;
    });
  const [file, server] = await pages();
  t.same(server, file);
  const decided = await onEach(async (store) => {
    const set = await store.existingSet();
    const { run } = await set.runs.facts();
    const { pairs } = await set.runs.pairs(run, await set.decisions.index());
    const [a, b, c] = pairs;
    const kind = 'photo';
    if (!a || !b || !c) return [];
    await set.decisions.decide({ kind, first: a.first, second: a.second, verdict: 'same' });
    await set.decisions.decide({ kind, first: b.second, second: b.first, verdict: 'different' });
    await set.decisions.decide({ kind, first: c.first, second: c.second, verdict: 'same' });
    await set.decisions.decideAll([
      { kind: 'reference', first: 'IND-1-X', second: 'IND-2-X', verdict: 'unsure' },
      { kind: 'reference', first: 'IND-5-X', second: 'IND-60-X', verdict: 'same' },
    ]);
    const withdrawn = [
      await set.decisions.withdraw({ kind: 'reference', first: 'IND-2-X', second: 'IND-1-X' }),
      await set.decisions.withdraw({ kind: 'reference', first: 'IND-2-X', second: 'IND-1-X' }),
    ];
    return [b.first, withdrawn];
  });
  t.same(decided[1], decided[0]);
  t.same(decided[0][1], [true, false]);
  const [decidedFile, decidedServer] = await pages();
  t.same(decidedServer, decidedFile);
  await onEach((store) => store.erase(String(decided[0][0])));
  const [lessFile, lessServer] = await pages();
  t.same(lessServer, lessFile);
});

t.test(
  'under a run that goes on nothing is erased; of one that failed nothing is left',
  { skip },
  async (t) => {
    const own = addresses();
    const photos = photosOfRecords();
    const cluster = await Cluster.open(own);
    t.teardown(() => cluster.close());
    await cluster.importPhotos(photos);
    await cluster.importPhotos(photos.slice(0, 3), 'other');
    const name = '/intake/ben.jpg';
    const run = await cluster.submit({
      photos: ['/intake', name],
      engine: { detector: 'hog' },
      ignoredPairs: [['IND-9-Z', 'IND-1-X']],
      references: new Map([[name, 'IND-9-Z']]),
    });
    t.same((await cluster.erase('IND-9-Z', { dryRun: true })).sets, [
      { set: 'default', photos: [], decisions: 0, pairs: 0, listed: 0 },
    ]);
    for (const id of ['IND-9-Z', name, photos[0]?.photo ?? '']) {
      await t.rejects(cluster.erase(id), {
        code: 'CLUSTER_SET_BUSY',
        message: new RegExp(`facededup cancel ${run}`),
      });
      t.match(await facededup(['erase', id, '--store', own.store, '--yes']), {
        code: 2,
        stderr: /CLUSTER_SET_BUSY/,
      });
    }
    t.match((await cluster.erase(photos[1]?.photo ?? '', { set: 'other' })).sets, [{ set: 'other' }]);

    const face = encodingsOf(photos[3] as KeptPhoto)[0] as Uint8Array;
    const digest = `sha256 ${'9'.repeat(64)}`;
    for (const [text, values] of [
      [`UPDATE facededup.runs SET state = 'failed', code = 'X', message = $1`, [`It broke at '${name}'.`]],
      [
        `INSERT INTO facededup.contents (digest, origin_id, face_count, faces) SELECT $1, max(id), 1, $2 FROM facededup.origins`,
        [digest, Buffer.from(face)],
      ],
      [
        `INSERT INTO facededup.run_photos (run_id, position, name, reference, state, digest, origin_id)
       SELECT $1, 0, $2, 'IND-9-Z', 'encoded', $3, max(id) FROM facededup.origins`,
        [run, name, digest],
      ],
      [
        `INSERT INTO facededup.run_blocks (run_id, number, photos, data) VALUES ($1, 0, 1, $2)`,
        [run, Buffer.from(face)],
      ],
      [`INSERT INTO facededup.run_axes (run_id, data) VALUES ($1, $2)`, [run, Buffer.from(face)]],
      [`INSERT INTO facededup.run_lists (run_id, count, data) VALUES ($1, 1, $2)`, [run, Buffer.from(face)]],
      [
        `INSERT INTO facededup.run_fragments (run_id, list, number, data, records) VALUES ($1, 0, 0, $2, $2)`,
        [run, Buffer.from(face)],
      ],
      [
        `INSERT INTO facededup.run_tiles (run_id, first_block, second_block, job, pairs) VALUES ($1, 0, 0, 0, $2)`,
        [run, Buffer.from(face)],
      ],
      [
        `UPDATE facededup.run_jobs SET state = 'dead', code = 'X', message = $1`,
        [`The photo '${name}' is bad.`],
      ],
      ['ANALYZE', []],
    ] as const)
      await query(own.store, text, values);
    await cluster.importPhotos(
      [{ ...(photos[3] as KeptPhoto), digest: `sha256 ${'6'.repeat(64)}` }],
      'third',
    );
    t.ok((await tablesNaming(own.store, name)).length >= 4);
    const { cancelledRuns, sets } = await cluster.erase('IND-9-Z');
    t.same(cancelledRuns, [run]);
    t.match(sets, [{ set: 'default', photos: [] }]);
    for (const text of ['IND-9-Z', name, digest]) t.same(await tablesNaming(own.store, text), [], text);
    for (const id of [photos[3]?.photo ?? '']) await cluster.erase(id);
    t.same(await tablesNaming(own.store, face), []);
    t.match(await cluster.status(run), { state: 'cancelled' });
    await t.rejects(cluster.retry(run), { code: 'CLUSTER_RUN_OVER' });
  },
);

t.test('a set that goes takes the photos of its runs along', { skip }, async (t) => {
  const own = addresses();
  const store = await ClusterStore.open(own.store);
  t.teardown(() => store.close());
  for (const name of ['one', 'other']) await store.set(name);
  await query(
    own.store,
    `INSERT INTO facededup.runs (set_id, token, state, request) SELECT id, name, 'failed', '{}' FROM facededup.sets`,
  );
  await query(
    own.store,
    `INSERT INTO facededup.run_photos (run_id, position, name) SELECT id, 0, token FROM facededup.runs`,
  );
  t.ok(await store.removeSet('one'));
  t.same((await query(own.store, 'SELECT name FROM facededup.run_photos')).rows, [{ name: 'other' }]);
});

t.test('what is not there, or is two things, is an error, and nothing is changed', { skip }, async (t) => {
  const own = addresses();
  const store = await ClusterStore.open(own.store);
  t.teardown(() => store.close());
  const [a, b] = photosOfRecords() as [KeptPhoto, KeptPhoto];
  const { photos } = await store.set();
  await photos.import([
    { ...a, photo: 'X', reference: 'R-1' },
    { ...b, photo: 'b.jpg', reference: 'X' },
  ]);
  await (await store.set('other')).photos.import([{ ...a, photo: 'copy.jpg', reference: 'R-2' }]);
  const none = { name: 'FaceStoreError', code: 'FACE_STORE_MISSING' };
  await t.rejects(store.erase('nobody'), { ...none, message: /nothing of a photo or record 'nobody'/ });
  await t.rejects(store.erase('a\0b'), none);
  await t.rejects(store.erase('R-1', { by: 'photo' }), { ...none, message: /photo 'R-1'/ });
  await t.rejects(store.erase('X', { set: 'none' }), { ...none, message: /no set 'none'/ });
  await t.rejects(store.erase('X'), { code: 'ARGUMENT_INVALID', message: /--by photo, --by reference/ });
  t.match(await store.erase('X', { by: 'reference' }), { sets: [{ photos: ['b.jpg'] }], copies: [] });
  t.same(
    (await photos.list({})).photos.map(({ name }) => name),
    ['X'],
  );
  t.same((await store.erase('R-1')).copies, [{ set: 'other', photo: 'copy.jpg', reference: 'R-2' }]);
  t.not((await tablesNaming(own.store, a.digest ?? '')).length, 0, 'a copy keeps its encodings');
  await store.erase('R-2');
  t.same(await tablesNaming(own.store, a.digest ?? ''), []);

  await photos.import([a]);
  await query(own.store, 'CREATE ROLE clerk LOGIN').catch(() => undefined);
  await query(own.store, 'GRANT USAGE ON SCHEMA facededup TO clerk');
  await query(own.store, 'GRANT ALL ON ALL TABLES IN SCHEMA facededup TO clerk');
  const byClerk = await ClusterStore.open(own.store.replace('tester@', 'clerk@'));
  t.teardown(() => byClerk.close());
  await t.rejects(byClerk.erase(a.photo), { code: 'CLUSTER_STORE_REFUSED', message: /who owns its tables/ });
  t.ok(await photos.seen(a.photo), 'who may not tidy erases nothing');
});

t.test(
  'erasures beside each other, and beside runs of other sets, take what they are for',
  { skip },
  async (t) => {
    const own = addresses();
    const stores = await Promise.all([1, 2, 3].map(() => ClusterStore.open(own.store)));
    t.teardown(() => Promise.all(stores.map((store) => store.close())));
    const [store] = stores as [ClusterStore];
    const photos = photosOfRecords().slice(0, 60);
    const set = await store.set();
    await set.photos.import(photos);
    const erased = await Promise.all(
      photos.slice(0, 12).map(({ photo }, index) => (stores[index % 3] as ClusterStore).erase(photo)),
    );
    t.ok(erased.every(({ isErased, sets }) => isErased && sets.length === 1));
    const twice = await Promise.allSettled(stores.map((each) => each.erase(photos[20]?.photo ?? '')));
    t.equal(twice.filter(({ status }) => status === 'fulfilled').length, 1, 'one of three erases it');
    t.equal((await set.photos.list({})).total, 47);
  },
);
