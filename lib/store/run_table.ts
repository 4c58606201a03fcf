// The results of runs: which pairs a run found, and which of them the run before had not.

import { FaceStoreError } from '../errors.js';
import type { Findings, FoundPair } from '../runs/findings.js';
import type { Database, Row } from './database.js';
import { type DecisionIndex } from './decisions.js';

/** A run without its pairs and groups. */
export type RunFacts = Required<Pick<Findings, 'run'>> & Omit<Findings, 'pairs' | 'groups'>;

export interface PairsPage {
  /** Of all that match. */
  readonly total: number;
  readonly pairs: readonly FoundPair[];
}

export interface PairsQuery {
  /** Default 0. */
  readonly offset?: number | undefined;
  /** Default all. */
  readonly limit?: number | undefined;
}

/** The results of older runs are forgotten: those of large sets take a lot of room. */
const keptRuns = 30;

export class RunTable {
  readonly #database: Database;
  readonly #set: number;

  constructor(database: Database, set: number) {
    this.#database = database;
    this.#set = set;
  }

  /**
   * The pairs of the latest run, as `pairKey` has them: by the names that their photos have now, without those whose
   * photos have another content since. Of a set without runs no pair is known.
   */
  latestPairs(): ReadonlySet<string> {
    const latest = this.latest();
    if (!latest) return new Set();
    const known = new Set<string>();
    const rows = this.#database.rows(
      `SELECT a.name AS first, b.name AS second FROM run_pairs
       JOIN photos AS a ON a.id = first_id JOIN photos AS b ON b.id = second_id WHERE run_id = ?`,
      latest.run,
    );
    for (const row of rows) known.add(pairKey(String(row['first']), String(row['second'])));
    return known;
  }

  /** Keeps a run, all of it or nothing. @returns its number. */
  keep(findings: Omit<Findings, 'run'>): number {
    const { pairs, groups, ...facts } = findings;
    return this.#database.transaction(() => {
      const { id } = this.#database.run(
        'INSERT INTO runs (set_id, started_at, finished_at, facts) VALUES (?, ?, ?, ?)',
        this.#set,
        facts.startedAt,
        facts.finishedAt,
        JSON.stringify(facts),
      );
      pairs.forEach(({ first, second, distance, firstBox, secondBox, isNew, ...rest }, position) =>
        this.#database.run(
          `INSERT INTO run_pairs (run_id, position, first_id, second_id, first, second, distance, boxes, is_new)
           VALUES (?1, ?2, (SELECT id FROM photos WHERE set_id = ?3 AND name = ?4),
             (SELECT id FROM photos WHERE set_id = ?3 AND name = ?5), ?4, ?5, ?6, ?7, ?8)`,
          id,
          position,
          this.#set,
          first,
          second,
          distance,
          JSON.stringify([firstBox, secondBox, rest.firstReference ?? null, rest.secondReference ?? null]),
          isNew ? 1 : 0,
        ),
      );
      groups.forEach((group, position) =>
        group.forEach((photo, place) =>
          this.#database.run(
            `INSERT INTO run_groups (run_id, position, place, photo_id, photo)
             VALUES (?1, ?2, ?3, (SELECT id FROM photos WHERE set_id = ?4 AND name = ?5), ?5)`,
            id,
            position,
            place,
            this.#set,
            photo,
          ),
        ),
      );
      this.#database.run(
        `DELETE FROM runs WHERE set_id = ?1 AND id NOT IN (SELECT id FROM runs WHERE set_id = ?1 ORDER BY id DESC LIMIT ${keptRuns})`,
        this.#set,
      );
      return id;
    });
  }

  /** Newest first. */
  list(): RunFacts[] {
    return this.#database
      .all('SELECT id, facts FROM runs WHERE set_id = ? ORDER BY id DESC', this.#set)
      .map(factsOf);
  }

  latest(): RunFacts | undefined {
    const row = this.#database.get(
      'SELECT id, facts FROM runs WHERE set_id = ? ORDER BY id DESC LIMIT 1',
      this.#set,
    );
    return row && factsOf(row);
  }

  /** @param run default the latest. @throws FaceStoreError `FACE_STORE_MISSING` */
  facts(run?: number): RunFacts {
    if (run === undefined) {
      const latest = this.latest();
      if (latest) return latest;
      throw missing('There has been no run on this set yet. Run `facededup find` with this store first.');
    }
    const row = this.#database.get('SELECT id, facts FROM runs WHERE set_id = ? AND id = ?', this.#set, run);
    if (!row) throw missing(`There is no run ${run} on this set: the last ${keptRuns} are kept.`);
    return factsOf(row);
  }

  /** With the verdicts that hold now, and the names that their photos have now. @throws FaceStoreError `FACE_STORE_MISSING` */
  pairs(run: number, decisions: DecisionIndex, { offset = 0, limit }: PairsQuery = {}): PairsPage {
    const count = this.#database.get('SELECT count(*) AS n FROM run_pairs WHERE run_id = ?', run);
    const pairs: FoundPair[] = [];
    const rows = this.#database.rows(
      `SELECT coalesce(a.name, first) AS first, coalesce(b.name, second) AS second, distance, boxes, is_new
       FROM run_pairs LEFT JOIN photos AS a ON a.id = first_id LEFT JOIN photos AS b ON b.id = second_id
       WHERE run_id = ? ORDER BY position LIMIT ? OFFSET ?`,
      run,
      limit ?? -1,
      offset,
    );
    for (const row of rows) pairs.push(pairOf(row, decisions));
    return { total: Number(count?.['n'] ?? 0), pairs };
  }

  groups(run: number): string[][] {
    const groups: string[][] = [];
    const rows = this.#database.rows(
      `SELECT position, coalesce(name, photo) AS photo FROM run_groups LEFT JOIN photos ON photos.id = photo_id
       WHERE run_id = ? ORDER BY position, place`,
      run,
    );
    for (const row of rows) (groups[Number(row['position'])] ??= []).push(String(row['photo']));
    return groups;
  }

  /** All of a run. @param run default the latest. @throws FaceStoreError `FACE_STORE_MISSING` */
  findings(run: number | undefined, decisions: DecisionIndex): Findings & Required<Pick<Findings, 'run'>> {
    const facts = this.facts(run);
    return { ...facts, pairs: this.pairs(facts.run, decisions).pairs, groups: this.groups(facts.run) };
  }
}

