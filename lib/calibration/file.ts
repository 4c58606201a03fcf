// Calibrations in files: JSON, checked when it is read.

import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import type { Calibration } from './calibration.js';
import { binCount, binWidth, meanDistance } from './distance_counts.js';
import { leastPairs } from './pairs.js';
import { CalibrationError, messageOf } from '../errors.js';
import { isAbsence, systemCode, writeWhole } from '../models/files.js';

const count = { type: 'integer', minimum: 0 } as const;
const numbers = (items: object = { type: 'number' }, maxItems = binCount + 1) =>
  ({ type: 'array', items, minItems: 1, maxItems }) as const;
const object = (properties: Record<string, object>, optional: readonly string[] = []) =>
  ({
    type: 'object',
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    additionalProperties: false,
  }) as const;

const distanceCounts = object({
  pairs: { type: 'integer', minimum: leastPairs },
  counts: numbers(count, binCount),
  designEffects: numbers({ type: 'number', minimum: 0 }, binCount),
  disjoint: { type: 'integer', minimum: 1 },
});

const schema = object(
  {
    format: { const: 1 },
    madeAt: { type: 'string' },
    data: { type: 'string', maxLength: 4096 },
    way: object(
      {
        detector: { type: 'string' },
        align: { type: 'string' },
        mirror: { type: 'boolean' },
        landmarks: { type: 'string' },
        jitters: { type: 'integer', minimum: 1 },
        encoder: { type: 'string', pattern: '^[0-9a-f]{64}$' },
      },
      ['jitters', 'encoder'],
    ),
    photos: count,
    people: count,
    different: distanceCounts,
    same: distanceCounts,
    evidence: object({
      method: { enum: ['logistic', 'isotonic'] },
      logLoss: object({ logistic: { type: 'number' }, isotonic: { type: 'number' } }),
      step: { type: 'number', exclusiveMinimum: 0 },
      logRatio: numbers(),
      low: numbers(),
      high: numbers(),
    }),
    prior: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
    decisionsBelow: { type: 'number', exclusiveMinimum: 0 },
  },
  ['way', 'decisionsBelow'],
);

const isCalibration = new Ajv({ allErrors: true }).compile<Calibration>(schema);
const maxBytes = 1 << 20;

/** @throws CalibrationError `CALIBRATION_UNREADABLE`, `CALIBRATION_INVALID` */
export async function readCalibration(path: string): Promise<Calibration> {
  let text;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw unreadable(path, cause);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, `it is no JSON: ${(cause as Error).message}`, cause);
  }
  const { format } = (content ?? {}) as { readonly format?: unknown };
  if (typeof format === 'number' && format > 1)
    throw invalid(path, `its format is ${format}, and this release reads format 1: update facededup`);
  if (!isCalibration(content))
    throw invalid(path, (isCalibration.errors ?? []).slice(0, 3).map(inWords).join('; '));
  const contradiction = contradictionIn(content);
  if (contradiction) throw invalid(path, contradiction);
  return content;
}

/**
 * Writes a calibration as JSON, whole or not at all.
 *
 * @throws CalibrationError `CALIBRATION_UNREADABLE`
 */
export async function writeCalibration(path: string, calibration: Calibration): Promise<void> {
  try {
    await writeWhole(path, [Buffer.from(`${JSON.stringify(calibration)}\n`)], { maxBytes });
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** What a schema cannot say. */
function contradictionIn({ different, same, evidence }: Calibration): string | undefined {
  for (const [name, { pairs, counts, designEffects, disjoint }] of Object.entries({ different, same })) {
    if (counts.reduce((sum, each) => sum + each, 0) !== pairs)
      return `the counts of ${name} do not add up to its pairs`;
    if (counts.length !== designEffects.length) return `${name} has not as many design effects as counts`;
    if (disjoint > pairs) return `${name} has more disjoint pairs than pairs`;
    if (designEffects.some((effect) => effect > 0 && effect < 1))
      return `${name} has a design effect between 0 and 1`;
  }
  // Counts know distances to the width of a bin.
  if (meanDistance(same) >= meanDistance(different) + binWidth)
    return 'pairs of one person are on average no closer than pairs of different people';
  const { logRatio, low, high } = evidence;
  if (low.length !== logRatio.length || high.length !== logRatio.length)
    return 'the lists of evidence have not the same length';
  return undefined;
}

function inWords({ instancePath, message, params }: ErrorObject): string {
  const extra = params as { readonly additionalProperty?: string };
  const what = extra.additionalProperty === undefined ? '' : ` ('${extra.additionalProperty}')`;
  return `${instancePath.slice(1).replaceAll('/', '.') || 'the file'} ${message ?? 'is wrong'}${what}`;
}

function invalid(path: string, reason: string, cause?: unknown): CalibrationError {
  return new CalibrationError(
    'CALIBRATION_INVALID',
    `'${path}' is no calibration: ${reason}. Write one with facededup calibrate.`,
    { cause },
  );
}

function unreadable(path: string, cause: unknown): CalibrationError {
  const reason = messageOf(cause);
  return new CalibrationError(
    'CALIBRATION_UNREADABLE',
    `The calibration '${path}' cannot be read: ${reason}.`,
    { cause },
  );
}

function unwritable(path: string, cause: unknown): CalibrationError {
  return new CalibrationError(
    'CALIBRATION_UNREADABLE',
    `The calibration '${path}' cannot be written: ${reasonOf(path, cause)}.`,
    { cause },
  );
}

/** The system names the file of another name that is written first, which nobody asked for. */
function reasonOf(path: string, cause: unknown): string {
  if (isAbsence(cause)) return `there is no folder '${dirname(path)}'`;
  if (!(cause instanceof Error)) return String(cause);
  return systemCode(cause) === undefined ? cause.message : cause.message.replace(/, \w+ '.*$/s, '');
}
