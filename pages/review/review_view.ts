// Review: one pair at a time, a verdict by key or button, the next pair ready before it is asked for.

import type { ApiHistogram, ApiPair } from '../../lib/server/api.js';
import type { Verdict } from '../../lib/runs/findings.js';
import { element } from '../shared/dom.js';
import { verdictWords } from '../shared/marks.js';
import { visible } from '../shared/names.js';
import type { Shortcut } from '../shared/shortcuts.js';
import { api, faceAddress, faceSide, imageAddress, type PairsFilter } from './api.js';
import { FilterBar, pairsWords } from './filter_bar.js';
import { amount, inCount, inDistance } from './format.js';
import { PairQueue } from './pair_queue.js';
import { pairStage, sidesOf, type Stage } from './pair_stage.js';
import { button, emptyState, failureNote, isMissing, linkButton, progressBar, waiting } from './parts.js';
import { remember, remembered } from './preferences.js';
import { allPairs, type Route } from './route.js';
import { VerdictBar } from './verdict_bar.js';
import { type Given, subjectsOf, titleOf, Verdicts } from './verdicts.js';
import type { Context, View } from './view.js';

/** Pairs whose faces are fetched ahead. */
const ahead = 4;

export class ReviewView implements View {
  readonly title = 'Review';
  readonly element: HTMLElement;
  readonly shortcuts: readonly Shortcut[];
  readonly #context: Context;
  readonly #filters: FilterBar;
  readonly #bar: VerdictBar;
  readonly #verdicts: Verdicts;
  readonly #place = element('div', { class: 'review-place' });
  readonly #count = element('span', { class: 'figure' });
  readonly #progress = progressBar('Pairs decided');
  readonly #photosToggle = element(
    'button',
    {
      class: 'button quiet photos-toggle',
      attributes: { type: 'button', 'aria-keyshortcuts': 'f' },
      on: { click: () => this.#togglePhotos() },
    },
    'Whole photos ',
    element('kbd', {}, 'F'),
  );
  readonly #prefetched = new Map<string, HTMLImageElement>();
  #queue: PairQueue;
  #histogram: ApiHistogram | undefined;
  #filter: PairsFilter;
  #run: number | undefined;
  #index = 0;
  #stage: Stage | undefined;
  #showsPhotos = remembered('photos') === 'shown';
  /** What is being shown; whatever was fetched for another is dropped. */
  #turn = 0;

