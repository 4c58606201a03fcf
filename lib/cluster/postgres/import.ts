// Encodings taken over from elsewhere, such as a face store in a file, into a set of a cluster's store.

import { sha256Of } from '../../digest.js';
import type { KeptPhoto } from '../../encodings/kept_encodings.js';
import { packFaces } from '../../store/packed_faces.js';
import { type Contents, contentsLock, type KeptOrigin } from './contents.js';
import type { Sql, SqlDatabase } from './database.js';
import { setNamed } from './runs.js';

/** Of a cluster's store. */
interface StoreParts {
  readonly database: SqlDatabase;
  readonly contents: Contents;
}

const importedTogether = 500;
/** Stands before the digest of the faces where the photo's own is not known. */
export const facesDigest = 'faces ';

/**
 * One that is broken off can be done again. Photos of the same names are replaced.
 *
 * @returns how many photos.
 * @throws InvalidEncodingsError `ENCODINGS_INVALID`, ClusterError
 */
export async function importPhotos(
  store: StoreParts,
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
  { contents }: StoreParts,
  setName: string,
  photos: readonly KeptPhoto[],
): Promise<void> {
  await contents.requireSameKey(sql);
  await sql.run('SELECT pg_advisory_xact_lock_shared($1)', [contentsLock]);
  const set = await setNamed(sql, setName);
  const byOrigin = new Map<number, { readonly origin: KeptOrigin; readonly photos: KeptPhoto[] }>();
  // The last of each name counts.
  for (const photo of new Map(photos.map((each) => [each.photo, each])).values()) {
    // Two sets may be given other faces of one name, or of one content by ways that nobody knows: they stay apart.
    const origin = await contents.keepOrigin(sql, photo.origin ?? { models: {}, options: { set } });
    const others = byOrigin.get(origin.id);
    if (others) others.photos.push(photo);
    else byOrigin.set(origin.id, { origin, photos: [photo] });
  }
  for (const { origin, photos: alike } of byOrigin.values()) {
    const digests = alike.map(({ digest, faces }) => digest ?? `${facesDigest}${sha256Of(packFaces(faces))}`);
    await contents.keep(
      sql,
      origin,
      alike.map(({ faces }, index) => ({ digest: digests[index] as string, faces })),
    );
    const names = alike.map(({ photo }) => photo);
    await sql.run(
      `DELETE FROM facededup.photos USING unnest($2::text[], $3::text[]) AS given (name, digest)
       WHERE set_id = $1 AND photos.name = given.name AND photos.digest <> given.digest`,
      [set, names, digests],
    );
    await sql.run(
      `INSERT INTO facededup.photos (set_id, name, digest, origin_id, reference)
       SELECT $1, name, digest, $2, reference FROM unnest($3::text[], $4::text[], $5::text[])
         AS given (name, digest, reference)
       ON CONFLICT (set_id, name) DO UPDATE SET origin_id = excluded.origin_id, stamp = NULL,
         reference = coalesce(excluded.reference, photos.reference)`,
      [set, origin.id, names, digests, alike.map(({ reference }) => reference ?? null)],
    );
  }
}
