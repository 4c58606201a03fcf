// What a run came to: every photo accounted for, its pairs, and how many of them may be false.

import type { ApiRun } from '../../lib/server/api.js';
import { type Child, element } from '../shared/dom.js';
import { amount, inCount, inDuration, inEstimate } from './format.js';
import { factList, photoName } from './parts.js';

const policies = {
  all: 'all compared',
  largest: 'largest compared',
  reject: 'photo left out',
} as const;

export function runSummary(run: ApiRun): HTMLElement {
  const { summary, threshold, policy } = run;
  const seconds = (Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000;
  return element(
    'div',
    { class: 'run-summary' },
    account(run),
    factList([
      { words: 'Pairs', value: inCount(summary.pairs) },
      { words: 'New pairs', value: inCount(summary.newPairs) },
      { words: 'Groups', value: inCount(summary.groups) },
      { words: 'Faces compared', value: inCount(summary.faces) },
      { words: 'Newly encoded', value: inCount(summary.newlyEncoded) },
      { words: 'Threshold', value: String(threshold) },
      { words: 'Several faces', value: policies[policy] },
      { words: 'Took', value: inDuration(seconds) },
    ]),
    falseMatches(run),
    photoList(
      'Failed',
      run.failed.map(({ photo, code, message }) => [photo, `${message} (${code})`]),
    ),
    photoList(
      'Without a face',
      run.withoutFace.map((photo) => [photo, '']),
    ),
    photoList(
      'Left out: several faces',
      run.rejected.map((photo) => [photo, '']),
    ),
  );
}

/** photos = encoded + withoutFace + rejected + failed: one bar that adds up. */
function account({ summary }: ApiRun): HTMLElement {
  const parts = [
    { kind: 'encoded', words: 'encoded', count: summary.encoded },
    { kind: 'without', words: 'without a face', count: summary.withoutFace },
    { kind: 'rejected', words: 'left out', count: summary.rejected },
    { kind: 'failed', words: 'failed', count: summary.failed },
  ];
  return element(
    'div',
    { class: 'account' },
    element(
      'p',
      {},
      element('strong', { class: 'figure' }, amount(summary.photos, 'photo')),
      ', every one accounted for',
    ),
    element(
      'div',
      { class: 'account-bar', attributes: { 'aria-hidden': 'true' } },
      ...parts
        .filter(({ count }) => count > 0)
        .map(({ kind, count }) =>
          element('span', { class: `part part-${kind}`, style: { 'flex-grow': String(count) } }),
        ),
    ),
    element(
      'ul',
      { class: 'account-key small' },
      ...parts.map(({ kind, words, count }) =>
        element('li', {}, element('span', { class: `dot part-${kind}` }), `${inCount(count)} ${words}`),
      ),
    ),
  );
}

function falseMatches({ expectedFalseMatches, summary }: ApiRun): HTMLElement {
  const { expected, expectedInterval, falseMatchRateInterval, basis, pairsCompared } = expectedFalseMatches;
  const [low, high] = expectedInterval.map(inEstimate);
  return element(
    'section',
    { class: 'false-matches' },
    element('h3', {}, 'Expected false matches'),
    falseMatchRateInterval[1] === 1
      ? element('p', {}, element('strong', {}, 'Not known.'))
      : element(
          'p',
          {},
          'About ',
          element('strong', { class: 'figure' }, inEstimate(expected)),
          ` of ${amount(summary.pairs, 'pair')} may join different people (95 %: ${low ?? ''} to ${high ?? ''}), among ${inCount(pairsCompared)} pairs of faces compared.`,
        ),
    element('p', { class: 'small soft' }, basis),
  );
}

function photoList(title: string, photos: readonly (readonly [photo: string, why: string])[]): Child {
  if (photos.length === 0) return null;
  const list = element('ul', { class: 'photo-list' });
  const details = element(
    'details',
    {},
    element('summary', {}, `${title}: ${amount(photos.length, 'photo')}`),
    list,
  );
  details.addEventListener('toggle', () => {
    if (list.childElementCount > 0) return;
    list.append(
      ...photos.map(([photo, why]) =>
        element('li', {}, photoName(photo), why !== '' && element('span', { class: 'soft small why' }, why)),
      ),
    );
  });
  return details;
}
