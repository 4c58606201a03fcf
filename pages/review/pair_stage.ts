// The pair under review: two aligned faces side by side, whose they are, how close they are, and the whole photos.

import type { ApiHistogram, ApiPair } from '../../lib/server/api.js';
import type { Box } from '../../lib/detections.js';
import { element } from '../shared/dom.js';
import { noImage } from '../shared/face_overlay.js';
import { newMark, verdictMark } from '../shared/marks.js';
import { visible } from '../shared/names.js';
import { faceAddress, faceSide, whyNoImage } from './api.js';
import { distanceScale } from './distance_scale.js';
import { inDistance } from './format.js';
import { changedSince, factList, photoName } from './parts.js';
import { boxedPhoto } from './boxed_photo.js';

export interface Side {
  readonly name: string;
  readonly reference: string | undefined;
  readonly box: Box;
  /** Whether the photo of this name is no longer the one that the run saw. */
  readonly hasChanged: boolean;
}

export interface Stage {
  readonly element: HTMLElement;
  /** Whether both faces can be seen; settled once that is known. */
  readonly seen: Promise<boolean>;
  showVerdict(verdict: ApiPair['verdict']): void;
  showPhotos(isWanted: boolean): void;
}

export function sidesOf(pair: ApiPair): readonly [Side, Side] {
  return [
    {
      name: pair.first,
      reference: pair.firstReference,
      box: pair.firstBox,
      hasChanged: pair.firstChanged === true,
    },
    {
      name: pair.second,
      reference: pair.secondReference,
      box: pair.secondBox,
      hasChanged: pair.secondChanged === true,
    },
  ];
}

export function pairStage(set: string, pair: ApiPair, histogram: ApiHistogram | undefined): Stage {
  const sides = sidesOf(pair);
  const faces = sides.map((side, index) => faceFigure(set, side, index === 0 ? 'First' : 'Second'));
  const stamp = element('p', { class: 'stamp soft' });
  const photos = element('div', { class: 'whole-photos', attributes: { hidden: true } });
  return {
    element: element(
      'article',
      { class: 'stage', attributes: { 'aria-label': `${visible(pair.first)} and ${visible(pair.second)}` } },
      element('div', { class: 'faces' }, stamp, ...faces.map((face) => face.element)),
      distancePanel(pair, histogram),
      photos,
    ),
    seen: Promise.all(faces.map((face) => face.isSeen)).then((seen) => seen.every(Boolean)),
    showVerdict: (verdict) => {
      stamp.replaceChildren(
        ...(verdict === undefined ? ['No verdict yet'] : ['Verdict: ', verdictMark(verdict)]),
      );
    },
    showPhotos: (isWanted) => {
      photos.hidden = !isWanted;
      if (isWanted && photos.childElementCount === 0)
        photos.append(...sides.map((side) => boxedPhoto(set, side)));
    },
  };
}

function faceFigure(set: string, { name, reference, box, hasChanged }: Side, which: string) {
  const src = faceAddress(set, name, box, faceSide);
  const image = element('img', {
    class: 'face-image',
    attributes: {
      alt: `${which} face, from ${visible(name)}`,
      width: faceSide,
      height: faceSide,
      decoding: 'async',
    },
  });
  const frame = element('div', { class: 'face-frame' }, image);
  const isSeen = new Promise<boolean>((resolve) => {
    if (hasChanged) {
      frame.replaceChildren(noImage(`This face cannot be shown. ${changedSince}`));
      resolve(false);
      return;
    }
    image.addEventListener('load', () => resolve(true));
    image.addEventListener('error', () => {
      frame.replaceChildren(noImage('This face cannot be shown.'));
      resolve(false);
      void whyNoImage(src).then((why) => {
        if (why !== undefined) frame.replaceChildren(noImage(`This face cannot be shown. ${why}`));
      });
    });
  });
  if (!hasChanged) image.src = src;
  const figure = element(
    'figure',
    { class: 'face' },
    frame,
    element(
      'figcaption',
      {},
      photoName(name),
      reference !== undefined &&
        element('span', { class: 'reference soft' }, 'Record ', element('bdi', {}, visible(reference))),
    ),
  );
  return { element: figure, isSeen };
}

function distancePanel(pair: ApiPair, histogram: ApiHistogram | undefined): HTMLElement {
  const below = histogram && histogram.threshold - pair.distance;
  return element(
    'section',
    { class: 'distance', attributes: { 'aria-label': 'Distance' } },
    element(
      'div',
      { class: 'distance-head' },
      element('span', { class: 'distance-value figure' }, inDistance(pair.distance)),
      element('span', { class: 'soft' }, 'distance'),
      pair.isNew && newMark(),
    ),
    histogram && distanceScale(pair.distance, histogram),
    factList([
      { words: 'Similarity', value: inDistance(pair.similarity) },
      ...(below === undefined ? [] : [{ words: 'Below the threshold by', value: inDistance(below) }]),
      { words: 'Rank in the run', value: pair.position + 1 },
    ]),
  );
}
