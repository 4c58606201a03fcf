// All pairs of a run as a list: thousands of them, of which only those in sight are fetched and drawn.

import type { ApiPair } from '../../lib/server/api.js';
import { element } from '../shared/dom.js';
import { newMark, verdictMark } from '../shared/marks.js';
import { visible } from '../shared/names.js';
import { VirtualList } from '../shared/virtual_list.js';
import { api, faceAddress, type PairsFilter, smallFaceSide } from './api.js';
import { FilterBar, pairsWords } from './filter_bar.js';
import { inCount, inDistance } from './format.js';
import { sidesOf } from './pair_stage.js';
import {
  changedSince,
  emptyState,
  failureNote,
  isMissing,
  linkButton,
  pageHeading,
  photoName,
  waiting,
} from './parts.js';
import type { Route } from './route.js';
import type { Context, View } from './view.js';

const pageSize = 100;

export class ListView implements View {
  readonly title = 'Pairs';
  readonly element: HTMLElement;
  readonly shortcuts;
  readonly #context: Context;
  readonly #filters: FilterBar;
  readonly #count = element('p', { class: 'soft figure', attributes: { role: 'status' } });
  readonly #place = element('div');
  readonly #list: VirtualList;
  #pairs: (ApiPair | undefined)[] = [];
  #asked = new Set<number>();
  #filter: PairsFilter;
  #run: number | undefined;
  #turn = 0;

  constructor(context: Context) {
    this.#context = context;
    this.#filter = context.route.filter;
    this.#run = context.route.run;
    this.#filters = new FilterBar(this.#filter, (filter) => context.go({ filter }));
    this.#list = new VirtualList({
      label: 'Pairs',
      render: (index) => this.#row(index),
      estimate: () => 108,
      onOpen: (index) => this.#open(index),
    });
    this.element = element(
      'div',
      { class: 'page' },
      pageHeading('Pairs', this.#count),
      this.#filters.element,
      this.#place,
    );
    this.shortcuts = [
      { keys: ['j'], words: 'Next pair', run: () => this.#list.move(1) },
      { keys: ['k'], words: 'Previous pair', run: () => this.#list.move(-1) },
      { keys: ['/'], words: 'Find a name or record', run: () => this.#filters.focusSearch() },
    ];
    void this.#begin();
  }

  follow(route: Route): boolean {
    this.#filter = route.filter;
    this.#run = route.run;
    this.#filters.show(route.filter);
    void this.#begin();
    return true;
  }

  close(): void {
    this.#list.close();
  }

  async #begin(): Promise<void> {
    const turn = ++this.#turn;
    this.#count.textContent = '';
    this.#place.replaceChildren(waiting('The pairs are being fetched …'));
    try {
      const page = await this.#fetch(0);
      if (turn !== this.#turn) return;
      this.#asked = new Set([0]);
      this.#pairs = Array.from({ length: page.total }, (_, index) => page.items[index]);
      this.#count.textContent = `${inCount(page.total)} ${pairsWords(this.#filter, page.total)}`;
      this.#place.replaceChildren(page.total === 0 ? noPairs() : this.#list.element);
      this.#list.show(page.total);
    } catch (failure) {
      if (turn === this.#turn) this.#place.replaceChildren(this.#whyNot(failure));
    }
  }

  #fetch(offset: number) {
    return api.pairs(this.#context.set, this.#run, this.#filter, offset, pageSize);
  }

  async #more(index: number): Promise<void> {
    const offset = Math.floor(index / pageSize) * pageSize;
    if (this.#asked.has(offset)) return;
    this.#asked.add(offset);
    const turn = this.#turn;
    try {
      const page = await this.#fetch(offset);
      if (turn !== this.#turn) return;
      page.items.forEach((pair, at) => (this.#pairs[offset + at] = pair));
      this.#list.refresh();
    } catch {
      // The banner says that the server does not answer; scrolling here again asks again.
      this.#asked.delete(offset);
    }
  }

  #row(index: number): HTMLElement {
    const pair = this.#pairs[index];
    if (!pair) {
      void this.#more(index);
      return element('article', { class: 'pair-row card', attributes: { 'aria-label': 'Being fetched' } });
    }
    const [first, second] = sidesOf(pair);
    return element(
      'article',
      {
        class: 'pair-row card',
        attributes: { 'aria-label': `${visible(pair.first)} and ${visible(pair.second)}` },
      },
      ...[first, second].map(({ name, box, hasChanged }) =>
        hasChanged
          ? element('span', { class: 'face-small', attributes: { title: changedSince } })
          : element('img', {
              class: 'face-small',
              attributes: {
                src: faceAddress(this.#context.set, name, box, smallFaceSide),
                alt: '',
                width: 84,
                height: 84,
                loading: 'lazy',
                decoding: 'async',
              },
            }),
      ),
      element(
        'div',
        { class: 'pair-names' },
        photoName(first.name),
        photoName(second.name),
        (first.reference ?? second.reference) !== undefined &&
          element(
            'span',
            { class: 'soft small name' },
            `Records ${visible(first.reference ?? '–')} and ${visible(second.reference ?? '–')}`,
          ),
      ),
      element(
        'div',
        { class: 'pair-marks' },
        pair.isNew && newMark(),
        pair.verdict && verdictMark(pair.verdict),
      ),
      element('span', { class: 'pair-distance figure' }, inDistance(pair.distance)),
      linkButton('Review', this.#linkTo(pair), 'quiet'),
    );
  }

  #linkTo(pair: ApiPair): string {
    return this.#context.linkTo({ view: 'pairs', item: pair.position, filter: this.#filter });
  }

  #open(index: number): void {
    const pair = this.#pairs[index];
    if (pair) this.#context.go({ view: 'pairs', item: pair.position, filter: this.#filter });
  }

  #whyNot(failure: unknown): HTMLElement {
    if (!isMissing(failure)) return failureNote(failure, () => void this.#begin());
    return emptyState(
      'No run yet',
      'The pairs of a run are listed here.',
      linkButton('Start a run', this.#context.linkTo({ view: 'runs', item: undefined }), 'primary'),
    );
  }
}

function noPairs(): HTMLElement {
  return emptyState(
    'No pair is like this',
    'Choose another verdict above, or take out the words to look for.',
  );
}
