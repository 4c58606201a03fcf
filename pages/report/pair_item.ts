// A pair in the list: two faces side by side, how far apart they are, whose photos they are.

import { element } from '../shared/dom.js';
import { newMark, verdictMark, verdictWords } from '../shared/marks.js';
import { distanceView, faceCrop, photoName } from './face_views.js';
import { fileOf, type Pair, type Report } from './report.js';

export function pairItem(report: Report, pair: Pair): HTMLElement {
  const { first, second, number, distance } = pair;
  return element(
    'article',
    { class: 'pair card', attributes: { 'aria-label': pairInWords(report, pair) } },
    element('div', { class: 'faces' }, faceCrop(report, first, 'A'), faceCrop(report, second, 'B')),
    element(
      'div',
      { class: 'pair-text' },
      element(
        'div',
        { class: 'pair-head' },
        element('span', { class: 'soft small figure pair-number' }, `#${number}`),
        distanceView(distance, report.data.facts.threshold, ...pairMarks(report, pair)),
      ),
      element('div', { class: 'pair-names' }, photoName(report, first, 'A'), photoName(report, second, 'B')),
    ),
  );
}

export function pairMarks({ tellsNew }: Report, { isNew, verdict }: Pair): HTMLElement[] {
  return [...(tellsNew && isNew ? [newMark()] : []), ...(verdict ? [verdictMark(verdict)] : [])];
}

function pairInWords({ tellsNew }: Report, pair: Pair): string {
  const { number, first, second, distance, isNew, verdict } = pair;
  const words = [`Pair ${number}: ${fileOf(first)} and ${fileOf(second)}`, `distance ${distance.toFixed(3)}`];
  if (tellsNew && isNew) words.push('new');
  if (verdict) words.push(verdictWords[verdict].toLowerCase());
  return words.join(', ');
}
