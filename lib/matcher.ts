// The door of the matcher alone, for browsers, workers and programs without photos: no addon, nothing of Node.

// Not the search by tiles, which is for many processes and would make this a quarter larger: see lib/index.ts.
export {
  compareFaces,
  type DuplicatePair,
  type DuplicateProgress,
  type EncodingLike,
  faceDistance,
  type FaceRecord,
  findDuplicates,
  type FindDuplicatesOptions,
  groupDuplicates,
  type IgnoredPair,
} from './duplicates/index.js';
export {
  AbortedError,
  FaceDedupError,
  InternalError,
  InvalidEncodingsError,
  InvalidOptionError,
  OutOfMemoryError,
} from './errors.js';
