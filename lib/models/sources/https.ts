// Model files from their official addresses or from a mirror: resumed, retried, through the environment's proxies.

import { backOff } from 'exponential-backoff';
import { EnvHttpProxyAgent, fetch, type Response } from 'undici';
import { redactAddress } from '../../redaction.js';
import type { ModelFile } from '../manifest.js';
import { PartialFile, removePartialFolder } from './partial_file.js';
import { type Deliver, type FetchContext, fetchEach, type ModelSource, reasonOf } from './source.js';
import { unpackBzip2 } from './unpack.js';

/** A connection that brings nothing for this long is given up. */
const stallMilliseconds = 30_000;

/** Waits of about 0.5, 1 and 2 s, each shortened at random so that many clients do not come back at once. */
const backOffOptions = { numOfAttempts: 4, startingDelay: 500, timeMultiple: 2, jitter: 'full' } as const;

/** From the addresses of the manifest. */
export const officialSource: ModelSource = addressSource('https', (file) => file.https);

/** From one folder of a server, under the manifest's file names; the address's query goes with every request. */
export function mirrorSource(base: string): ModelSource {
  return addressSource(redactAddress(base), ({ name }) => [addressBelow(base, name)]);
}

function addressBelow(base: string, name: string): string {
  const address = new URL(base);
  address.pathname = `${address.pathname.replace(/\/$/, '')}/${name}`;
  return address.href;
}

function addressSource(name: string, addressesOf: (file: ModelFile) => readonly string[]): ModelSource {
  return {
    name,
    async fetch(files, deliver, context) {
      // Made here: it reads the proxies from the environment as it is now.
      const agent = new EnvHttpProxyAgent();
      try {
        return await fetchEach(files, context.signal, (file) =>
          fetchFromAny(file, addressesOf(file), deliver, context, agent),
        );
      } finally {
        await removePartialFolder(context.cache);
        await agent.destroy();
      }
    },
  };
}

async function fetchFromAny(
  file: ModelFile,
  addresses: readonly string[],
  deliver: Deliver,
  context: FetchContext,
  agent: EnvHttpProxyAgent,
): Promise<void> {
  const reasons: string[] = [];
  for (const address of addresses) {
    try {
      await new Download(address, file, context, agent).into(deliver);
      return;
    } catch (error) {
      context.signal?.throwIfAborted();
      reasons.push(`${redactAddress(address)}: ${reasonOf(error)}`);
    }
  }
  throw new Error(reasons.join('; '));
}

/** The server's answer will be the same next time. */
class FinalError extends Error {}

class Download {
  readonly #address: string;
  readonly #file: ModelFile;
  readonly #context: FetchContext;
  readonly #agent: EnvHttpProxyAgent;
  readonly #partial: PartialFile;
  readonly #isPacked: boolean;

  constructor(address: string, file: ModelFile, context: FetchContext, agent: EnvHttpProxyAgent) {
    this.#address = address;
    this.#file = file;
    this.#context = context;
    this.#agent = agent;
    this.#isPacked = new URL(address).pathname.endsWith('.bz2');
    this.#partial = new PartialFile(context.cache, address);
  }

  async into(deliver: Deliver): Promise<void> {
    const { signal } = this.#context;
    try {
      await backOff(() => this.#attempt(), {
        ...backOffOptions,
        retry: (error) => !(error instanceof FinalError) && signal?.aborted !== true,
      });
    } catch (error) {
      // Without the server's name for what has come, or after a refusal, nobody can go on from it.
      if (error instanceof FinalError || !(await this.#partial.arrived())) await this.#partial.remove();
      throw error;
    }
    try {
      const content = this.#partial.content();
      await deliver(this.#file, this.#isPacked ? unpackBzip2(content) : content);
    } finally {
      await this.#partial.remove();
    }
  }

  async #attempt(): Promise<void> {
    const stall = new AbortController();
    const watchdog = setTimeout(
      () => stall.abort(new Error(`nothing came for ${stallMilliseconds / 1000} s`)),
      stallMilliseconds,
    );
    try {
      const arrived = await this.#partial.arrived();
      const response = await this.#request(arrived, stall.signal);
      const resumed = response.status === 206 && rangeStart(response) === arrived?.bytes;
      if (!resumed && response.status !== 200) await this.#refuse(response);
      const from = resumed ? (arrived?.bytes ?? 0) : 0;
      await this.#partial.receive(from, validatorOf(response), this.#watched(response, from, watchdog));
    } finally {
      clearTimeout(watchdog);
      // What fails before it reads anything leaves the connection open otherwise.
      stall.abort();
    }
  }

  #request(arrived: { bytes: number; validator: string } | undefined, stall: AbortSignal): Promise<Response> {
    const { address, authorization } = withoutCredentials(this.#address);
    const { signal } = this.#context;
    return fetch(address, {
      headers: {
        // A range counts the bytes of the file, not those of a packed answer.
        'accept-encoding': 'identity',
        ...(authorization ? { authorization } : {}),
        ...(arrived ? { range: `bytes=${arrived.bytes}-`, 'if-range': arrived.validator } : {}),
      },
      signal: AbortSignal.any([stall, ...(signal ? [signal] : [])]),
      dispatcher: this.#agent,
    });
  }

  async #refuse(response: Response): Promise<never> {
    const sentence = `the server answered ${response.status} ${response.statusText}`.trimEnd();
    // A range that does not fit what the server has now: from the beginning, then.
    if (response.status === 206 || response.status === 416) {
      await this.#partial.remove();
      throw new Error(sentence);
    }
    const passes = response.status >= 500 || [408, 425, 429].includes(response.status);
    throw passes ? new Error(sentence) : new FinalError(sentence);
  }

  /** What cannot be packed any smaller grows a little by being packed. */
  #maxBytes(): number {
    const maxBytes = this.#context.maxBytes(this.#file);
    return this.#isPacked ? Math.ceil(maxBytes * 1.01) + 1024 : maxBytes;
  }

  async *#watched(
    response: Response,
    from: number,
    watchdog: NodeJS.Timeout,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const maxBytes = this.#maxBytes();
    const length = Number(response.headers.get('content-length') ?? 0);
    const totalBytes = length > 0 ? from + length : 0;
    const source = redactAddress(this.#address);
    let receivedBytes = from;
    for await (const chunk of response.body ?? []) {
      watchdog.refresh();
      receivedBytes += (chunk as Uint8Array).length;
      if (receivedBytes > maxBytes)
        throw new FinalError(`it is longer than the ${maxBytes} bytes it may have`);
      this.#context.onProgress({ file: this.#file.name, source, receivedBytes, totalBytes });
      yield chunk as Uint8Array;
    }
  }
}

/** fetch() refuses addresses that hold a name and password. */
function withoutCredentials(given: string): { address: string; authorization: string | undefined } {
  const address = new URL(given);
  const { username, password } = address;
  if (username === '' && password === '') return { address: given, authorization: undefined };
  address.username = address.password = '';
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { address: address.href, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function rangeStart(response: Response): number | undefined {
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
  return start === undefined ? undefined : Number(start);
}

/** RFC 9110, 13.1.5: a weak ETag does not vouch for every byte. */
function validatorOf({ headers }: Response): string | undefined {
  const tag = headers.get('etag');
  return tag !== null && !tag.startsWith('W/') ? tag : (headers.get('last-modified') ?? undefined);
}
