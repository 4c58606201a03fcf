// Faces dealt to lists: each goes to the block of its list, which is handed out when it is full.

import type { PairColumns } from '../found_pairs.js';
import type { FaceBlock } from '../tiles/face_block.js';
import { Turns } from '../turns.js';
import { type FaceLists, requireLength } from './face_lists.js';
import { HomeFinder } from './homes.js';

/** A photo, by any number, and its faces. */
export interface NumberedPhoto {
  /** 0 … 2³² − 1. */
  readonly record: number;
  readonly encodings: readonly Float32Array[];
}

/** Faces that are at home in one list. */
export interface DealtBlock {
  readonly list: number;
  readonly block: FaceBlock;
  /** Of each of the block's photos, by its number there, the number that it was dealt with. */
  readonly records: Uint32Array;
}

/** Of a dealer. */
export interface DealerOptions {
  /** Rows of a block, at most: 1 and up. */
  readonly mostRows: number;
  /** Rows that are held in memory at a time: when there are more, blocks are handed out before they are full. */
  readonly mostHeld: number;
}

interface HeldRow {
  readonly record: number;
  readonly encoding: Float32Array;
}

/** Deals photo after photo; one whose faces are at home in several lists is in a block of each. */
export class Dealer {
  readonly #lists: FaceLists;
  readonly #options: DealerOptions;
  readonly #finder: HomeFinder;
  readonly #held: HeldRow[][];
  #rows = 0;

  constructor(lists: FaceLists, options: DealerOptions, kernel?: 'wasm' | 'scalar') {
    this.#lists = lists;
    this.#options = options;
    this.#finder = new HomeFinder(lists, kernel);
    this.#held = Array.from({ length: lists.count }, () => []);
  }

  /**
   * The encodings are not copied before their block is handed out.
   *
   * @returns blocks that are full.
   * @throws InvalidEncodingsError `ENCODINGS_INVALID` (another length than that of the lists), AbortedError
   */
  async deal(photos: readonly NumberedPhoto[], signal?: AbortSignal): Promise<DealtBlock[]> {
    const rows = photos.flatMap(({ record, encodings }) =>
      encodings.map((encoding) => ({ record, encoding })),
    );
    for (const { encoding } of rows) requireLength(encoding.length, this.#lists);
    const homes = await this.#finder.homesOf(
      rows.map(({ encoding }) => encoding),
      new Turns(signal),
    );
    const full: DealtBlock[] = [];
    for (const [i, row] of rows.entries()) {
      const list = homes[i] as number;
      const held = this.#held[list] as HeldRow[];
      held.push(row);
      this.#rows++;
      if (held.length >= this.#options.mostRows) full.push(this.#handOut(list));
      else if (this.#rows > this.#options.mostHeld) full.push(this.#handOut(this.#longest()));
    }
    return full;
  }

  /** All that is still held, list by list; the dealer can go on with other photos. */
  end(): DealtBlock[] {
    return [...this.#held.keys()]
      .filter((list) => this.#held[list]?.length !== 0)
      .map((list) => this.#handOut(list));
  }

  #longest(): number {
    let longest = 0;
    for (const [list, { length }] of this.#held.entries())
      if (length > (this.#held[longest]?.length ?? 0)) longest = list;
    return longest;
  }

  #handOut(list: number): DealtBlock {
    const rows = this.#held[list] as HeldRow[];
    this.#held[list] = [];
    this.#rows -= rows.length;
    return dealt(list, rows, this.#lists.dimensions);
  }
}

function dealt(list: number, rows: readonly HeldRow[], dimensions: number): DealtBlock {
  const encodings = new Float32Array(rows.length * dimensions);
  const photoOfRow = new Uint32Array(rows.length);
  const records: number[] = [];
  for (const [i, { record, encoding }] of rows.entries()) {
    // The faces of a photo follow each other.
    if (records.at(-1) !== record) records.push(record);
    photoOfRow[i] = records.length - 1;
    encodings.set(encoding, i * dimensions);
  }
  const block = { photos: records.length, dimensions, photoOfRow, encodings };
  return { list, block, records: Uint32Array.from(records) };
}

/** Blocks of one list, one after the other, in as few as may be. @param mostRows rows of a block, at most: 1 and up. */
export function joinDealt(blocks: readonly DealtBlock[], mostRows: number): DealtBlock[] {
  const rows = blocks.flatMap(({ block: { photoOfRow, encodings, dimensions }, records }) =>
    Array.from(photoOfRow, (photo, row) => ({
      record: records[photo] as number,
      encoding: encodings.subarray(row * dimensions, (row + 1) * dimensions),
    })),
  );
  const [first] = blocks;
  if (!first) return [];
  const count = Math.ceil(rows.length / mostRows);
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [i, i + 1].map((each) => Math.floor((each * rows.length) / count));
    return dealt(first.list, rows.slice(from, to), first.block.dimensions);
  });
}

/** The pairs of a tile by the numbers that their photos were dealt with, of the blocks of the tile. */
export function pairsByRecord(
  { firsts, seconds, distances }: PairColumns,
  first: Uint32Array,
  second: Uint32Array,
): PairColumns {
  return {
    firsts: firsts.map((photo) => first[photo] as number),
    seconds: seconds.map((photo) => second[photo] as number),
    distances,
  };
}
