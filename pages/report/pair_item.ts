// A pair in the list: two faces side by side, how far apart they are, whose photos they are.

import { element } from '../shared/dom.js';
import { newMark, verdictMark, verdictWords } from '../shared/marks.js';
import { distanceView, faceCrop, photoName } from './face_views.js';
import { fileOf, type Pair, type Report } from './report.js';

export function pairItem(report: Report, pair: Pair): HTMLElement {
  return element(
    'article',
    { class: 'pair card kept-together', attributes: { 'aria-label': pairInWords(report, pair) } },
    element('div', { class: 'faces' }, faceCrop(report, pair.first, 'A'), faceCrop(report, pair.second, 'B')),
    element(
      'div',
      { class: 'pair-text' },
      element(
        'div',
        { class: 'pair-head' },
        distanceView(pair.distance, report.data.facts.threshold),
        pairMarks(report, pair),
      ),
      element(
        'div',
        { class: 'pair-names' },
        photoName(report, pair.first, 'A'),
        photoName(report, pair.second, 'B'),
      ),
    ),
  );
}

export function pairMarks({ tellsNew }: Report, { isNew, verdict, number }: Pair): HTMLElement {
  return element(
    'div',
    { class: 'marks' },
    tellsNew && isNew && newMark(),
    verdict && verdictMark(verdict),
    element('span', { class: 'soft small figure' }, `#${number}`),
  );
}

function pairInWords({ tellsNew }: Report, pair: Pair): string {
  const { number, first, second, distance, isNew, verdict } = pair;
  const words = [`Pair ${number}: ${fileOf(first)} and ${fileOf(second)}`, `distance ${distance.toFixed(3)}`];
  if (tellsNew && isNew) words.push('new');
  if (verdict) words.push(verdictWords[verdict].toLowerCase());
  return words.join(', ');
}
