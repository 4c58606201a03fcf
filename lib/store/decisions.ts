// What people said of pairs: kept as a log, by photo or by record, so that it outlives encodings and can be undone.

import { InvalidOptionError } from '../errors.js';
import type { Verdict } from '../runs/findings.js';
import type { Database, Row } from './database.js';

/** By what a decision names its two: photos by their names, or records by their reference keys. */
export type SubjectKind = 'photo' | 'reference';

/** What was decided on a pair. */
export interface Decision {
  readonly kind: SubjectKind;
  /** The one that comes first by UTF-16 code units. */
  readonly first: string;
  readonly second: string;
  readonly verdict: Verdict;
  readonly reason?: string;
  /** ISO 8601, UTC. */
  readonly decidedAt: string;
}

/** What is to be decided on a pair. */
export interface NewDecision {
  readonly kind: SubjectKind;
  readonly first: string;
  readonly second: string;
  readonly verdict: Verdict;
  readonly reason?: string | undefined;
}

/** A photo, and the record it belongs to where it was named. */
export interface DecidedPhoto {
  readonly name: string;
  readonly reference?: string | undefined;
}

const verdicts: readonly Verdict[] = ['same', 'different', 'unsure'];
const longestText = 4096;

export function isVerdict(value: unknown): value is Verdict {
  return verdicts.some((verdict) => verdict === value);
}

/** The decisions of a set of photos. */
export class DecisionTable {
  readonly #database: Database;
  readonly #set: number;

  constructor(database: Database, set: number) {
    this.#database = database;
    this.#set = set;
  }

  /** @throws InvalidOptionError `ARGUMENT_INVALID` when both are one and the same, or a text is missing or too long. */
  decide(decision: NewDecision): Decision {
    return this.decideAll([decision])[0] as Decision;
  }

  /** All of them or none. */
  decideAll(decisions: readonly NewDecision[]): Decision[] {
    const now = new Date().toISOString();
    const checked = decisions.map((decision) => checkDecision(decision, now));
    this.#database.transaction(() => {
      for (const { kind, first, second, verdict, reason, decidedAt } of checked)
        this.#database.run(
          `INSERT INTO decisions
             (set_id, kind, first, second, verdict, reason, decided_at, first_digest, second_digest)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ${digestOf('?3')}, ${digestOf('?4')})`,
          this.#set,
          kind,
          first,
          second,
          verdict,
          reason ?? null,
          decidedAt,
        );
    });
    return checked;
  }

  /** Whether the set has both that a decision names. It is kept all the same, and counts once it has. */
  isKnown({ kind, first, second }: Pick<NewDecision, 'kind' | 'first' | 'second'>): boolean {
    const column = kind === 'photo' ? 'name' : 'reference';
    return [first, second].every(
      (text) =>
        this.#database.get(
          `SELECT 1 FROM photos WHERE set_id = ? AND ${column} = ? AND ${column} IS NOT NULL LIMIT 1`,
          this.#set,
          text,
        ) !== undefined,
    );
  }

  /** Withdraws the latest decision; the one before it on the same pair holds again. @returns what was withdrawn. */
  undo(): Decision | undefined {
    return this.#database.transaction(() => {
      const row = this.#database.get(
        `SELECT * FROM decisions WHERE set_id = ? AND withdrawn_at IS NULL ORDER BY id DESC LIMIT 1`,
        this.#set,
      );
      if (!row) return undefined;
      this.#withdraw(Number(row['id']));
      return decisionOf(row);
    });
  }

  /** Withdraws all that was decided on a pair. @returns whether there was anything. */
  withdraw(pair: Pick<NewDecision, 'kind' | 'first' | 'second'>): boolean {
    const [first, second] = [pair.first, pair.second].sort() as [string, string];
    return (
      this.#database.run(
        `UPDATE decisions SET withdrawn_at = ?5 WHERE set_id = ?1 AND kind = ?2 AND withdrawn_at IS NULL AND (
           first = ?3 AND second = ?4
           OR first_digest = ${digestOf('?3')} AND second_digest = ${digestOf('?4')}
           OR first_digest = ${digestOf('?4')} AND second_digest = ${digestOf('?3')})`,
        this.#set,
        pair.kind,
        first,
        second,
        new Date().toISOString(),
      ).changes > 0
    );
  }

  /**
   * Those that hold, oldest first. One on photos is on what they showed when it was made: it goes along with files that
   * change their names, and does not hold for other photos that come in their places.
   */
  list(): Decision[] {
    const rows = this.#database.all(
      `SELECT decisions.*,
         ${isUnchanged('first_digest', 'a.digest')} AND ${isUnchanged('second_digest', 'b.digest')} AS fits
       FROM decisions
       LEFT JOIN photos AS a ON kind = 'photo' AND a.set_id = decisions.set_id AND a.name = first
       LEFT JOIN photos AS b ON kind = 'photo' AND b.set_id = decisions.set_id AND b.name = second
       WHERE decisions.set_id = ? AND withdrawn_at IS NULL ORDER BY decisions.id`,
      this.#set,
    );
    return latestOfEach(
      rows.flatMap((row) => (row['fits'] === 1 ? [decisionOf(row)] : this.#underOtherNames(row))),
    );
  }

  /** A decision on two contents, by the names that they have now. */
  #underOtherNames(row: Row): Decision[] {
    const namesOf = (digest: unknown) =>
      this.#database
        .all('SELECT name FROM photos WHERE set_id = ? AND digest = ?', this.#set, digest as string | null)
        .map(({ name }) => String(name));
    const decision = decisionOf(row);
    const seconds = namesOf(row['second_digest']);
    return namesOf(row['first_digest']).flatMap((a) =>
      seconds
        .filter((b) => b !== a)
        .map((b) => ({ ...decision, first: a < b ? a : b, second: a < b ? b : a })),
    );
  }

  /** For looking up many pairs. */
  index(): DecisionIndex {
    return new DecisionIndex(this.list());
  }

  #withdraw(id: number): void {
    this.#database.run('UPDATE decisions SET withdrawn_at = ? WHERE id = ?', new Date().toISOString(), id);
  }
}

