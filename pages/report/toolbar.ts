// The bar above the list: pairs or groups, search, filters, order.

import { element } from '../shared/dom.js';
import { everything, type Filter, type Order } from './filter.js';

export type View = 'pairs' | 'groups';

export interface ToolbarOptions {
  readonly counts: Readonly<Record<View, number>>;
  readonly threshold: number;
  /** Whether some pairs are new and others are not. */
  readonly tellsNew: boolean;
  readonly onChange: (view: View, filter: Filter) => void;
  /** From the search field down into the list. */
  readonly onEnterList: () => void;
  readonly onPrint: () => void;
  readonly onHelp: () => void;
}

const orderWords: Readonly<Record<Order, string>> = {
  closest: 'Closest first',
  farthest: 'Farthest first',
  name: 'By name',
  largest: 'Largest group first',
};

export class Toolbar {
  readonly element: HTMLElement;
  readonly #options: ToolbarOptions;
  readonly #search: HTMLInputElement;
  readonly #verdict: HTMLSelectElement;
  readonly #order: HTMLSelectElement;
  readonly #onlyNew: HTMLInputElement;
  readonly #least: HTMLInputElement;
  readonly #most: HTMLInputElement;
  readonly #shown = element('p', { class: 'small figure shown', attributes: { role: 'status' } });
  readonly #views: Readonly<Record<View, HTMLButtonElement>>;
  readonly #reset: HTMLButtonElement;
  #view: View = 'pairs';

  constructor(options: ToolbarOptions) {
    this.#options = options;
    const change = () => this.#change();
    this.#search = element('input', {
      class: 'field search',
      attributes: {
        type: 'search',
        placeholder: 'Search names, references',
        'aria-label': 'Search names and references',
        autocomplete: 'off',
        spellcheck: 'false',
      },
      on: { input: change, keydown: (event) => this.#onSearchKey(event) },
    });
    this.#verdict = select('Verdict', change, {
      any: 'Any verdict',
      open: 'No verdict yet',
      same: 'Same person',
      unsure: 'Unsure',
      different: 'Different people',
    });
    this.#order = select('Order', change, orderWords);
    this.#onlyNew = element('input', { attributes: { type: 'checkbox' }, on: { change } });
    this.#least = this.#distance('Least distance', 'from 0');
    this.#most = this.#distance('Greatest distance', `to ${options.threshold}`);
    this.#views = { pairs: this.#viewButton('pairs', 'Pairs'), groups: this.#viewButton('groups', 'Groups') };
    this.#reset = button('Clear filters', () => this.reset());
    this.element = this.#build();
    this.#showView();
  }

  get view(): View {
    return this.#view;
  }

  get filter(): Filter {
    const number = (field: HTMLInputElement, otherwise: number) =>
      field.value === '' || Number.isNaN(field.valueAsNumber) ? otherwise : field.valueAsNumber;
    return {
      text: this.#search.value,
      verdict: this.#verdict.value as Filter['verdict'],
      onlyNew: this.#onlyNew.checked,
      least: number(this.#least, everything.least),
      most: number(this.#most, everything.most),
      order: this.#order.value as Order,
    };
  }

  /** @param shown of the current view. */
  say(shown: number): void {
    const total = this.#options.counts[this.#view];
    this.#shown.textContent =
      shown === total ? `${total} ${this.#view}` : `${shown} of ${total} ${this.#view}`;
    this.#reset.hidden = !this.#isFiltered();
  }

  focusSearch(): void {
    this.#search.focus();
    this.#search.select();
  }

  setView(view: View): void {
    this.#view = view;
    this.#showView();
    this.#change();
  }

  reset(): void {
    this.#search.value = '';
    this.#verdict.value = everything.verdict;
    this.#onlyNew.checked = false;
    this.#least.value = '';
    this.#most.value = '';
    this.#change();
  }

  #isFiltered(): boolean {
    const { text, verdict, onlyNew, least, most } = this.filter;
    return (
      text.trim() !== '' ||
      verdict !== everything.verdict ||
      onlyNew ||
      least !== everything.least ||
      most !== everything.most
    );
  }

  #build(): HTMLElement {
    const filters = element(
      'div',
      { class: 'filters', attributes: { id: 'filters' } },
      this.#verdict,
      this.#options.tellsNew && element('label', { class: 'check' }, this.#onlyNew, 'Only new'),
      element(
        'span',
        { class: 'range', attributes: { role: 'group', 'aria-label': 'Distance' } },
        element('span', { class: 'soft small', attributes: { 'aria-hidden': 'true' } }, 'Distance'),
        this.#least,
        element('span', { attributes: { 'aria-hidden': 'true' } }, '–'),
        this.#most,
      ),
      this.#order,
      this.#reset,
    );
    const toggle = button('Filters', () => {
      const isOpen = filters.classList.toggle('is-open');
      toggle.setAttribute('aria-expanded', String(isOpen));
    });
    toggle.classList.add('filters-toggle');
    toggle.setAttribute('aria-expanded', 'false');
    toggle.setAttribute('aria-controls', 'filters');
    const views = element(
      'div',
      { class: 'segments', attributes: { role: 'group', 'aria-label': 'Show' } },
      this.#views.pairs,
      this.#views.groups,
    );
    const help = button('?', this.#options.onHelp);
    help.setAttribute('aria-label', 'Keys');
    return element(
      'div',
      { class: 'toolbar not-printed', attributes: { role: 'search' } },
      element(
        'div',
        { class: 'page' },
        element(
          'div',
          { class: 'toolbar-row' },
          views,
          this.#search,
          toggle,
          this.#shown,
          button('Print', this.#options.onPrint, 'print-button'),
          help,
        ),
        filters,
      ),
    );
  }

  #viewButton(view: View, words: string): HTMLButtonElement {
    return element(
      'button',
      { attributes: { type: 'button' }, on: { click: () => this.setView(view) } },
      `${words} `,
      element('span', { class: 'figure' }, this.#options.counts[view]),
    );
  }

  #distance(label: string, placeholder: string): HTMLInputElement {
    return element('input', {
      class: 'field figure',
      attributes: {
        type: 'number',
        min: 0,
        step: 0.01,
        placeholder,
        'aria-label': label,
        inputmode: 'decimal',
      },
      on: { input: () => this.#change() },
    });
  }

  #showView(): void {
    for (const [view, each] of Object.entries(this.#views))
      each.setAttribute('aria-pressed', String(view === this.#view));
  }

  #onSearchKey(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this.#search.value !== '') {
      this.#search.value = '';
      this.#change();
    } else if (event.key === 'Enter' || event.key === 'Escape' || event.key === 'ArrowDown')
      this.#options.onEnterList();
    else return;
    event.preventDefault();
  }

  #change(): void {
    this.#options.onChange(this.#view, this.filter);
  }
}

function button(words: string, run: () => void, kind = ''): HTMLButtonElement {
  return element(
    'button',
    { class: `button ${kind}`, attributes: { type: 'button' }, on: { click: run } },
    words,
  );
}

function select(
  label: string,
  onChange: () => void,
  words: Readonly<Record<string, string>>,
): HTMLSelectElement {
  return element(
    'select',
    { class: 'field', attributes: { 'aria-label': label }, on: { change: onChange } },
    ...Object.entries(words).map(([value, text]) => element('option', { attributes: { value } }, text)),
  );
}
