// How the faces of a run were encoded: those kept by earlier runs, or taken from files, need not be like the others.

import { differences, type EncodingWay, encodingWayOf } from '../calibration/ways.js';
import type { EncodingOrigin } from '../encodings/origin.js';

/** In how many ways the faces of a run were encoded: an estimate of false matches holds for one. */
export interface WaysCompared {
  /** Faces that were compared. */
  readonly faces: number;
  /** The way of most of those that it is known of; absent where it is known of none. */
  readonly way?: EncodingWay;
  /** Faces that were encoded in another way than that. */
  readonly otherwise: number;
  /** Faces of which nobody knows how they were encoded, as those of imported files. */
  readonly unknown: number;
}

interface Tally {
  readonly way: EncodingWay;
  faces: number;
}

/** Of ways with equally many faces the first counts. */
export function waysCompared(
  records: readonly {
    readonly faces: { readonly length: number };
    readonly origin?: EncodingOrigin | undefined;
  }[],
): WaysCompared {
  const tallies: Tally[] = [];
  // Records share few origin objects.
  const known = new Map<EncodingOrigin, Tally>();
  let all = 0;
  let unknown = 0;
  for (const { faces, origin } of records) {
    all += faces.length;
    const tally = origin && (known.get(origin) ?? tallyOf(origin, tallies));
    if (origin && tally) {
      known.set(origin, tally);
      tally.faces += faces.length;
    } else unknown += faces.length;
  }
  const most = tallies.reduce<Tally | undefined>(
    (best, each) => (best && best.faces >= each.faces ? best : each),
    undefined,
  );
  return {
    faces: all,
    ...(most ? { way: most.way } : {}),
    otherwise: all - unknown - (most?.faces ?? 0),
    unknown,
  };
}

function tallyOf(origin: EncodingOrigin, tallies: Tally[]): Tally | undefined {
  // A file may hold less of an origin than the engine writes.
  if (['detector', 'align', 'landmarks'].some((name) => origin.options[name] === undefined)) return undefined;
  const way = encodingWayOf(origin);
  const found = tallies.find((each) => differences(each.way, way).length === 0);
  if (found) return found;
  const tally = { way, faces: 0 };
  tallies.push(tally);
  return tally;
}