/** SQL: the digest of a photo where the decision is on photos and the photo is known. */
function digestOf(name: string): string {
  return `(SELECT digest FROM photos WHERE ?2 = 'photo' AND set_id = ?1 AND name = ${name})`;
}

/** SQL: photos that the store did not know then, or does not now, and imports without digests count as unchanged. */
function isUnchanged(then: string, now: string): string {
  return `coalesce(${then} = ${now} OR ${then} NOT LIKE 'sha256 %' OR ${now} NOT LIKE 'sha256 %', TRUE)`;
}

/** The decisions that hold, by pair. Of one on the photos and one on their records the later counts. */
export class DecisionIndex {
  readonly #byPair = new Map<string, { readonly position: number; readonly decision: Decision }>();

  constructor(decisions: readonly Decision[]) {
    decisions.forEach((decision, position) =>
      this.#byPair.set(keyOf(decision.kind, decision.first, decision.second), { position, decision }),
    );
  }

  /** @returns the last decision on two photos or on their records; undefined where there is none. */
  find(a: DecidedPhoto, b: DecidedPhoto): Decision | undefined {
    const byPhoto = this.#get('photo', a.name, b.name);
    if (a.reference === undefined || b.reference === undefined) return byPhoto?.decision;
    const byReference = this.#get('reference', a.reference, b.reference);
    if (!byPhoto || !byReference) return (byPhoto ?? byReference)?.decision;
    return byPhoto.position > byReference.position ? byPhoto.decision : byReference.decision;
  }

  /** Those that hold. */
  decisions(): Decision[] {
    return [...this.#byPair.values()].map(({ decision }) => decision);
  }

  #get(kind: SubjectKind, a: string, b: string) {
    return this.#byPair.get(a < b ? keyOf(kind, a, b) : keyOf(kind, b, a));
  }
}

function keyOf(kind: SubjectKind, first: string, second: string): string {
  return JSON.stringify([kind, first, second]);
}

/** The last decision on each pair, in the order in which those were made. */
export function latestOfEach(decisions: readonly Decision[]): Decision[] {
  const latest = new Map<string, Decision>();
  for (const decision of decisions) {
    const key = keyOf(decision.kind, decision.first, decision.second);
    latest.delete(key);
    latest.set(key, decision);
  }
  return [...latest.values()];
}

/** A decision as it is kept. @throws InvalidOptionError `ARGUMENT_INVALID` */
export function checkDecision(
  { kind, first, second, verdict, reason }: NewDecision,
  decidedAt: string,
): Decision {
  const wrong = (sentence: string) => new InvalidOptionError('ARGUMENT_INVALID', sentence);
  if (first === second) throw wrong(`A decision is on two, and '${first}' is given twice.`);
  for (const text of [first, second, reason ?? ' '])
    if (text === '' || text.length > longestText)
      throw wrong(`The texts of a decision have 1 to ${longestText} characters, not ${text.length}.`);
  // A store ends a text there, or takes none that has it.
  if ([first, second, reason ?? ''].some((text) => text.includes('\0')))
    throw wrong('The texts of a decision have no character NUL.');
  if (!isVerdict(verdict))
    throw wrong(`A verdict is one of ${verdicts.join(', ')}, not '${String(verdict)}'.`);
  const [a, b] = first < second ? [first, second] : [second, first];
  return { kind, first: a, second: b, verdict, ...(reason === undefined ? {} : { reason }), decidedAt };
}

function decisionOf(row: Row): Decision {
  return {
    kind: String(row['kind']) as SubjectKind,
    first: String(row['first']),
    second: String(row['second']),
    verdict: String(row['verdict']) as Verdict,
    ...(row['reason'] === null ? {} : { reason: String(row['reason']) }),
    decidedAt: String(row['decided_at']),
  };
}
