// The work, cut into squares that threads take one by one: some blocks of rows against some blocks at and after them.

/** Everything a thread must know to tell squares apart. */
export interface Grid {
  readonly newerRows: number;
  readonly newerBlocks: number;
  readonly blocks: number;
  /** The first block that rows are compared with: 0, or `newerBlocks`, where newer rows are not compared with newer ones. */
  readonly from: number;
  readonly blockRows: number;
  /** Blocks along each side of a square. */
  readonly side: number;
}

/** Blocks from `firstRow` up to, not including, `endRow`, against blocks from `first` up to, not including, `end`. */
export interface Square {
  readonly firstRow: number;
  readonly endRow: number;
  readonly first: number;
  readonly end: number;
}

/** How many numbers of squares there are; some squares are empty. */
export function squareCount({ newerBlocks, blocks, side }: Grid): number {
  return Math.ceil(newerBlocks / side) * Math.ceil(blocks / side);
}

/**
 * The square of a number below `squareCount`. Older rows are only ever compared with, and so no square has them among
 * its rows. Threads run this function as text: it must use nothing but its parameters.
 */
export function squareAt({ newerBlocks, blocks, from, side }: Grid, number: number): Square {
  const columns = Math.ceil(blocks / side);
  // Squares of the same rows follow each other, as these are then at hand.
  const firstRow = Math.floor(number / columns) * side;
  const first = Math.min(Math.max(firstRow, from) + (number % columns) * side, blocks);
  return {
    firstRow,
    endRow: Math.min(firstRow + side, newerBlocks),
    first,
    end: Math.min(first + side, blocks),
  };
}
