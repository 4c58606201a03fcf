// Model files from their official addresses.

import type { EventEmitter } from 'node:events';
import unbzip2 from 'unbzip2-stream';
import type { ModelFile } from '../manifest.js';
import { type Deliver, type FetchContext, fetchEach, type ModelSource, reasonOf } from './source.js';

/** A connection that brings nothing for this long is given up. */
const stallMilliseconds = 30_000;

export const httpsSource: ModelSource = {
  name: 'https',
  fetch: (files, deliver, context) =>
    fetchEach(files, context.signal, (file) => fetchFromAny(file, deliver, context)),
};

async function fetchFromAny(file: ModelFile, deliver: Deliver, context: FetchContext): Promise<void> {
  const reasons: string[] = [];
  for (const address of file.https) {
    try {
      await download(address, file, deliver, context);
      return;
    } catch (error) {
      context.signal?.throwIfAborted();
      reasons.push(`${address}: ${reasonOf(error)}`);
    }
  }
  throw new Error(reasons.join('; '));
}

async function download(
  address: string,
  file: ModelFile,
  deliver: Deliver,
  context: FetchContext,
): Promise<void> {
  const stall = new AbortController();
  const restart = () =>
    setTimeout(
      () => stall.abort(new Error(`nothing came for ${stallMilliseconds / 1000} s`)),
      stallMilliseconds,
    );
  let timer = restart();
  const signals = [stall.signal, ...(context.signal ? [context.signal] : [])];
  try {
    const response = await fetch(address, { signal: AbortSignal.any(signals) });
    if (!response.ok || !response.body)
      throw new Error(`the server answered ${response.status} ${response.statusText}`);
    const totalBytes = Number(response.headers.get('content-length') ?? 0);
    let receivedBytes = 0;
    const watched = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        clearTimeout(timer);
        timer = restart();
        receivedBytes += chunk.length;
        context.onProgress({ file: file.name, source: address, receivedBytes, totalBytes });
        yield chunk;
      }
    };
    const bytes = watched(response.body);
    await deliver(file, address.endsWith('.bz2') ? unpack(bytes) : bytes);
  } finally {
    clearTimeout(timer);
    // A delivery that fails before it reads anything leaves the connection open otherwise.
    stall.abort();
  }
}

/** Fed by hand rather than by pipe(): what unbzip2-stream throws on damaged input would reach nobody there. */
async function* unpack(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const unpacker = unbzip2() as unknown as EventEmitter & { write(chunk: Uint8Array): void; end(): void };
  const unpacked: Uint8Array[] = [];
  let failure: Error | undefined;
  unpacker.on('data', (chunk: Uint8Array) => unpacked.push(chunk));
  unpacker.on('error', (error: Error) => (failure = error));
  const feed = (step: () => void): Uint8Array[] => {
    try {
      step();
    } catch (cause) {
      failure = new Error('the bzip2 archive is damaged', { cause });
    }
    if (failure) throw failure;
    return unpacked.splice(0);
  };
  for await (const chunk of packed) yield* feed(() => unpacker.write(chunk));
  yield* feed(() => unpacker.end());
}
