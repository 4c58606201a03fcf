// The faces of a photo sealed and opened: AES-256-GCM under a key of the store's own, each value bound to its place.

import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { keyBytes } from './store_key.js';

const algorithm = 'aes-256-gcm';
/**
 * Drawn anew for each value. NIST SP 800-38D, 8.3, lets one key seal 2^32 values (4.3 billion) with random nonces of 96
 * bits: two of them are then the same with a chance below 2^-32. A store seals one value for each photo that it encodes,
 * and a store that is encrypted anew has another salt, thus another key. A counter would allow more, but repeats itself
 * after a backup is put back or a copy goes its own way, which is fatal to GCM.
 */
const nonceBytes = 12;
const tagBytes = 16;
const saltBytes = 32;
/** By how much a sealed value is longer than what is in it. */
export const sealBytes = nonceBytes + tagBytes;

/** What a store keeps in order to know its key again: nothing of it is secret. */
export interface KeyRecord {
  readonly salt: Uint8Array;
  /** Derived from the key, apart from the one that seals: it tells a wrong key and nothing else. */
  readonly check: Uint8Array;
}

export class FacesCipher {
  readonly salt: Uint8Array;
  readonly #key: KeyObject;

  private constructor(salt: Uint8Array, key: KeyObject) {
    this.salt = salt;
    this.#key = key;
  }

  /** For a store that is not encrypted yet, or anew. */
  static begin(key: KeyObject): { readonly cipher: FacesCipher; readonly record: KeyRecord } {
    const salt = randomBytes(saltBytes);
    const cipher = new FacesCipher(salt, createSecretKey(derived(key, salt, 'faces')));
    return { cipher, record: { salt, check: derived(key, salt, 'check') } };
  }

  /** @returns undefined when the store was encrypted with another key. */
  static of(key: KeyObject, { salt, check }: KeyRecord): FacesCipher | undefined {
    const expected = derived(key, salt, 'check');
    if (check.length !== expected.length || !timingSafeEqual(check, expected)) return undefined;
    return new FacesCipher(salt, createSecretKey(derived(key, salt, 'faces')));
  }

  /** @param place of the value: it opens there alone. @returns nonce, sealed bytes, tag. */
  seal(bytes: Uint8Array, place: string): Uint8Array {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#key, nonce).setAAD(Buffer.from(place));
    return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }

  /** @returns undefined when it was damaged, or sealed for another place. */
  open(sealed: Uint8Array, place: string): Uint8Array | undefined {
    if (sealed.length < sealBytes) return undefined;
    const decipher = createDecipheriv(algorithm, this.#key, sealed.subarray(0, nonceBytes))
      .setAAD(Buffer.from(place))
      .setAuthTag(sealed.subarray(-tagBytes));
    const bytes = decipher.update(sealed.subarray(nonceBytes, -tagBytes));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return bytes;
  }
}

/** HKDF with SHA-256 (RFC 5869): keys of one secret that tell nothing of each other. */
function derived(key: KeyObject, salt: Uint8Array, use: 'faces' | 'check'): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, salt, `facededup face store 1 ${use}`, keyBytes));
}
