// The last step: every photo of the run accounted for, and what the pairs are worth.

import { encodingWayOf, expectedFalseMatches } from '../../calibration/index.js';
import type { EncodingOrigin } from '../../encodings/origin.js';
import type { FailedPhoto, RunSummary } from '../../runs/findings.js';
import { waysCompared, type WaysCompared } from '../../runs/ways_compared.js';
import type { Sql } from '../postgres/database.js';
import { keepFacts } from '../postgres/results.js';
import { approximationOf } from '../postgres/lists.js';
import { forgetContents } from '../postgres/set_photos.js';
import type { Step } from './step.js';

export const report: Step = async ({ store, job, begun }) => {
  const { run } = job;
  const { request, submittedAt } = begun.facts;
  const { threshold, policy, calibration } = request;
  await store.runs.complete(job, async (sql) => {
    const { summary, pairsOfFaces } = await summaryOf(sql, run);
    const ways = await waysOf(sql, run);
    const approximate = await approximationOf(sql, begun.setId, run);
    const names = async (outcome: string) =>
      (
        await sql.rows(
          'SELECT name FROM facededup.run_photos WHERE run_id = $1 AND outcome = $2 ORDER BY position',
          [run, outcome],
        )
      ).map(({ name }) => String(name));
    await keepFacts(sql, begun.setId, run, {
      startedAt: submittedAt.toISOString(),
      finishedAt: new Date().toISOString(),
      threshold,
      policy,
      ...(approximate ? { approximate } : {}),
      summary,
      withoutFace: await names('without_face'),
      rejected: await names('rejected'),
      failed: await failedPhotos(sql, run),
      expectedFalseMatches: expectedFalseMatches({
        threshold,
        pairs: pairsOfFaces,
        way: ways.faces > 0 ? ways.way : encodingWayOf(await originOf(sql, run)),
        mixed: ways,
        calibration,
      }),
    });
    await forgetContents(sql);
  });
};

async function summaryOf(
  sql: Sql,
  run: number,
): Promise<{ readonly summary: RunSummary; readonly pairsOfFaces: number }> {
  const row = await sql.row(
    `SELECT count(*) AS photos, count(*) FILTER (WHERE outcome = 'compared') AS encoded,
       count(*) FILTER (WHERE outcome = 'without_face') AS without_face,
       count(*) FILTER (WHERE outcome = 'rejected') AS rejected, count(*) FILTER (WHERE photos.state = 'failed') AS failed,
       count(*) FILTER (WHERE outcome = 'compared' AND face_count > 1) AS several,
       coalesce(sum(photos.faces) FILTER (WHERE outcome = 'compared'), 0) AS faces,
       -- Faces of one photo are not compared with each other.
       coalesce(sum(photos.faces::bigint * (photos.faces - 1) / 2) FILTER (WHERE outcome = 'compared'), 0) AS within,
       count(*) FILTER (WHERE is_new) AS newly
     FROM facededup.run_photos AS photos LEFT JOIN facededup.contents USING (digest, origin_id) WHERE run_id = $1`,
    [run],
  );
  const pairs = await sql.row(
    `SELECT count(*) AS pairs, count(*) FILTER (WHERE is_new) AS new FROM facededup.run_pairs WHERE run_id = $1`,
    [run],
  );
  const groups = await sql.row(
    'SELECT count(DISTINCT position) AS groups FROM facededup.run_groups WHERE run_id = $1',
    [run],
  );
  const faces = Number(row?.['faces']);
  return {
    summary: {
      photos: Number(row?.['photos']),
      encoded: Number(row?.['encoded']),
      withoutFace: Number(row?.['without_face']),
      rejected: Number(row?.['rejected']),
      failed: Number(row?.['failed']),
      severalFaces: Number(row?.['several']),
      faces,
      newlyEncoded: Number(row?.['newly']),
      pairs: Number(pairs?.['pairs']),
      newPairs: Number(pairs?.['new']),
      groups: Number(groups?.['groups']),
    },
    pairsOfFaces: (faces * (faces - 1)) / 2 - Number(row?.['within']),
  };
}

async function failedPhotos(sql: Sql, run: number): Promise<FailedPhoto[]> {
  const rows = await sql.rows(
    `SELECT name, code, message FROM facededup.run_photos WHERE run_id = $1 AND state = 'failed' ORDER BY position`,
    [run],
  );
  return rows.map(({ name, code, message }) => ({
    photo: String(name),
    code: String(code),
    message: String(message),
  }));
}

async function waysOf(sql: Sql, run: number): Promise<WaysCompared> {
  const rows = await sql.rows(
    `SELECT origins.origin, sum(faces) AS faces FROM facededup.run_photos
     JOIN facededup.origins ON origins.id = origin_id WHERE run_id = $1 AND outcome = 'compared'
     GROUP BY origins.id ORDER BY min(position)`,
    [run],
  );
  return waysCompared(
    rows.map(({ origin, faces }) => ({
      faces: { length: Number(faces) },
      origin: JSON.parse(String(origin)) as EncodingOrigin,
    })),
  );
}

async function originOf(sql: Sql, run: number): Promise<EncodingOrigin> {
  const row = await sql.row(
    'SELECT origin FROM facededup.runs JOIN facededup.origins ON origins.id = origin_id WHERE runs.id = $1',
    [run],
  );
  return JSON.parse(String(row?.['origin'])) as EncodingOrigin;
}
