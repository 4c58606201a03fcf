// The work, cut into strips that threads take one by one: a block of rows against some blocks at and after it.

/** Everything a thread must know to tell strips apart. */
export interface Strips {
  readonly newerRows: number;
  readonly newerBlocks: number;
  readonly blocks: number;
  readonly blockRows: number;
  /** Blocks in a strip. */
  readonly length: number;
}

export interface Strip {
  /** Positions of the rows of one block. */
  readonly from: number;
  readonly to: number;
  /** The blocks they are compared with. */
  readonly firstBlock: number;
  readonly endBlock: number;
}

/**
 * The strip of a number; undefined when there are no more. Older rows are only ever compared with, and so no strip
 * begins with them. A strip may be empty. Threads run this function as text: it must use nothing but its parameters.
 */
export function stripAt(strips: Strips, number: number): Strip | undefined {
  const { newerRows, newerBlocks, blocks, blockRows, length } = strips;
  const block = number % newerBlocks;
  const offset = Math.floor(number / newerBlocks) * length;
  if (offset >= blocks || newerBlocks === 0) return undefined;
  const firstBlock = Math.min(block + offset, blocks);
  return {
    from: block * blockRows,
    to: Math.min((block + 1) * blockRows, newerRows),
    firstBlock,
    endBlock: Math.min(firstBlock + length, blocks),
  };
}
