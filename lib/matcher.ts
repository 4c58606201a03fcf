// The door of the matcher alone, for browsers, workers and programs without photos: no addon, nothing of Node.

export * from './duplicates/index.js';
export {
  AbortedError,
  FaceDedupError,
  InternalError,
  InvalidEncodingsError,
  InvalidOptionError,
  OutOfMemoryError,
  TileDataError,
} from './errors.js';
