// Saying of two photos or records, found as a pair or not, that they are different people.

import type { ApiDecision } from '../../lib/server/api.js';
import { element } from '../shared/dom.js';
import { api, sentenceOf } from './api.js';
import type { Context } from './view.js';

export function ignoreForm(context: Context, onDone: () => void): HTMLElement {
  const kind = element(
    'select',
    { class: 'field', attributes: { 'aria-label': 'What the two are' } },
    element('option', { attributes: { value: 'reference' } }, 'Records'),
    element('option', { attributes: { value: 'photo' } }, 'Photos'),
  );
  const field = (label: string, required: boolean) =>
    element('input', {
      class: 'field',
      attributes: {
        type: 'text',
        'aria-label': label,
        placeholder: label,
        required,
        spellcheck: 'false',
        autocomplete: 'off',
        maxlength: 4096,
      },
    });
  const [first, second, reason] = [
    field('First', true),
    field('Second', true),
    field('Reason (optional)', false),
  ];
  const wrong = element('p', { class: 'wrong-words', attributes: { role: 'alert' } });
  const submit = async (event: Event) => {
    event.preventDefault();
    wrong.textContent = '';
    try {
      const { isKnown } = await api.decide(context.set, {
        kind: kind.value as ApiDecision['kind'],
        first: first.value,
        second: second.value,
        verdict: 'different',
        ...(reason.value.trim() === '' ? {} : { reason: reason.value.trim() }),
      });
      for (const each of [first, second, reason]) each.value = '';
      context.announce('The pair is ignored from now on.');
      if (isKnown === false)
        wrong.textContent =
          'It is kept, but this set has no such photo or record for one of the two names. Check their spelling.';
      onDone();
    } catch (failure) {
      wrong.textContent = sentenceOf(failure);
    }
  };
  return element(
    'details',
    { class: 'card ignore' },
    element('summary', {}, 'Ignore a pair'),
    element(
      'form',
      { class: 'ignore-form', on: { submit: (event) => void submit(event) } },
      element(
        'p',
        { class: 'small soft' },
        'Two that are known to be different people: no run reports them again.',
      ),
      element(
        'div',
        { class: 'ignore-fields' },
        kind,
        first,
        second,
        reason,
        element('button', { class: 'button primary', attributes: { type: 'submit' } }, 'Ignore this pair'),
      ),
      wrong,
    ),
  );
}
