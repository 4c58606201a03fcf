// The door of calibration.

import type { FalseMatchEstimate } from './estimate.js';
export type { FalseMatchEstimate } from './estimate.js';
export interface Calibration {
  readonly format: 1;
}
export function expectedFalseMatches({
  pairs,
}: {
  threshold: number;
  pairs: number;
  way?: unknown;
  calibration?: Calibration | undefined;
}): FalseMatchEstimate {
  return {
    pairsCompared: pairs,
    falseMatchRate: 0,
    falseMatchRateInterval: [0, 0],
    expected: 0,
    expectedInterval: [0, 0],
    basis: 'stub',
  };
}
export function readCalibration(file: string): Promise<Calibration> {
  return Promise.reject(new Error(`${file}: stub`));
}
