// Faces and blocks as the store keeps them: with a checksum, and encrypted where the store has a key.

import type { KeyObject } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ClusterError, StoreKeyError } from '../../errors.js';
import type { KeptFace } from '../../encodings/kept_encodings.js';
import { FacesCipher } from '../../store/faces_cipher.js';
import { packFaces, sealFaces, unsealFaces, viewOf } from '../../store/packed_faces.js';
import { keyFromEnvironment, keyVariable } from '../../store/store_key.js';
import type { Sql, SqlDatabase } from './database.js';

/** What seals and opens the encodings of a store. */
export class Sealing {
  readonly #cipher: FacesCipher | undefined;

  private constructor(cipher: FacesCipher | undefined) {
    this.#cipher = cipher;
  }

  /**
   * A store without encodings is encrypted from then on where the environment has a key, as a face store in a file is.
   *
   * @throws StoreKeyError `STORE_KEY_MISSING`, `STORE_KEY_WRONG`, `STORE_NOT_ENCRYPTED`, `STORE_KEY_INVALID`
   */
  static async of(database: SqlDatabase): Promise<Sealing> {
    const key = keyFromEnvironment(keyVariable);
    const known = await recordOf(database);
    if (known || !key) return new Sealing(opened(database, known, key));
    return database.transaction(async (sql) => {
      await sql.run('SELECT 1 FROM facededup.store FOR UPDATE');
      // Another process may have begun meanwhile, in either way.
      const begun = await recordOf(sql);
      if (begun) return new Sealing(opened(database, begun, key));
      if (await sql.row('SELECT 1 FROM facededup.contents LIMIT 1'))
        throw new StoreKeyError(
          'STORE_NOT_ENCRYPTED',
          `The encodings in the store ${database.name} are plain: take the key of ${keyVariable} away, or begin an encrypted store in another database.`,
        );
      const { cipher, record } = FacesCipher.begin(key);
      await sql.run('UPDATE facededup.store SET salt = $1, key_check = $2', [record.salt, record.check]);
      return new Sealing(cipher);
    });
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

interface KeptKey {
  readonly salt: Uint8Array;
  readonly check: Uint8Array;
}

async function recordOf(sql: Sql): Promise<KeptKey | undefined> {
  const row = await sql.row('SELECT salt, key_check FROM facededup.store');
  if (!row || row['salt'] === null) return undefined;
  return { salt: row['salt'] as Uint8Array, check: row['key_check'] as Uint8Array };
}

function opened(
  { name }: SqlDatabase,
  record: KeptKey | undefined,
  key: KeyObject | undefined,
): FacesCipher | undefined {
  if (!record) return undefined;
  if (!key)
    throw new StoreKeyError(
      'STORE_KEY_MISSING',
      `The store ${name} is encrypted: set ${keyVariable}, or ${keyVariable}_FILE, to its key.`,
    );
  const cipher = FacesCipher.of(key, record);
  if (cipher) return cipher;
  throw new StoreKeyError(
    'STORE_KEY_WRONG',
    `The store ${name} was encrypted with another key than the one given.`,
  );
}

function notAsKept(what: string): ClusterError {
  return new ClusterError(
    'CLUSTER_STORE_INVALID',
    `In the store ${what} are not what was kept there, by accident or by somebody: bring the database back from a backup.`,
  );
}
