// Models: what is here and whether it is what it should be; another SSD brought in, or one from before put back.

import type { ApiModel, ApiModelHistory } from '../../lib/server/api.js';
import { element } from '../shared/dom.js';
import { api, sentenceOf } from './api.js';
import { amount, inMoment } from './format.js';
import { button, confirmed, failureNote, fetched, pageHeading, waiting } from './parts.js';
import { hiddenSentence } from './hidden_version.js';
import { uploadForm } from './upload_form.js';
import type { Context, View } from './view.js';

const setTitles: Readonly<Record<string, string>> = {
  ssd: 'Face detector (SSD)',
  'landmarks-small': 'Landmarks, 5 points',
  'landmarks-large': 'Landmarks, 68 points',
  encoder: 'Face encoder',
  mmod: 'Face detector (MMOD)',
};

const stateWords: Readonly<Record<string, readonly [words: string, kind: string]>> = {
  verified: ['Verified', 'good'],
  approved: ['Approved', 'good'],
  unverified: ['Here, not verified', 'doubtful'],
  missing: ['Missing', 'bad'],
  corrupt: ['Damaged', 'bad'],
};

export class ModelsView implements View {
  readonly title = 'Models';
  readonly element: HTMLElement;
  readonly #context: Context;
  readonly #models = element('div');
  readonly #history = element('div', { class: 'card history' });

  constructor(context: Context) {
    this.#context = context;
    this.element = element(
      'div',
      { class: 'page' },
      pageHeading('Models'),
      this.#models,
      uploadForm((history) => {
        context.announce(history.hiddenBy === null ? 'The model is in use.' : hiddenSentence(history));
        this.#showHistory(history);
        this.#load();
      }),
      this.#history,
    );
    this.#load();
    void this.#loadHistory();
  }

  #load(): void {
    fetched(this.#models, 'The models are being fetched …', api.models, (models) => {
      const sets = [...new Set(models.map(({ set }) => set))];
      return [
        element(
          'div',
          { class: 'model-sets' },
          ...sets.map((set) =>
            modelSet(
              set,
              models.filter((model) => model.set === set),
            ),
          ),
        ),
      ];
    });
  }

  async #loadHistory(): Promise<void> {
    this.#history.replaceChildren(waiting('The history is being fetched …'));
    try {
      this.#showHistory(await api.modelHistory('ssd'));
    } catch (failure) {
      this.#history.replaceChildren(failureNote(failure, () => void this.#loadHistory()));
    }
  }

  #showHistory(history: ApiModelHistory): void {
    const { current, versions, changes, hiddenBy } = history;
    const other = versions.filter(({ version }) => version !== current);
    this.#history.replaceChildren(
      element('h2', {}, 'Versions of the face detector'),
      hiddenBy === null ? '' : hiddenNote(history),
      versions.length === 0
        ? element(
            'p',
            { class: 'soft' },
            'Only the one that was shipped. Versions that are brought in are kept here.',
          )
        : element('ul', { class: 'versions' }, ...versions.map((version) => this.#version(version, history))),
      element(
        'details',
        {},
        element('summary', {}, `History: ${amount(changes.length, 'change')}`),
        element(
          'ol',
          { class: 'changes small' },
          ...[...changes]
            .reverse()
            .map(({ at, action, version }) =>
              element(
                'li',
                {},
                element('time', { attributes: { datetime: at } }, inMoment(at)),
                ` ${action} → `,
                code(version),
              ),
            ),
        ),
      ),
      changes.length > 0 && (other.length > 0 || current !== 'official')
        ? element(
            'div',
            { class: 'actions' },
            button('Roll back to the one before', () => void this.#rollBack(undefined), 'roll-back'),
          )
        : '',
    );
  }

  #version(
    version: ApiModelHistory['versions'][number],
    { current, hiddenBy }: ApiModelHistory,
  ): HTMLElement {
    const isCurrent = version.version === current;
    return element(
      'li',
      { class: 'version' },
      element(
        'div',
        {},
        element('strong', {}, code(version.version)),
        ' ',
        isCurrent &&
          (hiddenBy === null
            ? element('span', { class: 'state state-good' }, 'In use')
            : element('span', { class: 'state state-doubtful' }, 'Chosen, without effect')),
        element(
          'p',
          { class: 'small soft' },
          `Brought in ${inMoment(version.addedAt)} from ${version.source}`,
        ),
        element('ul', { class: 'checks small' }, ...version.checks.map((check) => element('li', {}, check))),
        element(
          'p',
          { class: 'small soft' },
          ...version.files.map(({ name, sha256 }) =>
            element('span', { class: 'file-digest' }, `${name} `, code(sha256.slice(0, 12))),
          ),
        ),
      ),
      !isCurrent && button('Use this one', () => void this.#rollBack(version.version)),
    );
  }

  async #rollBack(version: string | undefined): Promise<void> {
    const isSure = await confirmed(
      version === undefined ? 'Roll back to the version before?' : `Use version ${version}?`,
      'The next run finds faces with it. Encodings that are kept stay as they are.',
      version === undefined ? 'Roll back' : 'Use it',
    );
    if (!isSure) return;
    try {
      this.#showHistory(await api.rollBack('ssd', version));
      this.#context.announce('Another version is chosen.');
      this.#load();
    } catch (failure) {
      this.#context.complain(sentenceOf(failure));
    }
  }
}

function hiddenNote(history: ApiModelHistory): HTMLElement {
  return element(
    'p',
    { class: 'notice wrong hidden-version', attributes: { role: 'alert' } },
    `The version chosen here, ${history.current}, has no effect. ${hiddenSentence(history)}`,
  );
}

function modelSet(set: string, models: readonly ApiModel[]): HTMLElement {
  return element(
    'section',
    { class: 'model-set card', attributes: { 'aria-label': setTitles[set] ?? set } },
    element('h2', {}, setTitles[set] ?? set),
    ...models.map((model) => {
      const [words, kind] = stateWords[model.state] ?? [model.state, 'doubtful'];
      return element(
        'div',
        { class: 'model' },
        element(
          'p',
          { class: 'model-name' },
          element('span', { class: 'name' }, model.name),
          element('span', { class: `state state-${kind}` }, words),
        ),
        element(
          'p',
          { class: 'small soft' },
          model.version !== null && `Version ${model.version} · `,
          model.sha256 !== null && code(model.sha256.slice(0, 12)),
          model.sha256 !== null && ' · ',
          model.licence,
        ),
      );
    }),
  );
}

function code(text: string): HTMLElement {
  return element('code', {}, text);
}
