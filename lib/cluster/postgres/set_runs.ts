// The results of runs on a set, read again: whole, or a page at a time.

import { FaceStoreError } from '../../errors.js';
import type { Findings, FoundPair, Verdict } from '../../runs/findings.js';
import { patternContaining } from '../../store/database.js';
import type { DecisionIndex } from '../../store/decisions.js';
import { foundPair } from '../../store/kept_pair.js';
import type { ReviewRuns } from '../../store/review_store.js';
import {
  type DistanceHistogram,
  noRunYet,
  noSuchRun,
  type PairsPage,
  type PairsQuery,
  type RunFacts,
} from '../../store/run_table.js';
import type { Sql, SqlRow } from './database.js';
import type { KeptFacts } from './results.js';

type WholeFindings = Findings & Required<Pick<Findings, 'run'>>;

/** SQL: pairs by the names that their photos have now; those of photos that are gone by the names they had. */
const namedPairs = `(
  SELECT run_id, position, coalesce(a.name, first) AS first, coalesce(b.name, second) AS second, distance, boxes, is_new,
    first_id IS NOT NULL AND a.id IS NULL AS first_changed, second_id IS NOT NULL AND b.id IS NULL AS second_changed
  FROM facededup.run_pairs LEFT JOIN facededup.photos AS a ON a.id = first_id
    LEFT JOIN facededup.photos AS b ON b.id = second_id)`;

/** Of those that ended well. */
const readable = `state = 'finished' AND facts IS NOT NULL`;

/** The runs of a set, and the pairs they found. */
export class SetRuns implements ReviewRuns {
  readonly #sql: Sql;
  readonly #set: number;

  constructor(sql: Sql, set: number) {
    this.#sql = sql;
    this.#set = set;
  }

  /** Newest first. */
  async list(): Promise<RunFacts[]> {
    const rows = await this.#sql.rows(
      `SELECT id, facts FROM facededup.runs WHERE set_id = $1 AND ${readable} ORDER BY id DESC`,
      [this.#set],
    );
    return rows.map(factsOf);
  }

  /** @param run default the latest. @throws FaceStoreError `FACE_STORE_MISSING` */
  async facts(run?: number): Promise<RunFacts> {
    const row = await this.#sql.row(
      `SELECT id, facts FROM facededup.runs WHERE set_id = $1 AND ${readable} AND ($2::bigint IS NULL OR id = $2)
       ORDER BY id DESC LIMIT 1`,
      [this.#set, run ?? null],
    );
    if (row) return factsOf(row);
    throw new FaceStoreError('FACE_STORE_MISSING', run === undefined ? noRunYet : noSuchRun(run));
  }

