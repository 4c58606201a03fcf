// What a face store knows of one photo, or of all photos of a record, found and truly removed.

import { FaceStoreError, InvalidOptionError } from '../errors.js';
import { compact } from './compact.js';
import type { Database } from './database.js';
import type { SubjectKind } from './decisions.js';
import { timesListed, withoutGroups, withoutNames, withoutPairs } from './erased_facts.js';
import { forgetContents } from './photo_table.js';
import { type RunFacts, sealRun } from './run_table.js';
import {
  byRun,
  copyIn,
  inNumbers,
  type Listing,
  type NamedRow,
  type PlaceInRun,
  type SetTraces,
  type Erasure,
} from './traces.js';

export type { ErasedFromSet, Erasure } from './traces.js';

/** What an id means, and where it is looked for. */
export interface EraseOptions {
  /** What the id names: a photo, or a record by its reference. Default whichever of the two the store knows. */
  readonly by?: SubjectKind | undefined;
  /** Only in this set; default all sets of the store. */
  readonly set?: string | undefined;
  /** Says what would go, and changes nothing. Default false. */
  readonly dryRun?: boolean | undefined;
}

/**
 * Finds what the store knows of a photo or record, and removes it: rows, and their bytes in the file and its log.
 *
 * @throws FaceStoreError `FACE_STORE_MISSING` when there is nothing, `FACE_STORE_BUSY`; InvalidOptionError
 *   `ARGUMENT_INVALID` when the id names a photo and a record
 */
export function erase(database: Database, id: string, { by, set, dryRun = false }: EraseOptions): Erasure {
  const erased = database.transaction(() => {
    const sets = setsOf(database, set);
    const kind = by ?? kindOf(database, sets, id);
    if (!kind) throw nothing(database.path, id, by, set);
    const traces = sets.map((each) => tracesOf(database, each, kind, id)).filter(hasAny);
    if (traces.length === 0) throw nothing(database.path, id, kind, set);
    const copies = copiesOf(database, traces);
    if (!dryRun) {
      for (const each of traces) remove(database, each);
      forgetContents(database);
    }
    return { id, by: kind, sets: traces.map(inNumbers), copies, isErased: !dryRun };
  });
  if (!dryRun) compact(database);
  return erased;
}

interface Traces extends SetTraces {
  /** Of them now, and of those that are gone, or had another name, when a run or a decision named them. */
  readonly names: ReadonlySet<string>;
}

function setsOf(database: Database, name: string | undefined): NamedRow[] {
  const sets = database
    .all('SELECT id, name FROM sets ORDER BY name')
    .map((row) => ({ id: Number(row['id']), name: String(row['name']) }))
    .filter((each) => name === undefined || each.name === name);
  if (name === undefined || sets.length > 0) return sets;
  throw new FaceStoreError('FACE_STORE_MISSING', `There is no set '${name}' in '${database.path}'.`);
}

function kindOf(database: Database, sets: readonly NamedRow[], id: string): SubjectKind | undefined {
  const known = (['photo', 'reference'] as const).filter((kind) =>
    sets.some((set) => hasAny(tracesOf(database, set, kind, id))),
  );
  return oneKind(known, id);
}

/** @param known what the id names. @throws InvalidOptionError `ARGUMENT_INVALID` when it is two things. */
export function oneKind(known: readonly SubjectKind[], id: string): SubjectKind | undefined {
  if (known.length < 2) return known[0];
  throw new InvalidOptionError(
    'ARGUMENT_INVALID',
    `'${id}' is the name of a photo and of a record: say which of the two is to be erased (--by photo, --by reference).`,
  );
}

function tracesOf(database: Database, set: NamedRow, kind: SubjectKind, id: string): Traces {
  const photos = database
    .all(
      `SELECT id, name, digest FROM photos WHERE set_id = ? AND ${kind === 'photo' ? 'name' : 'reference'} = ? ORDER BY name`,
      set.id,
      id,
    )
    .map((row) => ({ id: Number(row['id']), name: String(row['name']), digest: String(row['digest']) }));
  const names = namesOf(database, set, kind, id, photos);
  const subject = { set, photos, names };
  return {
    ...subject,
    decisions: decisionsOn(database, subject, kind, id),
    pairs: pairsWith(database, subject, kind, id),
    members: membersAmong(database, subject),
    listings: listingsOf(database, subject),
  };
}

type Subject = Pick<Traces, 'set' | 'photos' | 'names'>;

