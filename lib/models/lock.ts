// One process at a time in a folder.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { ModelStoreError, throwIfAborted, messageOf } from '../errors.js';

/** A lock whose owner has not touched it for this long belongs to nobody: the owner was killed. */
const staleMilliseconds = 10_000;
const touchMilliseconds = 2_000;
const retryMilliseconds = 100;

/** Throws once the lock has been lost: the process slept for so long that another one took it over. */
export type AssertHeld = () => void;

/**
 * Waits until no other process is at work in the folder, then does the work.
 *
 * @throws AbortedError `ABORTED`, ModelStoreError `MODEL_STORE_UNUSABLE` when no lock can be made there.
 */
export async function withLock<T>(
  folder: string,
  signal: AbortSignal | undefined,
  work: (assertHeld: AssertHeld) => Promise<T>,
): Promise<T> {
  let lost: Error | undefined;
  const release = await acquire(folder, signal, (error) => (lost = error));
  const assertHeld = () => {
    if (lost) throw unusable(folder, lost);
  };
  try {
    return await work(assertHeld);
  } finally {
    // A lock that was lost is not ours to give back.
    if (!lost) await release();
  }
}

async function acquire(
  folder: string,
  signal: AbortSignal | undefined,
  onCompromised: (error: Error) => void,
): Promise<() => Promise<void>> {
  for (;;) {
    throwIfAborted(signal);
    try {
      return await lock(folder, {
        lockfilePath: join(folder, '.lock'),
        stale: staleMilliseconds,
        update: touchMilliseconds,
        onCompromised,
      });
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ELOCKED'))
        throw unusable(folder, cause);
    }
    await sleep(retryMilliseconds, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
}

function unusable(folder: string, cause: unknown): ModelStoreError {
  const reason = messageOf(cause);
  return new ModelStoreError('MODEL_STORE_UNUSABLE', `The folder ${folder} cannot be locked: ${reason}.`, {
    cause,
  });
}
