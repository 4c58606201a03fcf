// The page itself: asks how the cluster stands every two seconds, for as long as somebody looks.

import type { ApiCluster } from '../../lib/server/api.js';
import { api, ApiFailure, sentenceOf } from '../review/api.js';
import { amount, inCount } from '../review/format.js';
import { emptyState, factList, pageHeading } from '../review/parts.js';
import { topBar } from '../review/top_bar.js';
import { element } from '../shared/dom.js';
import { JobList } from './job_list.js';
import { RunCards } from './run_cards.js';

const every = 2000;

export class QueueView {
  readonly element: HTMLElement;
  readonly #onLogin: () => void;
  readonly #trouble = element('div', { class: 'notice wrong', attributes: { role: 'alert', hidden: true } });
  readonly #facts = element('div');
  readonly #where = element('p', { class: 'small soft name' });
  readonly #runs = new RunCards();
  readonly #noRuns = emptyState('No run yet', 'A run is submitted by `facededup find … --cluster`.');
  readonly #jobs = new JobList((failure) => this.#failed(failure));
  #isLooking = false;

  /** @param onLogin called when the session has ended. */
  constructor(onLogin: () => void) {
    this.#onLogin = onLogin;
    this.element = element(
      'div',
      { class: 'shell' },
      topBar([
        element('a', { class: 'nav-link', attributes: { href: '/' } }, 'Review'),
        element('a', { class: 'nav-link', attributes: { href: '/queue', 'aria-current': 'page' } }, 'Queue'),
      ]),
      this.#trouble,
      element(
        'main',
        {},
        element(
          'div',
          { class: 'page' },
          pageHeading('Queue', this.#where),
          this.#facts,
          element('h2', { class: 'section-title' }, 'Runs'),
          this.#noRuns,
          this.#runs.element,
          element('h2', { class: 'section-title' }, 'Jobs in the queue'),
          this.#jobs.element,
        ),
      ),
    );
    this.#noRuns.hidden = true;
  }

  start(): void {
    document.addEventListener('visibilitychange', () => void this.#look());
    void this.#look();
    setInterval(() => void this.#look(), every);
  }

  async #look(): Promise<void> {
    if (document.hidden || this.#isLooking || !this.element.isConnected) return;
    this.#isLooking = true;
    try {
      const status = await api.cluster();
      this.#show(status);
      await this.#jobs.show(status.counts);
      this.#trouble.hidden = true;
    } catch (failure) {
      this.#failed(failure);
    } finally {
      this.#isLooking = false;
    }
  }

  #failed(failure: unknown): void {
    if (failure instanceof ApiFailure && failure.needsLogin) {
      this.#onLogin();
      return;
    }
    const sentence = sentenceOf(failure);
    if (!this.#trouble.hidden && this.#trouble.textContent === sentence) return;
    this.#trouble.replaceChildren(element('p', {}, sentence));
    this.#trouble.hidden = false;
  }

  #show({ counts, workers, runs, store, cluster, queue }: ApiCluster): void {
    this.#where.textContent = `${queue} in ${cluster}, runs in ${store}`;
    this.#facts.replaceChildren(
      factList(
        [
          { words: 'waiting', value: amount(counts.waiting, 'job') },
          { words: 'being done', value: amount(counts.active, 'job') },
          { words: 'tried again later', value: amount(counts.delayed, 'job') },
          {
            words: 'heard of in the last minute',
            value: element(
              'span',
              { attributes: { title: workers.join('\n') } },
              amount(workers.length, 'worker'),
            ),
          },
          { words: 'put aside', value: inCount(runs.reduce((sum, { deadJobs }) => sum + deadJobs, 0)) },
        ],
        'counts',
      ),
    );
    this.#noRuns.hidden = runs.length > 0;
    this.#runs.show(runs);
  }
}
