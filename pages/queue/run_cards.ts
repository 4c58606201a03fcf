// Runs: how far each is, how fast, how long yet, stage by stage, and which of its jobs were put aside, and why.

import type { ApiClusterRun } from '../../lib/server/api.js';
import { amount, inCount, inDuration, inEstimate, inMoment } from '../review/format.js';
import { progressBar } from '../review/parts.js';
import { element } from '../shared/dom.js';

type StageOfRun = ApiClusterRun['stages'][number];

const marks: Readonly<Record<ApiClusterRun['state'], string>> = {
  running: 'mark-new',
  finished: 'mark-same',
  failed: 'mark-different',
  cancelled: 'mark-unsure',
};

export class RunCards {
  readonly element = element('div', { class: 'stack' });
  readonly #cards = new Map<number, RunCard>();

  /** What is open stays open. */
  show(runs: readonly ApiClusterRun[]): void {
    const cards = runs.map((run, index) => {
      const card = this.#cards.get(run.run) ?? new RunCard(index === 0);
      this.#cards.set(run.run, card);
      card.show(run);
      return card.element;
    });
    const shown = [...this.element.children];
    if (cards.length !== shown.length || cards.some((card, index) => card !== shown[index]))
      this.element.replaceChildren(...cards);
  }
}

class RunCard {
  readonly element: HTMLDetailsElement;
  readonly #summary = element('summary');
  readonly #bar = progressBar('Progress of the stage');
  readonly #words = element('p', { class: 'figure soft' });
  readonly #wrong = element('p', { class: 'wrong-words' });
  readonly #stages = element('div', { class: 'scrolled' });
  readonly #dead = element('div', { class: 'scrolled' });
  #shown = '';

  constructor(isOpen: boolean) {
    this.element = element(
      'details',
      { class: 'run card', attributes: { open: isOpen } },
      this.#summary,
      element(
        'div',
        { class: 'stack' },
        this.#bar.element,
        this.#words,
        this.#wrong,
        this.#stages,
        this.#dead,
      ),
    );
  }

  show(run: ApiClusterRun): void {
    const now = JSON.stringify(run);
    if (now === this.#shown) return;
    this.#shown = now;
    const { state, stage, stages, failedPhotos, deadJobs, code, message } = run;
    this.#summary.replaceChildren(
      element('strong', {}, `Run ${run.run}`),
      element('span', { class: `mark ${marks[state]}` }, state),
      element('span', { class: 'soft' }, `set ${run.set}`),
      element('span', { class: 'soft' }, inMoment(run.submittedAt)),
      ...(failedPhotos > 0
        ? [element('span', { class: 'wrong-words' }, `${amount(failedPhotos, 'photo')} failed`)]
        : []),
      ...(deadJobs > 0
        ? [element('span', { class: 'wrong-words' }, `${amount(deadJobs, 'job')} put aside`)]
        : []),
    );
    this.#bar.element.hidden = state !== 'running';
    const current = stages.find((each) => each.stage === stage);
    this.#bar.show(current && current.units > 0 ? current.unitsDone / current.units : undefined);
    this.#words.textContent = wordsOf(run);
    this.#wrong.textContent = message === undefined ? '' : `${message} [${code ?? ''}]`;
    this.#stages.replaceChildren(stageTable(stages));
    this.#dead.hidden = deadJobs === 0;
    this.#dead.replaceChildren(...deadTable(run));
  }
}

function wordsOf({ state, stage, stages, rate, secondsLeft, submittedAt, endedAt }: ApiClusterRun): string {
  if (state !== 'running')
    return endedAt === undefined ? `Submitted ${inMoment(submittedAt)}` : `Ended ${inMoment(endedAt)}`;
  const now = stages.find((each) => each.stage === stage);
  return [
    `Stage ${stage}`,
    now && `${inCount(now.unitsDone)} of ${amount(now.units, unitOf(stage))}`,
    rate !== undefined && `${inEstimate(rate)} a second`,
    secondsLeft !== undefined && `${inDuration(secondsLeft)} left`,
  ]
    .filter(Boolean)
    .join(' · ');
}

function unitOf(stage: StageOfRun['stage']): string {
  if (stage === 'encode') return 'photo';
  return stage === 'match' ? 'pair' : 'job';
}

function stageTable(stages: readonly StageOfRun[]): HTMLElement {
  return table(
    ['Stage', 'Jobs done', 'Jobs', 'Put aside', 'Done'],
    stages.map(({ stage, jobs, done, dead, units, unitsDone }) => [
      stage,
      inCount(done),
      inCount(jobs),
      inCount(dead),
      `${inCount(unitsDone)} of ${amount(units, unitOf(stage))}`,
    ]),
  );
}

function deadTable({ run, dead, deadJobs }: ApiClusterRun): HTMLElement[] {
  return [
    table(
      ['Put aside', 'Attempts', 'Code', 'Why'],
      dead.map(({ stage, number, attempts, code, message }) => [
        `${stage} ${number}`,
        inCount(attempts),
        code,
        message,
      ]),
    ),
    element(
      'p',
      { class: 'small soft' },
      deadJobs > dead.length && `The first ${dead.length} of ${inCount(deadJobs)}. `,
      'When the cause is gone, ',
      element('code', {}, `facededup retry ${run}`),
      ' tries them again.',
    ),
  ];
}

/** All but the first and the last column are numbers or codes. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  return element(
    'table',
    { class: 'figure' },
    element(
      'thead',
      {},
      element('tr', {}, ...columns.map((words) => element('th', { attributes: { scope: 'col' } }, words))),
    ),
    element(
      'tbody',
      {},
      ...rows.map((cells) => element('tr', {}, ...cells.map((cell) => element('td', {}, cell)))),
    ),
  );
}
