// Encodings taken over from elsewhere, such as a face store in a file, into a set of a cluster's store.

import { sha256Of } from '../../digest.js';
import type { KeptPhoto } from '../../encodings/kept_encodings.js';
import { packFaces } from '../../store/packed_faces.js';
import { contentsLock } from './contents.js';
import type { Sql } from './database.js';
import { setNamed } from './runs.js';
import type { ClusterStore } from './store.js';

const importedTogether = 500;
/** Stands before the digest of the faces where the photo's own is not known. */
const facesDigest = 'faces ';

/**
 * One that is broken off can be done again. Photos of the same names are replaced.
 *
 * @returns how many photos.
 * @throws InvalidEncodingsError `ENCODINGS_INVALID`, ClusterError
 */
export async function importPhotos(
  store: ClusterStore,
  set: string,
  photos: AsyncIterable<KeptPhoto> | Iterable<KeptPhoto>,
): Promise<number> {
  let count = 0;
  let batch: KeptPhoto[] = [];
  const write = async () => {
    if (batch.length > 0) await store.database.transaction((sql) => keep(sql, store, set, batch));
    count += batch.length;
    batch = [];
  };
  for await (const photo of photos) {
    batch.push(photo);
    if (batch.length === importedTogether) await write();
  }
  await write();
  return count;
}

async function keep(
  sql: Sql,
  { contents }: ClusterStore,
  setName: string,
  photos: readonly KeptPhoto[],
): Promise<void> {
  await sql.run('SELECT pg_advisory_xact_lock_shared($1)', [contentsLock]);
  const set = await setNamed(sql, setName);
  // The last of each name counts.
  for (const { photo, digest: own, origin, reference, faces } of new Map(
    photos.map((each) => [each.photo, each]),
  ).values()) {
    // Two sets may be given other faces of one name, or of one content by ways that nobody knows: they stay apart.
    const made = await contents.keepOrigin(sql, origin ?? { models: {}, options: { set } });
    const digest = own ?? `${facesDigest}${sha256Of(packFaces(faces))}`;
    await contents.keep(sql, made, [{ digest, faces }]);
    await sql.run('DELETE FROM facededup.photos WHERE set_id = $1 AND name = $2 AND digest <> $3', [
      set,
      photo,
      digest,
    ]);
    await sql.run(
      `INSERT INTO facededup.photos (set_id, name, digest, origin_id, reference) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (set_id, name) DO UPDATE SET origin_id = excluded.origin_id, stamp = NULL,
         reference = coalesce(excluded.reference, photos.reference)`,
      [set, photo, digest, made.id, reference ?? null],
    );
  }
}
