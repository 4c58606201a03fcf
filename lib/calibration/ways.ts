// The ways of encoding as far as distances depend on them.

import type { EncodingOrigin } from '../encodings/origin.js';

/** What of an encoding's origin moves distances much. */
export interface EncodingWay {
  /** `boxes` where the caller gave the boxes. */
  readonly detector: string;
  readonly align: string;
  readonly mirror: boolean;
  readonly landmarks: string;
  /** Default 1. */
  readonly jitters?: number;
  /** SHA-256 of the ResNet, where it is known. */
  readonly encoder?: string;
}

/** What an origin tells of how faces were encoded; jitters not told are 1. */
export function encodingWayOf({ models, options }: EncodingOrigin): EncodingWay {
  const { detector, align, mirror, landmarks, jitters } = options;
  const encoder = models['encoder'];
  return {
    detector: String(detector),
    align: String(align),
    mirror: mirror === true,
    landmarks: String(landmarks),
    jitters: typeof jitters === 'number' ? jitters : 1,
    ...(encoder ? { encoder } : {}),
  };
}

export function wayInWords({ detector, align, mirror, landmarks, jitters = 1 }: EncodingWay): string {
  const parts = [
    detector === 'boxes' ? 'given boxes' : detector,
    align === 'refined' ? 'refined' : 'box as it is',
    mirror ? 'mirror' : 'no mirror',
    landmarks === 'large' ? '68 points' : '5 points',
  ];
  return [...parts, ...(jitters > 1 ? [`${jitters} jitters`] : [])].join(', ');
}

/** In what two ways differ, in words; empty for one and the same. */
export function differences(measured: EncodingWay, used: EncodingWay): string[] {
  const names = ['detector', 'align', 'mirror', 'landmarks'] as const;
  const differing: string[] = names.filter((name) => measured[name] !== used[name]);
  if ((measured.jitters ?? 1) !== (used.jitters ?? 1)) differing.push('jitters');
  const known = measured.encoder !== undefined && used.encoder !== undefined;
  if (known && measured.encoder !== used.encoder) differing.push('ResNet');
  return differing;
}

/** How much each moves the distances on LFW (docs/accuracy.md): the mirror most. */
const weights: Readonly<Record<string, number>> = {
  ResNet: 16,
  mirror: 8,
  align: 4,
  landmarks: 2,
  detector: 1,
  jitters: 1,
};

/** The one that differs least. */
export function nearestWay<Measured extends { readonly way?: EncodingWay }>(
  measured: readonly Measured[],
  used: EncodingWay,
): Measured | undefined {
  const cost = ({ way }: Measured) =>
    way === undefined
      ? Infinity
      : differences(way, used).reduce((sum, name) => sum + (weights[name] ?? 0), 0);
  return measured.reduce<Measured | undefined>(
    (best, each) => (best && cost(best) <= cost(each) ? best : each),
    undefined,
  );
}
