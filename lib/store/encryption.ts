// Whether the encodings of a face store are encrypted, and with which key; and the whole of a store encrypted, encrypted
// anew, or decrypted.

import type { KeyObject } from 'node:crypto';
import { StoreKeyError } from '../errors.js';
import { compact } from './compact.js';
import { Database } from './database.js';
import { FacesCipher, type KeyRecord } from './faces_cipher.js';
import { keyFromEnvironment, keyVariable, newKeyVariable, readKey, type StoreKey } from './store_key.js';

/** Values sealed anew at a time. */
const sealedTogether = 500;

/**
 * What opens the encodings of a store; undefined where they are plain. A store without encodings is encrypted from then
 * on where a key is given.
 *
 * @throws StoreKeyError `STORE_KEY_MISSING`, `STORE_KEY_WRONG`, `STORE_NOT_ENCRYPTED`
 */
export function cipherOf(database: Database, key: KeyObject | undefined): FacesCipher | undefined {
  const record = keyRecord(database);
  if (record) return cipherBy(database, record, key);
  if (!key) return undefined;
  if (hasEncodings(database)) throw notEncrypted(database.path);
  return database.transaction(() => {
    // Another process may have begun meanwhile, in either way.
    const begun = keyRecord(database);
    if (begun) return cipherBy(database, begun, key);
    if (hasEncodings(database)) throw notEncrypted(database.path);
    return begin(database, key);
  });
}

/**
 * Whether the store still is what it was when it was opened: asked in each transaction that writes encodings.
 *
 * @throws StoreKeyError `STORE_KEY_MISSING`, `STORE_KEY_WRONG`, `STORE_NOT_ENCRYPTED`
 */
export function requireSameKey(database: Database, cipher: FacesCipher | undefined): void {
  const salt = database.get('SELECT salt FROM encryption')?.['salt'] as Uint8Array | undefined;
  if (salt === undefined && !cipher) return;
  if (salt === undefined) throw notEncrypted(database.path);
  if (!cipher) throw missingKey(database.path);
  if (Buffer.compare(salt, cipher.salt) !== 0) throw wrongKey(database.path);
}

/** Where a value belongs: it cannot be put in the place of another. */
export function placeOf(digest: string, originDigest: string): string {
  return `${originDigest} ${digest}`;
}

/** Of a value that does not open, or has another checksum. */
export const notAsKept = 'encodings in it are not those that were kept there, by accident or by somebody';

/** How many values of a store were encrypted, encrypted anew, or decrypted. */
export interface EncryptionChange {
  readonly values: number;
}

/**
 * Encrypts the encodings of a plain store, and leaves nothing of them in its file and log.
 *
 * @param options `key`: default FACEDEDUP_STORE_KEY, or the file named by FACEDEDUP_STORE_KEY_FILE.
 * @throws StoreKeyError `STORE_KEY_MISSING`, `STORE_KEY_INVALID`, `STORE_KEY_WRONG` when it is encrypted already, with
 *   whatever key; FaceStoreError, `FACE_STORE_BUSY` also when another process still reads what the log holds
 */
export function encryptStore(path: string, { key }: { readonly key?: StoreKey } = {}): EncryptionChange {
  const given = neededKey(key, keyVariable);
  return changed(path, (database) => {
    if (keyRecord(database))
      throw new StoreKeyError(
        'STORE_KEY_WRONG',
        `The face store '${path}' is encrypted already. Change its key with \`facededup store rekey\`.`,
      );
    return resealed(database, undefined, begin(database, given));
  });
}

/**
 * Encrypts the encodings of an encrypted store anew, with another key.
 *
 * @param options `key`: the one it has, default as encryptStore; `newKey`: default FACEDEDUP_STORE_NEW_KEY, or the file
 *   named by FACEDEDUP_STORE_NEW_KEY_FILE.
 * @throws StoreKeyError, FaceStoreError as encryptStore; `STORE_NOT_ENCRYPTED`
 */
export function rekeyStore(
  path: string,
  { key, newKey }: { readonly key?: StoreKey; readonly newKey?: StoreKey } = {},
): EncryptionChange {
  const [from, to] = [neededKey(key, keyVariable), neededKey(newKey, newKeyVariable)];
  return changed(path, (database) => {
    const cipher = existing(database, from);
    database.run('DELETE FROM encryption');
    return resealed(database, cipher, begin(database, to));
  });
}

/**
 * Makes the encodings of an encrypted store plain.
 *
 * @param options `key`: default as encryptStore.
 * @throws StoreKeyError, FaceStoreError as encryptStore; `STORE_NOT_ENCRYPTED`
 */
