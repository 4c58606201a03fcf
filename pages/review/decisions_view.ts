// Decisions: all that hold, taken back one by one, exported, and pairs that are ignored without having been found.

import type { ApiDecision } from '../../lib/server/api.js';
import { element } from '../shared/dom.js';
import { verdictMark, verdictWords } from '../shared/marks.js';
import { visible } from '../shared/names.js';
import { VirtualList } from '../shared/virtual_list.js';
import { api, sentenceOf } from './api.js';
import { csvOf } from './csv.js';
import { amount, inCount, inMoment } from './format.js';
import { ignoreForm } from './ignore_form.js';
import { button, confirmed, emptyState, failureNote, linkButton, pageHeading, waiting } from './parts.js';
import type { Context, View } from './view.js';

const pageSize = 500;

export class DecisionsView implements View {
  readonly title = 'Decisions';
  readonly element: HTMLElement;
  readonly shortcuts;
  readonly #context: Context;
  readonly #count = element('p', { class: 'soft figure', attributes: { role: 'status' } });
  readonly #place = element('div');
  readonly #query = element('input', {
    class: 'field search',
    attributes: {
      type: 'search',
      placeholder: 'Find a name or reason',
      'aria-label': 'Find decisions',
      spellcheck: 'false',
    },
    on: { input: () => this.#filter() },
  });
  readonly #verdict = element(
    'select',
    { class: 'field', attributes: { 'aria-label': 'Verdict' }, on: { change: () => this.#filter() } },
    element('option', { attributes: { value: '' } }, 'All verdicts'),
    ...Object.entries(verdictWords).map(([value, words]) =>
      element(
        'option',
        { attributes: { value } },
        value === 'different' ? `${words} (ignored pairs)` : words,
      ),
    ),
  );
  readonly #list: VirtualList;
  #decisions: readonly ApiDecision[] = [];
  #shown: readonly ApiDecision[] = [];

  constructor(context: Context) {
    this.#context = context;
    this.#list = new VirtualList({
      label: 'Decisions',
      render: (index) => this.#row(this.#shown[index]),
      estimate: () => 84,
    });
    this.element = element(
      'div',
      { class: 'page' },
      pageHeading(
        'Decisions',
        this.#count,
        button('Export as CSV', () => this.#export(), 'export'),
      ),
      ignoreForm(context, () => void this.#load()),
      element('search', { class: 'filter-bar' }, this.#query, this.#verdict),
      this.#place,
    );
    this.shortcuts = [
      { keys: ['j'], words: 'Next decision', run: () => this.#list.move(1) },
      { keys: ['k'], words: 'Previous decision', run: () => this.#list.move(-1) },
    ];
    this.#place.append(waiting('The decisions are being fetched …'));
    void this.#load();
  }

  close(): void {
    this.#list.close();
  }

  async #load(): Promise<void> {
    try {
      this.#decisions = await allDecisions(this.#context.set);
      this.#filter();
    } catch (failure) {
      this.#place.replaceChildren(failureNote(failure, () => void this.#load()));
    }
  }

  #filter(): void {
    const query = this.#query.value.trim().toLowerCase();
    const verdict = this.#verdict.value;
    this.#shown = this.#decisions.filter(
      (decision) =>
        (verdict === '' || decision.verdict === verdict) &&
        [decision.first, decision.second, decision.reason ?? ''].some((text) =>
          text.toLowerCase().includes(query),
        ),
    );
    const { length } = this.#decisions;
    this.#count.textContent =
      this.#shown.length === length
        ? amount(length, 'decision')
        : `${inCount(this.#shown.length)} of ${amount(length, 'decision')}`;
    if (this.#shown.length === 0) this.#place.replaceChildren(this.#none());
    else {
      this.#place.replaceChildren(this.#list.element);
      this.#list.show(this.#shown.length);
    }
  }

  #none(): HTMLElement {
    if (this.#decisions.length > 0)
      return emptyState('No decision is like this', 'Look for other words, or another verdict.');
    return emptyState(
      'No decisions yet',
      'What is decided on pairs is listed here, and can be taken back.',
      linkButton('Review pairs', this.#context.linkTo({ view: 'pairs', item: undefined }), 'primary'),
    );
  }

  #row(decision: ApiDecision | undefined): HTMLElement {
    if (!decision) return element('article');
    const { kind, first, second, verdict, reason, decidedAt } = decision;
    const label = `${verdictWords[verdict]}: ${visible(first)} and ${visible(second)}`;
    const takeBack = button('Take back', () => void this.#takeBack(decision), 'quiet');
    takeBack.setAttribute('aria-label', `Take back: ${label}`);
    return element(
      'article',
      { class: 'decision card', attributes: { 'aria-label': label } },
      element('div', { class: 'decision-verdict' }, verdictMark(verdict)),
      element(
        'div',
        { class: 'decision-names' },
        element('span', { class: 'name' }, visible(first)),
        element('span', { class: 'name' }, visible(second)),
        reason !== undefined && element('q', { class: 'soft name' }, visible(reason)),
      ),
      element(
        'div',
        { class: 'small soft' },
        kind === 'reference' ? 'Records' : 'Photos',
        element('br'),
        element('time', { attributes: { datetime: decidedAt } }, inMoment(decidedAt)),
      ),
      takeBack,
    );
  }

  async #takeBack(decision: ApiDecision): Promise<void> {
    const { first, second, verdict } = decision;
    const isSure = await confirmed(
      'Take this decision back?',
      `‘${verdictWords[verdict]}’ on ${visible(first)} and ${visible(second)} is withdrawn, with whatever was decided on them before. The pair is open again.`,
      'Take it back',
    );
    if (!isSure) return;
    try {
      await api.withdraw(this.#context.set, decision);
      this.#context.announce('The decision was taken back.');
      await this.#load();
    } catch (failure) {
      this.#context.complain(sentenceOf(failure));
    }
  }

  #export(): void {
    const rows = this.#shown.map(({ kind, first, second, verdict, reason, decidedAt }) => [
      kind,
      first,
      second,
      verdict,
      reason ?? '',
      decidedAt,
    ]);
    const header = ['kind', 'first', 'second', 'verdict', 'reason', 'decided_at'];
    const file = new Blob([csvOf([header, ...rows])], { type: 'text/csv;charset=utf-8' });
    const href = URL.createObjectURL(file);
    element('a', { attributes: { href, download: `decisions-${this.#context.set}.csv` } }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  }
}

/** The newest first. */
async function allDecisions(set: string): Promise<ApiDecision[]> {
  const decisions: ApiDecision[] = [];
  for (;;) {
    const page = await api.decisions(set, decisions.length, pageSize);
    decisions.push(...page.items);
    if (page.items.length === 0 || decisions.length >= page.total) return decisions;
  }
}
