// What a cluster's store knows of one photo, or of all photos of a record, found and truly removed: as lib/store/erase.ts
// does it in a file.

import { FaceStoreError } from '../../errors.js';
import type { SubjectKind } from '../../store/decisions.js';
import { nothing, oneKind, type EraseOptions, type Erasure } from '../../store/erase.js';
import { timesListed, withoutGroups, withoutNames, withoutPairs } from '../../store/erased_facts.js';
import {
  byRun,
  copyIn,
  inNumbers,
  type NamedRow,
  type PlaceInRun,
  type SetTraces,
} from '../../store/traces.js';
import type { RunRequest } from '../run_request.js';
import type { Sql, SqlDatabase, SqlRow } from './database.js';
import type { KeptFacts } from './results.js';
import { busy, forgetWork } from './runs.js';
import { forgetContents, lockContents } from './set_photos.js';
import { requireOwner, tidy } from './tidy.js';

/**
 * @throws FaceStoreError `FACE_STORE_MISSING` when there is nothing; ClusterError `CLUSTER_SET_BUSY` while a run on a set
 *   that knows them goes on, `CLUSTER_STORE_REFUSED` when the user does not own the tables; InvalidOptionError `ARGUMENT_INVALID` when the id names a photo and a record
 */
export async function erase(database: SqlDatabase, id: string, options: EraseOptions): Promise<Erasure> {
  const { dryRun = false } = options;
  // No text in PostgreSQL has it, so that nothing there is named so.
  if (id.includes('\0')) throw nothing(database.name, id, options.by, options.set);
  const planned = await found(database, database.name, id, options);
  if (dryRun) return planned.erasure;
  await requireOwner(database);
  for (const { set } of planned.traces) await requireNoRun(database, set);
  let told: Erasure | undefined;
  const erased = await database.transaction(async (sql) => {
    await lockContents(sql);
    for (const { set } of planned.traces) await lockSet(sql, set);
    try {
      const there = await found(sql, database.name, id, options);
      for (const { set } of there.traces) await lockSet(sql, set);
      return (told = await remove(sql, there));
    } catch (error) {
      // Done again because nobody knew whether the server took it: it did.
      if (told && error instanceof FaceStoreError && error.code === 'FACE_STORE_MISSING') return told;
      throw error;
    }
  });
  await tidy(database);
  return erased;
}

interface Traces extends SetTraces {
  /** Of them now, and of those that are gone, or had another name, when a run or a decision named them. */
  readonly names: readonly string[];
  /** Photos of runs that are not over. */
  readonly underWay: number;
  /** Runs that were asked for with a word of them, whatever it meant. */
  readonly mentions: number;
}

interface Found {
  readonly id: string;
  readonly kind: SubjectKind;
  /** Of sets that know anything. */
  readonly traces: readonly Traces[];
  readonly erasure: Erasure;
}

async function found(sql: Sql, store: string, id: string, { by, set }: EraseOptions): Promise<Found> {
  const sets = await setsOf(sql, store, set);
  const byKind = new Map<SubjectKind, readonly Traces[]>();
  for (const kind of by ? [by] : (['photo', 'reference'] as const)) {
    const traces: Traces[] = [];
    for (const each of sets) traces.push(await tracesOf(sql, each, kind, id));
    byKind.set(kind, traces.filter(hasAny));
  }
  const known = [...byKind].filter(([, traces]) => traces.some(isKnown)).map(([kind]) => kind);
  const kind = oneKind(known, id) ?? [...byKind].find(([, traces]) => traces.length > 0)?.[0];
  const traces = kind && byKind.get(kind);
  if (!kind || !traces) throw nothing(store, id, by, set);
  const copies = await copiesOf(sql, traces);
  return {
    id,
    kind,
    traces,
    erasure: { id, by: kind, sets: traces.map(inNumbers), copies, isErased: false },
  };
}

