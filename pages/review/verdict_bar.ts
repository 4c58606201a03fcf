// Where the verdict is given: the question, three answers, the reason, and the receipt of the last one.

import type { Verdict } from '../../lib/runs/findings.js';
import { element } from '../shared/dom.js';
import { verdictWords } from '../shared/marks.js';
import { button } from './parts.js';

export interface VerdictBarEvents {
  verdict(verdict: Verdict): void;
  undo(): void;
  step(by: 1 | -1): void;
  /** Enter in the field of the reason. */
  reasonGiven(): void;
}

interface Answer {
  readonly verdict: Verdict;
  readonly sign: string;
  readonly key: string;
  readonly effect: string;
}

const answers: readonly Answer[] = [
  { verdict: 'same', sign: '✓', key: 'S', effect: 'A duplicate' },
  { verdict: 'different', sign: '✕', key: 'D', effect: 'Never reported again' },
  { verdict: 'unsure', sign: '?', key: 'U', effect: 'Left for another look' },
];

export class VerdictBar {
  readonly element: HTMLElement;
  readonly #question = element('p', { class: 'question', attributes: { id: 'question' } });
  readonly #note = element('p', { class: 'small soft verdict-note' });
  readonly #receipt = element('p', { class: 'receipt', attributes: { hidden: true } });
  readonly #buttons = new Map<Verdict, HTMLButtonElement>();
  readonly #reason: HTMLInputElement;

  constructor(events: VerdictBarEvents) {
    this.#reason = element('input', {
      class: 'field reason',
      attributes: {
        type: 'text',
        maxlength: 500,
        placeholder: 'Reason (optional)',
        'aria-label': 'Reason',
        'aria-keyshortcuts': 'r',
        autocomplete: 'off',
      },
      on: {
        keydown: (event) => {
          if (event.key === 'Enter') events.reasonGiven();
          if (event.key === 'Enter' || event.key === 'Escape') this.#reason.blur();
        },
      },
    });
    for (const answer of answers) this.#buttons.set(answer.verdict, answerButton(answer, events));
    this.element = element(
      'section',
      { class: 'verdict-bar', attributes: { 'aria-label': 'Your verdict' } },
      element(
        'div',
        { class: 'verdict-inner' },
        element('div', { class: 'question-line' }, this.#question, this.#note, this.#receiptLine(events)),
        element(
          'div',
          { class: 'verdict-line' },
          step('‹', 'Previous pair', 'k', () => events.step(-1)),
          element(
            'div',
            { class: 'answers', attributes: { role: 'group', 'aria-labelledby': 'question' } },
            ...this.#buttons.values(),
          ),
          this.#reason,
          step('›', 'Next pair', 'j', () => events.step(1)),
        ),
      ),
    );
  }

  get reason(): string {
    return this.#reason.value.trim();
  }

  /** @param question names what is decided. */
  show(question: string, verdict: Verdict | undefined): void {
    this.#question.textContent = question;
    for (const [each, shown] of this.#buttons) shown.setAttribute('aria-pressed', String(each === verdict));
  }

  /** A verdict can be given only on what can be seen; without a face only that it cannot be told. */
  allow(allowed: 'nothing' | 'unsure' | 'all', note = ''): void {
    for (const [verdict, shown] of this.#buttons)
      shown.setAttribute(
        'aria-disabled',
        String(allowed === 'nothing' || (allowed === 'unsure' && verdict !== 'unsure')),
      );
    this.#note.textContent = note;
  }

  allows(verdict: Verdict): boolean {
    return this.#buttons.get(verdict)?.getAttribute('aria-disabled') === 'false';
  }

  focusReason(): void {
    this.#reason.focus();
    this.#reason.select();
  }

  clearReason(): void {
    this.#reason.value = '';
  }

  /** Stays until the next verdict: a slip is seen even after a while. */
  showReceipt(verdict: Verdict, words: string): void {
    this.#receipt.hidden = false;
    this.#receipt.className = `receipt receipt-${verdict}`;
    this.#receiptWords.textContent = words;
  }

  hideReceipt(): void {
    this.#receipt.hidden = true;
  }

  readonly #receiptWords = element('span', { class: 'receipt-words' });

  #receiptLine(events: VerdictBarEvents): HTMLElement {
    const undo = button('Undo', () => events.undo(), 'quiet undo');
    undo.append(' ', element('kbd', {}, 'Z'));
    this.#receipt.append(this.#receiptWords, undo);
    return this.#receipt;
  }
}

function answerButton({ verdict, sign, key, effect }: Answer, events: VerdictBarEvents): HTMLButtonElement {
  return element(
    'button',
    {
      class: `answer answer-${verdict}`,
      attributes: {
        type: 'button',
        'aria-keyshortcuts': key.toLowerCase(),
        'aria-pressed': 'false',
        'aria-disabled': 'true',
      },
      // The second click of a double one is on the next pair, and nobody has looked at that yet.
      on: { click: ({ detail }) => detail < 2 && events.verdict(verdict) },
    },
    element('span', { class: 'sign', attributes: { 'aria-hidden': 'true' } }, sign),
    element(
      'span',
      { class: 'answer-words' },
      element('strong', {}, verdictWords[verdict]),
      ' ',
      element('span', { class: 'effect' }, effect),
    ),
    element('kbd', { attributes: { 'aria-hidden': 'true' } }, key),
  );
}

function step(sign: string, words: string, key: string, onClick: () => void): HTMLButtonElement {
  return element(
    'button',
    {
      class: 'button quiet step',
      attributes: { type: 'button', 'aria-label': words, title: words, 'aria-keyshortcuts': key },
      on: { click: onClick },
    },
    sign,
  );
}
