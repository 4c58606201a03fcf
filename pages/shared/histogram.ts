// A histogram of distances with the threshold drawn in: a picture for the eye, a table for a screen reader.

import { element, svgElement } from './dom.js';

/** counts[i] pairs have a distance in [from + i × width, from + (i + 1) × width). */
export interface Histogram {
  readonly threshold: number;
  readonly from: number;
  readonly width: number;
  readonly counts: readonly number[];
}

const view = { width: 380, height: 190, left: 38, right: 8, top: 28, bottom: 36 } as const;

/** Of distances in bins of `width`, from 0 up to the threshold, which lies on the edge of a bin or within the last. */
export function histogramOf(distances: readonly number[], threshold: number, width = 0.02): Histogram {
  const bins = Math.max(1, Math.ceil(threshold / width - 1e-9));
  const counts = new Array<number>(bins).fill(0);
  for (const distance of distances) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(distance / width + 1e-9)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { threshold, from: 0, width, counts };
}

export function drawHistogram(histogram: Histogram): HTMLElement {
  const { threshold, from, width, counts } = histogram;
  const end = Math.max(from + width * counts.length, threshold);
  // Some room to the right of the threshold shows that nothing beyond it was looked for.
  const last = from + (end - from) * 1.06;
  const most = niceAbove(Math.max(...counts, 1));
  const plotWidth = view.width - view.left - view.right;
  const plotHeight = view.height - view.top - view.bottom;
  const x = (distance: number) => view.left + ((distance - from) / (last - from)) * plotWidth;
  const y = (pairs: number) => view.top + plotHeight * (1 - pairs / most);
  const base = y(0);

  const bars = counts.map((pairs, bin) => {
    const [left, right] = [x(from + bin * width), x(Math.min(from + (bin + 1) * width, end))];
    const bar = {
      x: left + 0.75,
      y: y(pairs),
      width: Math.max(1, right - left - 1.5),
      height: base - y(pairs),
    };
    return pairs > 0 && svgElement('rect', { class: 'bar', attributes: { ...bar, rx: 1.5 } });
  });
  const drawing = svgElement(
    'svg',
    {
      class: 'histogram',
      attributes: {
        viewBox: `0 0 ${view.width} ${view.height}`,
        role: 'img',
        'aria-label': inWords(histogram),
      },
    },
    ...bars,
    line('axis', view.left, base, view.width - view.right, base),
    ...ticks(from, last).map((tick) => text(shorten(tick), x(tick), base + 15, 'middle')),
    text('distance', view.width - view.right, base + 31, 'end'),
    text('pairs', view.left - 6, view.top - 12, 'end'),
    text(String(most), view.left - 6, y(most) + 4, 'end'),
    text('0', view.left - 6, base + 4, 'end'),
    line('threshold', x(threshold), view.top - 6, x(threshold), base),
    text(`threshold ${shorten(threshold)}`, x(threshold) - 6, view.top - 10, 'end', 'threshold-label'),
  );
  return element('div', { class: 'histogram-frame' }, drawing, asTable(histogram));
}

function inWords({ threshold, counts }: Histogram): string {
  const pairs = counts.reduce((sum, count) => sum + count, 0);
  return `Histogram of the distances of ${pairs} pairs, all below the threshold of ${shorten(threshold)}`;
}

function asTable({ from, width, counts }: Histogram): HTMLElement {
  const rows = counts.flatMap((pairs, bin) =>
    pairs === 0
      ? []
      : [
          element(
            'tr',
            {},
            element('td', {}, `${shorten(from + bin * width)} to ${shorten(from + (bin + 1) * width)}`),
            element('td', {}, pairs),
          ),
        ],
  );
  return element(
    'table',
    { class: 'unseen' },
    element('caption', {}, 'Pairs by distance'),
    element('thead', {}, element('tr', {}, heading('Distance'), heading('Pairs'))),
    element('tbody', {}, ...rows),
  );
}

function heading(words: string): HTMLElement {
  return element('th', { attributes: { scope: 'col' } }, words);
}

function line(kind: string, x1: number, y1: number, x2: number, y2: number): SVGElement {
  return svgElement('line', { class: kind, attributes: { x1, y1, x2, y2 } });
}

function text(words: string, x: number, y: number, anchor: 'middle' | 'end', kind?: string): SVGElement {
  return svgElement('text', { class: kind, attributes: { x, y, 'text-anchor': anchor } }, words);
}

function ticks(from: number, to: number): number[] {
  const step = [0.05, 0.1, 0.2, 0.5].find((each) => (to - from) / each <= 8) ?? niceAbove((to - from) / 8);
  const first = Math.ceil(from / step - 1e-9);
  return Array.from(
    { length: Math.floor(to / step + 1e-9) - first + 1 },
    (_, index) => (first + index) * step,
  );
}

/** 1, 2 or 5 times a power of ten, at least `value`. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
}

function shorten(value: number): string {
  return String(Number(value.toFixed(4)));
}