/** The names they have, and those they had in runs where no other photo has taken them since. */
function namesOf(
  database: Database,
  set: NamedRow,
  kind: SubjectKind,
  id: string,
  photos: Traces['photos'],
): ReadonlySet<string> {
  const isKnown = (name: string) =>
    database.get('SELECT 1 FROM photos WHERE set_id = ? AND name = ?', set.id, name) !== undefined;
  const former = database
    .all(
      `${runsOf}, sides AS (
         SELECT first_id AS photo_id, first AS name, json_extract(boxes, '$[2]') AS reference
         FROM run_pairs WHERE run_id IN the_runs
         UNION SELECT second_id, second, json_extract(boxes, '$[3]') FROM run_pairs WHERE run_id IN the_runs
         UNION SELECT photo_id, photo, NULL FROM run_groups WHERE run_id IN the_runs)
       SELECT DISTINCT name FROM sides
       WHERE photo_id IN (SELECT value FROM json_each(?2)) OR ?3 = 'reference' AND reference = ?4`,
      set.id,
      JSON.stringify(photos.map((photo) => photo.id)),
      kind,
      id,
    )
    .map(({ name }) => String(name))
    .filter((name) => !isKnown(name));
  return new Set([...photos.map(({ name }) => name), ...former, ...(kind === 'photo' ? [id] : [])]);
}

/** SQL: the runs of the set ?1. */
const runsOf = 'WITH the_runs AS (SELECT id FROM runs WHERE set_id = ?1)';

/** SQL: whether a photo of a run is one of those with the ids ?2, or no longer there and had one of the names ?3. */
function isOneOf(id: string, name: string): string {
  return `(${id} IN (SELECT value FROM json_each(?2)) OR ${name} IN (SELECT value FROM json_each(?3))
    AND NOT EXISTS (SELECT 1 FROM photos WHERE photos.id = ${id} AND photos.id NOT IN (SELECT value FROM json_each(?2))))`;
}

function boundTo({ set, photos, names }: Subject): [set: number, ids: string, names: string] {
  return [set.id, JSON.stringify(photos.map(({ id }) => id)), JSON.stringify([...names])];
}

function decisionsOn(database: Database, subject: Subject, kind: SubjectKind, id: string): number[] {
  const [set, , names] = boundTo(subject);
  // A decision goes along with a content: one under another name is on it too, unless a copy has that content as well.
  const digests = subject.photos
    .map(({ digest }) => digest)
    .filter(
      (digest) =>
        Number(
          database.get('SELECT count(*) AS n FROM photos WHERE set_id = ? AND digest = ?', set, digest)?.[
            'n'
          ],
        ) === subject.photos.filter((photo) => photo.digest === digest).length,
    );
  return database
    .all(
      `SELECT id FROM decisions WHERE set_id = ?1 AND (
         kind = 'photo' AND (first IN (SELECT value FROM json_each(?2)) OR second IN (SELECT value FROM json_each(?2))
           OR first_digest IN (SELECT value FROM json_each(?3)) OR second_digest IN (SELECT value FROM json_each(?3)))
         OR kind = 'reference' AND ?4 = 'reference' AND ?5 IN (first, second))`,
      set,
      names,
      JSON.stringify(digests),
      kind,
      id,
    )
    .map((row) => Number(row['id']));
}

function pairsWith(database: Database, subject: Subject, kind: SubjectKind, id: string): PlaceInRun[] {
  return database
    .all(
      `${runsOf} SELECT run_id, position FROM run_pairs WHERE run_id IN the_runs AND (
         ${isOneOf('first_id', 'first')} OR ${isOneOf('second_id', 'second')}
         OR ?4 = 'reference' AND ?5 IN (json_extract(boxes, '$[2]'), json_extract(boxes, '$[3]')))`,
      ...boundTo(subject),
      kind,
      id,
    )
    .map((row) => ({ run: Number(row['run_id']), position: Number(row['position']) }));
}

function membersAmong(database: Database, subject: Subject): Traces['members'] {
  return database
    .all(
      `${runsOf} SELECT run_id, position, place FROM run_groups
       WHERE run_id IN the_runs AND ${isOneOf('photo_id', 'photo')}`,
      ...boundTo(subject),
    )
    .map((row) => ({
      run: Number(row['run_id']),
      position: Number(row['position']),
      place: Number(row['place']),
    }));
}

function listingsOf(database: Database, { set, names }: Subject): Listing[] {
  return database
    .all('SELECT id, facts FROM runs WHERE set_id = ?', set.id)
    .map((row) => {
      const facts = JSON.parse(String(row['facts'])) as RunFacts;
      return { run: Number(row['id']), times: timesListed(facts, names) };
    })
    .filter(({ times }) => times > 0);
}

function hasAny({ photos, decisions, pairs, members, listings }: Traces): boolean {
  return [photos, decisions, pairs, members, listings].some((traces) => traces.length > 0);
}