async function setsOf(sql: Sql, store: string, name: string | undefined): Promise<NamedRow[]> {
  const rows = await sql.rows('SELECT id, name FROM facededup.sets ORDER BY name');
  const sets = rows.map(named).filter((each) => name === undefined || each.name === name);
  if (name === undefined || sets.length > 0) return sets;
  throw new FaceStoreError('FACE_STORE_MISSING', `There is no set '${name}' in the store ${store}.`);
}

function named(row: SqlRow): NamedRow {
  return { id: Number(row['id']), name: String(row['name']) };
}

/** A run keeps at its end what it read at its beginning. @throws ClusterError `CLUSTER_SET_BUSY` */
async function requireNoRun(sql: Sql, { id, name }: NamedRow): Promise<void> {
  const row = await sql.row(`SELECT id FROM facededup.runs WHERE set_id = $1 AND state = 'running'`, [id]);
  if (row) throw busy(name, Number(row['id']));
}

/** Until the transaction ends nobody begins a run on the set, takes photos in, or tries a run again that failed. */
async function lockSet(sql: Sql, set: NamedRow): Promise<void> {
  await sql.run('SELECT 1 FROM facededup.sets WHERE id = $1 FOR UPDATE', [set.id]);
  await requireNoRun(sql, set);
  await sql.run(
    `SELECT 1 FROM facededup.runs WHERE set_id = $1 AND state = 'failed' ORDER BY id FOR UPDATE`,
    [set.id],
  );
}

async function tracesOf(sql: Sql, set: NamedRow, kind: SubjectKind, id: string): Promise<Traces> {
  const rows = await sql.rows(
    `SELECT id, name, digest FROM facededup.photos
     WHERE set_id = $1 AND ${kind === 'photo' ? 'name' : 'reference'} = $2 ORDER BY name`,
    [set.id, id],
  );
  const photos = rows.map((row) => ({ ...named(row), digest: String(row['digest']) }));
  const underWay = await namesUnderWay(sql, set, kind, id, photos);
  const names = await namesOf(sql, set, kind, id, photos, underWay);
  const subject = { set, photos, names };
  return {
    ...subject,
    decisions: await decisionsOn(sql, subject, kind, id),
    pairs: await pairsWith(sql, subject, kind, id),
    members: await membersAmong(sql, subject),
    listings: await listingsOf(sql, subject),
    underWay: underWay.length,
    mentions: await requestsNaming(sql, subject, kind, id),
  };
}

type Subject = Pick<Traces, 'set' | 'photos' | 'names'>;

const idsOf = (photos: Traces['photos']) => photos.map(({ id }) => id);

/** In runs that are not over. */
async function namesUnderWay(
  sql: Sql,
  set: NamedRow,
  kind: SubjectKind,
  id: string,
  photos: Traces['photos'],
): Promise<string[]> {
  const column = kind === 'photo' ? 'name' : 'reference';
  const rows = await sql.rows(
    `WITH open AS (SELECT id FROM facededup.runs WHERE set_id = $1 AND state IN ('running', 'failed'))
     SELECT name FROM facededup.run_photos WHERE run_id IN (SELECT id FROM open) AND (${column} = $2 OR photo_id = ANY ($3::bigint[]))
     UNION SELECT photo FROM facededup.run_references
       WHERE run_id IN (SELECT id FROM open) AND ${kind === 'photo' ? 'photo' : 'reference'} = $2`,
    [set.id, id, idsOf(photos)],
  );
  return rows.map(({ name }) => String(name));
}

/** SQL: the runs of the set $1. */
const runsOf = 'SELECT id FROM facededup.runs WHERE set_id = $1';
/** SQL: whether $4 says that records are meant, and a reference of the pair is $5, which is written as $6. */
const isOfRecord = `$4 = 'reference' AND position($6::text IN boxes) > 0 AND $5 IN (boxes::jsonb ->> 2, boxes::jsonb ->> 3)`;

