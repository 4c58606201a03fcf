// Small marks on a pair: what a person said of it, and whether it is new. Each is a sign and a word.

import type { Verdict } from '../../lib/runs/findings.js';
import { element } from './dom.js';

export const verdictWords: Readonly<Record<Verdict, string>> = {
  same: 'Same person',
  different: 'Different people',
  unsure: 'Unsure',
};

const verdictSigns: Readonly<Record<Verdict, string>> = { same: '✓', different: '✕', unsure: '?' };

export function verdictMark(verdict: Verdict): HTMLElement {
  return mark(verdict, verdictSigns[verdict], verdictWords[verdict]);
}

export function newMark(): HTMLElement {
  return mark('new', '✦', 'New');
}

function mark(kind: Verdict | 'new', sign: string, word: string): HTMLElement {
  return element(
    'span',
    { class: `mark mark-${kind}` },
    element('span', { attributes: { 'aria-hidden': 'true' } }, sign),
    word,
  );
}
