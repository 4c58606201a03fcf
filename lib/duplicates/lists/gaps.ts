// How far the rows of a block lie from the border between their list and another.
//
// Let two lists have the centres p and q. The border is the plane half-way between them, at right angles to q − p, and
//
//     gap(x) = (‖x − q‖² − ‖x − p‖²) / (2 ‖q − p‖) = (‖q‖² / 2 − x·q − ‖p‖² / 2 + x·p) / ‖q − p‖
//
// is how far a row x of the first list lies from it, below 0 on the other side. It is a length along one direction, and
// so no two rows differ in it by more than they are apart. Seen from the second list a row y has the gap of the other
// sign, and hence for any two rows, whatever lists they are in,
//
//     gap(x) + gap'(y) ≤ ‖x − y‖.
//
// Pairs whose gaps add up to the reach or more are passed over: of pairs that are nearer than the reach, none. Of those
// that are further apart few, for in many dimensions hardly any two rows differ along one direction alone.

import { giveBack, type KernelKind, makeKernel } from '../kernel.js';
import { batchRows, groupRows } from '../layout.js';
import { mostIdleTileBytes, type SketchedBlock } from '../tiles/sketched_block.js';
import { centreOf, type FaceLists } from './face_lists.js';

/** The gaps of a block's rows, in the order of their positions in its sketch. */
export interface Gaps {
  readonly values: Float64Array;
  /** Of all of them; Infinity of none. */
  readonly least: number;
  /** By how much rounding may have moved any of them, at most. */
  readonly error: number;
}

/** Neighbouring tiles need the gaps to neighbouring lists: rows are multiplied with the centres of so many at once. */
const panelLists = 8;

/** Panels that are kept of a block: those of the square of tiles at hand, which may begin in the midst of one. */
const mostPanels = 2;

/** Products up to this leave room for their sum in a float32. */
const mostProduct = 1e35;

/** What float64 adds to a sum of products, for each unit of its largest term: far more than it does. */
const float64Error = 1e-12;

/** Of rows of one list, what their gaps to others are made of. */
class Products {
  /** The length of the longest row. */
  readonly longest: number;
  /** Each row's product with its own list's centre. */
  private readonly own: Float64Array;
  private readonly order: Uint32Array;
  /** Newest last. */
  private readonly panels: { readonly number: number; readonly products: Float32Array }[] = [];

  constructor(
    private readonly block: SketchedBlock,
    private readonly lists: FaceLists,
    readonly list: number,
  ) {
    this.order = new Uint32Array(block.parts.order.buffer, 0, block.rows.length);
    this.own = new Float64Array(block.rows.length);
    const centre = Float64Array.from(centreOf(lists, list));
    let square = 0;
    for (let position = 0; position < this.own.length; position++) {
      const row = this.rowAt(position);
      let [along, own] = [0, 0];
      for (let k = 0; k < row.length; k++) {
        along += (row[k] as number) * (centre[k] as number);
        own += (row[k] as number) * (row[k] as number);
      }
      this.own[position] = along;
      if (own > square) square = own;
    }
    this.longest = Math.sqrt(square);
  }

  isOf(lists: FaceLists, list: number): boolean {
    return this.lists === lists && this.list === list;
  }

  gapsTo(other: number, kind: KernelKind | undefined): Gaps {
    const { own, lists, list, longest } = this;
    const values = new Float64Array(own.length);
    const [p, q] = [centreOf(lists, list), centreOf(lists, other)];
    const [lengthOfP, lengthOfQ] = [Math.hypot(...p), Math.hypot(...q)];
    const largest = longest * Math.max(lengthOfP, lengthOfQ);
    if (largest > mostProduct) return { values, least: 0, error: Number.POSITIVE_INFINITY };
    const distance = distanceOf(p, q);
    // Two centres in the same place: there is no border, and every row is near it.
    if (distance === 0) return { values, least: 0, error: 0 };
    const products = this.panelOf(other, kind);
    const middle = (lengthOfQ * lengthOfQ - lengthOfP * lengthOfP) / 2;
    let least = Number.POSITIVE_INFINITY;
    for (let position = 0, at = other % panelLists; position < values.length; position++, at += panelLists) {
      const gap = (middle - (products[at] as number) + (own[position] as number)) / distance;
      values[position] = gap;
      if (gap < least) least = gap;
    }
    // A float32 sum of n products is off by less than (n + 2) 2⁻²⁴ of the sum of their sizes.
    const rounding = (p.length + 2) * 2 ** -23 * longest * lengthOfQ;
    const error = (rounding + float64Error * (largest + middle)) / distance;
    return { values, least, error: Math.abs(error) };
  }

  private rowAt(position: number): Float32Array {
    return this.block.rows[this.order[position] as number] as Float32Array;
  }

  /** Rows × panelLists: each row's product with the centres of the panel that a list is in. */
  private panelOf(list: number, kind: KernelKind | undefined): Float32Array {
    const number = Math.floor(list / panelLists);
    const at = this.panels.findIndex((panel) => panel.number === number);
    const panel = this.panels.splice(at, at < 0 ? 0 : 1)[0] ?? {
      number,
      products: this.multiply(number, kind),
    };
    this.panels.push(panel);
    if (this.panels.length > mostPanels) this.panels.shift();
    return panel.products;
  }

  private multiply(panel: number, kind: KernelKind | undefined): Float32Array {
    const { dimensions, count } = this.lists;
    const rows = this.own.length;
    const stride = Math.ceil(dimensions / 8) * 8;
    const centresAt = batchRows * stride;
    const productsAt = centresAt + panelLists * stride;
    const kernel = makeKernel((productsAt + batchRows * panelLists) * 4, kind);
    const memory = new Float32Array(kernel.buffer);
    memory.fill(0, 0, productsAt);
    const first = panel * panelLists;
    for (let column = 0; column < Math.min(panelLists, count - first); column++) {
      const centre = centreOf(this.lists, first + column);
      for (let k = 0; k < dimensions; k++) memory[centresAt + k * panelLists + column] = centre[k] as number;
    }
    const products = new Float32Array(rows * panelLists);
    for (let start = 0; start < rows; start += batchRows) {
      const size = Math.min(batchRows, rows - start);
      for (let i = 0; i < size; i++) memory.set(this.rowAt(start + i), i * stride);
      const rowsToTurn = Math.ceil(size / groupRows) * groupRows;
      kernel.multiply(0, centresAt * 4, productsAt * 4, rowsToTurn, stride, panelLists);
      products.set(memory.subarray(productsAt, productsAt + size * panelLists), start * panelLists);
    }
    giveBack(kernel, mostIdleTileBytes);
    return products;
  }
}

function distanceOf(p: Float32Array, q: Float32Array): number {
  return Math.hypot(...Float64Array.from(p, (value, k) => value - (q[k] as number)));
}

const known = new WeakMap<SketchedBlock, Products>();

/** The gaps of a block's rows, which are at home in one list, to the border with another. */
export function gapsOf(
  block: SketchedBlock,
  lists: FaceLists,
  [list, other]: readonly [list: number, other: number],
  kernel: KernelKind | undefined,
): Gaps {
  let products = known.get(block);
  if (!products?.isOf(lists, list)) known.set(block, (products = new Products(block, lists, list)));
  return products.gapsTo(other, kernel);
}
