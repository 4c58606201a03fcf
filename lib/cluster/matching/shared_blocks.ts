// Blocks and axes of runs as they come from the store, in memory that all threads share: neighbouring tiles need the same.

import type { NamedBytes } from './match_thread.js';

/** For what is kept for the next tiles. */
const mostBytes = 2 ** 28;

export class SharedBlocks {
  /** In the order in which they were last wanted. */
  readonly #kept = new Map<string, Promise<NamedBytes>>();
  readonly #sizes = new Map<string, number>();

  /** The bytes of that name: kept, or else what `read` gives, once for all who want them meanwhile. */
  get(name: string, read: () => Promise<Uint8Array>): Promise<NamedBytes> {
    const kept = this.#kept.get(name);
    const wanted = kept ?? this.#read(name, read);
    this.#kept.delete(name);
    this.#kept.set(name, wanted);
    return wanted;
  }

  async #read(name: string, read: () => Promise<Uint8Array>): Promise<NamedBytes> {
    try {
      const bytes = shared(await read());
      this.#sizes.set(name, bytes.length);
      this.#forgetOldest();
      return { name, bytes };
    } catch (error) {
      this.#kept.delete(name);
      throw error;
    }
  }

  #forgetOldest(): void {
    let total = [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
    for (const name of this.#kept.keys()) {
      if (total <= mostBytes) return;
      // One that is still being read takes nothing yet.
      const size = this.#sizes.get(name);
      if (size === undefined) continue;
      total -= size;
      this.#sizes.delete(name);
      this.#kept.delete(name);
    }
  }
}

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
