// The bar at the top of the server's pages: the brand, where else there is to go, and what a page adds.

import { type Child, element } from '../shared/dom.js';
import { brand } from './brand.js';

export function topBar(links: readonly Child[], ...others: readonly Child[]): HTMLElement {
  return element(
    'header',
    { class: 'top' },
    brand(),
    element('nav', { attributes: { 'aria-label': 'Main' } }, ...links),
    ...others,
  );
}
