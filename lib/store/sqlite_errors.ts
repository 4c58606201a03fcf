// What goes wrong with the file of a face store, as typed errors: what SQLite refuses, and what we do.

import { FaceStoreError, messageOf } from '../errors.js';
import { redactAddress } from '../redaction.js';

/** Milliseconds that a write waits for another process to end its own. */
export const busyTimeout = 10_000;

export const howToWrite =
  'Get the right to write to the file and its folder, or copy it, and the file that ends in -wal where there is one, to a ' +
  'folder of your own.';

export function unwritable(path: string, cause?: unknown): FaceStoreError {
  return new FaceStoreError(
    'FACE_STORE_UNUSABLE',
    `The face store '${path}' cannot be written to. ${howToWrite}`,
    { cause },
  );
}

export function noFile(address: string): FaceStoreError {
  return new FaceStoreError(
    'FACE_STORE_UNUSABLE',
    `'${redactAddress(address)}' is the store of a cluster, on which find works together with --cluster; docs/cluster.md lists ` +
      'what else does. What was asked for works on a face store in a file: name that with --store.',
  );
}

export function invalid(message: string, cause?: unknown): FaceStoreError {
  return new FaceStoreError('FACE_STORE_INVALID', message, { cause });
}

export function damaged(path: string, how: string, cause?: unknown): FaceStoreError {
  return invalid(
    `The face store '${path}' is damaged: ${how}. \`facededup doctor --store\` looks through all of it; restore it from a ` +
      'backup, or encode the photos anew into another file.',
    cause,
  );
}

/** SQLite's own words, of errors that come without their code: those of a statement that cannot be prepared. */
const codesOfWords: readonly (readonly [words: RegExp, code: number])[] = [
  [/database is locked/, 5],
  [/readonly database/, 8],
  [/disk I\/O error/, 10],
  // Our own statements are right: where they name what is not there, the file has lost it.
  [/malformed|^no such (table|column)/, 11],
  [/disk is full/, 13],
  [/unable to open database file/, 14],
  [/file is not a database/, 26],
];

function primaryCode(cause: unknown): number | undefined {
  const { errcode, code, message } = cause as {
    readonly errcode?: number;
    readonly code?: string;
    readonly message?: string;
  };
  if (errcode !== undefined) return errcode & 0xff;
  if (code !== 'ERR_SQLITE_ERROR') return undefined;
  return codesOfWords.find(([words]) => words.test(message ?? ''))?.[1];
}

/**
 * By SQLite's primary result codes (https://sqlite.org/rescode.html): 5 busy, 6 locked, 8 read-only, 11 corrupt, 13 full,
 * 26 not a database.
 */
export function storeError(path: string, cause: unknown, isWritable: boolean): unknown {
  const { code } = cause as { readonly code?: string };
  const reason = messageOf(cause);
  const primary = primaryCode(cause);
  if (primary === 5 || primary === 6)
    return new FaceStoreError(
      'FACE_STORE_BUSY',
      `Another process has been writing to the face store '${path}' for ${busyTimeout / 1000} seconds. Try again later.`,
      { cause },
    );
  if (primary === 26) return invalid(`The file '${path}' is no face store. Name another file.`, cause);
  if (primary === 11) return damaged(path, reason, cause);
  if (primary === 13)
    return new FaceStoreError(
      'FACE_STORE_UNUSABLE',
      `The disk of the face store '${path}' is full. What was kept before is kept: make room, and do it again.`,
      { cause },
    );
  // The log beside a file that is only read cannot be opened without a side file that is not there.
  if (primary === 8 || (primary === 14 && !isWritable)) return unwritable(path, cause);
  const isSystems =
    primary !== undefined || (code !== undefined && cause instanceof Error && 'syscall' in cause);
  if (!isSystems) return cause;
  return new FaceStoreError('FACE_STORE_UNUSABLE', `The face store '${path}' cannot be used: ${reason}.`, {
    cause,
  });
}
