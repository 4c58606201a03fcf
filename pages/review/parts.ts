// Small parts that several views are made of.

import { type Child, element, setAttribute } from '../shared/dom.js';
import { nameParts, visible } from '../shared/names.js';
import { api, ApiFailure, sentenceOf } from './api.js';

/** Of a pair whose photo is another one now. */
export const changedSince = 'Its photo has changed since this run, or is no longer kept.';

export function button(words: string, onClick: () => void, kind = ''): HTMLButtonElement {
  return element(
    'button',
    { class: `button ${kind}`, attributes: { type: 'button' }, on: { click: onClick } },
    words,
  );
}

export function linkButton(words: string, href: string, kind = ''): HTMLAnchorElement {
  return element('a', { class: `button ${kind}`, attributes: { href } }, words);
}

/** The name of a photo: its file, and more softly the folder before it. */
export function photoName(name: string): HTMLElement {
  const { folder, file } = nameParts(name);
  return element(
    'span',
    { class: 'name photo-name', attributes: { title: `${folder}${file}` } },
    folder !== '' && element('span', { class: 'soft folder' }, element('bdi', {}, folder)),
    element('span', { class: 'file' }, file),
  );
}

/** What stands where there is nothing to show: why, and what to do next. */
export function emptyState(title: string, sentence: string, ...actions: readonly Child[]): HTMLElement {
  return element(
    'div',
    { class: 'empty' },
    element('h2', {}, title),
    element('p', { class: 'soft' }, sentence),
    actions.length > 0 && element('div', { class: 'actions' }, ...actions),
  );
}

export function waiting(words: string): HTMLElement {
  return element('p', { class: 'waiting soft', attributes: { role: 'status' } }, words);
}

export function failureNote(failure: unknown, retry?: () => void): HTMLElement {
  return element(
    'div',
    { class: 'notice wrong', attributes: { role: 'alert' } },
    element('p', {}, sentenceOf(failure)),
    retry && button('Try again', retry),
  );
}

export function pageHeading(title: string, ...beside: readonly Child[]): HTMLElement {
  return element(
    'header',
    { class: 'page-heading' },
    element('h1', { attributes: { tabindex: -1 } }, title),
    ...beside,
  );
}

export interface Fact {
  readonly words: string;
  readonly value: Child;
}

export function factList(facts: readonly Fact[], kind = ''): HTMLElement {
  return element(
    'dl',
    { class: `facts ${kind}` },
    ...facts.map(({ words, value }) =>
      element('div', {}, element('dt', {}, words), element('dd', { class: 'figure' }, value)),
    ),
  );
}

/** A bar from 0 to 1; undefined: how much there is to do is not known yet. */
export function progressBar(label: string) {
  const fill = element('span', { class: 'progress-fill' });
  const bar = element(
    'div',
    {
      class: 'progress',
      attributes: { role: 'progressbar', 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': 100 },
    },
    fill,
  );
  const show = (part: number | undefined) => {
    const percent = part === undefined ? undefined : Math.round(Math.min(1, Math.max(0, part)) * 100);
    setAttribute(bar, 'aria-valuenow', percent);
    fill.style.setProperty('transform', `scaleX(${(percent ?? 0) / 100})`);
  };
  show(undefined);
  return { element: bar, show };
}

/** Asks before what cannot be taken back with one key. @returns whether the answer was yes. */
export function confirmed(title: string, sentence: string, yes: string): Promise<boolean> {
  return new Promise((resolve) => {
    const dialog = element(
      'dialog',
      { class: 'confirm', attributes: { 'aria-label': title }, on: { close: () => finish(false) } },
      element('h2', {}, title),
      element('p', {}, sentence),
      element(
        'div',
        { class: 'actions' },
        button('Cancel', () => finish(false)),
        button(yes, () => finish(true), 'primary'),
      ),
    );
    const finish = (answer: boolean) => {
      dialog.remove();
      resolve(answer);
    };
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Fills a place with what is fetched; says so while it waits, and why when it fails. */
export function fetched<Answer>(
  place: HTMLElement,
  words: string,
  fetch: () => Promise<Answer>,
  show: (answer: Answer) => readonly Child[],
): void {
  const load = async () => {
    place.replaceChildren(waiting(words));
    try {
      const children = show(await fetch());
      place.replaceChildren(element('div', { class: 'stack' }, ...children));
    } catch (failure) {
      place.replaceChildren(failureNote(failure, () => void load()));
    }
  };
  void load();
}

/** Whether a set is one that the server does not know, and not one that had no run yet. */
export async function isUnknownSet(set: string): Promise<boolean> {
  try {
    return !(await api.sets()).some(({ name }) => name === set);
  } catch {
    return false;
  }
}

export function unknownSet(set: string): HTMLElement {
  return emptyState(
    'No such set',
    `This server has no set of photos named ‘${visible(set)}’. Check the address, or choose another set.`,
    linkButton('Open the set of this server', '#/'),
  );
}

/** Whether there is simply nothing yet. */
export function isMissing(failure: unknown): boolean {
  return failure instanceof ApiFailure && failure.status === 404;
}
