// Runs: start one, watch those under way, look back at those that are done.

import type { ApiJob, ApiNewRun, ApiRun } from '../../lib/server/api.js';
import { element } from '../shared/dom.js';
import { api, reportAddress, sentenceOf } from './api.js';
import { amount, inCount, inMoment } from './format.js';
import { hasEnded, JobCard } from './job_card.js';
import { emptyState, failureNote, linkButton, pageHeading, waiting } from './parts.js';
import type { Route } from './route.js';
import { runForm } from './run_form.js';
import { runSummary } from './run_summary.js';
import type { Context, View } from './view.js';

export class RunsView implements View {
  readonly title = 'Runs';
  readonly element: HTMLElement;
  readonly #context: Context;
  readonly #jobs = element('div', { class: 'jobs stack' });
  readonly #past = element('div', { class: 'stack' });
  readonly #cards = new Map<number, JobCard>();
  #item: number | undefined;
  #isClosed = false;

  constructor(context: Context) {
    this.#context = context;
    this.#item = context.route.item;
    this.element = element(
      'div',
      { class: 'page' },
      pageHeading('Runs'),
      runForm(context.session.roots, (run) => this.#start(run)),
      this.#jobs,
      element('h2', { class: 'section-title' }, 'Past runs'),
      this.#past,
    );
    void this.#listJobs();
    void this.#listRuns();
  }

  follow(route: Route): boolean {
    this.#item = route.item;
    void this.#listRuns();
    return true;
  }

  close(): void {
    this.#isClosed = true;
    for (const card of this.#cards.values()) card.close();
  }

  async #start(run: ApiNewRun): Promise<void> {
    const job = await api.startRun(this.#context.set, run);
    this.#context.announce('The run has been started.');
    this.#add(job);
  }

  async #listJobs(): Promise<void> {
    try {
      const jobs = await api.jobs();
      const mine = jobs.filter((job) => job.set === this.#context.set && !hasEnded(job));
      for (const job of [...mine].sort((a, b) => a.job - b.job)) this.#add(job);
    } catch (failure) {
      this.#context.complain(sentenceOf(failure));
    }
  }

  #add(job: ApiJob): void {
    if (this.#isClosed || this.#cards.has(job.job)) return;
    const card = new JobCard(this.#context, job, (ended) => {
      if (ended.run !== null) void this.#listRuns();
    });
    this.#cards.set(job.job, card);
    this.#jobs.prepend(card.element);
  }

  async #listRuns(): Promise<void> {
    if (this.#past.childElementCount === 0) this.#past.append(waiting('The runs are being fetched …'));
    try {
      const runs = await api.runs(this.#context.set);
      const cards = runs.map((run, index) => this.#runCard(run, index));
      this.#past.replaceChildren(
        ...(cards.length > 0
          ? cards
          : [
              emptyState(
                'No run yet',
                'Name photos or folders above and start the first run. Encodings are kept, so that later runs only work on what is new.',
              ),
            ]),
      );
      if (this.#item !== undefined) this.#past.querySelector('[open]')?.scrollIntoView({ block: 'nearest' });
    } catch (failure) {
      this.#past.replaceChildren(failureNote(failure, () => void this.#listRuns()));
    }
  }

  #runCard(run: ApiRun, index: number): HTMLElement {
    const { summary } = run;
    const isOpen = this.#item === undefined ? index === 0 : this.#item === run.run;
    return element(
      'details',
      { class: 'run card', attributes: { open: isOpen } },
      element(
        'summary',
        {},
        element('strong', {}, `Run ${run.run}`),
        element('span', { class: 'soft' }, inMoment(run.finishedAt)),
        element(
          'span',
          { class: 'soft figure' },
          `${amount(summary.photos, 'photo')}, ${amount(summary.pairs, 'pair')}, ${inCount(summary.newPairs)} new`,
        ),
        summary.failed > 0 && element('span', { class: 'wrong-words' }, `${inCount(summary.failed)} failed`),
      ),
      runSummary(run),
      element(
        'div',
        { class: 'actions' },
        linkButton(
          'Review its pairs',
          this.#context.linkTo({ view: 'pairs', item: undefined, run: index === 0 ? undefined : run.run }),
        ),
        linkButton(
          'List its pairs',
          this.#context.linkTo({ view: 'list', item: undefined, run: index === 0 ? undefined : run.run }),
        ),
        linkButton(
          'Its groups',
          this.#context.linkTo({ view: 'groups', item: undefined, run: index === 0 ? undefined : run.run }),
        ),
        linkButton('Its report, as a file', reportAddress(this.#context.set, run.run)),
      ),
    );
  }
}
