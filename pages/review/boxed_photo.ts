// A whole photo of the set with the box of one face drawn on it.

import { element } from '../shared/dom.js';
import { noImage, wholePhoto } from '../shared/face_overlay.js';
import { visible } from '../shared/names.js';
import { imageAddress, photoSize, sentenceOf } from './api.js';
import type { Side } from './pair_stage.js';
import { changedSince, photoName } from './parts.js';

export function boxedPhoto(set: string, { name, box, hasChanged }: Side): HTMLElement {
  const src = imageAddress(set, name);
  const place = element(
    'div',
    { class: 'photo-place' },
    element('p', { class: 'soft waiting' }, 'The photo is being fetched …'),
  );
  if (hasChanged) place.replaceChildren(noImage(changedSince));
  else
    photoSize(src).then(
      (size) => {
        place.style.setProperty('--ratio', String(size.width / size.height));
        place.replaceChildren(
          wholePhoto({
            src,
            alt: `Whole photo ${visible(name)} with the face marked`,
            ...size,
            boxes: [box],
          }),
        );
      },
      (failure: unknown) => place.replaceChildren(noImage(sentenceOf(failure))),
    );
  return element('figure', { class: 'photo-figure' }, place, element('figcaption', {}, photoName(name)));
}
