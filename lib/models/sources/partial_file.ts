// What has come of a download so far, kept so that the next attempt, of this process or a later one, goes on from there.

import { mkdir, open, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Of } from '../../digest.js';
import { isAbsence, sharedFile, sharedFolder, textIfThere } from '../files.js';
import { contentOf } from './source.js';

export interface Arrived {
  readonly bytes: number;
  /** The server's name for this state of the file: its ETag or date. */
  readonly validator: string;
}

function partialFolder(cache: string): string {
  return join(cache, 'partial');
}

/** To be called once no download is under way: one that is about to make its file there must find the folder. */
export async function removePartialFolder(cache: string): Promise<void> {
  // Stays while there is something in it to go on from.
  await rmdir(partialFolder(cache)).catch(() => undefined);
}

export class PartialFile {
  readonly #folder: string;
  readonly #path: string;
  /** Beside the bytes, not with them: they are handed on as they are. */
  readonly #validatorPath: string;

  constructor(cache: string, address: string) {
    this.#folder = partialFolder(cache);
    // A signature in the query changes from day to day, and must not be kept.
    const place = address.replace(/[?#].*$/, '');
    this.#path = join(this.#folder, sha256Of(place).slice(0, 32));
    this.#validatorPath = `${this.#path}.validator`;
  }

  /** What is there to go on from; undefined when there is nothing. */
  async arrived(): Promise<Arrived | undefined> {
    const validator = await textIfThere(this.#validatorPath);
    if (!validator) return undefined;
    try {
      const { size } = await stat(this.#path);
      return size > 0 ? { bytes: size, validator } : undefined;
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error;
    }
  }

  /**
   * Writes what comes behind the first `from` bytes.
   *
   * @param validator undefined: the server gives none, so nobody can go on from here.
   */
  async receive(
    from: number,
    validator: string | undefined,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    if (from === 0) {
      await this.remove();
      await mkdir(this.#folder, { recursive: true, mode: sharedFolder });
      if (validator) await writeFile(this.#validatorPath, validator, { mode: sharedFile });
    }
    const file = await open(this.#path, 'a', sharedFile);
    try {
      for await (const chunk of bytes) await file.writeFile(chunk);
    } finally {
      await file.close();
    }
  }

  content(): AsyncIterable<Uint8Array> {
    return contentOf(this.#path);
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
    await rm(this.#validatorPath, { force: true });
  }
}
