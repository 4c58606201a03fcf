// The key of an encrypted face store: 32 bytes from the caller, the environment, or the file that it names.

import { createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { StoreKeyError, messageOf } from '../errors.js';

/** 32 bytes, or their text: 64 hexadecimal digits, or base64. */
export type StoreKey = string | Uint8Array;

export const keyVariable = 'FACEDEDUP_STORE_KEY';
export const newKeyVariable = 'FACEDEDUP_STORE_NEW_KEY';
export const keyBytes = 32;

/**
 * @returns the key object, whose bytes appear in no inspection of it.
 * @throws StoreKeyError `STORE_KEY_INVALID`, whose sentence holds nothing of the key.
 */
export function readKey(key: StoreKey, from = 'The key'): KeyObject {
  const bytes = typeof key === 'string' ? decoded(key.trim()) : key;
  if (bytes?.length === keyBytes) return createSecretKey(bytes);
  throw invalid(
    `${from} is no key for a face store: it takes ${keyBytes} random bytes, as 64 hexadecimal digits or in base64. ` +
      'Make one with `openssl rand -base64 32`.',
  );
}

/**
 * The key that a variable holds, or that lies in the file named by the variable with `_FILE` at its end.
 *
 * @returns undefined where neither is set.
 * @throws StoreKeyError `STORE_KEY_INVALID`
 */
export function keyFromEnvironment(variable: string): KeyObject | undefined {
  const [text, file] = [process.env[variable], process.env[`${variable}_FILE`]];
  if (text && file) throw invalid(`Both ${variable} and ${variable}_FILE are set: keep one of them.`);
  if (text) return readKey(text, `The environment variable ${variable}`);
  if (!file) return undefined;
  return readKey(contentOf(file, variable), `The file '${file}', which ${variable}_FILE names,`);
}

function contentOf(file: string, variable: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = messageOf(cause);
    throw invalid(`The file that ${variable}_FILE names cannot be read: ${reason}.`, cause);
  }
}

function decoded(text: string): Uint8Array | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

function invalid(message: string, cause?: unknown): StoreKeyError {
  return new StoreKeyError('STORE_KEY_INVALID', message, { cause });
}