/** The names they have, and those they had in runs where no other photo has taken them since. */
async function namesOf(
  sql: Sql,
  set: NamedRow,
  kind: SubjectKind,
  id: string,
  photos: Traces['photos'],
  underWay: readonly string[],
): Promise<string[]> {
  const rows = await sql.rows(
    `WITH sides AS (
       SELECT first_id AS photo_id, first AS name, 2 AS side, boxes FROM facededup.run_pairs WHERE run_id IN (${runsOf})
       UNION ALL SELECT second_id, second, 3, boxes FROM facededup.run_pairs WHERE run_id IN (${runsOf})),
     former AS (
       SELECT name FROM sides WHERE photo_id = ANY ($2::bigint[])
         OR $4 = 'reference' AND position($6::text IN boxes) > 0 AND boxes::jsonb ->> side = $5
       UNION SELECT photo FROM facededup.run_groups WHERE run_id IN (${runsOf}) AND photo_id = ANY ($2::bigint[])
       UNION SELECT unnest($3::text[]))
     SELECT DISTINCT name FROM former
     WHERE NOT EXISTS (SELECT 1 FROM facededup.photos WHERE set_id = $1 AND photos.name = former.name)`,
    [set.id, idsOf(photos), underWay, kind, id, JSON.stringify(id)],
  );
  const former = rows.map(({ name }) => String(name));
  return [...new Set([...photos.map(({ name }) => name), ...former, ...(kind === 'photo' ? [id] : [])])];
}

/** SQL: whether a photo of a run is one of those with the ids $2, or no longer there and had one of the names $3. */
function isOneOf(id: string, name: string): string {
  return `(${id} = ANY ($2::bigint[]) OR ${name} = ANY ($3::text[])
    AND NOT EXISTS (SELECT 1 FROM facededup.photos WHERE photos.id = ${id} AND photos.id <> ALL ($2::bigint[])))`;
}

function boundTo({
  set,
  photos,
  names,
}: Subject): [set: number, ids: readonly number[], names: readonly string[]] {
  return [set.id, idsOf(photos), names];
}

async function decisionsOn(sql: Sql, subject: Subject, kind: SubjectKind, id: string): Promise<number[]> {
  const { set, photos, names } = subject;
  // A decision goes along with a content: one under another name is on it too, unless a copy has that content as well.
  const owned = await sql.rows(
    `SELECT digest FROM facededup.photos WHERE set_id = $1 AND digest = ANY ($2::text[])
     GROUP BY digest HAVING bool_and(id = ANY ($3::bigint[]))`,
    [set.id, photos.map(({ digest }) => digest), idsOf(photos)],
  );
  const rows = await sql.rows(
    `SELECT id FROM facededup.decisions WHERE set_id = $1 AND (
       kind = 'photo' AND (first = ANY ($2::text[]) OR second = ANY ($2::text[])
         OR first_digest = ANY ($3::text[]) OR second_digest = ANY ($3::text[]))
       OR kind = 'reference' AND $4 = 'reference' AND $5 IN (first, second))`,
    [set.id, names, owned.map(({ digest }) => digest), kind, id],
  );
  return rows.map((row) => Number(row['id']));
}

async function pairsWith(sql: Sql, subject: Subject, kind: SubjectKind, id: string): Promise<PlaceInRun[]> {
  const rows = await sql.rows(
    `SELECT run_id, position FROM facededup.run_pairs WHERE run_id IN (${runsOf}) AND (
       ${isOneOf('first_id', 'first')} OR ${isOneOf('second_id', 'second')} OR ${isOfRecord})`,
    [...boundTo(subject), kind, id, JSON.stringify(id)],
  );
  return rows.map(placeIn);
}

async function membersAmong(sql: Sql, subject: Subject): Promise<Traces['members']> {
  const rows = await sql.rows(
    `SELECT run_id, position, place FROM facededup.run_groups
     WHERE run_id IN (${runsOf}) AND ${isOneOf('photo_id', 'photo')}`,
    boundTo(subject),
  );
  return rows.map((row) => ({ ...placeIn(row), place: Number(row['place']) }));
}

function placeIn(row: SqlRow): PlaceInRun {
  return { run: Number(row['run_id']), position: Number(row['position']) };
}

