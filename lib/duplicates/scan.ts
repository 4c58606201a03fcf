// The caller's own thread at work: it takes squares of tiles one by one, and measures what all threads find in theirs.

import type { Collector } from './collector.js';
import type { Kernel, SharedKernel } from './kernel.js';
import { blockRows, candidateBytes, header, type Layout, scratch } from './layout.js';
import { type Grid, type Square, squareAt, squareCount } from './squares.js';
import type { Helpers } from './threads.js';
import type { Turns } from './turns.js';

/** How far the search has come, as a share of all. */
export interface Stage {
  share: number;
}

/** Candidates that are measured between two looks at the clock. */
const candidatesAtATime = 4096;

/** Among the threads that help, none to many. */
export class Scan {
  private readonly numbers: Int32Array;
  private readonly squares: number;

  constructor(
    private readonly kernel: Kernel | SharedKernel,
    private readonly layout: Layout,
    private readonly grid: Grid,
    private readonly helpers: Helpers,
    private readonly collector: Collector,
    private readonly stage: Stage,
    private readonly turns: Turns,
    /** Whether two blocks of rows are to be compared. */
    private readonly isWanted: (first: number, second: number) => boolean = () => true,
  ) {
    this.numbers = new Int32Array(kernel.buffer, 0, layout.bytes >> 2);
    this.squares = squareCount(grid);
  }

  async run(part: number): Promise<void> {
    const { helpers, turns } = this;
    for (;;) {
      await this.emptyParts();
      const number = Atomics.add(this.numbers, header.nextSquare / 4, 1);
      if (number >= this.squares) break;
      this.stage.share = number / this.squares;
      await this.scanSquare(squareAt(this.grid, number), part);
      await this.empty(part);
      if (turns.isOver()) await turns.next();
    }
    // The threads' last squares are still on their way.
    for (let ended = false; !ended;) {
      ended = helpers.areDone();
      await this.emptyParts();
      await helpers.news();
      if (turns.isOver()) await turns.next();
    }
  }

  private async scanSquare({ firstRow, endRow, first, end }: Square, part: number): Promise<void> {
    for (let row = firstRow; row < endRow; row++)
      for (let block = Math.max(row, first); block < end; block++)
        if (this.isWanted(row, block)) await this.scanTile(row, block, part);
  }

  private async scanTile(rowBlock: number, block: number, part: number): Promise<void> {
    const to = Math.min((rowBlock + 1) * blockRows, this.grid.newerRows);
    for (let at = rowBlock * blockRows; at < to;) {
      at = this.kernel.scan(at, to, block, part, this.layout.room);
      if (at < to || this.isHalfFull(part)) await this.empty(part);
      if (this.turns.isOver()) await this.turns.next();
    }
  }

  private isHalfFull(part: number): boolean {
    return (this.numbers[(part + scratch.count) / 4] as number) > this.layout.room / 2;
  }

  private async emptyParts(): Promise<void> {
    for (let part = this.helpers.takePart(); part !== undefined; part = this.helpers.takePart()) {
      await this.empty(part);
      this.helpers.release(part);
    }
  }

  private async empty(part: number): Promise<void> {
    const { numbers, collector, turns } = this;
    const count = numbers[(part + scratch.count) / 4] as number;
    for (let start = 0; start < count; start += candidatesAtATime) {
      collector.collect(
        (part + scratch.candidates + start * candidateBytes) / 4,
        Math.min(candidatesAtATime, count - start),
      );
      if (turns.isOver()) await turns.next();
    }
    numbers[(part + scratch.count) / 4] = 0;
  }
}
