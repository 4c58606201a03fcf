// The face boxes of dlib's image datasets (imglab's XML).

import { readFileSync } from 'node:fs';

/** @returns {{ photo: string, boxes: { x: number, y: number, width: number, height: number }[] }[]} */
export function readLabels(file) {
  const xml = readFileSync(file, 'latin1');
  return [...xml.matchAll(/<image file='([^']+)'[^>]*>([\s\S]*?)<\/image>/g)].map(([, photo, body]) => ({
    photo,
    boxes: [...body.matchAll(/<box ([^>]+)>/g)].map(([, attributes]) => {
      const read = (name) => Number(new RegExp(`\\b${name}='(-?\\d+)'`).exec(attributes)?.[1]);
      return { x: read('left'), y: read('top'), width: read('width'), height: read('height') };
    }),
  }));
}

function overlap(a, b) {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / (a.width * a.height + b.width * b.height - width * height);
}

/** How many labelled boxes have a detection of their own: best detections first, one for one. */
export function countMatches(detections, boxes, leastOverlap) {
  const left = [...boxes];
  let matches = 0;
  for (const { box } of detections) {
    const overlaps = left.map((label) => overlap(box, label));
    const best = overlaps.indexOf(Math.max(...overlaps));
    if (best < 0 || overlaps[best] < leastOverlap) continue;
    left.splice(best, 1);
    matches++;
  }
  return matches;
}
