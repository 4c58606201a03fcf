// What a run found, in sentences: on the command line, in the report, on the page.

import type { FalseMatchEstimate } from '../calibration/index.js';
import type { Findings } from './findings.js';

export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`;
}

export function summaryInWords({ summary, threshold, run }: Findings): string {
  const { photos, encoded, withoutFace, rejected, failed, faces, newlyEncoded, pairs, newPairs, groups } =
    summary;
  const kept = run === undefined ? '' : ` (${newlyEncoded} encoded now)`;
  const fresh = run === undefined ? '' : `, ${newPairs} of them new`;
  const leftOut = rejected === 0 ? '' : `${rejected} rejected for several faces, `;
  return (
    `${count(photos, 'photo')}${kept}: ${encoded} compared with ${count(faces, 'face')}, ${withoutFace} without a face, ` +
    `${leftOut}${failed} failed. ${count(pairs, 'pair')} below ${threshold}${fresh}, in ${count(groups, 'group')}.`
  );
}

export function estimateInWords({
  expected,
  expectedInterval,
  pairsCompared,
  basis,
}: FalseMatchEstimate): string {
  const [low, high] = expectedInterval.map(inFewDigits);
  return (
    `False matches to expect: ${inFewDigits(expected)} (95 % interval ${low} to ${high}) among ` +
    `${count(pairsCompared, 'pair')} of faces. ${basis}`
  );
}

/** Two significant digits: an estimate has no more. */
export function inFewDigits(value: number): string {
  if (value === 0) return '0';
  if (value >= 100) return String(Math.round(value));
  return value >= 0.01 ? String(Number(value.toPrecision(2))) : 'less than 0.01';
}
