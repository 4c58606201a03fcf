// Where one pair's distance lies: among those of all pairs, and against the threshold.

import type { ApiHistogram } from '../../lib/server/api.js';
import { svgElement } from '../shared/dom.js';
import { inDistance } from './format.js';

const view = { width: 280, height: 84, top: 16, base: 64 } as const;

export function distanceScale(distance: number, histogram: ApiHistogram): SVGElement {
  const { threshold, from, width, counts } = histogram;
  const end = Math.max(threshold, from + width * counts.length, distance) * 1.04;
  const start = Math.min(from, distance);
  const x = (value: number) => ((value - start) / (end - start)) * view.width;
  const most = Math.max(1, ...counts);
  const bin = Math.floor((distance - from) / width + 1e-9);
  const bars = counts.map((count, index) => {
    const height = count === 0 ? 0 : Math.max(2, (count / most) * (view.base - view.top));
    return svgElement('rect', {
      class: index === bin ? 'bar here' : 'bar',
      attributes: {
        x: x(from + index * width) + 0.5,
        y: view.base - height,
        width: Math.max(1, x(from + width) - x(from) - 1),
        height,
      },
    });
  });
  return svgElement(
    'svg',
    {
      class: 'distance-scale',
      attributes: {
        viewBox: `0 0 ${view.width} ${view.height}`,
        role: 'img',
        'aria-label': `${inDistance(distance)} on a scale of all pairs’ distances up to the threshold of ${threshold}`,
      },
    },
    ...bars,
    line('axis', 0, view.base, view.width, view.base),
    line('threshold', x(threshold), view.top - 8, x(threshold), view.base),
    line('pointer', x(distance), view.top - 8, x(distance), view.base + 5),
    label('0' === inDistance(start) ? '0' : String(Number(start.toFixed(2))), 0, 'start'),
    label(`threshold ${Number(threshold.toFixed(4))}`, Math.min(view.width, x(threshold)), 'end'),
  );
}

function line(kind: string, x1: number, y1: number, x2: number, y2: number): SVGElement {
  return svgElement('line', { class: kind, attributes: { x1, y1, x2, y2 } });
}

function label(words: string, x: number, anchor: 'start' | 'end'): SVGElement {
  return svgElement('text', { attributes: { x, y: view.base + 17, 'text-anchor': anchor } }, words);
}
