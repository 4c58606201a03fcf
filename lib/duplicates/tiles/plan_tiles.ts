// Which blocks are to be compared with which: n² cut into tiles, each of them work for one thread.

/** Two blocks, by number, to be compared; the same one twice where a block is compared with itself. */
export interface Tile {
  /** No larger than `second`. */
  readonly first: number;
  readonly second: number;
}

/** Of a plan. */
export interface PlanTilesOptions {
  /** The numbers of the blocks that are new, each once: old ones are not compared with each other. Default all. */
  readonly newBlocks?: readonly number[] | undefined;
  /** Blocks along each side of a square of tiles that follow each other: 1 and up; default 8. */
  readonly side?: number | undefined;
}

/**
 * Lists the tiles of a search, one by one: each two of so many blocks, and each block with itself, but for those with
 * nothing new. Tiles that follow each other share blocks: any n² of them in a row need about 2n blocks, n up to the
 * side, and so a worker should get a run of them.
 *
 * @param blocks how many blocks there are, 0 and up.
 */
export function* planTiles(
  blocks: number,
  { newBlocks, side = 8 }: PlanTilesOptions = {},
): Generator<Tile, void, undefined> {
  const isNew = new Uint8Array(blocks).fill(newBlocks ? 0 : 1);
  newBlocks?.forEach((block) => (isNew[block] = 1));
  const all = Array.from(isNew, (_, block) => block);
  const newer = parts(
    all.filter((block) => isNew[block]),
    side,
  );
  const older = parts(
    all.filter((block) => !isNew[block]),
    side,
  );
  for (const [i, rows] of newer.entries()) {
    for (const columns of newer.slice(i)) yield* square(rows, columns);
    for (const columns of older) yield* square(rows, columns);
  }
}

function parts(blocks: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(blocks.length / size) }, (_, i) =>
    blocks.slice(i * size, (i + 1) * size),
  );
}

/** Of some blocks with as many others, or with themselves. */
function* square(rows: readonly number[], columns: readonly number[]): Generator<Tile, void, undefined> {
  for (const [i, row] of rows.entries()) {
    for (const column of rows === columns ? columns.slice(i) : columns)
      yield { first: Math.min(row, column), second: Math.max(row, column) };
  }
}