export function decryptStore(path: string, { key }: { readonly key?: StoreKey } = {}): EncryptionChange {
  const given = neededKey(key, keyVariable);
  return changed(path, (database) => {
    const cipher = existing(database, given);
    database.run('DELETE FROM encryption');
    return resealed(database, cipher, undefined);
  });
}

/** Whether a key is needed to open it. @throws FaceStoreError */
export function isEncryptedStore(path: string): boolean {
  const database = new Database(path, { create: false, readOnly: true });
  try {
    return keyRecord(database) !== undefined;
  } finally {
    database.close();
  }
}

function resealed(
  database: Database,
  from: FacesCipher | undefined,
  to: FacesCipher | undefined,
): EncryptionChange {
  let values = 0;
  for (let last = 0; ;) {
    const rows = database.all(
      `SELECT contents.id, contents.digest, faces, origins.digest AS origin
       FROM contents JOIN origins ON origins.id = origin_id WHERE contents.id > ? ORDER BY contents.id LIMIT ${sealedTogether}`,
      last,
    );
    for (const row of rows) {
      const place = placeOf(String(row['digest']), String(row['origin']));
      const value = row['faces'] as Uint8Array;
      const plain = from ? from.open(value, place) : value;
      if (!plain) throw database.damaged(notAsKept);
      database.run(
        'UPDATE contents SET faces = ? WHERE id = ?',
        to ? to.seal(plain, place) : plain,
        Number(row['id']),
      );
    }
    values += rows.length;
    if (rows.length < sealedTogether) return { values };
    last = Number(rows.at(-1)?.['id']);
  }
}

/** Whole or not at all; whoever has the store open in the old way meanwhile is told so when they next read or write encodings. */
function changed<T>(path: string, work: (database: Database) => T): T {
  const database = new Database(path, { create: false, readOnly: false });
  try {
    const result = database.transaction(() => work(database));
    compact(database);
    return result;
  } finally {
    database.close();
  }
}

/** @throws StoreKeyError `STORE_KEY_MISSING`, `STORE_KEY_INVALID` */
export function neededKey(key: StoreKey | undefined, variable: string): KeyObject {
  const given = key === undefined ? keyFromEnvironment(variable) : readKey(key);
  if (given) return given;
  throw new StoreKeyError(
    'STORE_KEY_MISSING',
    `This needs a key: set ${variable}, or ${variable}_FILE to a file that holds it. ` +
      'Make one with `openssl rand -base64 32`, and keep it apart from the store: without it the encodings are lost.',
  );
}

function existing(database: Database, key: KeyObject): FacesCipher {
  const record = keyRecord(database);
  if (!record) throw notEncrypted(database.path);
  return cipherBy(database, record, key);
}

function cipherBy(database: Database, record: KeyRecord, key: KeyObject | undefined): FacesCipher {
  if (!key) throw missingKey(database.path);
  const cipher = FacesCipher.of(key, record);
  if (!cipher) throw wrongKey(database.path);
  return cipher;
}

/** In a transaction of the caller's. */
function begin(database: Database, key: KeyObject): FacesCipher {
  const { cipher, record } = FacesCipher.begin(key);
  database.run('INSERT INTO encryption (id, salt, key_check) VALUES (1, ?, ?)', record.salt, record.check);
  return cipher;
}

function keyRecord(database: Database): KeyRecord | undefined {
  const row = database.get('SELECT salt, key_check FROM encryption');
  return row && { salt: row['salt'] as Uint8Array, check: row['key_check'] as Uint8Array };
}

function hasEncodings(database: Database): boolean {
  return database.get('SELECT 1 FROM contents LIMIT 1') !== undefined;
}

function missingKey(path: string): StoreKeyError {
  return new StoreKeyError(
    'STORE_KEY_MISSING',
    `The face store '${path}' is encrypted. Give its key by ${keyVariable}, or by a file that ${keyVariable}_FILE names.`,
  );
}

function wrongKey(path: string): StoreKeyError {
  return new StoreKeyError(
    'STORE_KEY_WRONG',
    `The face store '${path}' was encrypted with another key than the one given. Nothing was changed.`,
  );
}

function notEncrypted(path: string): StoreKeyError {
  return new StoreKeyError(
    'STORE_NOT_ENCRYPTED',
    `A key was given for the face store '${path}', whose encodings are plain. Encrypt it with \`facededup store encrypt\`, ` +
      `or give no key (${keyVariable}, ${keyVariable}_FILE).`,
  );
}
