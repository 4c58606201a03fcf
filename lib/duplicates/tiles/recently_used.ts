// What was wanted lately, kept up to so many bytes.

/** Of what does not fit, that goes first which was wanted longest ago. */
export class RecentlyUsed<Value> {
  /** In the order in which they were last wanted. */
  readonly #kept = new Map<string, Promise<Value>>();
  readonly #sizes = new Map<string, number>();
  readonly #mostBytes: number;
  readonly #bytesOf: (value: Value) => number;

  constructor(mostBytes: number, bytesOf: (value: Value) => number) {
    this.#mostBytes = mostBytes;
    this.#bytesOf = bytesOf;
  }

  /** What has that name: kept, or else what `make` makes, once for all who want it meanwhile. */
  async get(name: string, make: () => Promise<Value>): Promise<Value> {
    const kept = this.#kept.get(name);
    const wanted = kept ?? make();
    this.#kept.delete(name);
    this.#kept.set(name, wanted);
    if (kept) return kept;
    try {
      const value = await wanted;
      this.#sizes.set(name, this.#bytesOf(value));
      this.#forgetOldest();
      return value;
    } catch (error) {
      this.#kept.delete(name);
      throw error;
    }
  }

  #forgetOldest(): void {
    let total = 0;
    for (const size of this.#sizes.values()) total += size;
    for (const name of this.#kept.keys()) {
      if (total <= this.#mostBytes) return;
      // One that is still being made takes nothing yet.
      const size = this.#sizes.get(name);
      if (size === undefined) continue;
      total -= size;
      this.#sizes.delete(name);
      this.#kept.delete(name);
    }
  }
}
