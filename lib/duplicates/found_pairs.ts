// Pairs as they are found: numbers only, in pieces that never move, so that millions of them cost neither copies nor
// objects.

const pieceSize = 65_536;

interface Piece {
  readonly distances: Float64Array;
  readonly firsts: Uint32Array;
  readonly seconds: Uint32Array;
}

export interface PairColumns {
  readonly distances: Float64Array;
  readonly firsts: Uint32Array;
  readonly seconds: Uint32Array;
}

export class FoundPairs {
  count = 0;
  private readonly pieces: Piece[] = [];

  /** Two records, by number, and their distance. */
  add(first: number, second: number, distance: number): void {
    const at = this.count % pieceSize;
    if (at === 0) this.pieces.push(columns(pieceSize));
    const piece = this.pieces.at(-1) as Piece;
    piece.distances[at] = distance;
    piece.firsts[at] = first;
    piece.seconds[at] = second;
    this.count++;
  }

  /** All of them, in the order in which they were found; they are then no longer here. */
  take(): PairColumns {
    const all = columns(this.count);
    for (let start = 0; start < this.count; start += pieceSize) {
      const piece = this.pieces.shift() as Piece;
      const end = Math.min(pieceSize, this.count - start);
      all.distances.set(piece.distances.subarray(0, end), start);
      all.firsts.set(piece.firsts.subarray(0, end), start);
      all.seconds.set(piece.seconds.subarray(0, end), start);
    }
    this.count = 0;
    return all;
  }
}

export function columns(count: number): PairColumns {
  return {
    distances: new Float64Array(count),
    firsts: new Uint32Array(count),
    seconds: new Uint32Array(count),
  };
}
