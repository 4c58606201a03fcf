// Files that are there whole or not at all, also after a power cut.

import { createHash, randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { throwIfAborted } from '../errors.js';

/** The error code of a system call, or undefined. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

export function isAbsence(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Whether the disk, or what of it the user may have, is full. */
export function isFull(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** A file's text, or undefined when there is none. */
export async function textIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** Makes renames within a folder last. Windows knows no such call, and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Of files that others may read, such as models, which are public; whoever could change them would decide what is loaded. */
export const sharedFile = 0o644;
export const sharedFolder = 0o755;

export interface WrittenFile {
  readonly bytes: number;
  readonly sha256: string;
}

export interface WriteOptions {
  /** More than this is refused before it fills the disk. */
  readonly maxBytes: number;
  /** Of the new file, less the process's umask; default 0o644: whatever the umask, nobody else may change it. */
  readonly mode?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Throws when what was written must not take its place. */
  readonly check?: ((written: WrittenFile) => void) | undefined;
}

/** Writes to a file of another name first, so that no reader ever meets half of it. */
export async function writeWhole(
  path: string,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { maxBytes, mode = sharedFile, signal, check }: WriteOptions,
): Promise<WrittenFile> {
  const folder = dirname(path);
  const temporary = join(folder, `.new-${randomUUID()}`);
  const hash = createHash('sha256');
  let bytes = 0;
  const handle = await open(temporary, 'wx', mode);
  try {
    for await (const chunk of content) {
      throwIfAborted(signal);
      bytes += chunk.length;
      if (bytes > maxBytes) throw new Error(`it is longer than the ${maxBytes} bytes it may have`);
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    const written = { bytes, sha256: hash.digest('hex') };
    check?.(written);
    await handle.sync();
    await handle.close();
    await rename(temporary, path);
    await syncFolder(folder);
    return written;
  } catch (error) {
    await handle.close();
    await rm(temporary, { force: true });
    throw error;
  }
}
