// A whole photo with a box drawn around a face on it.

import type { Box } from '../../lib/detections.js';
import { type Child, element, svgElement } from './dom.js';

export interface WholePhoto {
  /** Of an image of the upright photo, of any size. */
  readonly src: string;
  /** What the photo is, for those who do not see it. */
  readonly alt: string;
  /** Of the upright photo, in whose pixels the boxes are given. */
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  /** Called when the image cannot be shown. */
  readonly onError?: (() => void) | undefined;
}

export function wholePhoto({ src, alt, width, height, boxes, onError }: WholePhoto): HTMLElement {
  const image = element('img', {
    attributes: { src, alt, width, height, decoding: 'async' },
    on: { error: () => onError?.() },
  });
  const overlay = svgElement(
    'svg',
    { attributes: { viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' } },
    ...boxes.flatMap((box) => [rectangle('face-box-ground', box), rectangle('face-box', box)]),
  );
  const style = { '--ratio': String(width / height), '--twice': `${2 * width}px` };
  return element('span', { class: 'whole-photo', style }, image, overlay);
}

/** What stands where an image cannot, with the reason. */
export function noImage(...reason: readonly Child[]): HTMLElement {
  return element('span', { class: 'no-image' }, ...reason);
}

function rectangle(kind: string, { x, y, width, height }: Box): SVGElement {
  return svgElement('rect', {
    class: kind,
    attributes: {
      x,
      y,
      width,
      height,
      'vector-effect': 'non-scaling-stroke',
      rx: Math.min(width, height) / 50,
    },
  });
}
