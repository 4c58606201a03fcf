// Parts that a pair and a group are made of: a face crop, a photo's name, a distance.

import { element } from '../shared/dom.js';
import { noImage } from '../shared/face_overlay.js';
import { nameParts, visible } from '../shared/names.js';
import { type Face, fileOf, type Report } from './report.js';

/** Of a crop in the file, in pixels. */
const cropSide = 150;

/** @param letter tells two faces of a pair apart, beside their names as well. */
export function faceCrop(report: Report, face: Face, letter?: 'A' | 'B'): HTMLElement {
  const src = report.cropOf(face);
  const attributes = { width: cropSide, height: cropSide, decoding: 'async', draggable: 'false' };
  return element(
    'span',
    { class: 'crop' },
    src === undefined
      ? noImage(face.photo.problem ?? 'There is no image of this face.')
      : element('img', { attributes: { ...attributes, src, alt: `Face on ${fileOf(face)}` } }),
    letter && element('span', { class: 'letter', attributes: { 'aria-hidden': 'true' } }, letter),
  );
}

/** Without the folder that all photos share. */
export function photoName(report: Report, face: Face, letter: 'A' | 'B'): HTMLElement {
  const { folder: whole, file } = nameParts(face.photo.name);
  const folder = whole.slice(report.commonFolder.length);
  const { reference } = face.photo;
  return element(
    'p',
    { class: 'photo-name', attributes: { title: visible(face.photo.name) } },
    element('span', { class: 'letter', attributes: { 'aria-hidden': 'true' } }, letter),
    element(
      'span',
      {},
      reference !== undefined && element('b', { class: 'reference name' }, visible(reference)),
      element('bdi', { class: 'name file' }, file),
      folder !== '' && element('bdi', { class: 'name folder soft small' }, folder),
    ),
  );
}

/** As a figure and as a bar from 0 to the threshold. @param beside stands below the bar, after the similarity. */
export function distanceView(
  distance: number,
  threshold: number,
  ...beside: readonly HTMLElement[]
): HTMLElement {
  const part = Math.min(1, Math.max(0, distance / threshold));
  return element(
    'div',
    { class: 'distance' },
    element('span', { class: 'figure distance-figure' }, distance.toFixed(3)),
    ' ',
    element('span', { class: 'soft small' }, 'distance'),
    element(
      'span',
      { class: 'track', attributes: { 'aria-hidden': 'true' } },
      element('span', { style: { width: `${(part * 100).toFixed(1)}%` } }),
    ),
    element(
      'div',
      { class: 'marks' },
      element('span', { class: 'soft small figure' }, `similarity ${(1 - distance).toFixed(3)}`),
      ...beside,
    ),
  );
}
