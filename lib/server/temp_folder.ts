// A folder of its own for files that come and go with one request.

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerError } from '../errors.js';

/** @returns its path, which begins with the prefix. @throws ServerError `TEMP_FOLDER_UNWRITABLE` */
export async function makeTempFolder(prefix: string): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), prefix));
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'it failed';
    throw new ServerError(
      'TEMP_FOLDER_UNWRITABLE',
      `The server cannot write to its folder for temporary files (${reason}). Whoever runs it must make it writable and ` +
        'leave room there, or name another by the environment variable TMPDIR.',
      { cause },
    );
  }
}
