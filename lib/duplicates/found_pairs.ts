// Pairs as they are found: numbers only, in pieces that never move, so that millions of them cost neither copies nor
// objects.

import type { Turns } from './turns.js';

const pieceSize = 65_536;

/** Pairs that there is room for at first. */
const firstRoom = 1024;

/** Pairs in three columns of the same length: a pair is what stands at one place of each. */
export interface PairColumns {
  /** Euclidean distances. */
  readonly distances: Float64Array;
  /** The two of each pair, by number. */
  readonly firsts: Uint32Array;
  readonly seconds: Uint32Array;
}

type Piece = PairColumns;

export class FoundPairs {
  count = 0;
  private readonly pieces: Piece[] = [];
  private last: Piece = columns(0);

  /** Two records, by number, and their distance. */
  add(first: number, second: number, distance: number): void {
    const at = this.count % pieceSize;
    if (at === this.last.distances.length || at === 0) this.makeRoom(at);
    const { distances, firsts, seconds } = this.last;
    distances[at] = distance;
    firsts[at] = first;
    seconds[at] = second;
    this.count++;
  }

  /** Which of so many records occur in a pair. */
  async present(records: number, turns: Turns): Promise<Uint8Array> {
    const occurs = new Uint8Array(records);
    await this.forEachPiece(turns, ({ firsts, seconds }, count) => {
      for (let i = 0; i < count; i++) {
        occurs[firsts[i] as number] = 1;
        occurs[seconds[i] as number] = 1;
      }
    });
    return occurs;
  }

  /**
   * All of them, in the order in which they were found, each record by its rank and the smaller rank first; they are
   * then no longer here.
   */
  async take(rank: Uint32Array, turns: Turns): Promise<PairColumns> {
    const all = columns(this.count);
    await this.forEachPiece(turns, (piece, count, start) => {
      all.distances.set(piece.distances.subarray(0, count), start);
      for (let i = 0; i < count; i++) {
        const a = rank[piece.firsts[i] as number] as number;
        const b = rank[piece.seconds[i] as number] as number;
        all.firsts[start + i] = Math.min(a, b);
        all.seconds[start + i] = Math.max(a, b);
      }
    });
    this.pieces.length = 0;
    this.last = columns(0);
    this.count = 0;
    return all;
  }

  /** A few pairs need little room; from the second piece on, pieces are whole. */
  private makeRoom(at: number): void {
    if (at === 0 && this.count > 0) {
      this.pieces.push((this.last = columns(pieceSize)));
      return;
    }
    const larger = columns(Math.min(pieceSize, Math.max(firstRoom, 4 * at)));
    larger.distances.set(this.last.distances);
    larger.firsts.set(this.last.firsts);
    larger.seconds.set(this.last.seconds);
    this.pieces[0] = this.last = larger;
  }

  private async forEachPiece(
    turns: Turns,
    work: (piece: Piece, count: number, start: number) => void,
  ): Promise<void> {
    for (const [i, piece] of this.pieces.entries()) {
      work(piece, Math.min(pieceSize, this.count - i * pieceSize), i * pieceSize);
      if (turns.isOver()) await turns.next();
    }
  }
}

export function columns(count: number): PairColumns {
  return {
    distances: new Float64Array(count),
    firsts: new Uint32Array(count),
    seconds: new Uint32Array(count),
  };
}
