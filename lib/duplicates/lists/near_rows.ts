// The rows of a block that lie near the border to another list, those nearest to it first.

import { blockRows, groupBytes, groupRows, leadAxes } from '../layout.js';
import { headMost, nowhere } from '../sketch.js';
import { type SketchedBlock, tailAxesOf } from '../tiles/sketched_block.js';
import type { Gaps } from './gaps.js';

/** Rows of a block, those nearest to the border first, and how near each 128 of them come to it. */
export interface NearRows {
  readonly block: SketchedBlock;
  /** Of each 128 rows that follow each other the least gap. */
  readonly least: Float64Array;
}

/** Rows that are put in order no finer than this: to so many parts of the way from the nearest to the limit. */
const bands = 256;

/** Those rows of a block whose gap is below a limit, the nearest first. */
export function nearRows(block: SketchedBlock, { values, least }: Gaps, limit: number): NearRows {
  const scale = bands / (limit - least);
  const bandOf = (gap: number) => Math.min(bands - 1, Math.floor((gap - least) * scale));
  const starts = new Uint32Array(bands + 1);
  for (let i = 0; i < values.length; i++) {
    const gap = values[i] as number;
    if (gap < limit) starts[bandOf(gap) + 1] = (starts[bandOf(gap) + 1] as number) + 1;
  }
  for (let band = 1; band <= bands; band++)
    starts[band] = (starts[band] as number) + (starts[band - 1] as number);
  const positions = new Uint32Array(starts[bands] as number);
  const leastOfBlocks = new Float64Array(Math.ceil(positions.length / blockRows)).fill(
    Number.POSITIVE_INFINITY,
  );
  for (let i = 0; i < values.length; i++) {
    const gap = values[i] as number;
    if (!(gap < limit)) continue;
    const band = bandOf(gap);
    const at = starts[band] as number;
    starts[band] = at + 1;
    positions[at] = i;
    const to = Math.floor(at / blockRows);
    if (gap < (leastOfBlocks[to] as number)) leastOfBlocks[to] = gap;
  }
  return { block: picked(block, positions), least: leastOfBlocks };
}

/** The int32 numbers that a row has in a group, of lead or rest, and how far apart they lie. */
const wordsOfRow = groupBytes / 4 / groupRows;

/** A block of some rows of another, sketched as there, in the order of their positions. */
function picked(from: SketchedBlock, positions: Uint32Array): SketchedBlock {
  const tailAxes = tailAxesOf(from.axes);
  const count = Math.ceil(positions.length / blockRows) * blockRows;
  const words = (part: Uint8Array) => new Int32Array(part.buffer);
  const [lead, rest] = [words(from.parts.lead), words(from.parts.rest)];
  const [leadNorms, restNorms] = [words(from.parts.leadNorms), words(from.parts.restNorms)];
  const order = words(from.parts.order);
  const tail = new Int16Array(from.parts.tail.buffer);
  const into = {
    lead: new Int32Array(count * wordsOfRow),
    rest: new Int32Array(count * wordsOfRow),
    leadNorms: new Int32Array(count).fill(nowhere, positions.length),
    restNorms: new Int32Array(count),
    tail: new Int16Array((count * tailAxes) / 2),
    boxes: openBoxes(count / blockRows),
    order: new Int32Array(count),
  };
  const rows = new Array<Float32Array>(positions.length);
  const photoOfRow = new Uint32Array(positions.length);
  for (let to = 0; to < positions.length; to++) {
    const position = positions[to] as number;
    const source = Math.floor(position / groupRows) * groupRows * wordsOfRow + (position % groupRows);
    const target = Math.floor(to / groupRows) * groupRows * wordsOfRow + (to % groupRows);
    for (let word = 0; word < groupRows * wordsOfRow; word += groupRows) {
      into.lead[target + word] = lead[source + word] as number;
      into.rest[target + word] = rest[source + word] as number;
    }
    into.leadNorms[to] = leadNorms[position] as number;
    into.restNorms[to] = restNorms[position] as number;
    const tailSource = Math.floor(position / groupRows) * groupRows * (tailAxes / 2) + (position % groupRows);
    const tailTarget = Math.floor(to / groupRows) * groupRows * (tailAxes / 2) + (to % groupRows);
    for (let word = 0; word < groupRows * (tailAxes / 2); word += groupRows)
      into.tail[tailTarget + word] = tail[tailSource + word] as number;
    into.order[to] = to;
    const row = order[position] as number;
    rows[to] = from.rows[row] as Float32Array;
    photoOfRow[to] = from.photoOfRow[row] as number;
  }
  const bytes = (numbers: Int32Array | Int16Array) => new Uint8Array(numbers.buffer);
  const parts = {
    lead: bytes(into.lead),
    rest: bytes(into.rest),
    leadNorms: bytes(into.leadNorms),
    restNorms: bytes(into.restNorms),
    tail: bytes(into.tail),
    boxes: bytes(into.boxes),
    order: bytes(into.order),
  };
  return { ...from, rows, photoOfRow, parts };
}

/** Boxes that everything lies in: rows in the order of their gaps lie in no small ones. */
function openBoxes(blocks: number): Int16Array {
  const boxes = new Int16Array(blocks * 2 * leadAxes);
  for (let at = 0; at < boxes.length; at++) boxes[at] = at % (2 * leadAxes) < leadAxes ? -headMost : headMost;
  return boxes;
}
