// What people said of pairs, as lib/store/decisions.ts has it: the same log, kept in PostgreSQL.

import type { Verdict } from '../../runs/findings.js';
import {
  checkDecision,
  type Decision,
  DecisionIndex,
  latestOfEach,
  type NewDecision,
  type SubjectKind,
} from '../../store/decisions.js';
import type { ReviewDecisions } from '../../store/review_store.js';
import type { Sql, SqlDatabase, SqlRow } from './database.js';

/** The decisions of a set of photos, as `PhotoSet.decisions` has them, and each call a promise. */
export interface SetDecisions {
  /** All of them or none. @throws InvalidOptionError `ARGUMENT_INVALID`, ClusterError */
  decideAll(decisions: readonly NewDecision[]): Promise<Decision[]>;
  /** Withdraws the latest decision; the one before it on the same pair holds again. @returns what was withdrawn. */
  undo(): Promise<Decision | undefined>;
  /** Those that hold, oldest first, by the names that their photos have now. */
  list(): Promise<Decision[]>;
  /** Withdraws all that was decided on a pair. @returns whether there was anything. */
  withdraw(pair: Pick<NewDecision, 'kind' | 'first' | 'second'>): Promise<boolean>;
  /** Whether the set has both that a decision names. It is kept all the same, and counts once it has. */
  isKnown(pair: Pick<NewDecision, 'kind' | 'first' | 'second'>): Promise<boolean>;
}

/** In PostgreSQL. */
export class ClusterDecisions implements SetDecisions, ReviewDecisions {
  readonly #database: SqlDatabase;
  readonly #set: number;

  constructor(database: SqlDatabase, set: number) {
    this.#database = database;
    this.#set = set;
  }

  async decide(decision: NewDecision): Promise<Decision> {
    return (await this.decideAll([decision]))[0] as Decision;
  }

