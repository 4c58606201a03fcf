// The matcher's door: pure TypeScript, without the native addon.

export { compareFaces, faceDistance } from './distance.js';
export type { EncodingLike } from './encoding.js';
export type { DuplicatePair } from './answer.js';
export { type DuplicateProgress, findDuplicates, type FindDuplicatesOptions } from './find_duplicates.js';
export { groupDuplicates } from './group_duplicates.js';
export type { IgnoredPair } from './ignored_pairs.js';
export type { FaceRecord } from './record_table.js';
export type { PairColumns } from './found_pairs.js';
export * from './tiles/index.js';
export * from './lists/index.js';
