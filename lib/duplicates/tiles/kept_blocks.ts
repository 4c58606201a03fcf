// The blocks that a worker has at hand for its next tiles, which are likely to need them again.

import { keptBlocksOptionTable } from '../../config.js';
import { readOptions } from '../../options.js';
import { RecentlyUsed } from './recently_used.js';
import type { SketchedBlock } from './sketched_block.js';

/** Keeps sketched blocks up to so many bytes; of those beyond, the ones go first that were wanted longest ago. */
export class KeptBlocks {
  readonly #blocks: RecentlyUsed<SketchedBlock>;

  /**
   * @param options `mostBytes`: what the kept blocks may take together, 0 … 2⁴⁰; default 268,435,456 (256 MiB), which is
   *   some 40 blocks of 8,192 rows. A planned run of tiles needs 16 at a time.
   * @throws InvalidOptionError
   */
  constructor(options?: { readonly mostBytes?: number | undefined }) {
    const { mostBytes } = readOptions(keptBlocksOptionTable, options);
    this.#blocks = new RecentlyUsed(mostBytes, ({ bytes }) => bytes);
  }

  /**
   * The block of that name: the kept one, or else what `make` makes, once for all who want it meanwhile. A block of one
   * run is of no use to another, whose axes differ: its name should have the run's in it. What `make` rejects with is
   * passed on, and the next to ask makes it once more.
   */
  get(name: string, make: () => Promise<SketchedBlock>): Promise<SketchedBlock> {
    return this.#blocks.get(name, make);
  }
}
