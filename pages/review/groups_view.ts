// Groups: photos that pairs join together, each likely one person.

import { element } from '../shared/dom.js';
import { visible } from '../shared/names.js';
import { VirtualList } from '../shared/virtual_list.js';
import { api, imageAddress } from './api.js';
import { amount } from './format.js';
import { emptyState, failureNote, isMissing, linkButton, pageHeading, photoName, waiting } from './parts.js';
import { openPairs } from './route.js';
import type { Context, View } from './view.js';

const pageSize = 200;

export class GroupsView implements View {
  readonly title = 'Groups';
  readonly element: HTMLElement;
  readonly shortcuts;
  readonly #context: Context;
  readonly #count = element('p', { class: 'soft figure', attributes: { role: 'status' } });
  readonly #place = element('div');
  readonly #list: VirtualList;
  #groups: readonly (readonly string[])[] = [];

  constructor(context: Context) {
    this.#context = context;
    this.#list = new VirtualList({
      label: 'Groups',
      render: (index) => this.#group(index),
      estimate: () => 230,
    });
    this.element = element(
      'div',
      { class: 'page' },
      pageHeading('Groups', this.#count),
      element(
        'p',
        { class: 'soft lead' },
        'Photos joined by pairs, directly or by way of others. A group is a claim to look into, not a verdict: each of its pairs has its own.',
      ),
      this.#place,
    );
    this.shortcuts = [
      { keys: ['j'], words: 'Next group', run: () => this.#list.move(1) },
      { keys: ['k'], words: 'Previous group', run: () => this.#list.move(-1) },
    ];
    void this.#begin();
  }

  close(): void {
    this.#list.close();
  }

  async #begin(): Promise<void> {
    this.#place.replaceChildren(waiting('The groups are being fetched …'));
    try {
      this.#groups = await allGroups(this.#context);
    } catch (failure) {
      this.#place.replaceChildren(this.#whyNot(failure));
      return;
    }
    this.#count.textContent = amount(this.#groups.length, 'group');
    if (this.#groups.length === 0)
      this.#place.replaceChildren(
        emptyState('No groups', 'The newest run found no pairs, so that no photos belong together.'),
      );
    else {
      this.#place.replaceChildren(this.#list.element);
      this.#list.show(this.#groups.length);
    }
  }

  #group(index: number): HTMLElement {
    const names = this.#groups[index] ?? [];
    return element(
      'article',
      {
        class: 'group card',
        attributes: { 'aria-label': `Group ${index + 1}: ${amount(names.length, 'photo')}` },
      },
      element(
        'h2',
        {},
        `Group ${index + 1}`,
        ' ',
        element('span', { class: 'soft' }, amount(names.length, 'photo')),
      ),
      element('ul', { class: 'group-photos' }, ...names.map((name) => this.#photo(name))),
    );
  }

  #photo(name: string): HTMLElement {
    const href = this.#context.linkTo({
      view: 'list',
      item: undefined,
      filter: { ...openPairs, verdict: 'any', query: name },
    });
    return element(
      'li',
      {},
      element(
        'a',
        { class: 'group-photo', attributes: { href, 'aria-label': `Pairs of ${visible(name)}` } },
        element('img', {
          attributes: {
            src: imageAddress(this.#context.set, name, 320),
            alt: '',
            loading: 'lazy',
            decoding: 'async',
          },
        }),
        photoName(name),
      ),
    );
  }

  #whyNot(failure: unknown): HTMLElement {
    if (!isMissing(failure)) return failureNote(failure, () => void this.#begin());
    return emptyState(
      'No run yet',
      'The groups of a run are shown here.',
      linkButton('Start a run', this.#context.linkTo({ view: 'runs', item: undefined }), 'primary'),
    );
  }
}

async function allGroups({ set, route }: Context): Promise<readonly (readonly string[])[]> {
  const groups: (readonly string[])[] = [];
  for (;;) {
    const page = await api.groups(set, route.run, groups.length, pageSize);
    groups.push(...page.items);
    if (page.items.length === 0 || groups.length >= page.total) return groups;
  }
}
