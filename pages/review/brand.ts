// The name of the house with its sign: two faces that overlap.

import { element, svgElement } from '../shared/dom.js';

export function brand(): HTMLElement {
  const circle = (cx: number) => svgElement('circle', { attributes: { cx, cy: 10, r: 7 } });
  return element(
    'span',
    { class: 'brand' },
    svgElement(
      'svg',
      { attributes: { viewBox: '0 0 28 20', width: 28, height: 20, 'aria-hidden': 'true' } },
      circle(9),
      circle(19),
    ),
    'facededup',
  );
}
