// Jobs in the queue, a part at a time, by where they are.

import type { ApiCluster } from '../../lib/server/api.js';
import { api } from '../review/api.js';
import { amount, inCount, inMoment } from '../review/format.js';
import { button } from '../review/parts.js';
import { element, setAttribute } from '../shared/dom.js';
import { table } from './run_cards.js';

type State = keyof ApiCluster['counts'];

const titles: Readonly<Record<State, string>> = {
  waiting: 'Waiting',
  active: 'Being done',
  delayed: 'Tried again later',
};
const shownAtOnce = 50;

export class JobList {
  readonly element: HTMLElement;
  readonly #onFailure: (failure: unknown) => void;
  readonly #buttons = new Map<State, HTMLButtonElement>();
  readonly #list = element('div', { class: 'scrolled' });
  readonly #words = element('p', { class: 'small soft', attributes: { role: 'status' } });
  readonly #back = button('Back', () => this.#go(this.#offset - shownAtOnce));
  readonly #on = button('On', () => this.#go(this.#offset + shownAtOnce));
  #state: State = 'active';
  #offset = 0;

  constructor(onFailure: (failure: unknown) => void) {
    this.#onFailure = onFailure;
    for (const state of Object.keys(titles) as State[])
      this.#buttons.set(
        state,
        element(
          'button',
          { attributes: { type: 'button' }, on: { click: () => this.#choose(state) } },
          titles[state],
        ),
      );
    this.element = element(
      'div',
      { class: 'stack' },
      element(
        'div',
        { class: 'segments', attributes: { role: 'group', 'aria-label': 'Which jobs' } },
        ...this.#buttons.values(),
      ),
      this.#list,
      this.#words,
      element('div', { class: 'actions' }, this.#back, this.#on),
    );
  }

  async show(counts: ApiCluster['counts']): Promise<void> {
    for (const [state, each] of this.#buttons) {
      each.textContent = `${titles[state]} (${inCount(counts[state])})`;
      setAttribute(each, 'aria-pressed', state === this.#state ? 'true' : 'false');
    }
    const [state, offset] = [this.#state, this.#offset];
    const { total, items } = await api.queuedJobs(state, offset, shownAtOnce);
    if (state !== this.#state || offset !== this.#offset) return;
    if (items.length === 0 && offset > 0) this.#offset = 0;
    this.#list.hidden = items.length === 0;
    this.#list.replaceChildren(
      table(
        ['Job', 'Run', 'Stage', 'Failed attempts', 'In the queue since', 'Taken up'],
        items.map(({ run, stage, number, attempts, queuedAt, takenAt }) => [
          inCount(number),
          String(run),
          stage,
          inCount(attempts),
          inMoment(queuedAt),
          takenAt === undefined ? '' : inMoment(takenAt),
        ]),
      ),
    );
    this.#words.textContent =
      items.length === 0
        ? 'No job is there.'
        : `${inCount(offset + 1)} to ${inCount(offset + items.length)} of ${amount(total, 'job')}, longest there first`;
    this.#back.hidden = offset === 0;
    this.#on.hidden = offset + items.length >= total;
  }

  #choose(state: State): void {
    this.#state = state;
    for (const [each, chosen] of this.#buttons)
      setAttribute(chosen, 'aria-pressed', each === state ? 'true' : 'false');
    this.#go(0);
  }

  #go(offset: number): void {
    this.#offset = Math.max(0, offset);
    api
      .cluster()
      .then(({ counts }) => this.show(counts))
      .catch(this.#onFailure);
  }
}
