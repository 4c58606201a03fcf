// Blocks and axes of runs as they come from the store, in memory that all threads share: neighbouring tiles need the same.

import { RecentlyUsed } from '../../duplicates/tiles/recently_used.js';
import type { NamedBytes } from './match_thread.js';

/** For what is kept for the next tiles. */
const mostBytes = 2 ** 28;

export class SharedBlocks {
  readonly #kept = new RecentlyUsed<NamedBytes>(mostBytes, ({ bytes }) => bytes.length);

  /** The bytes of that name: kept, or else what `read` gives, once for all who want them meanwhile. */
  get(name: string, read: () => Promise<Uint8Array>): Promise<NamedBytes> {
    return this.#kept.get(name, async () => ({ name, bytes: shared(await read()) }));
  }
}

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