/** One string for two names in either order, whatever is in them. */
export function pairKey(a: string, b: string): string {
  return JSON.stringify(a < b ? [a, b] : [b, a]);
}

function factsOf(row: Row): RunFacts {
  return { ...(JSON.parse(String(row['facts'])) as Omit<RunFacts, 'run'>), run: Number(row['id']) };
}

function pairOf(row: Row, decisions: DecisionIndex): FoundPair {
  const [first, second, distance] = [String(row['first']), String(row['second']), Number(row['distance'])];
  const [firstBox, secondBox, firstReference, secondReference] = JSON.parse(String(row['boxes'])) as [
    FoundPair['firstBox'],
    FoundPair['secondBox'],
    string | null,
    string | null,
  ];
  const sides = [
    { name: first, box: firstBox, reference: firstReference ?? undefined },
    { name: second, box: secondBox, reference: secondReference ?? undefined },
  ] as const;
  // A photo that was renamed may have changed its place.
  const [a, b] = first < second ? sides : ([sides[1], sides[0]] as const);
  const decision = decisions.find(a, b);
  return {
    first: a.name,
    second: b.name,
    distance,
    similarity: 1 - distance,
    firstBox: a.box,
    secondBox: b.box,
    ...(a.reference === undefined ? {} : { firstReference: a.reference }),
    ...(b.reference === undefined ? {} : { secondReference: b.reference }),
    isNew: row['is_new'] === 1,
    ...(decision ? { verdict: decision.verdict } : {}),
  };
}

function missing(message: string): FaceStoreError {
  return new FaceStoreError('FACE_STORE_MISSING', message);
}
