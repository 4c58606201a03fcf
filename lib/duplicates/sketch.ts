// The sketch of the rows: a few small whole numbers each, from which it is certain that most pairs are too far apart.
//
// Let x be a row, m the centre, r the radius. The sketch is made in four steps, and each says how much further apart
// than before it can bring two rows:
//
// 1. c = (x − m) / r, drawn in to the unit ball. Drawing in never adds to a distance: ‖c_a − c_b‖ ≤ d / r.
//    Written as float32, each c is off by less than η = 2⁻²².
// 2. z = Qc for axes Q, which stretch by no more than S: ‖z_a − z_b‖ ≤ S (d / r + 2η).
//    float32 arithmetic over n coordinates is off by less than ρ = (n + 2) 2⁻²³ S on each axis.
// 3. v = U z, in units that make ‖v‖ < 16,000 on the head's axes; on the tail's axes v = W z, clamped to ±127, which
//    adds to no distance either.
// 4. h = v rounded to whole numbers. How far off that is, is measured as it is done: ‖h − v‖ ≤ e for every row.
//
// With tail units counted as U / W head units, two rows of a distance d < t hence have, over any k of the axes,
//
//     ‖h_a − h_b‖ < U S (t / r + 2η) + 2 √k U ρ + 2e,
//
// and a pair whose sketch is further apart than that is no pair below the threshold t. The square of the right side,
// rounded up, is the limit that the kernel compares sums of squares with. They are exact: no sum leaves the int32,
// because ‖h‖ < 16,000 makes any ‖h_a − h_b‖² and any 2 h_a·h_b smaller than 2³⁰ + 2.

import type { Axes } from './axes.js';
import type { EncodingLike } from './encoding.js';
import type { Frame } from './frame.js';
import { giveBack, type Kernel, type KernelKind, makeKernel } from './kernel.js';
import {
  batchRows,
  blockRows,
  boxBytes,
  groupBytes,
  groupRows,
  header,
  headAxes,
  type Layout,
  leadAxes,
  orderAxes,
  restAxes,
} from './layout.js';
import { arrange } from './order.js';
import { Rotation, rotationBytes } from './rotation.js';
import { startOf, tailStartOf } from './scalar_kernel.js';
import type { Turns } from './turns.js';

/** ‖v‖ on the head's axes, before rounding. */
const headRadius = 15_900;

/** No coordinate on them is larger, and differences of such leave no int16. */
export const headMost = 16_000;

/** Larger than any sum of squares in the head, and far from what an int32 can hold. */
const noLimit = 1_100_000_000;

/** The norm of a row that is none: further away than any limit, and yet no sum with it leaves the int32. */
export const nowhere = -1_500_000_000;

/** Standard deviations that the tail's int8 can tell. */
const tailDeviations = 2.5;

/** With fewer blocks, too few of them lie far apart for the ordering to pay. */
const blocksWorthOrdering = 32;

const eta = 2 ** -22;
/** Room for the rounding of float64 arithmetic, which is a thousand times smaller. */
const slack = 1 + 1e-12;

/** The kernel adds up head and tail in float32: five roundings, of 2⁻²⁴ each. */
const float32Slack = 1 + 1e-6;

/** The square of how far rounding moved the rows, at most: on the lead's axes, on the head's, on all. */
export interface Residuals {
  lead: number;
  head: number;
  all: number;
}

/** Fills the kernel's memory: sketch, boxes and limits. */
export async function fillSketch(
  rows: readonly EncodingLike[],
  newerRows: number,
  threshold: number,
  frame: Frame,
  axes: Axes,
  kernel: Kernel,
  layout: Layout,
  kind: KernelKind | undefined,
  turns: Turns,
): Promise<void> {
  const residuals = await writeSketch(rows, newerRows, frame, axes, kernel, layout, kind, turns);
  writeHeader(kernel, layout, threshold, frame, axes, residuals);
}

