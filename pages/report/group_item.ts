// A group in the list: the faces of all its photos, and how much of it is held together by pairs.

import { count } from '../../lib/runs/words.js';
import { element } from '../shared/dom.js';
import { newMark, verdictMark } from '../shared/marks.js';
import { faceCrop } from './face_views.js';
import { type Face, fileOf, type Group, type Report } from './report.js';
import { visible } from '../shared/names.js';

export interface GroupItemOptions {
  /** More faces than this are shown when asked for. */
  readonly most: number;
  readonly onOpen: (face: Face) => void;
  readonly onMore: () => void;
}

export function groupItem(
  report: Report,
  group: Group,
  { most, onOpen, onMore }: GroupItemOptions,
): HTMLElement {
  const { faces, pairs, number } = group;
  const hidden = faces.length - most;
  return element(
    'article',
    {
      class: 'group card',
      attributes: { 'aria-label': `Group ${number} of ${count(faces.length, 'photo')}` },
    },
    element(
      'header',
      { class: 'group-head' },
      element(
        'h3',
        {},
        `Group ${number}`,
        element('span', { class: 'soft' }, ` ${count(faces.length, 'photo')}`),
      ),
      groupMarks(report, group),
      element('p', { class: 'soft small' }, cohesionInWords(group, report.data.facts.threshold)),
    ),
    element(
      'ul',
      { class: 'group-faces' },
      ...faces.slice(0, most).map((face) => element('li', {}, faceButton(report, face, onOpen))),
    ),
    hidden > 0 &&
      element(
        'button',
        { class: 'button', attributes: { type: 'button' }, on: { click: onMore } },
        `Show ${count(hidden, 'more photo')}`,
      ),
    pairs.length === 0 && element('p', { class: 'soft' }, 'Its pairs are not in this report.'),
  );
}

function faceButton(report: Report, face: Face, onOpen: (face: Face) => void): HTMLElement {
  const label = `Closest pair of ${fileOf(face)}`;
  return element(
    'button',
    {
      class: 'face-button',
      attributes: { type: 'button', 'aria-label': label, title: visible(face.photo.name) },
      on: { click: () => onOpen(face) },
    },
    faceCrop(report, face),
    element('span', { class: 'name small face-name' }, visible(face.photo.reference ?? '') || fileOf(face)),
  );
}

function groupMarks({ tellsNew }: Report, { pairs }: Group): HTMLElement {
  const verdicts = new Set(pairs.flatMap(({ verdict }) => verdict ?? []));
  return element(
    'div',
    { class: 'marks' },
    tellsNew && pairs.some(({ isNew }) => isNew) && newMark(),
    ...[...verdicts].sort().map(verdictMark),
  );
}

/** A group may be a chain: its ends need not be alike. */
function cohesionInWords({ faces, pairs }: Group, threshold: number): string {
  const possible = (faces.length * (faces.length - 1)) / 2;
  const [closest, farthest] = [pairs[0], pairs.at(-1)].map((pair) => pair?.distance.toFixed(3));
  const range = closest === farthest ? `distance ${closest}` : `distances ${closest} to ${farthest}`;
  if (possible === pairs.length)
    return possible === 1 ? range : `Every photo is close to every other; ${range}.`;
  return (
    `${pairs.length} of ${possible} possible pairs are below ${threshold}, ${range}: ` +
    'not every photo is close to every other.'
  );
}
