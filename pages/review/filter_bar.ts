// Which pairs are shown, and in what order: the same controls above the review and the list.

import type { ApiVerdictFilter } from '../../lib/server/api.js';
import { type Child, element } from '../shared/dom.js';
import type { PairOrder, PairsFilter } from './api.js';

const verdicts: readonly (readonly [ApiVerdictFilter, string])[] = [
  ['open', 'Open'],
  ['same', 'Same'],
  ['different', 'Different'],
  ['unsure', 'Unsure'],
  ['any', 'All'],
];

export class FilterBar {
  readonly element: HTMLElement;
  readonly #buttons: ReadonlyMap<ApiVerdictFilter, HTMLButtonElement>;
  readonly #isNew = element('input', { attributes: { type: 'checkbox' } });
  readonly #query = element('input', {
    class: 'field search',
    attributes: {
      type: 'search',
      placeholder: 'Find a name or record',
      'aria-label': 'Find pairs by the name of a photo or its record',
      spellcheck: 'false',
    },
  });
  readonly #order = element(
    'select',
    { class: 'field', attributes: { 'aria-label': 'Order' } },
    element('option', { attributes: { value: 'closest' } }, 'Closest first'),
    element('option', { attributes: { value: 'farthest' } }, 'Farthest first'),
  );
  #filter: PairsFilter;

  constructor(filter: PairsFilter, onChange: (filter: PairsFilter) => void, ...after: readonly Child[]) {
    this.#filter = filter;
    const change = (part: Partial<PairsFilter>) => {
      this.show({ ...this.#filter, ...part });
      onChange(this.#filter);
    };
    this.#buttons = new Map(
      verdicts.map(([verdict, words]) => [
        verdict,
        element(
          'button',
          { attributes: { type: 'button' }, on: { click: () => change({ verdict }) } },
          words,
        ),
      ]),
    );
    this.#isNew.addEventListener('change', () => change({ isNew: this.#isNew.checked }));
    this.#query.addEventListener('change', () => change({ query: this.#query.value.trim() }));
    this.#order.addEventListener('change', () => change({ order: this.#order.value as PairOrder }));
    this.element = element(
      'search',
      { class: 'filter-bar' },
      element(
        'div',
        { class: 'segments', attributes: { role: 'group', 'aria-label': 'Verdict' } },
        ...this.#buttons.values(),
      ),
      element('label', { class: 'check' }, this.#isNew, 'New since the last run'),
      this.#query,
      this.#order,
      ...after,
    );
    this.show(filter);
  }

  show(filter: PairsFilter): void {
    this.#filter = filter;
    for (const [verdict, shown] of this.#buttons)
      shown.setAttribute('aria-pressed', String(verdict === filter.verdict));
    this.#isNew.checked = filter.isNew;
    this.#query.value = filter.query;
    this.#order.value = filter.order;
  }

  focusSearch(): void {
    this.#query.focus();
    this.#query.select();
  }
}

/** '184 open pairs', '1 new pair that is unsure'. */
export function pairsWords({ verdict, isNew, query }: PairsFilter, count: number): string {
  const kinds: Readonly<Record<ApiVerdictFilter, string>> = {
    open: 'open ',
    same: 'same-person ',
    different: 'different-people ',
    unsure: 'unsure ',
    any: '',
  };
  const found = query === '' ? '' : ` with ‘${query}’`;
  return `${isNew ? 'new ' : ''}${kinds[verdict]}${count === 1 ? 'pair' : 'pairs'}${found}`;
}