/** Fills the kernel's memory but for its header: the threshold makes no difference yet. */
export async function writeSketch(
  rows: readonly EncodingLike[],
  newerRows: number,
  frame: Frame,
  axes: Axes,
  kernel: Kernel,
  layout: Layout,
  kind: KernelKind | undefined,
  turns: Turns,
): Promise<Residuals> {
  const order = new Uint32Array(kernel.buffer, layout.order, layout.blocks * blockRows);
  const parts: readonly Part[] = [
    { position: 0, row: 0, count: newerRows },
    { position: layout.newerBlocks * blockRows, row: newerRows, count: rows.length - newerRows },
  ];
  for (const { position, row, count } of parts) {
    for (let i = 0; i < count; i++) order[position + i] = row + i;
  }

  const turner = makeKernel(rotationBytes(axes.stride, axes.count), kind);
  if (layout.blocks >= blocksWorthOrdering)
    await orderRows(rows, order, parts, frame, axes, turner, kernel, layout, turns);

  const scribe = new Scribe(kernel, layout, axes);
  const rotation = new Rotation(frame, axes, turner);
  for (const { position, count } of parts) {
    for (let start = 0; start < count; start += batchRows) {
      if (turns.isOver()) await turns.next();
      const size = Math.min(batchRows, count - start);
      const at = position + start;
      const rotated = rotation.rotate(size, (i) => rows[order[at + i] as number] as EncodingLike);
      for (let i = 0; i < size; i++) scribe.write(at + i, rotated, i * layout.axes);
    }
    for (let at = position + count; at % blockRows !== 0; at++) scribe.writeNothing(at);
  }
  giveBack(turner);
  return scribe.residuals;
}

interface Part {
  readonly position: number;
  readonly row: number;
  readonly count: number;
}

/** Puts neighbours together, newer and older rows apart. */
async function orderRows(
  rows: readonly EncodingLike[],
  order: Uint32Array,
  parts: readonly Part[],
  frame: Frame,
  axes: Axes,
  turner: Kernel,
  kernel: Kernel,
  layout: Layout,
  turns: Turns,
): Promise<void> {
  // The lead's place is free until the lead is written.
  const coarse = new Int16Array(kernel.buffer, layout.lead, layout.blocks * blockRows * orderAxes);
  const leaders = new Rotation(frame, { ...axes, count: orderAxes }, turner);
  for (let row = 0; row < rows.length; row += batchRows) {
    if (turns.isOver()) await turns.next();
    const count = Math.min(batchRows, rows.length - row);
    const rotated = leaders.rotate(count, (i) => rows[row + i] as EncodingLike);
    for (let i = 0; i < count * orderAxes; i++)
      coarse[row * orderAxes + i] = (rotated[i] as number) * (headRadius / axes.stretch);
  }
  for (const { position, count } of parts) await arrange(order, coarse, position, position + count, turns);
  coarse.fill(0);
}

/** Units in a radius: of the head, and of the tail. */
function unitsOf({ stretch, tailDeviation }: Axes): { readonly head: number; readonly tail: number } {
  const head = headRadius / stretch;
  return { head, tail: Math.min(127 / (tailDeviations * tailDeviation), head) };
}

/** Rounds rows and writes them to their places. */
class Scribe {
  readonly residuals: Residuals = { lead: 0, head: 0, all: 0 };
  private readonly headUnits: number;
  private readonly tailUnits: number;
  private readonly lead: Int16Array;
  private readonly rest: Int16Array;
  private readonly leadNorms: Int32Array;
  private readonly restNorms: Int32Array;
  private readonly tail: Int8Array;
  private readonly boxes: Int16Array;

  constructor(
    { buffer }: Kernel,
    private readonly layout: Layout,
    axes: Axes,
  ) {
    ({ head: this.headUnits, tail: this.tailUnits } = unitsOf(axes));
    const rows = layout.blocks * blockRows;
    const groupNumbers = (rows / groupRows) * (groupBytes / 2);
    this.lead = new Int16Array(buffer, layout.lead, groupNumbers);
    this.rest = new Int16Array(buffer, layout.rest, groupNumbers);
    this.leadNorms = new Int32Array(buffer, layout.leadNorms, rows);
    this.restNorms = new Int32Array(buffer, layout.restNorms, rows);
    this.tail = new Int8Array(buffer, layout.tail, rows * layout.tailAxes);
    this.boxes = new Int16Array(buffer, layout.boxes, (layout.blocks * boxBytes) / 2);
  }

  write(position: number, rotated: Float32Array, from: number): void {
    const start = startOf(position);
    const leadOff = this.writeSixteen(this.lead, this.leadNorms, position, start, rotated, from);
    this.stretchBox(position, start);
    const restOff = this.writeSixteen(this.rest, this.restNorms, position, start, rotated, from + leadAxes);
    const tailOff = this.writeTail(position, rotated, from + headAxes);
    const { residuals } = this;
    const weight = (this.headUnits / this.tailUnits) ** 2;
    residuals.lead = Math.max(residuals.lead, leadOff);
    residuals.head = Math.max(residuals.head, leadOff + restOff);
    residuals.all = Math.max(residuals.all, leadOff + restOff + weight * tailOff);
  }

