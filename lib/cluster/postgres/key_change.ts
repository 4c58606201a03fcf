// A cluster's store encrypted, encrypted anew, or decrypted: in batches, and taken up again where it was broken off.
//
// What the store had, and what it is to have, stand in its row, with how far it is. Nobody opens it meanwhile, and none of
// those who have it open may begin a run or take encodings in; no run is under way or may be tried again, whose blocks
// would be sealed as before.

import type { KeyObject } from 'node:crypto';
import { ClusterError, StoreKeyError } from '../../errors.js';
import { type EncryptionChange, neededKey, placeOf } from '../../store/encryption.js';
import { FacesCipher } from '../../store/faces_cipher.js';
import { keyVariable, newKeyVariable, type StoreKey } from '../../store/store_key.js';
import { checkStoreAddress } from '../addresses.js';
import { SqlDatabase, type Sql, type SqlRow } from './database.js';
import { migrate } from './schema.js';
import { changing, cipherBy, type KeyChange, keyIn, notAsKept } from './sealing.js';
import { compact, requireOwner } from './tidy.js';

/** Values sealed anew at a time. */
const sealedTogether = 500;

/**
 * Encrypts the encodings of a plain store of a cluster, and writes its tables anew. One that was broken off goes on.
 *
 * @param options `key`: default FACEDEDUP_STORE_KEY, or the file named by FACEDEDUP_STORE_KEY_FILE.
 * @throws StoreKeyError `STORE_KEY_MISSING`, `STORE_KEY_INVALID`, `STORE_KEY_WRONG` when it is encrypted already,
 *   `STORE_KEY_CHANGING` while another change is not ended; ClusterError, `CLUSTER_SET_BUSY` when a run is under way, or
 *   has failed and may be tried again
 */
export function encryptClusterStore(
  address: string,
  { key }: { readonly key?: StoreKey } = {},
): Promise<EncryptionChange> {
  return changed(address, 'encrypt', undefined, neededKey(key, keyVariable));
}

/**
 * Encrypts the encodings of an encrypted store of a cluster anew, with another key.
 *
 * @param options `key`: the one it has, default as encryptClusterStore; `newKey`: default FACEDEDUP_STORE_NEW_KEY, or the
 *   file named by FACEDEDUP_STORE_NEW_KEY_FILE.
 * @throws as encryptClusterStore; StoreKeyError `STORE_NOT_ENCRYPTED`
 */
export function rekeyClusterStore(
  address: string,
  { key, newKey }: { readonly key?: StoreKey; readonly newKey?: StoreKey } = {},
): Promise<EncryptionChange> {
  return changed(address, 'rekey', neededKey(key, keyVariable), neededKey(newKey, newKeyVariable));
}

/**
 * Makes the encodings of an encrypted store of a cluster plain.
 *
 * @param options `key`: default as encryptClusterStore.
 * @throws as encryptClusterStore; StoreKeyError `STORE_NOT_ENCRYPTED`
 */
export function decryptClusterStore(
  address: string,
  { key }: { readonly key?: StoreKey } = {},
): Promise<EncryptionChange> {
  return changed(address, 'decrypt', neededKey(key, keyVariable), undefined);
}

async function changed(
  address: string,
  change: KeyChange,
  from: KeyObject | undefined,
  to: KeyObject | undefined,
): Promise<EncryptionChange> {
  const database = await SqlDatabase.at(checkStoreAddress(address));
  try {
    await migrate(database);
    await requireOwner(database);
    const ciphers = await begin(database, change, from, to);
    let values = 0;
    for (let sealed = sealedTogether; sealed === sealedTogether; values += sealed)
      sealed = await database.transaction((sql) => sealSome(sql, change, ciphers));
    await compact(database);
    return { values };
  } finally {
    await database.close();
  }
}

interface Ciphers {
  readonly from: FacesCipher | undefined;
  readonly to: FacesCipher | undefined;
}

