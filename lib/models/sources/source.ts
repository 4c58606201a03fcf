// What a place that model files come from must be able to do.

import { createReadStream } from 'node:fs';
import pLimit from 'p-limit';
import { redact } from '../../redaction.js';
import type { ModelFile } from '../manifest.js';

/** How far the fetching of one file has come; in bytes. */
export interface FetchProgress {
  readonly file: string;
  /** Where it comes from, in words. */
  readonly source: string;
  readonly receivedBytes: number;
  /** 0 as long as it is not known. */
  readonly totalBytes: number;
}

export interface FetchContext {
  readonly onProgress: (progress: FetchProgress) => void;
  readonly signal: AbortSignal | undefined;
  /** Where fetched files are kept; a source may keep what it downloads in a folder of its own beside it. */
  readonly cache: string;
  /** The most bytes the file may have. */
  readonly maxBytes: (file: ModelFile) => number;
}

/** Takes the bytes of one file, checks them and puts the file in its place; rejects when they are not what they should be. */
export type Deliver = (file: ModelFile, bytes: AsyncIterable<Uint8Array>) => Promise<void>;

export interface ModelSource {
  /** In words, for progress and errors; without secrets. */
  readonly name: string;
  /**
   * Hands over each of the files it has.
   *
   * @returns why a file could not be had, for each that could not; without secrets.
   */
  fetch(
    files: readonly ModelFile[],
    deliver: Deliver,
    context: FetchContext,
  ): Promise<ReadonlyMap<ModelFile, string>>;
}

const filesAtOnce = 4;

/** Tries each file by itself, a few at once: one that fails does not keep the others from being fetched. */
export async function fetchEach(
  files: readonly ModelFile[],
  signal: AbortSignal | undefined,
  fetchOne: (file: ModelFile) => Promise<void>,
  reason: (error: unknown) => string = reasonOf,
): Promise<ReadonlyMap<ModelFile, string>> {
  const failures = new Map<ModelFile, string>();
  const turn = pLimit(filesAtOnce);
  const all = files.map((file) =>
    turn(async () => {
      signal?.throwIfAborted();
      try {
        await fetchOne(file);
      } catch (error) {
        signal?.throwIfAborted();
        failures.set(file, reason(error));
      }
    }),
  );
  // Those under way end, whichever fails first: what they write to is about to be cleaned up.
  const rejected = (await Promise.allSettled(all)).find(({ status }) => status === 'rejected');
  if (rejected) throw (rejected as PromiseRejectedResult).reason;
  return failures;
}

/** Opens the file when it is first read: an error of a stream that nobody reads yet would end the process. */
export async function* contentOf(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield* createReadStream(path) as AsyncIterable<Uint8Array>;
}

/** The sentence of an error, with the one beneath it where fetch hides what happened; without secrets. */
export function reasonOf(error: unknown, secrets: readonly string[] = []): string {
  if (!(error instanceof Error)) return redact(String(error), secrets);
  const beneath = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return redact(error.message.replace(/\.$/, '') + beneath, secrets);
}
