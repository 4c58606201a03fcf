// A store's file comes to its name whole: one without content was not begun by us, but lost what was in it.

import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs';

/** SQLite takes a file of less than its header's 100 bytes for one that it may begin anew. */
const leastBytes = 100;

export function hasContent(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  // SQLite says what is wrong with what is no file.
  return !stats?.isFile() || stats.size >= leastBytes;
}

/** @param make puts a store into the empty file that it is given. */
export function begin(path: string, make: (file: string) => void): void {
  const file = `${path}.new-${randomUUID()}`;
  try {
    // Encodings are biometric data: nobody but the owner reads them. SQLite gives its side files the same mode.
    closeSync(openSync(file, 'wx', 0o600));
    make(file);
    moveTo(path, file);
  } finally {
    for (const end of ['', '-wal', '-shm', '-journal']) rmSync(file + end, { force: true });
  }
}

/** Another process may have begun one meanwhile: that stays. */
function moveTo(path: string, file: string): void {
  try {
    linkSync(file, path);
  } catch {
    // There is one by now, or the file system knows no links.
    if (!existsSync(path)) renameSync(file, path);
  }
}
