// Who may use the server: one token for all, and the sessions of browsers that have shown it.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Milliseconds. A day of reviewing, and no more. */
export const sessionLifetime = 12 * 60 * 60 * 1000;
const mostSessions = 1000;

/** What a token must have, for nobody to guess it. */
export const leastTokenLength = 16;

/** 256 random bits, in letters that an address and a terminal take. */
export function makeToken(): string {
  return randomBytes(32).toString('base64url');
}

export class Sessions {
  readonly #tokenDigest: Buffer | undefined;
  /** By the digests of their ids, with the time of their end: who reads the memory learns no id. */
  readonly #ends = new Map<string, number>();

  /** @param token undefined: everybody who can connect may use the server. */
  constructor(token: string | undefined) {
    this.#tokenDigest = token === undefined ? undefined : digestOf(token);
  }

  get areNeeded(): boolean {
    return this.#tokenDigest !== undefined;
  }

  /** In a time that tells nothing of the token: digests have one length. */
  isToken(given: string): boolean {
    return this.#tokenDigest !== undefined && timingSafeEqual(digestOf(given), this.#tokenDigest);
  }

  /** @returns its id. */
  begin(): string {
    const now = Date.now();
    for (const [key, end] of this.#ends) if (end <= now) this.#ends.delete(key);
    const [oldest] = this.#ends.keys();
    if (this.#ends.size >= mostSessions && oldest !== undefined) this.#ends.delete(oldest);
    const id = makeToken();
    this.#ends.set(keyOf(id), now + sessionLifetime);
    return id;
  }

  has(id: string): boolean {
    return (this.#ends.get(keyOf(id)) ?? 0) > Date.now();
  }

  end(id: string): void {
    this.#ends.delete(keyOf(id));
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function keyOf(id: string): string {
  return digestOf(id).toString('base64');
}