  writeNothing(position: number): void {
    this.leadNorms[position] = nowhere;
  }

  /** @returns the square of how far rounding moved the row. */
  private writeSixteen(
    part: Int16Array,
    norms: Int32Array,
    position: number,
    start: number,
    rotated: Float32Array,
    from: number,
  ): number {
    const { headUnits } = this;
    let norm = 0;
    let off = 0;
    for (let axis = 0; axis < leadAxes; axis++) {
      const value = (rotated[from + axis] as number) * headUnits;
      const whole = Math.floor(value + 0.5) | 0;
      part[start + (axis >> 1) * groupRows * 2 + (axis & 1)] = whole;
      norm += Math.imul(whole, whole);
      off += (value - whole) * (value - whole);
    }
    norms[position] = -norm;
    return off;
  }

  private writeTail(position: number, rotated: Float32Array, from: number): number {
    const { tail, tailUnits } = this;
    const { tailAxes } = this.layout;
    const at = tailStartOf(position, tailAxes);
    let off = 0;
    for (let axis = 0; axis < tailAxes; axis++) {
      const value = Math.max(-127, Math.min(127, (rotated[from + axis] as number) * tailUnits));
      const whole = Math.floor(value + 0.5) | 0;
      tail[at + (axis >> 1) * groupRows * 2 + (axis & 1)] = whole;
      off += (value - whole) * (value - whole);
    }
    return off;
  }

  private stretchBox(position: number, start: number): void {
    const { boxes, lead } = this;
    const box = Math.floor(position / blockRows) * (boxBytes / 2);
    const isFirst = position % blockRows === 0;
    for (let axis = 0; axis < leadAxes; axis++) {
      const value = lead[start + (axis >> 1) * groupRows * 2 + (axis & 1)] as number;
      if (isFirst || value < (boxes[box + axis] as number)) boxes[box + axis] = value;
      if (isFirst || value > (boxes[box + leadAxes + axis] as number)) boxes[box + leadAxes + axis] = value;
    }
  }
}

interface Limits {
  readonly lead: number;
  readonly head: number;
  readonly all: number;
  readonly tailWeight: number;
}

/** The squares of the bounds that the head of this file derives. */
function limitsOf(
  threshold: number,
  frame: Frame,
  axes: Axes,
  residuals: Readonly<Residuals>,
  axisCount: number,
): Limits {
  const units = unitsOf(axes);
  const rho = (axes.coordinates + 2) * 2 ** -23 * axes.stretch;
  const within = units.head * axes.stretch * ((threshold / frame.radius) * slack + 2 * eta);
  const limit = (count: number, residual: number) =>
    (within + 2 * Math.sqrt(count) * units.head * rho + 2 * Math.sqrt(residual)) ** 2 * slack;
  return {
    lead: Math.min(noLimit, Math.floor(limit(leadAxes, residuals.lead))),
    head: Math.min(noLimit, Math.floor(limit(leadAxes + restAxes, residuals.head))),
    all: limit(axisCount, residuals.all) * float32Slack,
    tailWeight: (units.head / units.tail) ** 2,
  };
}

/** Says where the parts of the sketch lie, and from where on a pair of rows is too far apart. */
export function writeHeader(
  { buffer }: Kernel,
  layout: Layout,
  threshold: number,
  frame: Frame,
  axes: Axes,
  residuals: Readonly<Residuals>,
): void {
  const limits = limitsOf(threshold, frame, axes, residuals, layout.axes);
  const view = new DataView(buffer);
  const set = (offset: number, value: number) => view.setInt32(offset, value, true);
  set(header.lead, layout.lead);
  set(header.rest, layout.rest);
  set(header.leadNorms, layout.leadNorms);
  set(header.restNorms, layout.restNorms);
  set(header.tail, layout.tail);
  set(header.boxes, layout.boxes);
  set(header.tailBytes, layout.tailAxes);
  set(header.leadLimit, limits.lead);
  set(header.headLimit, limits.head);
  view.setFloat32(header.tailWeight, limits.tailWeight, true);
  view.setFloat32(header.limit, limits.all, true);
}