function copiesOf(database: Database, traces: readonly Traces[]): Erasure['copies'] {
  const photos = traces.flatMap((each) => each.photos);
  return database
    .all(
      `SELECT sets.name AS "set", photos.name AS photo, reference FROM photos JOIN sets ON sets.id = set_id
       WHERE digest IN (SELECT value FROM json_each(?1)) AND photos.id NOT IN (SELECT value FROM json_each(?2))
       ORDER BY sets.name, photos.name`,
      JSON.stringify(photos.map(({ digest }) => digest)),
      JSON.stringify(photos.map(({ id }) => id)),
    )
    .map(copyIn);
}

function remove(database: Database, traces: Traces): void {
  for (const decision of traces.decisions) database.run('DELETE FROM decisions WHERE id = ?', decision);
  removePairs(database, traces);
  removeMembers(database, traces);
  for (const { run } of traces.listings) editRun(database, run, (facts) => withoutNames(facts, traces.names));
  for (const { id } of traces.photos) database.run('DELETE FROM photos WHERE id = ?', id);
  giveCurrentNames(database, traces);
  for (const { id } of database.all('SELECT id FROM runs WHERE set_id = ?', traces.set.id))
    sealRun(database, Number(id));
}

function removePairs(database: Database, { pairs }: Traces): void {
  for (const [run, places] of byRun(pairs)) {
    let newPairs = 0;
    for (const { position } of places) {
      const sql = 'DELETE FROM run_pairs WHERE run_id = ? AND position = ? RETURNING is_new';
      newPairs += Number(database.get(sql, run, position)?.['is_new'] ?? 0);
    }
    closeUp(database, 'run_pairs', run);
    editRun(database, run, (facts) => withoutPairs(facts, places.length, newPairs));
  }
}

function removeMembers(database: Database, { members }: Traces): void {
  for (const [run, places] of byRun(members)) {
    const before = groupsOf(database, run);
    for (const { position, place } of places)
      database.run(
        'DELETE FROM run_groups WHERE run_id = ? AND position = ? AND place = ?',
        run,
        position,
        place,
      );
    // One photo alone is no group.
    database.run(
      `DELETE FROM run_groups WHERE run_id = ?1 AND position IN (
         SELECT position FROM run_groups WHERE run_id = ?1 GROUP BY position HAVING count(*) < 2)`,
      run,
    );
    closeUp(database, 'run_groups', run);
    const gone = before - groupsOf(database, run);
    editRun(database, run, (facts) => withoutGroups(facts, gone));
  }
}

function groupsOf(database: Database, run: number): number {
  const sql = 'SELECT count(DISTINCT position) AS n FROM run_groups WHERE run_id = ?';
  return Number(database.get(sql, run)?.['n'] ?? 0);
}

/** Positions run from 0 without a gap: pages of them are cut by number. Below 0 no two meet on the way. */
function closeUp(database: Database, table: 'run_pairs' | 'run_groups', run: number): void {
  database.run(
    `WITH numbered AS (
       SELECT DISTINCT position AS old, dense_rank() OVER (ORDER BY position) AS rank FROM ${table} WHERE run_id = ?1)
     UPDATE ${table} SET position = -rank FROM numbered WHERE run_id = ?1 AND position = old`,
    run,
  );
  database.run(`UPDATE ${table} SET position = -1 - position WHERE run_id = ? AND position < 0`, run);
}

function editRun(database: Database, run: number, edit: (facts: RunFacts) => Omit<RunFacts, 'run'>): void {
  const facts = JSON.parse(
    String(database.get('SELECT facts FROM runs WHERE id = ?', run)?.['facts']),
  ) as RunFacts;
  database.run('UPDATE runs SET facts = ? WHERE id = ?', JSON.stringify(edit(facts)), run);
}

/** Photos that had one of the names during a run, and have another now, stay in it by that. */
function giveCurrentNames(database: Database, { set, names }: Traces): void {
  for (const [table, id, name] of [
    ['run_pairs', 'first_id', 'first'],
    ['run_pairs', 'second_id', 'second'],
    ['run_groups', 'photo_id', 'photo'],
  ] as const)
    database.run(
      `${runsOf} UPDATE ${table} SET ${name} = photos.name FROM photos
       WHERE photos.id = ${id} AND run_id IN the_runs AND ${table}.${name} IN (SELECT value FROM json_each(?2))`,
      set.id,
      JSON.stringify([...names]),
    );
}

/** @param store its name. */
export function nothing(
  store: string,
  id: string,
  kind: SubjectKind | undefined,
  set: string | undefined,
): FaceStoreError {
  const what = { photo: 'photo', reference: 'record' };
  return new FaceStoreError(
    'FACE_STORE_MISSING',
    `The face store '${store}' knows nothing of a ${kind ? what[kind] : 'photo or record'} '${id}'` +
      `${set === undefined ? '' : ` in the set '${set}'`}. \`facededup encodings export\` lists names and references.`,
  );
}
