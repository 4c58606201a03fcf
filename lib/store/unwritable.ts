// A store that cannot be written to, opened to be read all the same: SQLite itself wants to write side files even to read.

import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FaceStoreError } from '../errors.js';

export function canBeWritten(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    accessSync(dirname(resolve(path)), constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** How SQLite opens the file without a write, and what tells whether it may be believed. */
export interface ReadingWay {
  readonly location: string | URL;
  /** @throws FaceStoreError `FACE_STORE_BUSY` once another process has written to the file. */
  readonly requireUnchanged: () => void;
}

/**
 * With a log beside it SQLite reads both, as long as it may read both. Without one it is told that the file does not change
 * (https://sqlite.org/uri.html, `immutable`): it then needs no side files, and does not notice others that do write.
 */
export function wayToRead(path: string): ReadingWay {
  if (sizeOf(`${path}-wal`) > 0) return { location: resolve(path), requireUnchanged: () => undefined };
  const location = pathToFileURL(resolve(path));
  location.searchParams.set('immutable', '1');
  const before = stampOf(path);
  return {
    location,
    requireUnchanged: () => {
      if (stampOf(path) === before) return;
      throw new FaceStoreError(
        'FACE_STORE_BUSY',
        `Another process has written to the face store '${path}' while it was read. Do it again.`,
      );
    },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function stampOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.ino} ${stats.size} ${stats.mtimeNs}`;
}