  async decideAll(decisions: readonly NewDecision[]): Promise<Decision[]> {
    const now = new Date().toISOString();
    const checked = decisions.map((decision) => checkDecision(decision, now));
    await this.#database.transaction(async (sql) => {
      for (const { kind, first, second, verdict, reason, decidedAt } of checked)
        await sql.run(
          `INSERT INTO facededup.decisions
             (set_id, kind, first, second, verdict, reason, decided_at, first_digest, second_digest)
           SELECT $1, $2::text, $3, $4, $5, $6, $7::text, ${digestOf('$3')}, ${digestOf('$4')}
           WHERE NOT EXISTS (SELECT 1 FROM facededup.decisions WHERE set_id = $1 AND kind = $2 AND first = $3
             AND second = $4 AND verdict = $5 AND decided_at = $7
             AND reason IS NOT DISTINCT FROM $6 AND withdrawn_at IS NULL)`,
          [this.#set, kind, first, second, verdict, reason ?? null, decidedAt],
        );
    });
    return checked;
  }

  async undo(): Promise<Decision | undefined> {
    const row = await this.#database.row(
      // Two that undo at once withdraw two: the later one waits, and takes what is the latest then.
      `UPDATE facededup.decisions SET withdrawn_at = $2 WHERE id = (
         SELECT id FROM facededup.decisions WHERE set_id = $1 AND withdrawn_at IS NULL
         ORDER BY id DESC LIMIT 1 FOR UPDATE) RETURNING *`,
      [this.#set, new Date().toISOString()],
    );
    return row && decisionOf(row);
  }

  async withdraw(pair: Pick<NewDecision, 'kind' | 'first' | 'second'>): Promise<boolean> {
    if (`${pair.first}${pair.second}`.includes('\0')) return false;
    const [first, second] = [pair.first, pair.second].sort() as [string, string];
    const withdrawn = await this.#database.run(
      `UPDATE facededup.decisions SET withdrawn_at = $5
       WHERE set_id = $1 AND kind = $2::text AND withdrawn_at IS NULL AND (
         first = $3 AND second = $4
         OR first_digest = ${digestOf('$3')} AND second_digest = ${digestOf('$4')}
         OR first_digest = ${digestOf('$4')} AND second_digest = ${digestOf('$3')})`,
      [this.#set, pair.kind, first, second, new Date().toISOString()],
    );
    return withdrawn > 0;
  }

  index(): Promise<DecisionIndex> {
    return decisionIndex(this.#database, this.#set);
  }

  list(): Promise<Decision[]> {
    return decisionsOf(this.#database, this.#set);
  }

  async isKnown({ kind, first, second }: Pick<NewDecision, 'kind' | 'first' | 'second'>): Promise<boolean> {
    const row = await this.#database.row(
      `SELECT count(DISTINCT ${kind === 'photo' ? 'name' : 'reference'}) AS found FROM facededup.photos
       WHERE set_id = $1 AND ${kind === 'photo' ? 'name' : 'reference'} IN ($2, $3)`,
      [this.#set, first, second],
    );
    return Number(row?.['found']) === 2;
  }
}

/** For looking up many pairs. */
export async function decisionIndex(sql: Sql, set: number): Promise<DecisionIndex> {
  return new DecisionIndex(await decisionsOf(sql, set));
}

async function decisionsOf(sql: Sql, set: number): Promise<Decision[]> {
  const rows = await sql.rows(
    `SELECT decisions.*,
       ${isUnchanged('first_digest', 'a.digest')} AND ${isUnchanged('second_digest', 'b.digest')} AS fits
     FROM facededup.decisions
     LEFT JOIN facededup.photos AS a ON kind = 'photo' AND a.set_id = decisions.set_id AND a.name = first
     LEFT JOIN facededup.photos AS b ON kind = 'photo' AND b.set_id = decisions.set_id AND b.name = second
     WHERE decisions.set_id = $1 AND withdrawn_at IS NULL ORDER BY decisions.id`,
    [set],
  );
  const astray = rows.filter(({ fits }) => fits !== true);
  const names = await namesOf(
    sql,
    set,
    astray.flatMap((row) => [row['first_digest'], row['second_digest']]),
  );
  const holding = rows.flatMap((row) =>
    row['fits'] === true ? [decisionOf(row)] : underOtherNames(row, names),
  );
  return latestOfEach(holding);
}

/** A decision on two contents, by the names that they have now. */
function underOtherNames(row: SqlRow, names: ReadonlyMap<unknown, readonly string[]>): Decision[] {
  const decision = decisionOf(row);
  const seconds = names.get(row['second_digest']) ?? [];
  return (names.get(row['first_digest']) ?? []).flatMap((a) =>
    seconds.filter((b) => b !== a).map((b) => ({ ...decision, first: a < b ? a : b, second: a < b ? b : a })),
  );
}

async function namesOf(
  sql: Sql,
  set: number,
  digests: readonly unknown[],
): Promise<ReadonlyMap<unknown, readonly string[]>> {
  const names = new Map<unknown, string[]>();
  if (digests.length === 0) return names;
  const rows = await sql.rows(
    'SELECT digest, name FROM facededup.photos WHERE set_id = $1 AND digest = ANY ($2::text[]) ORDER BY name',
    [set, [...new Set(digests)].filter((digest) => digest !== null)],
  );
  for (const row of rows)
    names.set(row['digest'], [...(names.get(row['digest']) ?? []), String(row['name'])]);
  return names;
}

/** SQL: the digest of a photo where the decision is on photos and the photo is known. */
function digestOf(name: string): string {
  return `(SELECT digest FROM facededup.photos WHERE $2 = 'photo' AND set_id = $1 AND name = ${name})`;
}

/** SQL: photos that the store did not know then, or does not now, count as unchanged. */
function isUnchanged(then: string, now: string): string {
  return `coalesce(${then} = ${now}, TRUE)`;
}

function decisionOf(row: SqlRow): Decision {
  return {
    kind: row['kind'] as SubjectKind,
    first: String(row['first']),
    second: String(row['second']),
    verdict: row['verdict'] as Verdict,
    ...(row['reason'] === null ? {} : { reason: String(row['reason']) }),
    decidedAt: String(row['decided_at']),
  };
}
