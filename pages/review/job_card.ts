// A run as it goes: its stage, how far it is, how fast, how long yet, and how it ended.

import type { ApiJob } from '../../lib/server/api.js';
import { element } from '../shared/dom.js';
import { api, jobEvents, sentenceOf } from './api.js';
import { amount, inCount, inDuration, inMoment } from './format.js';
import { button, linkButton, progressBar } from './parts.js';
import type { Context } from './view.js';

const titles: Readonly<Record<ApiJob['state'], string>> = {
  waiting: 'Waiting for the run before it',
  running: 'Under way',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

const stages = { encoding: 'Encoding photos', comparing: 'Comparing faces' } as const;

export class JobCard {
  readonly element: HTMLElement;
  readonly #context: Context;
  readonly #title = element('h3');
  readonly #words = element('p', { class: 'figure soft job-words' });
  readonly #failed = element('p', { class: 'wrong-words' });
  readonly #bar = progressBar('Progress of the run');
  readonly #actions = element('div', { class: 'actions' });
  readonly #stop: () => void;
  #job: ApiJob;

  /** @param onEnd called once the run has ended while it was watched. */
  constructor(context: Context, job: ApiJob, onEnd: (job: ApiJob) => void) {
    this.#context = context;
    this.#job = job;
    this.element = element(
      'article',
      { class: 'job card', attributes: { 'aria-label': `Run begun ${inMoment(job.createdAt)}` } },
      this.#title,
      this.#bar.element,
      this.#words,
      this.#failed,
      this.#actions,
    );
    this.#show(job);
    this.#stop = hasEnded(job)
      ? () => undefined
      : jobEvents(
          job.job,
          (next) => {
            const isNews = next.state !== this.#job.state || next.stage !== this.#job.stage;
            this.#show(next);
            if (isNews) context.announce(`${this.#title.textContent ?? ''}.`);
            if (hasEnded(next)) onEnd(next);
          },
          (failure) => this.#show({ ...this.#job, state: 'failed', error: failure }),
        );
  }

  close(): void {
    this.#stop();
  }

  #show(job: ApiJob): void {
    this.#job = job;
    const { state, stage, done, total, failed } = job;
    this.element.dataset['state'] = state;
    this.#title.textContent = state === 'running' && stage ? stages[stage] : titles[state];
    this.#bar.show(state === 'done' ? 1 : total > 0 ? done / total : undefined);
    this.#words.textContent = wordsOf(job);
    this.#failed.textContent =
      job.error?.message ?? (failed > 0 ? `${amount(failed, 'photo')} failed; the summary lists why.` : '');
    this.#actions.replaceChildren(...this.#controls(job));
  }

  #controls({ job, state, run }: ApiJob): HTMLElement[] {
    if (state === 'waiting' || state === 'running')
      return [button('Cancel the run', () => void this.#cancel(job))];
    if (state !== 'done' || run === null) return [];
    return [
      linkButton('Review its pairs', this.#context.linkTo({ view: 'pairs', item: undefined }), 'primary'),
      linkButton('See its summary', this.#context.linkTo({ view: 'runs', item: run })),
    ];
  }

  async #cancel(job: number): Promise<void> {
    try {
      await api.cancelJob(job);
    } catch (failure) {
      this.#context.complain(sentenceOf(failure));
    }
  }
}

export function hasEnded({ state }: ApiJob): boolean {
  return state !== 'waiting' && state !== 'running';
}

function wordsOf({ state, stage, done, total, rate, secondsLeft, createdAt }: ApiJob): string {
  if (state !== 'running' || stage === null) return `Begun ${inMoment(createdAt)}`;
  const unit = stage === 'encoding' ? 'photos' : 'pairs';
  return [
    `${inCount(done)} of ${inCount(total)} ${unit}`,
    rate !== null && `${inCount(Math.round(rate * (rate < 10 ? 10 : 1)) / (rate < 10 ? 10 : 1))} a second`,
    secondsLeft !== null && `${inDuration(secondsLeft)} left`,
  ]
    .filter(Boolean)
    .join(' · ');
}
