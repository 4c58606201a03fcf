// The pairs that a reviewer goes through: fetched part by part, and kept as they were found, so that a pair that was
// decided stays where it is and can be gone back to.

import type { ApiPage, ApiPair } from '../../lib/server/api.js';
import type { Verdict } from '../../lib/runs/findings.js';

export type FetchPairs = (offset: number, limit: number) => Promise<ApiPage<ApiPair>>;

const pageSize = 500;

export class PairQueue {
  /** Whether the server would still list the pair: decided ones leave the list of open ones. */
  readonly matches: (pair: ApiPair) => boolean;
  readonly #fetch: FetchPairs;
  readonly #pairs: ApiPair[] = [];
  readonly #known = new Set<number>();
  #total = 0;
  #isComplete = false;
  #loading: Promise<void> | undefined;

  constructor(fetch: FetchPairs, matches: (pair: ApiPair) => boolean) {
    this.#fetch = fetch;
    this.matches = matches;
  }

  /** Of all that matched when the queue began. */
  get total(): number {
    return this.#isComplete ? this.#pairs.length : Math.max(this.#total, this.#pairs.length);
  }

  get loaded(): readonly ApiPair[] {
    return this.#pairs;
  }

  at(index: number): ApiPair | undefined {
    return this.#pairs[index];
  }

  indexOf(position: number): number {
    return this.#pairs.findIndex((pair) => pair.position === position);
  }

  /** Fetches until there is a pair at `index`, or no further one. */
  async reach(index: number): Promise<ApiPair | undefined> {
    while (index >= this.#pairs.length && !this.#isComplete) await (this.#loading ??= this.#more());
    return this.#pairs[index];
  }

  /** Fetches until a pair is found. @returns its index, or -1 */
  async find(position: number): Promise<number> {
    for (;;) {
      const index = this.indexOf(position);
      if (index >= 0 || this.#isComplete) return index;
      await (this.#loading ??= this.#more());
    }
  }

  /** Puts a pair that does not match before the others: a link to it was followed. */
  include(pair: ApiPair): void {
    this.#pairs.unshift(pair);
    this.#known.add(pair.position);
    this.#total += 1;
  }

  /** On a pair, and on all others that the same decision is about. */
  setVerdict(isMeant: (pair: ApiPair) => boolean, verdict: Verdict | undefined): void {
    this.#pairs.forEach((pair, index) => {
      if (!isMeant(pair)) return;
      const changed: { verdict?: Verdict } & Omit<ApiPair, 'verdict'> = { ...pair };
      if (verdict === undefined) delete changed.verdict;
      else changed.verdict = verdict;
      this.#pairs[index] = changed;
    });
  }

  async #more(): Promise<void> {
    try {
      const offset = this.#pairs.filter(this.matches).length;
      const page = await this.#fetch(offset, pageSize);
      for (const pair of page.items) {
        if (this.#known.has(pair.position)) continue;
        this.#known.add(pair.position);
        this.#pairs.push(pair);
      }
      this.#total = Math.max(
        this.#total,
        page.total + this.#pairs.filter((pair) => !this.matches(pair)).length,
      );
      this.#isComplete = page.items.length === 0 || page.offset + page.items.length >= page.total;
    } finally {
      this.#loading = undefined;
    }
  }
}
