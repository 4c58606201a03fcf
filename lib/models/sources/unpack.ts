// bzip2, as it arrives.

import type { EventEmitter } from 'node:events';
import unbzip2 from 'unbzip2-stream';

/** Fed by hand rather than by pipe(): what unbzip2-stream throws on damaged input would reach nobody there. */
export async function* unpackBzip2(
  packed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
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
