// The results of runs: which pairs a run found, and which of them the run before had not.

import { FaceStoreError } from '../errors.js';
import type { Findings, FoundPair, Verdict } from '../runs/findings.js';
import { type Database, patternContaining, type Row, type Value } from './database.js';
import type { DecisionIndex, SubjectKind } from './decisions.js';

/** A run without its pairs and groups. */
export type RunFacts = Required<Pick<Findings, 'run'>> & Omit<Findings, 'pairs' | 'groups'>;

export interface PairsPage {
  /** Of all that match. */
  readonly total: number;
  readonly pairs: readonly PlacedPair[];
}

export interface PairsQuery {
  /** Default 0. */
  readonly offset?: number | undefined;
  /** Default all. */
  readonly limit?: number | undefined;
  /** What a person has said of them by now; `open` is nothing yet. Default all. */
  readonly verdict?: Verdict | 'open' | undefined;
  /** Only those that the run before did not have. Default false. */
  readonly isNew?: boolean | undefined;
  /** Only those with this text in a name or reference; capitals of ASCII count as small letters. */
  readonly text?: string | undefined;
  /** Default `closest` first. */
  readonly order?: 'closest' | 'farthest' | undefined;
}

/** A pair, and its place among all of its run: 0 is the closest. */
export interface PlacedPair extends FoundPair {
  readonly position: number;
}

/** How the pairs of a run spread over the distances from 0 to its threshold. */
export interface DistanceHistogram {
  readonly threshold: number;
  /** counts[i] pairs have a distance in [i × width, (i + 1) × width). */
  readonly width: number;
  readonly counts: readonly number[];
}

/** The end of a query on run_pairs, and the values in it. */
interface Condition {
  readonly sql: string;
  readonly values: readonly Value[];
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

  /** Whether the latest run had a pair; of a set without runs no pair is known. */
  latestPairs(): ReadonlySet<string> {
    const latest = this.latest();
    if (!latest) return new Set();
    const known = new Set<string>();
    for (const row of this.#database.rows('SELECT first, second FROM run_pairs WHERE run_id = ?', latest.run))
      known.add(pairKey(String(row['first']), String(row['second'])));
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
          'INSERT INTO run_pairs (run_id, position, first, second, distance, boxes, is_new) VALUES (?, ?, ?, ?, ?, ?, ?)',
          id,
          position,
          first,
          second,
          distance,
          JSON.stringify([firstBox, secondBox, rest.firstReference ?? null, rest.secondReference ?? null]),
          isNew ? 1 : 0,
        ),
      );
      groups.forEach((group, position) =>
        this.#database.run(
          'INSERT INTO run_groups (run_id, position, photos) VALUES (?, ?, ?)',
          id,
          position,
          JSON.stringify(group),
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

  /** With the verdicts that hold now. @throws FaceStoreError `FACE_STORE_MISSING` */
  pairs(run: number, decisions: DecisionIndex, query: PairsQuery = {}): PairsPage {
    const { offset = 0, limit, order = 'closest' } = query;
    const { sql, values } = this.#matching(run, decisions, query);
    const count = this.#database.get(`SELECT count(*) AS n FROM run_pairs WHERE ${sql}`, ...values);
    const rows = this.#database.rows(
      `SELECT * FROM run_pairs WHERE ${sql}
       ORDER BY position ${order === 'closest' ? 'ASC' : 'DESC'} LIMIT ? OFFSET ?`,
      ...values,
      limit ?? -1,
      offset,
    );
    const pairs: PlacedPair[] = [];
    for (const row of rows) pairs.push({ position: Number(row['position']), ...pairOf(row, decisions) });
    return { total: Number(count?.['n'] ?? 0), pairs };
  }

