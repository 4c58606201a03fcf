// A pair opened: the whole photos with their face boxes, and all that is known of both.

import { element } from '../shared/dom.js';
import { noImage, wholePhoto } from '../shared/face_overlay.js';
import { visible } from '../shared/names.js';
import { distanceView, faceCrop } from './face_views.js';
import { pairMarks } from './pair_item.js';
import { type Face, fileOf, type Pair, type Report } from './report.js';

export class PairDialog {
  readonly element: HTMLDialogElement;
  readonly #report: Report;
  #pairs: readonly Pair[] = [];
  #at = 0;

  /** @param onClose gets the pair that was looked at last. */
  constructor(report: Report, onClose: (pair: Pair) => void) {
    this.#report = report;
    this.element = element('dialog', {
      class: 'pair-dialog',
      attributes: { 'aria-labelledby': 'pair-title' },
      on: {
        close: () => {
          const pair = this.#pairs[this.#at];
          if (pair) onClose(pair);
        },
        // On the backdrop, which is the dialog itself outside its content.
        click: (event) => {
          if (event.target === this.element && !isInside(event, this.element)) this.element.close();
        },
      },
    });
  }

  get isOpen(): boolean {
    return this.element.open;
  }

  open(pairs: readonly Pair[], at: number): void {
    this.#pairs = pairs;
    this.#at = at;
    this.#fill();
    if (!this.isOpen) this.element.showModal();
    this.element.querySelector<HTMLElement>('#pair-title')?.focus();
  }

  move(by: number): void {
    const to = this.#at + by;
    if (to >= 0 && to < this.#pairs.length) this.open(this.#pairs, to);
  }

  #fill(): void {
    const pair = this.#pairs[this.#at];
    if (!pair) return;
    const title = `Pair ${this.#at + 1} of ${this.#pairs.length}`;
    this.element.replaceChildren(
      element(
        'header',
        { class: 'dialog-head' },
        element('h2', { attributes: { id: 'pair-title', tabindex: '-1' } }, title),
        element(
          'div',
          { class: 'dialog-buttons' },
          this.#button('Previous', () => this.move(-1), this.#at > 0),
          this.#button('Next', () => this.move(1), this.#at < this.#pairs.length - 1),
          this.#button('Close', () => this.element.close(), true),
        ),
      ),
      element(
        'div',
        { class: 'dialog-distance' },
        distanceView(pair.distance, this.#report.data.facts.threshold, ...pairMarks(this.#report, pair)),
      ),
      element('div', { class: 'sides' }, this.#side(pair.first, 'A'), this.#side(pair.second, 'B')),
    );
  }

  #button(words: string, run: () => void, isEnabled: boolean): HTMLElement {
    return element(
      'button',
      { class: 'button', attributes: { type: 'button', disabled: !isEnabled }, on: { click: run } },
      words,
    );
  }

  #side(face: Face, letter: 'A' | 'B'): HTMLElement {
    const { photo, box } = face;
    const whole = Math.round;
    return element(
      'section',
      { class: 'side', attributes: { 'aria-label': `Photo ${letter}` } },
      faceCrop(this.#report, face, letter),
      element(
        'dl',
        { class: 'side-facts' },
        ...fact('Photo', element('bdi', { class: 'name' }, visible(photo.name))),
        ...(photo.reference === undefined
          ? []
          : fact('Reference', element('bdi', { class: 'name' }, visible(photo.reference)))),
        ...(photo.width === undefined ? [] : fact('Size', `${photo.width} × ${photo.height} pixels`)),
        ...(box.width > 0
          ? fact(
              'Face',
              `${whole(box.width)} × ${whole(box.height)} pixels at ${whole(box.x)}, ${whole(box.y)}`,
            )
          : []),
      ),
      wholeView(this.#report, face),
    );
  }
}

function fact(name: string, value: string | Node): HTMLElement[] {
  return [element('dt', { class: 'soft' }, name), element('dd', {}, value)];
}

function wholeView(report: Report, face: Face): HTMLElement {
  const { photo, box } = face;
  const alt = `The whole photo ${fileOf(face)} with the face marked`;
  const boxes = box.width > 0 ? [box] : [];
  const src = report.wholeOf(photo);
  if (src !== undefined && photo.width !== undefined && photo.height !== undefined)
    return wholePhoto({ src, alt, width: photo.width, height: photo.height, boxes });
  if (photo.link === undefined)
    return noImage(photo.problem ?? 'The whole photo is not part of this report.');
  return linkedPhoto(photo.link, alt, boxes);
}

/** Its size is known once the browser has read it, upright as EXIF says. */
function linkedPhoto(link: string, alt: string, boxes: readonly Face['box'][]): HTMLElement {
  const place = noImage('The photo is read from where it lay when this report was made…');
  const image = new Image();
  image.addEventListener('load', () => {
    const { naturalWidth: width, naturalHeight: height } = image;
    place.replaceWith(wholePhoto({ src: link, alt, width, height, boxes }));
  });
  image.addEventListener('error', () => {
    place.textContent =
      'The photo is no longer where it lay when this report was made, or this browser cannot show it.';
  });
  image.src = link;
  return place;
}

function isInside({ clientX, clientY }: MouseEvent, target: Element): boolean {
  const { left, right, top, bottom } = target.getBoundingClientRect();
  return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
}
