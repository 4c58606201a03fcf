// Paper: what the filter shows is laid out whole before printing, and taken off again after it.

import { element } from '../shared/dom.js';

export interface Printed {
  /** Of what the filter shows. */
  readonly total: number;
  readonly unit: string;
  readonly item: (index: number) => HTMLElement;
}

/** More would make a browser run out of breath, and nobody reads so many on paper. */
const most = 500;

/** @param printed what the filter shows when it comes to printing. @returns prints. */
export function preparePrinting(printed: () => Printed): () => void {
  const sheet = element('div', { class: 'printed', attributes: { 'aria-hidden': 'true' } });
  document.body.append(sheet);

  const layOut = () => {
    const { total, unit, item } = printed();
    const length = Math.min(total, most);
    sheet.replaceChildren(
      element(
        'p',
        { class: 'soft' },
        length === total
          ? `${total} ${unit}.`
          : `The first ${length} of ${total} ${unit}: filter them to print others.`,
      ),
      ...Array.from({ length }, (_, index) => item(index)),
    );
  };
  // On paper nothing can be opened any more.
  const closed = new Set<HTMLDetailsElement>();
  const open = () => {
    for (const details of document.querySelectorAll<HTMLDetailsElement>('details:not([open])')) {
      closed.add(details);
      details.open = true;
    }
  };
  const takeOff = () => {
    sheet.replaceChildren();
    for (const details of closed) details.open = false;
    closed.clear();
  };
  window.addEventListener('beforeprint', () => {
    open();
    if (sheet.childElementCount === 0) layOut();
  });
  window.addEventListener('afterprint', takeOff);

  return () => {
    layOut();
    const images = [...sheet.querySelectorAll('img')].map((image) => image.decode().catch(() => undefined));
    void Promise.all(images).then(() => window.print());
  };
}