async function listingsOf(sql: Sql, { set, names }: Subject): Promise<Traces['listings']> {
  const known = new Set(names);
  const rows = await sql.rows(
    'SELECT id, facts FROM facededup.runs WHERE set_id = $1 AND facts IS NOT NULL ORDER BY id',
    [set.id],
  );
  return rows
    .map((row) => ({ run: Number(row['id']), times: timesListed(factsIn(row), known) }))
    .filter(({ times }) => times > 0);
}

async function requestsNaming(
  sql: Sql,
  { set, names }: Subject,
  kind: SubjectKind,
  id: string,
): Promise<number> {
  const texts = textsOf(names, kind, id).map((text) => JSON.stringify(text));
  const row = await sql.row(
    `SELECT count(*) AS runs FROM facededup.runs WHERE set_id = $1
       AND EXISTS (SELECT 1 FROM unnest($2::text[]) AS text WHERE position(text IN request) > 0)`,
    [set.id, texts],
  );
  return Number(row?.['runs']);
}

/** By which they are told. */
function textsOf(names: readonly string[], kind: SubjectKind, id: string): readonly string[] {
  return kind === 'reference' ? [...names, id] : names;
}

function factsIn(row: SqlRow): KeptFacts {
  return JSON.parse(String(row['facts'])) as KeptFacts;
}

function isKnown({ photos, decisions, pairs, members, listings, underWay }: Traces): boolean {
  return underWay > 0 || [photos, decisions, pairs, members, listings].some((traces) => traces.length > 0);
}

function hasAny(traces: Traces): boolean {
  return traces.mentions > 0 || isKnown(traces);
}

async function copiesOf(sql: Sql, traces: readonly Traces[]): Promise<Erasure['copies']> {
  const photos = traces.flatMap((each) => each.photos);
  const rows = await sql.rows(
    `SELECT sets.name AS "set", photos.name AS photo, reference FROM facededup.photos
       JOIN facededup.sets ON sets.id = set_id
     WHERE digest = ANY ($1::text[]) AND photos.id <> ALL ($2::bigint[]) ORDER BY sets.name, photos.name`,
    [photos.map(({ digest }) => digest), idsOf(photos)],
  );
  return rows.map(copyIn);
}

async function remove(sql: Sql, { traces, erasure, kind, id }: Found): Promise<Erasure> {
  const cancelledRuns: number[] = [];
  for (const each of traces) {
    cancelledRuns.push(...(await cancelFailed(sql, each)));
    await sql.run('DELETE FROM facededup.decisions WHERE id = ANY ($1::bigint[])', [each.decisions]);
    await removePairs(sql, each);
    await removeMembers(sql, each);
    for (const { run } of each.listings)
      await editFacts(sql, run, (facts) => withoutNames(facts, new Set(each.names)));
    await sql.run('DELETE FROM facededup.photos WHERE id = ANY ($1::bigint[])', [idsOf(each.photos)]);
    await giveCurrentNames(sql, each);
    await removeFromRequests(sql, each, textsOf(each.names, kind, id));
  }
  await forgetContents(sql);
  return { ...erasure, ...(cancelledRuns.length === 0 ? {} : { cancelledRuns }), isErased: true };
}

/** Their blocks hold the encodings of many photos, and cannot be without some: such a run is not to be tried again. */
async function cancelFailed(sql: Sql, { set }: Traces): Promise<number[]> {
  const rows = await sql.rows(
    `UPDATE facededup.runs SET state = 'cancelled' WHERE set_id = $1 AND state = 'failed' RETURNING id`,
    [set.id],
  );
  const runs = rows.map(({ id }) => Number(id));
  for (const run of runs) await forgetWork(sql, run);
  return runs;
}

async function removePairs(sql: Sql, { pairs }: Traces): Promise<void> {
  for (const [run, places] of byRun(pairs)) {
    const row = await sql.row(
      `WITH gone AS (
         DELETE FROM facededup.run_pairs WHERE run_id = $1 AND position = ANY ($2::integer[]) RETURNING position, is_new),
       gaps AS (INSERT INTO facededup.run_gaps (run_id, position) SELECT $1, position FROM gone)
       SELECT count(*) AS pairs, count(*) FILTER (WHERE is_new) AS new FROM gone`,
      [run, places.map(({ position }) => position)],
    );
    await editFacts(sql, run, (facts) => withoutPairs(facts, Number(row?.['pairs']), Number(row?.['new'])));
  }
}

