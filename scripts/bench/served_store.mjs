// A root of photos and a store that knows them, with a run of pairs: what `facededup serve` shows, made without an engine.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { FaceStore } from '../../dist/esm/index.js';
import { sha256Of } from '../../dist/esm/digest.js';
import { benchPhotos } from './places.mjs';
import { drawEncodings } from './synthetic.mjs';

const side = 1600;
/** As in LFW, whose faces lie in the middle. */
const box = { x: side * 0.3, y: side * 0.3, width: side * 0.4, height: side * 0.4 };
const pairsOfEach = 5;

/**
 * @param {string} folder for `faces.db` and `photos/`.
 * @returns {Promise<{ store: string, root: string, names: string[], pairs: [string, string][], box: object }>}
 */
export async function fillStore(folder, { count, photos }) {
  const root = join(folder, 'photos');
  mkdirSync(root);
  const sources = await benchPhotos(photos, count);
  const names = [];
  for (const [index, source] of sources.entries()) {
    const name = join(root, `${String(index).padStart(5, '0')}.jpg`);
    const jpeg = await sharp(source).resize(side, side, { fit: 'cover' }).jpeg().toBuffer();
    writeFileSync(name, jpeg);
    names.push(name);
  }
  const path = join(folder, 'faces.db');
  const store = new FaceStore(path);
  const set = store.set();
  const origin = { models: { encoder: 'bench' }, options: {} };
  const { encodings } = drawEncodings({ count: names.length });
  await set.photos.import(
    names.map((photo, index) => ({
      photo,
      digest: `sha256 ${sha256Of(readFileSync(photo))}`,
      origin,
      faces: [{ box, confidence: 0.99, encoding: encodings[index] }],
    })),
  );
  const pairs = names.flatMap((first, index) =>
    names.slice(index + 1, index + 1 + pairsOfEach).map((second) => [first, second]),
  );
  set.runs.keep(findingsOf(names.length, pairs));
  store.close();
  return { store: path, root, names, pairs, box };
}

function findingsOf(photos, pairs) {
  const now = new Date().toISOString();
  const none = { withoutFace: 0, rejected: 0, failed: 0, severalFaces: 0, groups: 0 };
  return {
    startedAt: now,
    finishedAt: now,
    threshold: 0.4,
    policy: 'all',
    summary: {
      ...none,
      ...{ photos, encoded: photos, faces: photos, newlyEncoded: photos },
      ...{ pairs: pairs.length, newPairs: pairs.length },
    },
    pairs: pairs.map(([first, second], index) => ({
      first,
      second,
      distance: (0.4 * index) / pairs.length,
      similarity: 1 - (0.4 * index) / pairs.length,
      firstBox: box,
      secondBox: box,
      isNew: true,
    })),
    groups: [],
    withoutFace: [],
    rejected: [],
    failed: [],
    expectedFalseMatches: {
      pairsCompared: 0,
      falseMatchRate: 0,
      falseMatchRateInterval: [0, 0],
      expected: 0,
      expectedInterval: [0, 0],
      basis: 'Of a bench.',
    },
  };
}