  constructor(context: Context) {
    this.#context = context;
    this.#filter = context.route.filter;
    this.#run = context.route.run;
    this.#verdicts = new Verdicts(context.set, context.outbox, (isMeant, verdict) => {
      this.#queue.setVerdict(isMeant, verdict);
      this.#refresh();
    });
    this.#bar = new VerdictBar({
      verdict: (verdict) => this.#give(verdict),
      undo: () => this.#undo(),
      step: (by) => void this.#show(this.#index + by),
      reasonGiven: () => this.#giveReason(),
    });
    this.#filters = new FilterBar(
      this.#filter,
      (filter) => context.go({ filter, item: undefined }),
      this.#photosToggle,
    );
    this.element = element(
      'div',
      { class: 'review' },
      element(
        'header',
        { class: 'review-head' },
        element('h1', { class: 'review-title', attributes: { tabindex: -1 } }, 'Review'),
        element('p', { class: 'progress-words', attributes: { id: 'progress-words' } }, this.#count),
        this.#progress.element,
      ),
      this.#filters.element,
      this.#place,
      this.#bar.element,
    );
    this.#photosToggle.setAttribute('aria-pressed', String(this.#showsPhotos));
    this.shortcuts = this.#keys();
    this.#queue = this.#newQueue();
    void this.#begin(context.route.item);
  }

  follow(route: Route): boolean {
    const isSame = route.run === this.#run && JSON.stringify(route.filter) === JSON.stringify(this.#filter);
    if (isSame && route.item !== undefined && route.item === this.#queue.at(this.#index)?.position)
      return true;
    this.#filter = route.filter;
    this.#filters.show(route.filter);
    this.#run = route.run;
    if (!isSame) this.#queue = this.#newQueue();
    void this.#begin(route.item);
    return true;
  }

  #newQueue(): PairQueue {
    const { verdict, isNew } = this.#filter;
    return new PairQueue(
      (offset, limit) => api.pairs(this.#context.set, this.#run, this.#filter, offset, limit),
      (pair) => (verdict === 'any' || (pair.verdict ?? 'open') === verdict) && (!isNew || pair.isNew),
    );
  }

  async #begin(item: number | undefined): Promise<void> {
    const turn = ++this.#turn;
    this.#put(waiting('The pairs are being fetched …'));
    try {
      this.#histogram ??= await api.histogram(this.#context.set, this.#run);
      const index = item === undefined ? 0 : await this.#indexOf(item);
      if (turn === this.#turn) await this.#show(index);
    } catch (failure) {
      if (turn === this.#turn) this.#showFailure(failure, item);
    }
  }

  /** Of a pair that was linked to, whatever the filter. */
  async #indexOf(position: number): Promise<number> {
    const page = await api.pairs(this.#context.set, this.#run, allPairs, position, 1);
    const pair = page.items[0];
    if (pair?.position !== position) {
      this.#context.complain(`There is no pair ${position} in this run; here is the first one.`);
      return 0;
    }
    await this.#queue.reach(0);
    const index = this.#queue.matches(pair)
      ? await this.#queue.find(position)
      : this.#queue.indexOf(position);
    if (index >= 0) return index;
    this.#queue.include(pair);
    return 0;
  }

  async #show(index: number): Promise<void> {
    if (index < 0) {
      this.#context.announce('This is the first pair.');
      return;
    }
    const turn = ++this.#turn;
    this.#bar.allow('nothing');
    try {
      const pair = await this.#queue.reach(index);
      if (turn !== this.#turn) return;
      if (pair) this.#showPair(pair, index, turn);
      else this.#showEnd();
    } catch (failure) {
      if (turn === this.#turn) this.#showFailure(failure, undefined);
    }
  }

  #showPair(pair: ApiPair, index: number, turn: number): void {
    this.#index = index;
    this.#stage = pairStage(this.#context.set, pair, this.#histogram);
    this.#stage.showPhotos(this.#showsPhotos);
    this.#put(this.#stage.element);
    this.#bar.element.hidden = false;
    this.#bar.clearReason();
    this.#bar.allow('nothing', 'The faces are being fetched …');
    this.#refresh();
    this.#context.go({ item: pair.position, run: this.#run, filter: this.#filter }, { replace: true });
    this.#context.announce(
      `Pair ${index + 1} of ${this.#queue.total}: ${visible(pair.first)} and ${visible(pair.second)}, distance ${inDistance(pair.distance)}.`,
    );
    void this.#stage.seen.then((areSeen) => {
      if (turn !== this.#turn) return;
      this.#bar.allow(
        areSeen ? 'all' : 'unsure',
        areSeen ? '' : 'What cannot be seen cannot be judged: only “unsure” can be said.',
      );
      void this.#prefetch();
    });
  }

  /** What the page shows of verdicts, after any of them changed. */
  #refresh(): void {
    const pair = this.#queue.at(this.#index);
    if (!pair || !this.#stage) return;
    this.#stage.showVerdict(pair.verdict);
    this.#bar.show(questionOf(pair), pair.verdict);
    const decided = this.#queue.loaded.filter(({ verdict }) => verdict !== undefined).length;
    const { total } = this.#queue;
    this.#count.textContent = `${inCount(this.#index + 1)} of ${inCount(total)} ${pairsWords(this.#filter, total)}`;
    this.#progress.show(this.#filter.verdict === 'open' ? decided / total : (this.#index + 1) / total);
  }

  #give(verdict: Verdict): void {
    const pair = this.#queue.at(this.#index);
    if (!pair || !this.#stage) return;
    if (!this.#bar.allows(verdict)) {
      this.#context.announce('Not yet: both faces must be seen first.');
      return;
    }
    const given = this.#verdicts.give(pair, verdict, this.#bar.reason);
    this.#bar.showReceipt(verdict, titleOf(given));
    this.#context.announce(titleOf(given));
    void this.#show(this.#nextAfter(this.#index));
  }

  /** Of the open pairs the next that is still open: a verdict on two records may have decided several. */
  #nextAfter(index: number): number {
    let next = index + 1;
    if (this.#filter.verdict === 'open') while (this.#queue.at(next)?.verdict !== undefined) next += 1;
    return next;
  }

  #giveReason(): void {
    const verdict = this.#queue.at(this.#index)?.verdict;
    if (verdict !== undefined && this.#bar.reason !== '') this.#give(verdict);
  }

  #undo(): void {
    const given = this.#verdicts.takeBack();
    if (!given) {
      this.#context.announce('There is nothing to take back here. Older decisions are under Decisions.');
      return;
    }
    this.#bar.hideReceipt();
    this.#context.announce(`Taken back: ${titleOf(given)}`);
    void this.#goBackTo(given);
  }

  async #goBackTo({ pair }: Given): Promise<void> {
    const index = this.#queue.indexOf(pair.position);
    if (index >= 0) await this.#show(index);
    else this.#context.go({ item: pair.position });
  }

  #togglePhotos(): void {
    this.#showsPhotos = !this.#showsPhotos;
    remember('photos', this.#showsPhotos ? 'shown' : 'hidden');
    this.#stage?.showPhotos(this.#showsPhotos);
    this.#photosToggle.setAttribute('aria-pressed', String(this.#showsPhotos));
  }

  async #prefetch(): Promise<void> {
    const turn = this.#turn;
    await this.#queue.reach(this.#index + ahead).catch(() => undefined);
    if (turn !== this.#turn) return;
    const next = this.#queue.loaded.slice(this.#index + 1, this.#index + 1 + ahead);
    const wanted = next.flatMap((pair, distance) =>
      sidesOf(pair).flatMap(({ name, box }) => [
        faceAddress(this.#context.set, name, box, faceSide),
        ...(this.#showsPhotos && distance < 2 ? [imageAddress(this.#context.set, name)] : []),
      ]),
    );
    for (const address of this.#prefetched.keys())
      if (!wanted.includes(address)) this.#prefetched.delete(address);
    for (const address of wanted) {
      if (this.#prefetched.has(address)) continue;
      const image = new Image();
      image.src = address;
      this.#prefetched.set(address, image);
    }
  }

  #showEnd(): void {
    this.#stage = undefined;
    this.#index = this.#queue.loaded.length;
    const { total } = this.#queue;
    if (total === 0) {
      this.#showNone();
      return;
    }
    const left = this.#queue.loaded.filter(({ verdict }) => verdict === undefined).length;
    this.#count.textContent = amount(total, 'pair');
    this.#progress.show(1);
    const again = button('Look at those still open', () => this.#again(), 'primary');
    this.#put(
      emptyState(
        left === 0 ? 'All decided' : 'You have come to the end',
        left === 0
          ? `All ${amount(total, 'pair')} of this list have a verdict. The last one can still be undone.`
          : `Of ${amount(total, 'pair')}, ${left} ${left === 1 ? 'has' : 'have'} no verdict yet.`,
        left > 0 && again,
        button('Back to the last pair', () => void this.#show(total - 1)),
        linkButton('See the decisions', this.#context.linkTo({ view: 'decisions', item: undefined })),
      ),
    );
    this.#bar.show('', undefined);
    this.#context.announce(left === 0 ? 'All pairs are decided.' : `The end: ${left} pairs are still open.`);
  }

  #again(): void {
    this.#queue = this.#newQueue();
    void this.#begin(undefined);
  }

  #showNone(): void {
    this.#bar.element.hidden = true;
    this.#count.textContent = `No ${pairsWords(this.#filter, 0)}`;
    this.#progress.show(undefined);
    const isOpen = this.#filter.verdict === 'open' && !this.#filter.isNew && this.#filter.query === '';
    this.#put(
      emptyState(
        isOpen ? 'Nothing is open' : 'No pair is like this',
        isOpen
          ? 'Every pair of this run has a verdict, or the run found none. New pairs come with the next run.'
          : 'Choose another verdict above, or take out the words to look for.',
        isOpen &&
          linkButton('Start a run', this.#context.linkTo({ view: 'runs', item: undefined }), 'primary'),
        button('Show all pairs', () => this.#context.go({ filter: allPairs, item: undefined })),
      ),
    );
  }

  #showFailure(failure: unknown, item: number | undefined): void {
    this.#bar.element.hidden = true;
    this.#stage = undefined;
    this.#count.textContent = '';
    if (!isMissing(failure)) this.#put(failureNote(failure, () => void this.#begin(item)));
    else
      this.#put(
        emptyState(
          'No run yet',
          'A run looks for the same person among the photos of this set. Its pairs are reviewed here.',
          linkButton('Start a run', this.#context.linkTo({ view: 'runs', item: undefined }), 'primary'),
        ),
      );
  }

  #put(shown: HTMLElement): void {
    this.#place.replaceChildren(shown);
  }

  #keys(): Shortcut[] {
    const verdictKey = (keys: readonly string[], verdict: Verdict): Shortcut => ({
      keys,
      words: verdictWords[verdict],
      run: () => this.#give(verdict),
    });
    return [
      verdictKey(['s', '1'], 'same'),
      verdictKey(['d', '2'], 'different'),
      verdictKey(['u', '3'], 'unsure'),
      { keys: ['z'], words: 'Take the last verdict back (also Ctrl+Z)', run: () => this.#undo() },
      { keys: ['j', 'ArrowRight'], words: 'Next pair', run: () => void this.#show(this.#index + 1) },
      { keys: ['k', 'ArrowLeft'], words: 'Previous pair', run: () => void this.#show(this.#index - 1) },
      {
        keys: ['r'],
        words: 'Give a reason, before the verdict or after',
        run: () => this.#bar.focusReason(),
      },
      { keys: ['f'], words: 'Show the whole photos, or hide them', run: () => this.#togglePhotos() },
      { keys: ['/'], words: 'Find a name or record', run: () => this.#filters.focusSearch() },
    ];
  }
}

function questionOf(pair: ApiPair): string {
  const { kind, first, second } = subjectsOf(pair);
  return kind === 'reference'
    ? `Are records ${visible(first)} and ${visible(second)} the same person?`
    : 'Is this the same person?';
}
