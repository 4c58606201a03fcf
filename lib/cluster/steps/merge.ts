// The step after matching: the pairs of all tiles as pairs of photos, without those that are ruled out, closest first.

import { type DuplicatePair, mergeTilePairs } from '../../duplicates/index.js';
import type { KeptFace } from '../../encodings/kept_encodings.js';
import { describedPairs } from '../../runs/described_pairs.js';
import type { FacesPolicy } from '../../runs/findings.js';
import { comparedFaces } from '../../runs/gather.js';
import { ruledOut } from '../../runs/ruled_out.js';
import { pairKey } from '../../store/run_table.js';
import { partsOf } from '../parts.js';
import type { Sql } from '../postgres/database.js';
import { decisionIndex } from '../postgres/decisions.js';
import { keepKnown, knownPairs, type NearPair } from '../postgres/known_pairs.js';
import { keepFoundPairs, pairsBefore } from '../postgres/results.js';
import { countOfLists } from '../postgres/lists.js';
import { namesOfBlocks, pairsOfTiles } from '../postgres/tiles.js';
import type { Step, StepContext } from './step.js';

const photosTogether = 1000;

/** A photo that is in a pair. */
interface PairedPhoto {
  readonly reference: string | undefined;
  readonly id: number;
  readonly isOld: boolean;
}

export const merge: Step = async ({ store, job, begun, signal }) => {
  const { run } = job;
  const { request } = begun.facts;
  await store.runs.complete(job, async (sql) => {
    const byLists = (await countOfLists(sql, run)) !== undefined;
    const names = await namesOfBlocks(sql, run, byLists);
    const ofSet = { run, set: begun.setId };
    const all = async function* () {
      yield* pairsOfTiles(sql, store.sealing, run);
      yield* knownPairs(
        sql,
        ofSet,
        request.threshold,
        names.map(({ length }) => length),
      );
    };
    const close = await mergeTilePairs(all(), names, { isWhole: !byLists, signal });
    const photos = await photosNamed(sql, run, namesIn(close));
    await keepKnown(sql, ofSet, request, newlyFound(close, photos), byLists);
    const references = new Map(
      [...photos].flatMap(([name, { reference }]) => (reference === undefined ? [] : [[name, reference]])),
    );
    const decisions = await decisionIndex(sql, begun.setId);
    const isRuledOut = ruledOut({ references }, request.ignoredPairs, decisions);
    const found = close.filter(({ first, second }) => !isRuledOut(first, second));
    const before = await pairsBefore(sql, begun.setId, run);
    const pairs = describedPairs(found, {
      facesOf: await facesOf(sql, store, run, namesIn(found), request.policy),
      references,
      decisions,
      isNew: ({ first, second }) => !before.has(pairKey(first, second)),
    });
    await keepFoundPairs(sql, run, pairs, (photo) => photos.get(photo)?.id);
  });
};

function newlyFound(pairs: readonly DuplicatePair[], photos: ReadonlyMap<string, PairedPhoto>): NearPair[] {
  return pairs.flatMap(({ first, second, distance }) => {
    const [a, b] = [photos.get(first), photos.get(second)];
    if (!a || !b || (a.isOld && b.isOld)) return [];
    return [{ firstId: Math.min(a.id, b.id), secondId: Math.max(a.id, b.id), distance }];
  });
}

function namesIn(pairs: readonly { readonly first: string; readonly second: string }[]): string[] {
  const names = new Set<string>();
  for (const { first, second } of pairs) names.add(first).add(second);
  return [...names];
}

async function photosNamed(
  sql: Sql,
  run: number,
  names: readonly string[],
): Promise<ReadonlyMap<string, PairedPhoto>> {
  const photos = new Map<string, PairedPhoto>();
  for (const some of partsOf(names, photosTogether)) {
    const rows = await sql.rows(
      `SELECT name, reference, photo_id, is_old FROM facededup.run_photos
       WHERE run_id = $1 AND name = ANY ($2::text[])`,
      [run, some],
    );
    for (const row of rows)
      photos.set(String(row['name']), {
        reference: row['reference'] === null ? undefined : String(row['reference']),
        id: Number(row['photo_id']),
        isOld: row['is_old'] === true,
      });
  }
  return photos;
}

async function facesOf(
  sql: Sql,
  { contents }: StepContext['store'],
  run: number,
  names: readonly string[],
  policy: FacesPolicy,
): Promise<ReadonlyMap<string, readonly KeptFace[]>> {
  const faces = new Map<string, readonly KeptFace[]>();
  for (const some of partsOf(names, photosTogether)) {
    const rows = await sql.rows(
      `SELECT run_photos.name, contents.digest, origins.digest AS origin, contents.faces
       FROM facededup.run_photos JOIN facededup.contents USING (digest, origin_id)
         JOIN facededup.origins ON origins.id = contents.origin_id
       WHERE run_id = $1 AND run_photos.name = ANY ($2::text[])`,
      [run, some],
    );
    for (const row of rows) faces.set(String(row['name']), comparedFaces(contents.facesOf(row), policy));
  }
  return faces;
}