async function removeMembers(sql: Sql, { members }: Traces): Promise<void> {
  for (const [run, places] of byRun(members)) {
    const before = await groupsOf(sql, run);
    await sql.run(
      `DELETE FROM facededup.run_groups AS members USING unnest($2::integer[], $3::integer[]) AS gone (position, place)
       WHERE run_id = $1 AND members.position = gone.position AND members.place = gone.place`,
      [run, places.map(({ position }) => position), places.map(({ place }) => place)],
    );
    // One photo alone is no group.
    await sql.run(
      `DELETE FROM facededup.run_groups WHERE run_id = $1 AND position IN (
         SELECT position FROM facededup.run_groups WHERE run_id = $1 GROUP BY position HAVING count(*) < 2)`,
      [run],
    );
    const gone = before - (await groupsOf(sql, run));
    await editFacts(sql, run, (facts) => withoutGroups(facts, gone));
  }
}

async function groupsOf(sql: Sql, run: number): Promise<number> {
  const row = await sql.row(
    'SELECT count(DISTINCT position) AS groups FROM facededup.run_groups WHERE run_id = $1',
    [run],
  );
  return Number(row?.['groups']);
}

/** Of a run that did not come to its end there are none. */
async function editFacts(sql: Sql, run: number, edit: (facts: KeptFacts) => KeptFacts): Promise<void> {
  const row = await sql.row('SELECT facts FROM facededup.runs WHERE id = $1 AND facts IS NOT NULL', [run]);
  if (!row) return;
  await sql.run('UPDATE facededup.runs SET facts = $2 WHERE id = $1', [
    run,
    JSON.stringify(edit(factsIn(row))),
  ]);
}

/** Photos that had one of the names during a run, and have another now, stay in it by that. */
async function giveCurrentNames(sql: Sql, { set, names }: Traces): Promise<void> {
  for (const [table, id, name] of [
    ['run_pairs', 'first_id', 'first'],
    ['run_pairs', 'second_id', 'second'],
    ['run_groups', 'photo_id', 'photo'],
  ] as const)
    await sql.run(
      `UPDATE facededup.${table} AS kept SET ${name} = photos.name FROM facededup.photos
       WHERE photos.id = kept.${id} AND run_id IN (${runsOf}) AND kept.${name} = ANY ($2::text[])`,
      [set.id, names],
    );
}

const erasedMessage = 'It named a photo that was erased since.';

/** What runs were asked for, and why jobs of them failed, may name them, too. */
async function removeFromRequests(sql: Sql, { set }: Traces, texts: readonly string[]): Promise<void> {
  const known = new Set(texts);
  const rows = await sql.rows(`SELECT id, request FROM facededup.runs WHERE set_id = $1`, [set.id]);
  for (const { id, request } of rows) {
    const { photos, ignoredPairs, ...rest } = JSON.parse(String(request)) as RunRequest;
    const edited = JSON.stringify({
      ...rest,
      photos: photos.filter((photo) => !known.has(photo)),
      ignoredPairs: ignoredPairs.filter((pair) => !pair.some((name) => known.has(name))),
    });
    await sql.run('UPDATE facededup.runs SET request = $2 WHERE id = $1 AND length(request) <> length($2)', [
      id,
      edited,
    ]);
  }
  const names = `EXISTS (SELECT 1 FROM unnest($2::text[]) AS text WHERE position(text IN message) > 0)`;
  await sql.run(
    `UPDATE facededup.run_jobs SET message = $3 WHERE run_id IN (${runsOf}) AND message IS NOT NULL AND ${names}`,
    [set.id, texts, erasedMessage],
  );
  await sql.run(
    `UPDATE facededup.runs SET message = $3 WHERE set_id = $1 AND message IS NOT NULL AND ${names}`,
    [set.id, texts, erasedMessage],
  );
}
