// Which list each row is at home in: that of the nearest centre.
//
// Nothing hangs on its being the nearest, but for how many pairs are compared: near_rows.ts loses no pair whatever list
// a row is in.

import { throwIfAborted } from '../../errors.js';
import { giveBack, type Kernel, type KernelKind, makeKernel } from '../kernel.js';
import { batchRows, groupRows } from '../layout.js';
import { Turns } from '../turns.js';
import { type FaceLists, requireLength } from './face_lists.js';

/** Centres that rows are multiplied with at a time: as many as stay in the first-level cache. */
const panelColumns = 32;

/**
 * The list that each row is at home in, by number.
 *
 * @param rows encodings of as many finite numbers as the lists are for.
 * @throws InvalidEncodingsError `ENCODINGS_INVALID` (another length), AbortedError, OutOfMemoryError.
 */
export async function homesOf(
  rows: readonly Float32Array[],
  lists: FaceLists,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Uint32Array> {
  throwIfAborted(signal);
  for (const { length } of rows) requireLength(length, lists);
  const finder = new HomeFinder(lists, undefined);
  const homes = await finder.homesOf(rows, new Turns(signal));
  finder.giveBack();
  return homes;
}

/** Has the centres where a kernel can multiply rows with them. */
export class HomeFinder {
  private readonly kernel: Kernel;
  private readonly memory: Float32Array;
  private readonly stride: number;
  private readonly panels: number;
  private readonly productAt: number;
  /** Half the square of each centre's length. */
  private readonly halves: Float64Array;

  constructor(
    private readonly lists: FaceLists,
    kind: KernelKind | undefined,
  ) {
    const { dimensions, count, centres } = lists;
    this.stride = Math.ceil(dimensions / 8) * 8;
    this.panels = Math.ceil(count / panelColumns);
    this.productAt = batchRows * this.stride + this.panels * panelColumns * this.stride;
    this.kernel = makeKernel((this.productAt + batchRows * panelColumns) * 4, kind);
    this.memory = new Float32Array(this.kernel.buffer);
    this.memory.fill(0, 0, this.productAt);
    this.halves = new Float64Array(count);
    for (let list = 0; list < count; list++) {
      const panel = this.panelAt(Math.floor(list / panelColumns));
      let square = 0;
      for (let k = 0; k < dimensions; k++) {
        const value = centres[list * dimensions + k] as number;
        this.memory[panel + k * panelColumns + (list % panelColumns)] = value;
        square += value * value;
      }
      this.halves[list] = square / 2;
    }
  }

  async homesOf(rows: readonly Float32Array[], turns: Turns): Promise<Uint32Array> {
    const homes = new Uint32Array(rows.length);
    for (let start = 0; start < rows.length; start += batchRows) {
      if (turns.isOver()) await turns.next();
      this.findSome(rows, start, homes);
    }
    return homes;
  }

  /** Nobody finds homes with it any more. */
  giveBack(): void {
    giveBack(this.kernel);
  }

  private findSome(rows: readonly Float32Array[], start: number, homes: Uint32Array): void {
    const { memory, stride, productAt, halves, kernel } = this;
    const size = Math.min(batchRows, rows.length - start);
    for (let i = 0; i < size; i++) memory.set(rows[start + i] as Float32Array, i * stride);
    const best = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
    const rowsToTurn = Math.ceil(size / groupRows) * groupRows;
    for (let panel = 0; panel < this.panels; panel++) {
      kernel.multiply(0, this.panelAt(panel) * 4, productAt * 4, rowsToTurn, stride, panelColumns);
      const first = panel * panelColumns;
      const columns = Math.min(panelColumns, this.lists.count - first);
      for (let i = 0; i < size; i++) {
        const at = productAt + i * panelColumns;
        // x·c − c·c / 2 is greatest where the distance is least.
        for (let column = 0; column < columns; column++) {
          const score = (memory[at + column] as number) - (halves[first + column] as number);
          if (score <= (best[i] as number)) continue;
          best[i] = score;
          homes[start + i] = first + column;
        }
      }
    }
  }

  private panelAt(panel: number): number {
    return batchRows * this.stride + panel * panelColumns * this.stride;
  }
}
