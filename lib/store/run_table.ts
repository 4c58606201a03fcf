// The results of runs: which pairs a run found, and which of them the run before had not.

import { crc32 } from 'node:zlib';
import { FaceStoreError } from '../errors.js';
import type { Findings, FoundPair, Verdict } from '../runs/findings.js';
import { type Database, patternContaining, type Row, type Value } from './database.js';
import type { DecisionIndex } from './decisions.js';
import { foundPair, packBoxes } from './kept_pair.js';

/** A run without its pairs and groups. */
export type RunFacts = Required<Pick<Findings, 'run'>> & Omit<Findings, 'pairs' | 'groups'>;

/** Some of the pairs of a run, in order. */
export interface PairsPage {
  /** Of all that match. */
  readonly total: number;
  readonly pairs: readonly PlacedPair[];
}

/** Which pairs of a run, and how many. */
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

/** The pairs of runs by the names that their photos have now; those of photos that are gone by the names they had. */
const namedPairs = `(
  SELECT run_id, position, coalesce(a.name, first) AS first, coalesce(b.name, second) AS second, distance, boxes, is_new,
    first_id IS NOT NULL AND a.id IS NULL AS first_changed, second_id IS NOT NULL AND b.id IS NULL AS second_changed
  FROM run_pairs LEFT JOIN photos AS a ON a.id = first_id LEFT JOIN photos AS b ON b.id = second_id)`;

/** The end of a query on pairs, and the values in it. */
interface Condition {
  readonly sql: string;
  readonly values: readonly Value[];
}

/** As they are kept: with checksums of themselves and of what the run found, which never change. */
type KeptFacts = Omit<RunFacts, 'run'> & {
  readonly checksums?: { readonly facts: number; readonly found: number } | undefined;
};

/** The results of older runs are forgotten: those of large sets take a lot of room. */
export const keptRuns = 30;

export const noRunYet = 'There has been no run on this set yet. Run `facededup find` with this store first.';

export function noSuchRun(run: number): string {
  return `There is no run ${run} on this set: the last ${keptRuns} are kept.`;
}

