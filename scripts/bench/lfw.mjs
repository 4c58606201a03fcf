// Labeled Faces in the Wild: its folders and its list of pairs.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Reads DIR/pairs.txt and finds the photos below DIR/images or DIR.
 *
 * @returns {{ folds: { a: string, b: string, same: boolean }[][], photos: string[] }} paths of photos.
 */
export function readLfw(directory, pairsFile = join(directory, 'pairs.txt')) {
  const root = [join(directory, 'images'), directory].find((each) => existsSync(each)) ?? directory;
  const photoOf = (name, number) => join(root, name, `${name}_${number.padStart(4, '0')}.jpg`);
  const [head, ...lines] = readFileSync(pairsFile, 'utf8').split(/\r?\n/).filter(Boolean);
  const [first, second] = head.trim().split(/\s+/).map(Number);
  // The view with ten folds gives "folds, pairs of each kind"; a single list gives only the pairs.
  const [foldCount, pairsOfKind] = second === undefined ? [1, first] : [first, second];

  const pairs = lines.map((line) => {
    const fields = line.trim().split(/\s+/);
    if (fields.length === 3) {
      const [name, i, j] = fields;
      return { a: photoOf(name, i), b: photoOf(name, j), same: true };
    }
    const [nameA, i, nameB, j] = fields;
    return { a: photoOf(nameA, i), b: photoOf(nameB, j), same: false };
  });
  const perFold = 2 * pairsOfKind;
  if (pairs.length !== foldCount * perFold) {
    throw new Error(
      `${pairsFile} has ${pairs.length} pairs where its first line asks for ${foldCount * perFold}`,
    );
  }
  const folds = Array.from({ length: foldCount }, (_, fold) =>
    pairs.slice(fold * perFold, (fold + 1) * perFold),
  );
  return { folds, photos: [...new Set(pairs.flatMap(({ a, b }) => [a, b]))].sort() };
}

/**
 * LFW's rule: the face at the centre is the one that the photo is named for. Deep-funneled photos are 250×250.
 *
 * @param enlargement how many times as wide and high the photo was made.
 */
export function mostCentral(faces, enlargement = 1) {
  const centre = 125 * enlargement;
  const off = ({ box }) => Math.hypot(box.x + box.width / 2 - centre, box.y + box.height / 2 - centre);
  return faces.reduce((best, face) => (best && off(best) <= off(face) ? best : face), undefined);
}
