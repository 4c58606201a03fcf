// Where everything lies in the one memory that the kernel works on, and all threads share.

/** Axes compared first, in one go. */
export const leadAxes = 16;

/** Axes compared next, of the groups that the lead could not tell apart. */
export const restAxes = 16;

/** Axes of the head: lead and rest, int16. */
export const headAxes = leadAxes + restAxes;

/** Axes of the tail, int8, compared sixteen at a time; none when the head has all there are, or does without. */
export const mostTailAxes = 48;

/** Rows of a block: what is compared at a time, small enough for the first-level cache. */
export const blockRows = 128;

/** Blocks along each side of a square of tiles: work for some milliseconds, whose rows fit the second-level cache. */
export const squareBlocks = 8;

/** Rows of a group, which share the lanes of a vector. */
export const groupRows = 4;

/** Bytes of one group's lead, or rest: eight vectors of two axes by four rows. */
export const groupBytes = groupRows * leadAxes * 2;

/** Bytes of one block's box: the least and the greatest coordinate on each axis of the lead. */
export const boxBytes = 2 * leadAxes * 2;

/** Bytes of one group that the lead could not tell apart: four sums, and which group it was. */
export const survivorBytes = 32;

/** How many axes the ordering of the rows looks at. */
export const orderAxes = 8;

/** Rows that are rotated at a time. */
export const batchRows = 64;

/** Bytes in front of the centre's float64 coordinates: the radius and 1, each of them twice. */
export const frameBytes = 32;

/** Byte offsets into the header, at address 0: where the parts lie, and from where on a pair is too far apart. */
export const header = {
  lead: 0,
  rest: 4,
  leadNorms: 8,
  restNorms: 12,
  tail: 16,
  boxes: 20,
  tailBytes: 24,
  leadLimit: 28,
  headLimit: 32,
  tailWeight: 40,
  limit: 44,
  /** The number of the next square to be taken. */
  nextSquare: 56,
  size: 64,
} as const;

/** Byte offsets into a thread's own part. */
export const scratch = {
  /** How many candidates lie in the buffer. */
  count: 0,
  /** Whose turn it is: see threads.ts. */
  state: 4,
  survivors: 16,
  candidates: 16 + (blockRows / groupRows) * survivorBytes,
} as const;

/** Bytes of a candidate: the positions of two rows. */
export const candidateBytes = 8;

/** What a sketch consists of, each part in one piece: see sketch.ts. */
export type SketchPart = 'lead' | 'rest' | 'leadNorms' | 'restNorms' | 'tail' | 'boxes' | 'order';

export interface Layout extends Readonly<Record<SketchPart, number>> {
  readonly tailAxes: number;
  /** Axes that a row is rotated onto. */
  readonly axes: number;
  /** Blocks, the last of the newer and the last of the older rows perhaps not full. */
  readonly newerBlocks: number;
  readonly blocks: number;
  /** Where the parts of the threads begin, and how many bytes each has. */
  readonly parts: number;
  readonly partBytes: number;
  /** Candidates that a part has room for. */
  readonly room: number;
  readonly bytes: number;
}

const align = (bytes: number) => Math.ceil(bytes / 64) * 64;

const candidateRoom = 65_536;
const partBytes = align(scratch.candidates + candidateRoom * candidateBytes);

/** Axes of a tail that leaves out as little as may be of so many coordinates. */
export function tailAxesOf(coordinates: number): number {
  return Math.min(mostTailAxes, Math.ceil(Math.max(0, coordinates - headAxes) / 16) * 16);
}

/** Bytes that a block takes of each part. */
export function bytesOfBlock(tailAxes: number): Readonly<Record<SketchPart, number>> {
  return {
    lead: (blockRows / groupRows) * groupBytes,
    rest: (blockRows / groupRows) * groupBytes,
    leadNorms: blockRows * 4,
    restNorms: blockRows * 4,
    tail: blockRows * tailAxes,
    boxes: boxBytes,
    // For each position, the number of its row.
    order: blockRows * 4,
  };
}

/** Lays out the sketch of `newer` rows and `older` ones, and so many parts for threads. */
export function layOut(tailAxes: number, newer: number, older: number, parts: number): Layout {
  const newerBlocks = Math.ceil(newer / blockRows);
  const blocks = newerBlocks + Math.ceil(older / blockRows);
  const block = bytesOfBlock(tailAxes);
  let end: number = header.size;
  const part = (bytes: number) => {
    const start = end;
    end = align(end + bytes);
    return start;
  };
  return {
    tailAxes,
    axes: headAxes + tailAxes,
    newerBlocks,
    blocks,
    lead: part(blocks * block.lead),
    rest: part(blocks * block.rest),
    leadNorms: part(blocks * block.leadNorms),
    restNorms: part(blocks * block.restNorms),
    tail: part(blocks * block.tail),
    boxes: part(blocks * block.boxes),
    order: part(blocks * block.order),
    parts: part(parts * partBytes),
    partBytes,
    room: candidateRoom,
    bytes: end,
  };
}
