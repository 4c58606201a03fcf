// The order of the rows: neighbours together, so that blocks are small boxes and far blocks can be passed over.

import { blockRows, orderAxes } from './layout.js';
import type { Turns } from './turns.js';

/** Rows whose spread decides which axis a part is divided on. */
const looks = 256;

/**
 * Orders order[from … to − 1] as a k-d tree's leaves: each half of a part, divided at its median on its widest axis,
 * is divided again until it fits a block. Halves are whole blocks, so that every leaf is one.
 *
 * @param coarse rows × orderAxes: the rows' coordinates on the leading axes.
 */
export async function arrange(
  order: Uint32Array,
  coarse: Int16Array,
  from: number,
  to: number,
  turns: Turns,
): Promise<void> {
  const parts = [{ from, to }];
  for (let part = parts.pop(); part; part = parts.pop()) {
    const blocks = Math.ceil((part.to - part.from) / blockRows);
    if (blocks < 2) continue;
    if (turns.isOver()) await turns.next();
    const middle = part.from + Math.ceil(blocks / 2) * blockRows;
    divide(order, coarse, widestAxis(order, coarse, part.from, part.to), part.from, middle, part.to);
    parts.push({ from: middle, to: part.to }, { from: part.from, to: middle });
  }
}

function widestAxis(order: Uint32Array, coarse: Int16Array, from: number, to: number): number {
  const step = Math.max(1, Math.floor((to - from) / looks));
  let widest = 0;
  let most = -1;
  for (let axis = 0; axis < orderAxes; axis++) {
    let least = Number.POSITIVE_INFINITY;
    let greatest = Number.NEGATIVE_INFINITY;
    for (let i = from; i < to; i += step) {
      const value = coarse[(order[i] as number) * orderAxes + axis] as number;
      least = Math.min(least, value);
      greatest = Math.max(greatest, value);
    }
    if (greatest - least > most) {
      most = greatest - least;
      widest = axis;
    }
  }
  return widest;
}

/** Hoare's selection: what comes before `middle` is no greater on the axis than what comes from there on. */
function divide(
  order: Uint32Array,
  coarse: Int16Array,
  axis: number,
  from: number,
  middle: number,
  to: number,
): void {
  const keyAt = (i: number) => coarse[(order[i] as number) * orderAxes + axis] as number;
  let low = from;
  let high = to - 1;
  while (low < high) {
    const pivot = medianOf(keyAt(low), keyAt((low + high) >> 1), keyAt(high));
    let i = low;
    let j = high;
    while (i <= j) {
      while (keyAt(i) < pivot) i++;
      while (keyAt(j) > pivot) j--;
      if (i > j) break;
      const row = order[i] as number;
      order[i++] = order[j] as number;
      order[j--] = row;
    }
    if (middle <= j) high = j;
    else if (middle >= i) low = i;
    else return;
  }
}

function medianOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
