// Starting a run: which photos, how close two faces must be, and what becomes of photos with several faces.

import type { ApiNewRun, ApiSettings } from '../../lib/server/api.js';
import type { FacesPolicy } from '../../lib/runs/findings.js';
import { element } from '../shared/dom.js';
import { api, sentenceOf } from './api.js';
import { button } from './parts.js';

const policies: readonly (readonly [FacesPolicy, string])[] = [
  ['all', 'Compare all of its faces'],
  ['largest', 'Compare its largest face'],
  ['reject', 'Leave the photo out'],
];

/** @param start throws when the server refuses. */
export function runForm(roots: readonly string[], start: (run: ApiNewRun) => Promise<void>): HTMLElement {
  const places = element('textarea', {
    class: 'field',
    attributes: { id: 'run-places', rows: 3, spellcheck: 'false', 'aria-describedby': 'run-places-help' },
  });
  const threshold = element('input', {
    class: 'field figure',
    attributes: {
      id: 'run-threshold',
      type: 'number',
      min: 0,
      step: 'any',
      inputmode: 'decimal',
      placeholder: 'as set',
      'aria-describedby': 'run-threshold-help',
    },
  });
  const asSet = element('option', { attributes: { value: '' } }, 'As set');
  const policy = element(
    'select',
    { class: 'field', attributes: { id: 'run-policy' } },
    asSet,
    ...policies.map(([value, words]) => element('option', { attributes: { value } }, words)),
  );
  const dropGone = element('input', { attributes: { type: 'checkbox' } });
  const wrong = element('p', { class: 'wrong-words', attributes: { role: 'alert' } });
  const submit = element(
    'button',
    { class: 'button primary', attributes: { type: 'submit' } },
    'Start the run',
  );

  const inForce = element('p', { class: 'small soft wide', attributes: { role: 'status' } });
  const showInForce = ({ settings }: ApiSettings) => {
    const valueOf = (name: string) => {
      const setting = settings.find((each) => each.name === name);
      const value = setting?.value ?? setting?.default;
      return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
    };
    threshold.placeholder = `${valueOf('threshold')}, as set`;
    const words = policies.find(([value]) => value === valueOf('faces'))?.[1] ?? valueOf('faces');
    asSet.textContent = `As set: ${words}`;
    inForce.textContent = `As set: threshold ${valueOf('threshold')}, detector ${valueOf('detector')}.`;
  };
  // Without them the form can be sent all the same: the server knows what is set.
  api.settings().then(showInForce, () => undefined);

  const onSubmit = async (event: Event) => {
    event.preventDefault();
    submit.disabled = true;
    wrong.textContent = '';
    try {
      await start(newRun(places.value, threshold.value, policy.value, dropGone.checked));
    } catch (failure) {
      wrong.textContent = sentenceOf(failure);
    }
    submit.disabled = false;
  };
  const addRoot = (root: string) => {
    places.value = [...linesOf(places.value), root].join('\n');
    places.focus();
  };
  return element(
    'form',
    { class: 'run-form card', on: { submit: (event) => void onSubmit(event) } },
    element('h2', {}, 'Start a run'),
    element(
      'div',
      { class: 'form-field wide' },
      element('label', { attributes: { for: 'run-places' } }, 'Photos and folders'),
      places,
      element(
        'p',
        { class: 'small soft', attributes: { id: 'run-places-help' } },
        'One a line. Without any: the photos of the set as they are kept.',
      ),
      roots.length > 0 &&
        element(
          'div',
          { class: 'roots' },
          ...roots.map((root) => button(`+ ${root}`, () => addRoot(root), 'quiet small')),
        ),
    ),
    element(
      'div',
      { class: 'form-field' },
      element('label', { attributes: { for: 'run-threshold' } }, 'Threshold'),
      threshold,
      element(
        'p',
        { class: 'small soft', attributes: { id: 'run-threshold-help' } },
        'Distance below which two faces are the same person.',
      ),
    ),
    element(
      'div',
      { class: 'form-field' },
      element('label', { attributes: { for: 'run-policy' } }, 'A photo with several faces'),
      policy,
    ),
    element(
      'label',
      { class: 'check wide' },
      dropGone,
      'Forget photos of the set that are not among these any more',
    ),
    inForce,
    wrong,
    element('div', { class: 'actions' }, submit),
  );
}

function newRun(places: string, threshold: string, policy: string, dropGone: boolean): ApiNewRun {
  const lines = linesOf(places);
  return {
    ...(lines.length > 0 ? { places: lines } : {}),
    ...(threshold === '' ? {} : { threshold: Number(threshold) }),
    ...(policy === '' ? {} : { policy: policy as FacesPolicy }),
    ...(dropGone ? { dropGone } : {}),
  };
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