/** Says in the store what is being done, or finds that it says so already. */
function begin(
  database: SqlDatabase,
  change: KeyChange,
  from: KeyObject | undefined,
  to: KeyObject | undefined,
): Promise<Ciphers> {
  const { name } = database;
  return database.transaction(async (sql) => {
    const row = await lockedRow(sql);
    if (row['change'] !== null && row['change'] !== change) throw changing(name, row['change'] as KeyChange);
    const known = keyIn(row);
    if (!known && from)
      throw new StoreKeyError(
        'STORE_NOT_ENCRYPTED',
        `The encodings in the store ${name} are plain. Encrypt them with \`facededup store encrypt\`.`,
      );
    if (known && !from)
      throw new StoreKeyError(
        'STORE_KEY_WRONG',
        `The store ${name} is encrypted already. Change its key with \`facededup store rekey\`.`,
      );
    const old = known && cipherBy(name, known, from);
    if (row['change'] !== null) {
      const next = keyIn({ salt: row['next_salt'] ?? null, key_check: row['next_key_check'] ?? null });
      return { from: old, to: next && cipherBy(name, next, to) };
    }
    await requireQuiet(sql, name);
    const next = to && FacesCipher.begin(to);
    await sql.run(
      `UPDATE facededup.store SET change = $1, next_salt = $2, next_key_check = $3, changed_digest = NULL, changed_origin = NULL`,
      [change, next?.record.salt ?? null, next?.record.check ?? null],
    );
    return { from: old, to: next?.cipher };
  });
}

async function lockedRow(sql: Sql): Promise<SqlRow> {
  return (await sql.row('SELECT * FROM facededup.store FOR UPDATE')) as SqlRow;
}

async function requireQuiet(sql: Sql, store: string): Promise<void> {
  const run = await sql.row(
    `SELECT id, state FROM facededup.runs WHERE state IN ('running', 'failed') ORDER BY id LIMIT 1`,
  );
  if (!run) return;
  const number = String(run['id']);
  throw new ClusterError(
    'CLUSTER_SET_BUSY',
    run['state'] === 'running'
      ? `Run ${number} goes on in the store ${store}: wait for it, or stop it with \`facededup cancel ${number}\`.`
      : `Run ${number} in the store ${store} has failed, and could be tried again: do that, or end it with \`facededup cancel ${number}\`.`,
  );
}

/** @returns how many; fewer than `sealedTogether` when there are no more, and the change is done. */
async function sealSome(sql: Sql, change: KeyChange, { from, to }: Ciphers): Promise<number> {
  const row = await lockedRow(sql);
  // Somebody else does the same, and has ended it.
  if (row['change'] !== change) return 0;
  const rows = await sql.rows(
    `SELECT contents.digest, origin_id, faces, origins.digest AS origin
     FROM facededup.contents JOIN facededup.origins ON origins.id = origin_id
     WHERE $1::text IS NULL OR (contents.digest, origin_id) > ($1, $2::bigint)
     ORDER BY contents.digest, origin_id LIMIT ${sealedTogether}`,
    [row['changed_digest'], row['changed_origin']],
  );
  const sealed = rows.map((each) => {
    const place = placeOf(String(each['digest']), String(each['origin']));
    const value = each['faces'] as Uint8Array;
    const plain = from ? from.open(value, place) : value;
    if (!plain) throw notAsKept(`the faces of ${place}`);
    return Buffer.from(to ? to.seal(plain, place) : plain);
  });
  await sql.run(
    `UPDATE facededup.contents SET faces = given.faces
     FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS given (digest, origin_id, faces)
     WHERE contents.digest = given.digest AND contents.origin_id = given.origin_id`,
    [rows.map(({ digest }) => digest), rows.map(({ origin_id: origin }) => origin), sealed],
  );
  if (rows.length < sealedTogether)
    await sql.run(
      `UPDATE facededup.store SET salt = next_salt, key_check = next_key_check, change = NULL, next_salt = NULL,
         next_key_check = NULL, changed_digest = NULL, changed_origin = NULL`,
    );
  else
    await sql.run('UPDATE facededup.store SET changed_digest = $1, changed_origin = $2', [
      rows.at(-1)?.['digest'],
      rows.at(-1)?.['origin_id'],
    ]);
  return rows.length;
}
