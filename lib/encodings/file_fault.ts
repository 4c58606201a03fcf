// What is wrong with a file of encodings and where, before it becomes a typed error that names the file.

import { EncodingsFileError, FaceDedupError, messageOf } from '../errors.js';

/** The file is there, and is none of its kind. */
export class FileFault extends Error {}

/** A fault with its place, such as `line 3`. */
export function at(place: string, error: unknown): unknown {
  return error instanceof FileFault ? new FileFault(`${place}: ${error.message}`) : error;
}

/** @returns what to throw: typed errors as they are. */
export function fileError(path: string, done: 'read' | 'written', error: unknown): unknown {
  if (error instanceof FaceDedupError) return error;
  const reason = messageOf(error);
  if (error instanceof FileFault)
    return new EncodingsFileError(
      'ENCODINGS_FILE_INVALID',
      `The encodings file '${path}' cannot be used: ${reason}.`,
      { cause: error },
    );
  const isSystems = error instanceof Error && 'syscall' in error;
  if (!isSystems) return error;
  return new EncodingsFileError(
    'ENCODINGS_FILE_UNREADABLE',
    `The encodings file '${path}' cannot be ${done}: ${reason}.`,
    { cause: error },
  );
}
