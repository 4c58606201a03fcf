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
  pairs(run: number, decisions: DecisionIndex, { offset = 0, limit }: PairsQuery = {}): PairsPage {
    const count = this.#database.get('SELECT count(*) AS n FROM run_pairs WHERE run_id = ?', run);
    const pairs: FoundPair[] = [];
    const rows = this.#database.rows(
      'SELECT * FROM run_pairs WHERE run_id = ? ORDER BY position LIMIT ? OFFSET ?',
      run,
      limit ?? -1,
      offset,
    );
    for (const row of rows) pairs.push(pairOf(row, decisions));
    return { total: Number(count?.['n'] ?? 0), pairs };
  }

  groups(run: number): string[][] {
    return this.#database
      .all('SELECT photos FROM run_groups WHERE run_id = ? ORDER BY position', run)
      .map(({ photos }) => JSON.parse(String(photos)) as string[]);
  }

  /** All of a run. @param run default the latest. @throws FaceStoreError `FACE_STORE_MISSING` */
  findings(run: number | undefined, decisions: DecisionIndex): Findings & Required<Pick<Findings, 'run'>> {
    const facts = this.facts(run);
    return { ...facts, pairs: this.pairs(facts.run, decisions).pairs, groups: this.groups(facts.run) };
  }
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
