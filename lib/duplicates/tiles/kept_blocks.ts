// The blocks that a worker has at hand for its next tiles, which are likely to need them again.

import { keptBlocksOptionTable } from '../../config.js';
import { readOptions } from '../../options.js';
import type { SketchedBlock } from './sketched_block.js';

/** Keeps sketched blocks up to so many bytes; of those beyond, the ones go first that were wanted longest ago. */
export class KeptBlocks {
  /** In the order in which they were last wanted. */
  readonly #blocks = new Map<string, Promise<SketchedBlock>>();
  readonly #bytes = new Map<string, number>();
  readonly #mostBytes: number;

  /**
   * @param options `mostBytes`: what the kept blocks may take together, 0 … 2⁴⁰; default 268,435,456 (256 MiB), which is
   *   some 40 blocks of 8,192 rows. A planned run of tiles needs 16 at a time.
   * @throws InvalidOptionError
   */
  constructor(options?: { readonly mostBytes?: number | undefined }) {
    this.#mostBytes = readOptions(keptBlocksOptionTable, options).mostBytes;
  }

  /**
   * The block of that name: the kept one, or else what `make` makes, once for all who want it meanwhile. A block of one
   * run is of no use to another, whose axes differ: its name should have the run's in it. What `make` rejects with is
   * passed on, and the next to ask makes it once more.
   */
  async get(name: string, make: () => Promise<SketchedBlock>): Promise<SketchedBlock> {
    const kept = this.#blocks.get(name);
    const wanted = kept ?? make();
    this.#blocks.delete(name);
    this.#blocks.set(name, wanted);
    if (kept) return kept;
    try {
      const block = await wanted;
      this.#bytes.set(name, block.bytes);
      this.#forgetOldest();
      return block;
    } catch (error) {
      this.#blocks.delete(name);
      throw error;
    }
  }

  #forgetOldest(): void {
    let total = 0;
    for (const bytes of this.#bytes.values()) total += bytes;
    for (const name of this.#blocks.keys()) {
      if (total <= this.#mostBytes) return;
      // One that is still being made takes nothing yet.
      const bytes = this.#bytes.get(name);
      if (bytes === undefined) continue;
      total -= bytes;
      this.#bytes.delete(name);
      this.#blocks.delete(name);
    }
  }
}
