// A run: photos are encoded, compared, and every one of them accounted for.

import { type Calibration, encodingWayOf, expectedFalseMatches } from '../calibration/index.js';
import { thresholdOptionTable } from '../config.js';
import { findDuplicates, groupDuplicates, type IgnoredPair } from '../duplicates/index.js';
import type { FaceEngine } from '../engine.js';
import { readOptions } from '../options.js';
import type { NamedPhotos } from '../photos/named_photos.js';
import { DecisionIndex, pairKey } from '../store/index.js';
import { count, traced } from '../telemetry/index.js';
import { describedPairs } from './described_pairs.js';
import type { Findings, FoundPair, RunSummary } from './findings.js';
import { gather, type Gathered, type GatherOptions, type RunProgress } from './gather.js';
import { ruledOut } from './ruled_out.js';
import { waysCompared, type WaysCompared } from './ways_compared.js';

/** How far a run has come, as `onProgress` is told. */
export type FindProgress = RunProgress;

/** With a set, decisions and results are kept there, too, and the run compares all photos of the set. */
export interface FindOptions extends GatherOptions {
  /** Above 0; default 0.4, or FACE_DISTANCE_THRESHOLD. */
  readonly threshold?: number | undefined;
  /** Pairs to leave out, each by the names of two photos or by two references; and photos of one record are no pair. */
  readonly ignoredPairs?: readonly IgnoredPair[] | undefined;
  /** Default the one measured on LFW. */
  readonly calibration?: Calibration | undefined;
  /** Called once, when the photos are compared: how their faces were encoded. */
  readonly onWays?: ((ways: WaysCompared) => void) | undefined;
}

/**
 * Encodes the photos as the engine does by default, and finds those that show one person.
 *
 * @param photos undefined: those of the set alone, as they are kept.
 * @throws NoPhotosError, InvalidOptionError, InvalidEncodingsError, FaceStoreError, AzureError, AbortedError, model errors
 */
export function findInPhotos(
  engine: FaceEngine,
  photos: NamedPhotos | undefined,
  options: FindOptions = {},
): Promise<Findings> {
  return traced('facededup.run', {}, async (tell) => {
    const findings = await find(engine, photos, options);
    const { summary } = findings;
    tell({
      'facededup.photos': summary.photos,
      'facededup.failed': summary.failed,
      'facededup.pairs': summary.pairs,
    });
    return findings;
  });
}

async function find(
  engine: FaceEngine,
  photos: NamedPhotos | undefined,
  options: FindOptions,
): Promise<Findings> {
  const startedAt = new Date().toISOString();
  const { threshold } = readOptions(thresholdOptionTable, { threshold: options.threshold });
  const { set, policy = 'all', signal } = options;
  const gathered = await stage('encode', () => gather(engine, photos, options));
  const decisions = set?.decisions.index() ?? new DecisionIndex([]);
  const isRuledOut = ruledOut(gathered, options.ignoredPairs ?? [], decisions);
  const close = await stage('compare', () =>
    findDuplicates(gathered.records, {
      threshold,
      signal,
      onProgress: ({ compared, total }) =>
        options.onProgress?.({ stage: 'comparing', done: compared, total, failed: gathered.failed.length }),
    }),
  );
  const found = close.filter(({ first, second }) => !isRuledOut(first, second));
  const before = set?.runs.latestPairs() ?? new Set();
  const facesOf = new Map(gathered.records.map(({ id, faces }) => [id, faces]));
  const pairs = describedPairs(found, {
    facesOf,
    references: gathered.references,
    decisions,
    isNew: ({ first, second }) => !before.has(pairKey(first, second)),
  });
  const groups = groupDuplicates(pairs);
  const ways = waysCompared(gathered.records);
  options.onWays?.(ways);
  const summary = summarise(gathered, pairs, groups.length);
  const compared = pairsOfFaces(gathered);
  count('facededup.pairs.compared', compared);
  count('facededup.pairs.found', pairs.length);
  const findings: Findings = {
    startedAt,
    finishedAt: new Date().toISOString(),
    threshold,
    policy,
    summary,
    pairs,
    groups,
    withoutFace: gathered.withoutFace,
    rejected: gathered.rejected,
    failed: gathered.failed,
    expectedFalseMatches: expectedFalseMatches({
      threshold,
      pairs: compared,
      way: ways.faces > 0 ? ways.way : encodingWayOf(await engine.origin()),
      mixed: ways,
      calibration: options.calibration,
    }),
  };
  if (!set) return findings;
  return { run: await stage('keep', () => Promise.resolve(set.runs.keep(findings))), ...findings };
}

function stage<Result>(name: 'encode' | 'compare' | 'keep', work: () => Promise<Result>): Promise<Result> {
  return traced('facededup.run.stage', { 'facededup.stage': name }, work);
}

function summarise(gathered: Gathered, pairs: readonly FoundPair[], groups: number): RunSummary {
  const { records, withoutFace, rejected, failed, severalFaces, newlyEncoded } = gathered;
  return {
    photos: records.length + withoutFace.length + rejected.length + failed.length,
    encoded: records.length,
    withoutFace: withoutFace.length,
    rejected: rejected.length,
    failed: failed.length,
    severalFaces,
    faces: records.reduce((sum, { faces }) => sum + faces.length, 0),
    newlyEncoded,
    pairs: pairs.length,
    newPairs: pairs.filter(({ isNew }) => isNew).length,
    groups,
  };
}

/** Faces of one photo are not compared with each other. */
function pairsOfFaces({ records }: Gathered): number {
  let faces = 0;
  let within = 0;
  for (const {
    faces: { length },
  } of records) {
    faces += length;
    within += (length * (length - 1)) / 2;
  }
  return (faces * (faces - 1)) / 2 - within;
}
