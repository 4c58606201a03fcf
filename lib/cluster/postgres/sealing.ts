// Faces and blocks as the store keeps them: with a checksum, and encrypted where the store has a key.

import type { KeyObject } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ClusterError, StoreKeyError } from '../../errors.js';
import type { KeptFace } from '../../encodings/kept_encodings.js';
import { FacesCipher, type KeyRecord } from '../../store/faces_cipher.js';
import { packFaces, sealFaces, unsealFaces, viewOf } from '../../store/packed_faces.js';
import { keyFromEnvironment, keyVariable } from '../../store/store_key.js';
import type { Sql, SqlDatabase, SqlRow } from './database.js';

/** What seals and opens the encodings of a store. */
export class Sealing {
  readonly #database: SqlDatabase;
  readonly #cipher: FacesCipher | undefined;

  private constructor(database: SqlDatabase, cipher: FacesCipher | undefined) {
    this.#database = database;
    this.#cipher = cipher;
  }

  /**
   * A store without encodings is encrypted from then on where the environment has a key, as a face store in a file is.
   *
   * @throws StoreKeyError `STORE_KEY_MISSING`, `STORE_KEY_WRONG`, `STORE_NOT_ENCRYPTED`, `STORE_KEY_INVALID`,
   *   `STORE_KEY_CHANGING`
   */
  static async of(database: SqlDatabase): Promise<Sealing> {
    const key = keyFromEnvironment(keyVariable);
    const opened = (record: KeyRecord | undefined) =>
      new Sealing(database, record && cipherBy(database.name, record, key));
    const known = await recordOf(database, database);
    if (known || !key) return opened(known);
    return database.transaction(async (sql) => {
      // Another process may have begun meanwhile, in either way.
      const begun = await recordOf(database, sql, 'FOR UPDATE');
      if (begun) return opened(begun);
      if (await sql.row('SELECT 1 FROM facededup.contents LIMIT 1')) throw notEncrypted(database.name);
      const { cipher, record } = FacesCipher.begin(key);
      await sql.run('UPDATE facededup.store SET salt = $1, key_check = $2', [record.salt, record.check]);
      return new Sealing(database, cipher);
    });
  }

  /**
   * Whether the store still is what it was when it was opened, and stays so until the transaction ends.
   *
   * @throws StoreKeyError `STORE_KEY_MISSING`, `STORE_KEY_WRONG`, `STORE_NOT_ENCRYPTED`, `STORE_KEY_CHANGING`
   */
  async requireSame(sql: Sql): Promise<void> {
    const record = await recordOf(this.#database, sql, 'FOR SHARE');
    const { name } = this.#database;
    if (!record && !this.#cipher) return;
    if (!record) throw notEncrypted(name);
    if (!this.#cipher) throw missingKey(name);
    if (Buffer.compare(record.salt, this.#cipher.salt) !== 0) throw wrongKey(name);
  }

  get isEncrypted(): boolean {
    return this.#cipher !== undefined;
  }

  /** @param place of the value: it opens there alone. */
  faces(faces: readonly KeptFace[], place: string): Uint8Array {
    const packed = sealFaces(packFaces(faces));
    return this.#cipher?.seal(packed, place) ?? packed;
  }

  /** @throws ClusterError `CLUSTER_STORE_INVALID` */
  facesIn(kept: Uint8Array, place: string): KeptFace[] {
    const packed = this.#cipher ? this.#cipher.open(kept, place) : kept;
    const faces = packed && unsealFaces(viewOf(packed));
    if (!faces) throw notAsKept(`the faces of ${place}`);
    return faces;
  }

  /** Any bytes. */
  bytes(bytes: Uint8Array, place: string): Uint8Array {
    const checked = Buffer.alloc(4 + bytes.length);
    checked.writeUInt32LE(crc32(bytes), 0);
    checked.set(bytes, 4);
    return this.#cipher?.seal(checked, place) ?? checked;
  }

  /** @returns a copy of their own, that begins where a Float64Array may. @throws ClusterError `CLUSTER_STORE_INVALID` */
  bytesIn(kept: Uint8Array, place: string): Uint8Array {
    const checked = this.#cipher ? this.#cipher.open(kept, place) : kept;
    if (!checked || checked.length < 4) throw notAsKept(place);
    const bytes = Uint8Array.from(checked.subarray(4));
    if (crc32(bytes) !== viewOf(checked).getUint32(0, true)) throw notAsKept(place);
    return bytes;
  }
}

/** What a store's key is being changed by: see key_change.ts. */
export type KeyChange = 'encrypt' | 'rekey' | 'decrypt';

async function recordOf({ name }: SqlDatabase, sql: Sql, lock = ''): Promise<KeyRecord | undefined> {
  const row = await sql.row(`SELECT salt, key_check, change FROM facededup.store ${lock}`);
  if (!row) return undefined;
  if (row['change'] !== null) throw changing(name, row['change'] as KeyChange);
  return keyIn(row);
}

/** In a row of the store; undefined where the encodings are plain. */
export function keyIn(row: SqlRow): KeyRecord | undefined {
  if (row['salt'] === null) return undefined;
  return { salt: row['salt'] as Uint8Array, check: row['key_check'] as Uint8Array };
}

/** @throws StoreKeyError `STORE_KEY_MISSING`, `STORE_KEY_WRONG` */
export function cipherBy(store: string, record: KeyRecord, key: KeyObject | undefined): FacesCipher {
  if (!key) throw missingKey(store);
  const cipher = FacesCipher.of(key, record);
  if (!cipher) throw wrongKey(store);
  return cipher;
}

function missingKey(store: string): StoreKeyError {
  return new StoreKeyError(
    'STORE_KEY_MISSING',
    `The store ${store} is encrypted: set ${keyVariable}, or ${keyVariable}_FILE, to its key.`,
  );
}

function wrongKey(store: string): StoreKeyError {
  return new StoreKeyError(
    'STORE_KEY_WRONG',
    `The store ${store} was encrypted with another key than the one given.`,
  );
}

function notEncrypted(store: string): StoreKeyError {
  return new StoreKeyError(
    'STORE_NOT_ENCRYPTED',
    `The encodings in the store ${store} are plain: take the key of ${keyVariable} away, or encrypt them with ` +
      '`facededup store encrypt`.',
  );
}

export function changing(store: string, change: KeyChange): StoreKeyError {
  return new StoreKeyError(
    'STORE_KEY_CHANGING',
    `The encodings of the store ${store} are being sealed anew: end it with \`facededup store ${change}\`, and the same keys.`,
  );
}

export function notAsKept(what: string): ClusterError {
  return new ClusterError(
    'CLUSTER_STORE_INVALID',
    `In the store ${what} are not what was kept there, by accident or by somebody: bring the database back from a backup.`,
  );
}