/** The runs of a set, and the pairs they found. */
export class RunTable {
  readonly #database: Database;
  readonly #set: number;
  readonly #whole = new Set<number>();

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
    this.#requireWhole(latest.run);
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
      pairs.forEach(({ first, second, distance, isNew, ...sides }, position) =>
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
          packBoxes(sides),
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
      sealRun(this.#database, id);
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
      .map((row) => this.#factsOf(row));
  }

  /** @returns undefined before the first run. */
  latest(): RunFacts | undefined {
    const row = this.#database.get(
      'SELECT id, facts FROM runs WHERE set_id = ? ORDER BY id DESC LIMIT 1',
      this.#set,
    );
    return row && this.#factsOf(row);
  }

  /** @param run default the latest. @throws FaceStoreError `FACE_STORE_MISSING` */
  facts(run?: number): RunFacts {
    if (run === undefined) {
      const latest = this.latest();
      if (latest) return latest;
      throw missing(noRunYet);
    }
    const row = this.#database.get('SELECT id, facts FROM runs WHERE set_id = ? AND id = ?', this.#set, run);
    if (!row) throw missing(noSuchRun(run));
    return this.#factsOf(row);
  }

  /** With the verdicts that hold now, and the names that their photos have now. @throws FaceStoreError `FACE_STORE_MISSING` */
  pairs(run: number, decisions: DecisionIndex, query: PairsQuery = {}): PairsPage {
    const { offset = 0, limit, order = 'closest' } = query;
    this.#requireWhole(run);
    const { sql, values } = this.#matching(run, decisions, query);
    const count = this.#database.get(`SELECT count(*) AS n FROM ${namedPairs} WHERE ${sql}`, ...values);
    const rows = this.#database.rows(
      `SELECT * FROM ${namedPairs} WHERE ${sql}
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
    this.#requireWhole(run);
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

  /** Names of the photos of each group of a run. */
  groups(run: number): string[][] {
    return this.groupsPage(run, {}).groups;
  }

  /** Part of the groups; `total` counts all. */
  groupsPage(
    run: number,
    { offset = 0, limit }: Pick<PairsQuery, 'offset' | 'limit'>,
  ): { readonly total: number; readonly groups: string[][] } {
    this.#requireWhole(run);
    const count = this.#database.get(
      'SELECT count(DISTINCT position) AS n FROM run_groups WHERE run_id = ?',
      run,
    );
    const total = Number(count?.['n'] ?? 0);
    const groups = new Map<number, string[]>();
    const rows = this.#database.rows(
      `SELECT position, coalesce(name, photo) AS photo FROM run_groups LEFT JOIN photos ON photos.id = photo_id
       WHERE run_id = ? AND position >= ? AND position < ? ORDER BY position, place`,
      run,
      offset,
      offset + (limit ?? total),
    );
    for (const row of rows) {
      const [position, photo] = [Number(row['position']), String(row['photo'])];
      const group = groups.get(position);
      if (group) group.push(photo);
      else groups.set(position, [photo]);
    }
    return { total, groups: [...groups.values()] };
  }

  /** All of a run. @param run default the latest. @throws FaceStoreError `FACE_STORE_MISSING` */
  findings(run: number | undefined, decisions: DecisionIndex): Findings & Required<Pick<Findings, 'run'>> {
    const facts = this.facts(run);
    this.#requireWhole(facts.run);
    const pairs: FoundPair[] = [];
    const rows = this.#database.rows(
      `SELECT * FROM ${namedPairs} WHERE run_id = ? ORDER BY position`,
      facts.run,
    );
    for (const row of rows) pairs.push(pairOf(row, decisions));
    return { ...facts, pairs, groups: this.groups(facts.run) };
  }

  #factsOf(row: Row): RunFacts {
    const { checksums, ...facts } = this.#database.json(row['facts']) as KeptFacts;
    const run = Number(row['id']);
    if (checksums && checksums.facts !== crc32(JSON.stringify(facts)))
      throw this.#database.damaged(`what was kept of run ${run} has changed`);
    return { ...facts, run };
  }

  /** Once a run, for its pairs may be many. @throws FaceStoreError `FACE_STORE_INVALID` */
  #requireWhole(run: number): void {
    if (this.#whole.has(run)) return;
    const row = this.#database.get('SELECT facts FROM runs WHERE id = ?', run);
    const { checksums } = (row ? this.#database.json(row['facts']) : {}) as Partial<KeptFacts>;
    if (checksums && checksums.found !== checksumOfFound(this.#database, run))
      throw this.#database.damaged(`what run ${run} found is not what was kept`);
    this.#whole.add(run);
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

  /** The pairs of a run that a person has said something of. */
  #decided(run: number, decisions: DecisionIndex): Required<Pick<PlacedPair, 'position' | 'verdict'>>[] {
    const decided: Required<Pick<PlacedPair, 'position' | 'verdict'>>[] = [];
    if (decisions.decisions().length === 0) return decided;
    const rows = this.#database.rows(
      `SELECT position, first, second, json_extract(boxes, '$[2]') AS first_reference,
         json_extract(boxes, '$[3]') AS second_reference
       FROM ${namedPairs} WHERE run_id = ? AND NOT first_changed AND NOT second_changed`,
      run,
    );
    const text = (value: Value | undefined) =>
      value === null || value === undefined ? undefined : String(value);
    for (const row of rows) {
      const decision = decisions.find(
        { name: String(row['first']), reference: text(row['first_reference']) },
        { name: String(row['second']), reference: text(row['second_reference']) },
      );
      if (decision) decided.push({ position: Number(row['position']), verdict: decision.verdict });
    }
    return decided;
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

/** One string for two names in either order, whatever is in them. */
export function pairKey(a: string, b: string): string {
  return JSON.stringify(a < b ? [a, b] : [b, a]);
}

/** Gives a run the checksums of what is kept of it now; in a transaction of the caller's. */
export function sealRun(database: Database, run: number): void {
  const kept = database.json(
    database.get('SELECT facts FROM runs WHERE id = ?', run)?.['facts'],
  ) as KeptFacts;
  const facts: KeptFacts = { ...kept, checksums: undefined };
  const checksums = { facts: crc32(JSON.stringify(facts)), found: checksumOfFound(database, run) };
  database.run('UPDATE runs SET facts = ? WHERE id = ?', JSON.stringify({ ...facts, checksums }), run);
}

function checksumOfFound(database: Database, run: number): number {
  let sum = 0;
  for (const table of ['run_pairs', 'run_groups'])
    for (const row of database.rows(`SELECT * FROM ${table} WHERE run_id = ?`, run))
      sum = crc32(JSON.stringify(Object.values(row)), sum);
  return sum;
}

function pairOf(row: Row, decisions: DecisionIndex): FoundPair {
  return foundPair(
    {
      first: String(row['first']),
      second: String(row['second']),
      distance: Number(row['distance']),
      // The checksum has been looked at: it is what was kept.
      boxes: String(row['boxes']),
      isNew: row['is_new'] === 1,
      firstChanged: row['first_changed'] === 1,
      secondChanged: row['second_changed'] === 1,
    },
    decisions,
  );
}

function missing(message: string): FaceStoreError {
  return new FaceStoreError('FACE_STORE_MISSING', message);
}