  /** With the verdicts that hold now, and the names that their photos have now. */
  async pairs(run: number, decisions: DecisionIndex, query: PairsQuery = {}): Promise<PairsPage> {
    const { offset = 0, limit, order = 'closest' } = query;
    const { from, where, values } = matching(run, decisions, query);
    const count = await this.#sql.row(`SELECT count(*) AS pairs ${from} WHERE ${where}`, values);
    const direction = order === 'closest' ? 'ASC' : 'DESC';
    const rows = await this.#sql.rows(
      `WITH page AS (SELECT pairs.position AS place ${from} WHERE ${where} ORDER BY pairs.position ${direction}
         LIMIT $${values.length + 1} OFFSET $${values.length + 2})
       SELECT pairs.*, position - (SELECT count(*) FROM facededup.run_gaps AS gaps
         WHERE gaps.run_id = pairs.run_id AND gaps.position < pairs.position) AS rank
       FROM page JOIN ${namedPairs} AS pairs ON run_id = $1 AND position = place ORDER BY position ${direction}`,
      [...values, limit ?? null, offset],
    );
    return {
      total: Number(count?.['pairs']),
      pairs: rows.map((row) => ({ position: Number(row['rank']), ...pairOf(row, decisions) })),
    };
  }

  /** @param bins how many, 1 and up. @throws FaceStoreError `FACE_STORE_MISSING` */
  async histogram(run: number, bins: number): Promise<DistanceHistogram> {
    const { threshold } = await this.facts(run);
    const width = threshold / bins;
    const counts = new Array<number>(bins).fill(0);
    const rows = await this.#sql.rows(
      // The division of a distance just below the threshold may round up to the number of bins.
      `SELECT least(floor(distance / $2)::integer, $3) AS bin, count(*) AS pairs
       FROM facededup.run_pairs WHERE run_id = $1 GROUP BY bin`,
      [run, width, bins - 1],
    );
    for (const row of rows) counts[Number(row['bin'])] = Number(row['pairs']);
    return { threshold, width, counts };
  }

  /** Names of the photos of part of the groups; `total` counts all. */
  async groupsPage(
    run: number,
    { offset = 0, limit }: Pick<PairsQuery, 'offset' | 'limit'>,
  ): Promise<{ readonly total: number; readonly groups: string[][] }> {
    const count = await this.#sql.row(
      'SELECT count(DISTINCT position) AS groups FROM facededup.run_groups WHERE run_id = $1',
      [run],
    );
    return { total: Number(count?.['groups']), groups: await groupsOf(this.#sql, run, offset, limit) };
  }

  /** All of a run. @param run default the latest. @throws FaceStoreError `FACE_STORE_MISSING` */
  async findings(run: number | undefined, decisions: DecisionIndex): Promise<WholeFindings> {
    return findingsWith(this.#sql, await this.facts(run), decisions);
  }
}

/** What belongs to the facts of a run. */
export async function findingsWith(
  sql: Sql,
  facts: RunFacts,
  decisions: DecisionIndex,
): Promise<WholeFindings> {
  const rows = await sql.rows(`SELECT * FROM ${namedPairs} AS pairs WHERE run_id = $1 ORDER BY position`, [
    facts.run,
  ]);
  const pairs = rows.map((row) => pairOf(row, decisions));
  return { ...facts, pairs, groups: await groupsOf(sql, facts.run, 0, undefined) };
}

/** The pairs of a run as it found them. */
export async function foundPairs(sql: Sql, run: number): Promise<FoundPair[]> {
  const rows = await sql.rows('SELECT * FROM facededup.run_pairs WHERE run_id = $1 ORDER BY position', [run]);
  return rows.map((row) => pairOf(row));
}

async function groupsOf(
  sql: Sql,
  run: number,
  offset: number,
  limit: number | undefined,
): Promise<string[][]> {
  const rows = await sql.rows(
    `SELECT position, coalesce(photos.name, photo) AS photo FROM facededup.run_groups
       LEFT JOIN facededup.photos ON photos.id = photo_id
     WHERE run_id = $1 AND position IN (
       SELECT DISTINCT position FROM facededup.run_groups WHERE run_id = $1 ORDER BY position LIMIT $2 OFFSET $3)
     ORDER BY position, place`,
    [run, limit ?? null, offset],
  );
  const groups = new Map<number, string[]>();
  for (const row of rows) {
    const [position, photo] = [Number(row['position']), String(row['photo'])];
    const group = groups.get(position);
    if (group) group.push(photo);
    else groups.set(position, [photo]);
  }
  return [...groups.values()];
}

export function factsOf(row: SqlRow): RunFacts {
  return { ...(JSON.parse(String(row['facts'])) as KeptFacts), run: Number(row['id']) };
}

interface Matching {
  readonly from: string;
  readonly where: string;
  /** The first of them is the run. */
  readonly values: readonly unknown[];
}

/** The names are looked up where they are asked for alone: a run may have a million pairs. */
function matching(
  run: number,
  decisions: DecisionIndex,
  { verdict, isNew, text = '' }: PairsQuery,
): Matching {
  const values: unknown[] = [run];
  const given = (value: unknown) => `$${values.push(value)}`;
  const conditions = ['pairs.run_id = $1', ...(isNew ? ['pairs.is_new'] : [])];
  const bare = text === '' && verdict === undefined;
  let from = `FROM ${bare ? 'facededup.run_pairs' : namedPairs} AS pairs`;
  // No text in PostgreSQL has it.
  if (text.includes('\0')) return { from, where: 'FALSE AND pairs.run_id = $1', values };
  if (text !== '') {
    const pattern = given(patternContaining(text));
    const columns = ['pairs.first', 'pairs.second', reference('first'), reference('second')];
    // By the collation C capitals of ASCII alone count as small letters.
    conditions.push(
      `(${columns.map((column) => `${column} COLLATE "C" ILIKE ${pattern} ESCAPE '\\'`).join(' OR ')})`,
    );
  }
  if (verdict !== undefined) {
    const decided = decidedPairs(decisions, given);
    from += decided.joins;
    conditions.push(
      verdict === 'open' ? `${decided.verdict} IS NULL` : `${decided.verdict} = ${given(verdict)}`,
    );
  }
  return { from, where: conditions.join(' AND '), values };
}

function reference(side: 'first' | 'second'): string {
  return `(pairs.boxes::jsonb ->> ${side === 'first' ? 2 : 3})`;
}

/** The decisions beside the pairs that they are on: of one on the photos and one on their records the later counts. */
function decidedPairs(
  decisions: DecisionIndex,
  given: (value: unknown) => string,
): { readonly joins: string; readonly verdict: string } {
  const said = decisions.decisions().map((decision, place) => ({ ...decision, place }));
  const tableOf = (kind: 'photo' | 'reference') => {
    // Which of two is the first is told by UTF-16 code units, and a photo may have another name by now.
    const both = said
      .filter((each) => each.kind === kind)
      .flatMap(({ first, second, verdict, place }) => [
        { first, second, verdict, place },
        { first: second, second: first, verdict, place },
      ]);
    return `unnest(${given(both.map(({ first }) => first))}::text[], ${given(both.map(({ second }) => second))}::text[],
      ${given(both.map(({ verdict }) => verdict satisfies Verdict))}::text[], ${given(both.map(({ place }) => place))}::integer[])`;
  };
  return {
    joins: `
      LEFT JOIN ${tableOf('photo')} AS by_photo (first, second, verdict, place)
        ON by_photo.first = pairs.first AND by_photo.second = pairs.second
      LEFT JOIN ${tableOf('reference')} AS by_record (first, second, verdict, place)
        ON by_record.first = ${reference('first')} AND by_record.second = ${reference('second')}`,
    // What people said of the photos that have these names now is not about a pair of others.
    verdict: `CASE WHEN first_changed OR second_changed THEN NULL
      WHEN by_photo.place > by_record.place OR by_record.place IS NULL THEN by_photo.verdict ELSE by_record.verdict END`,
  };
}

function pairOf(row: SqlRow, decisions?: DecisionIndex): FoundPair {
  return foundPair(
    {
      first: String(row['first']),
      second: String(row['second']),
      distance: Number(row['distance']),
      boxes: String(row['boxes']),
      isNew: row['is_new'] === true,
      firstChanged: row['first_changed'] === true,
      secondChanged: row['second_changed'] === true,
    },
    decisions,
  );
}