  /** @param bins how many, 1 and up. @throws FaceStoreError `FACE_STORE_MISSING` */
  histogram(run: number, bins: number): DistanceHistogram {
    const { threshold } = this.facts(run);
    const width = threshold / bins;
    const counts = new Array<number>(bins).fill(0);
    const rows = this.#database.all(
      // The division of a distance just below the threshold may round up to the number of bins.
      `SELECT min(CAST(distance / ?2 AS INTEGER), ?3) AS bin, count(*) AS n FROM run_pairs WHERE run_id = ?1 GROUP BY bin`,
      run,
      width,
      bins - 1,
    );
    for (const { bin, n } of rows) counts[Number(bin)] = Number(n);
    return { threshold, width, counts };
  }

  groups(run: number): string[][] {
    return this.groupsPage(run, {}).groups;
  }

  /** Part of the groups; `total` counts all. */
  groupsPage(
    run: number,
    { offset = 0, limit }: Pick<PairsQuery, 'offset' | 'limit'>,
  ): { readonly total: number; readonly groups: string[][] } {
    const count = this.#database.get('SELECT count(*) AS n FROM run_groups WHERE run_id = ?', run);
    const groups = this.#database
      .all(
        'SELECT photos FROM run_groups WHERE run_id = ? ORDER BY position LIMIT ? OFFSET ?',
        run,
        limit ?? -1,
        offset,
      )
      .map(({ photos }) => JSON.parse(String(photos)) as string[]);
    return { total: Number(count?.['n'] ?? 0), groups };
  }

  /** All of a run. @param run default the latest. @throws FaceStoreError `FACE_STORE_MISSING` */
  findings(run: number | undefined, decisions: DecisionIndex): Findings & Required<Pick<Findings, 'run'>> {
    const facts = this.facts(run);
    const pairs: FoundPair[] = [];
    const rows = 'SELECT * FROM run_pairs WHERE run_id = ? ORDER BY position';
    for (const row of this.#database.rows(rows, facts.run)) pairs.push(pairOf(row, decisions));
    return { ...facts, pairs, groups: this.groups(facts.run) };
  }

  #matching(run: number, decisions: DecisionIndex, { verdict, isNew, text }: PairsQuery): Condition {
    const conditions: Condition[] = [{ sql: 'run_id = ?', values: [run] }];
    if (isNew) conditions.push({ sql: 'is_new = 1', values: [] });
    if (text !== undefined && text !== '') conditions.push(containing(text));
    if (verdict !== undefined) {
      const decided = this.#decided(run, decisions);
      const positions = decided.filter((each) => verdict === 'open' || each.verdict === verdict);
      conditions.push({
        sql: `position ${verdict === 'open' ? 'NOT IN' : 'IN'} (SELECT value FROM json_each(?))`,
        values: [JSON.stringify(positions.map(({ position }) => position))],
      });
    }
    return {
      sql: conditions.map(({ sql }) => sql).join(' AND '),
      values: conditions.flatMap(({ values }) => values),
    };
  }

  /** The pairs of a run that a person has said something of: decisions are few where pairs may be many. */
  #decided(run: number, index: DecisionIndex): Required<Pick<PlacedPair, 'position' | 'verdict'>>[] {
    const decisions = index.decisions();
    const namesOf = (wanted: SubjectKind) =>
      decisions.filter(({ kind }) => kind === wanted).map(({ first, second }) => [first, second]);
    const byPhotos = this.#database.all(
      `SELECT run_pairs.* FROM json_each(?2) AS decided CROSS JOIN run_pairs
       WHERE run_id = ?1 AND first = json_extract(decided.value, '$[0]') AND second = json_extract(decided.value, '$[1]')`,
      run,
      JSON.stringify(namesOf('photo')),
    );
    const references = namesOf('reference').flat();
    const byReferences =
      references.length === 0
        ? []
        : this.#database.all(
            `SELECT * FROM run_pairs WHERE run_id = ?1
               AND json_extract(boxes, '$[2]') IN (SELECT value FROM json_each(?2))
               AND json_extract(boxes, '$[3]') IN (SELECT value FROM json_each(?2))`,
            run,
            JSON.stringify(references),
          );
    const verdicts = new Map<number, Verdict>();
    for (const row of [...byPhotos, ...byReferences]) {
      const { verdict } = pairOf(row, index);
      if (verdict !== undefined) verdicts.set(Number(row['position']), verdict);
    }
    return [...verdicts].map(([position, verdict]) => ({ position, verdict }));
  }
}

function containing(text: string): Condition {
  const columns = ['first', 'second', "json_extract(boxes, '$[2]')", "json_extract(boxes, '$[3]')"];
  const pattern = patternContaining(text);
  return {
    sql: `(${columns.map((column) => `${column} LIKE ? ESCAPE '\\'`).join(' OR ')})`,
    values: columns.map(() => pattern),
  };
}

/** One string for two names, whatever is in them. */
export function pairKey(first: string, second: string): string {
  return JSON.stringify([first, second]);
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
  const references = {
    ...(firstReference === null ? {} : { firstReference }),
    ...(secondReference === null ? {} : { secondReference }),
  };
  const decision = decisions.find(
    { name: first, reference: firstReference ?? undefined },
    { name: second, reference: secondReference ?? undefined },
  );
  return {
    first,
    second,
    distance,
    similarity: 1 - distance,
    firstBox,
    secondBox,
    ...references,
    isNew: row['is_new'] === 1,
    ...(decision ? { verdict: decision.verdict } : {}),
  };
}

function missing(message: string): FaceStoreError {
  return new FaceStoreError('FACE_STORE_MISSING', message);
}
