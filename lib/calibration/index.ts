// The door of calibration.

export type { Interval } from './beta.js';
export { builtInCalibrations } from './built_in.js';
export { calibrate, type CalibrateOptions } from './calibrate.js';
export type { Calibration } from './calibration.js';
export type { DistanceCounts, Rate } from './distance_counts.js';
export type { FalseMatchEstimate } from './estimate.js';
export type { EvidenceCurve } from './evidence.js';
export { expectedFalseMatches, type FalseMatchesQuestion, type MixedFaces } from './false_matches.js';
export { readCalibration, writeCalibration } from './file.js';
export { type GroupRate, type GroupRates, ratesByGroup } from './groups.js';
export type { LabelledPair } from './pairs.js';
export { type ProbabilityOfSamePerson, probabilityOfSamePerson } from './probability.js';
export { type SuggestedThreshold, suggestThreshold } from './suggest.js';
export { type EncodingWay, encodingWayOf } from './ways.js';
