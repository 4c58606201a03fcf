// The photos of a run and the others of its set, sorted by what the run makes of them.

import type { Sql } from './database.js';
import { type Comparison, wantedReach } from './known_pairs.js';
import type { RunOfSet } from './set_photos.js';

/**
 * Adds the photos of the set that the run did not list, as the run's models have encoded them, or others. Tells of each
 * photo what the run's policy makes of it, which row of the set it is, whether it has been compared with the other old
 * ones, and its number among those that are compared, the old ones first. All in one statement: each of its own would
 * write every row once more.
 *
 * @returns how many are old.
 */
export async function sortPhotos(sql: Sql, { run, set }: RunOfSet, comparison: Comparison): Promise<number> {
  await sql.run(`DELETE FROM facededup.run_photos WHERE run_id = $1 AND state = 'gone'`, [run]);
  await sql.run(
    `WITH encoders AS MATERIALIZED (
       SELECT id, origin::jsonb #>> '{models,encoder}' AS encoder FROM facededup.origins),
     others AS MATERIALIZED (
       SELECT listed.count + row_number() OVER (ORDER BY photos.name) - 1 AS position,
         photos.id AS photo_id, photos.name, photos.reference, photos.digest, photos.epoch, photos.compared_origin,
         coalesce(own.origin_id, photos.origin_id) AS origin_id, coalesce(made.encoder = used.encoder, TRUE) AS alike
       FROM facededup.photos
         JOIN facededup.runs ON runs.id = $1
         JOIN encoders AS used ON used.id = runs.origin_id
         LEFT JOIN facededup.contents AS own ON own.digest = photos.digest AND own.origin_id = runs.origin_id
         JOIN encoders AS made ON made.id = coalesce(own.origin_id, photos.origin_id)
         CROSS JOIN (SELECT coalesce(max(position), -1) + 1 AS count FROM facededup.run_photos
           WHERE run_id = $1) AS listed
       WHERE photos.set_id = $2 AND NOT EXISTS (
         SELECT 1 FROM facededup.run_photos AS met WHERE met.run_id = $1 AND met.name = photos.name)),
     encoded AS (
       SELECT met.position, met.digest, met.origin_id, known.id AS photo_id, known.epoch, known.compared_origin
       FROM facededup.run_photos AS met
         LEFT JOIN facededup.photos AS known ON known.set_id = $2 AND known.name = met.name
       WHERE met.run_id = $1 AND met.state = 'encoded'
       UNION ALL
       SELECT position, digest, origin_id, photo_id, epoch, compared_origin FROM others WHERE alike),
     judged AS (
       SELECT position, photo_id, by_policy.outcome,
         CASE WHEN $3 = 'largest' THEN least(face_count, 1) ELSE face_count END AS faces,
         -- Photos of one epoch have been compared with each other: see known_pairs.ts.
         by_policy.outcome = 'compared' AND coalesce(
           encoded.epoch = sets.epoch AND compared_origin = encoded.origin_id
             AND sets.epoch_policy = $3 AND sets.epoch_threshold >= $4
             AND coalesce(sets.epoch_reach, sets.epoch_threshold) >= $5, FALSE) AS is_old
       FROM encoded
         JOIN facededup.contents USING (digest, origin_id)
         JOIN facededup.sets ON sets.id = $2
         CROSS JOIN LATERAL (SELECT CASE WHEN face_count = 0 THEN 'without_face'
           WHEN face_count > 1 AND $3 = 'reject' THEN 'rejected' ELSE 'compared' END AS outcome) AS by_policy),
     sorted AS MATERIALIZED (
       SELECT position, photo_id, outcome, faces, is_old,
         CASE WHEN outcome = 'compared'
           THEN row_number() OVER (PARTITION BY outcome ORDER BY is_old DESC, position) - 1 END AS record
       FROM judged),
     listed AS (
       UPDATE facededup.run_photos AS photos
       SET photo_id = sorted.photo_id, outcome = sorted.outcome, faces = sorted.faces, is_old = sorted.is_old,
         record = sorted.record
       FROM sorted WHERE photos.run_id = $1 AND photos.position = sorted.position)
     INSERT INTO facededup.run_photos (run_id, position, name, reference, digest, origin_id, state, code, message,
       photo_id, outcome, faces, is_old, record)
     SELECT $1, position, name, reference, digest, origin_id,
       CASE WHEN alike THEN 'encoded' ELSE 'failed' END,
       CASE WHEN alike THEN NULL ELSE 'ENCODINGS_INCOMPARABLE' END,
       CASE WHEN alike THEN NULL ELSE format('The photo ''%s'' was encoded by another ResNet than the one in use, and '
         'distances between the two mean nothing. Name it, or its folder, so that it is encoded again.', name) END,
       CASE WHEN alike THEN others.photo_id END, outcome, faces, coalesce(is_old, FALSE), record
     FROM others LEFT JOIN sorted USING (position)`,
    [run, set, comparison.policy, comparison.threshold, wantedReach(comparison)],
  );
  const row = await sql.row('SELECT count(*) AS old FROM facededup.run_photos WHERE run_id = $1 AND is_old', [
    run,
  ]);
  return Number(row?.['old']);
}
