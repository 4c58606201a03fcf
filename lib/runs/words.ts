// What a run found, in sentences: on the command line, in the report, on the page.

import type { FalseMatchEstimate } from '../calibration/index.js';
import { count } from '../count.js';
import { wayInWords } from '../calibration/ways.js';
import type { Findings } from './findings.js';
import type { WaysCompared } from './ways_compared.js';

export { count };

/** Two sentences that account for every photo of a run, and more where it did not compare all pairs. */
export function summaryInWords(findings: Findings): string {
  const { summary, threshold, run } = findings;
  const { photos, encoded, withoutFace, rejected, failed, faces, newlyEncoded, pairs, newPairs, groups } =
    summary;
  const kept = run === undefined ? '' : ` (${newlyEncoded} encoded now)`;
  const fresh = run === undefined ? '' : `, ${newPairs} of them new`;
  const leftOut = rejected === 0 ? '' : `${rejected} rejected for several faces, `;
  return (
    `${count(photos, 'photo')}${kept}: ${encoded} compared with ${count(faces, 'face')}, ${withoutFace} without a face, ` +
    `${leftOut}${failed} failed. ${count(pairs, 'pair')} below ${threshold}${fresh}, in ${count(groups, 'group')}.${approximationInWords(findings)}`
  );
}

/** A sentence more, where not all pairs were compared. */
function approximationInWords({ approximate, threshold }: Findings): string {
  if (!approximate) return '';
  const { reach, lists } = approximate;
  const how = lists === undefined ? 'in earlier runs' : `from ${count(lists, 'list')}`;
  return (
    ` APPROXIMATE: only candidates ${how} were compared. Pairs below ${reach} are all found; ` +
    `of those from ${reach} to ${threshold} some may be missing.`
  );
}

/** One sentence: the false matches to expect, their interval, and what that rests on. */
export function estimateInWords({
  expected,
  expectedInterval,
  falseMatchRateInterval: [lowestRate, highestRate],
  pairsCompared,
  basis,
}: FalseMatchEstimate): string {
  const among = `among ${count(pairsCompared, 'pair')} of faces`;
  if (lowestRate === 0 && highestRate === 1) return `False matches to expect ${among}: not known. ${basis}`;
  const [low, high] = expectedInterval.map(inFewDigits);
  return `False matches to expect: ${inFewDigits(expected)} (95 % interval ${low} to ${high}) ${among}. ${basis}`;
}

/** What to do where faces were not encoded alike; undefined where they were. */
export function mixtureInWords({ faces, way, otherwise, unknown }: WaysCompared): string | undefined {
  if (otherwise + unknown === 0) return undefined;
  const parts = [
    ...(otherwise > 0 ? [`${otherwise} in another way than most`] : []),
    ...(unknown > 0 ? [`${unknown} in a way that nobody knows`] : []),
  ];
  return (
    `Of ${count(faces, 'face')} ${parts.join(' and ')} ${otherwise + unknown === 1 ? 'was' : 'were'} encoded` +
    `${way ? ` (most: ${wayInWords(way)})` : ''}. To encode them alike, name all of the photos, or their folders, in one ` +
    'find with the flags you want: those that were encoded otherwise are encoded again.'
  );
}

/** Two significant digits: an estimate has no more. */
export function inFewDigits(value: number): string {
  if (value === 0) return '0';
  if (value >= 100) return String(Math.round(value));
  return value >= 0.01 ? String(Number(value.toPrecision(2))) : 'less than 0.01';
}
