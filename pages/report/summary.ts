// The head of the report: when and how it was made, figures that add up, expected false matches, the histogram.

import type { FailedPhoto } from '../../lib/runs/findings.js';
import { count, inFewDigits } from '../../lib/runs/words.js';
import { element } from '../shared/dom.js';
import { drawHistogram, histogramOf } from '../shared/histogram.js';
import { verdictWords } from '../shared/marks.js';
import { visible } from '../shared/names.js';
import type { Report } from './report.js';

/** More photos than this are counted and not listed. */
const mostListed = 500;

const policyWords = {
  all: 'all faces of a photo compared',
  largest: 'the largest face of a photo compared',
  reject: 'photos with several faces left out',
} as const;

/** What stands below the title. */
export function provenance({ data }: Report): HTMLElement {
  const { run, finishedAt, threshold, policy, approximate } = data.facts;
  const parts = [
    ...(run === undefined ? [] : [`Run ${run}`]),
    dateInWords(finishedAt),
    `threshold ${threshold}`,
    ...(approximate ? [`approximate: of pairs from ${approximate.reach} on some may be missing`] : []),
    policyWords[policy],
    `facededup ${data.version}`,
  ];
  return element('p', { class: 'soft small provenance' }, parts.join(' · '));
}

export function summary(report: Report): HTMLElement {
  const { facts } = report.data;
  const cards = element(
    'div',
    { class: 'summary', attributes: { role: 'group', 'aria-label': 'Figures', tabindex: '0' } },
    photosCard(report),
    pairsCard(report),
    falseMatchesCard(report),
    card(
      'Distances',
      drawHistogram(
        histogramOf(
          report.pairs.map(({ distance }) => distance),
          facts.threshold,
        ),
      ),
    ),
  );
  const { photosInWords } = report.data;
  const folder = report.commonFolder;
  return element(
    'section',
    { class: 'page', attributes: { 'aria-label': 'Summary' } },
    cards,
    element(
      'p',
      { class: 'soft small summary-note' },
      photosInWords,
      folder !== '' && ' Photos are named as they lie in ',
      folder !== '' && element('bdi', { class: 'name' }, folder),
    ),
  );
}

function photosCard({ data }: Report): HTMLElement {
  const { summary: figures, policy, withoutFace, rejected, failed } = data.facts;
  const rejectedRow = ['several faces, rejected', figures.rejected, 'rejected', photoList(rejected)] as const;
  const several = `; ${count(figures.severalFaces, 'photo')} with several`;
  return card(
    'Photos',
    ledger(
      [
        ['compared', figures.encoded, 'compared'],
        ['without a face', figures.withoutFace, 'without', photoList(withoutFace)],
        ...(policy === 'reject' ? [rejectedRow] : []),
        ['failed', figures.failed, 'failed', failedList(failed)],
      ],
      ['photos', figures.photos],
    ),
    element(
      'p',
      { class: 'soft small' },
      `${count(figures.faces, 'face')} compared${figures.severalFaces > 0 ? several : ''}.`,
    ),
  );
}

function pairsCard({ data, pairs }: Report): HTMLElement {
  const { summary: figures, run, threshold } = data.facts;
  const having = (wanted: string) => pairs.filter(({ verdict }) => (verdict ?? 'open') === wanted).length;
  const fresh =
    figures.newPairs === pairs.length ? 'All are new. ' : `${figures.newPairs} new since the run before. `;
  return card(
    'Pairs',
    ledger(
      [
        ['no verdict yet', having('open'), 'open'],
        [verdictWords.same.toLowerCase(), having('same'), 'same'],
        [verdictWords.unsure.toLowerCase(), having('unsure'), 'unsure'],
        [verdictWords.different.toLowerCase(), having('different'), 'different'],
      ],
      [`pairs below ${threshold}`, pairs.length],
    ),
    element(
      'p',
      { class: 'soft small' },
      `${run === undefined || pairs.length === 0 ? '' : fresh}${count(figures.groups, 'group')} of photos.`,
    ),
  );
}

function falseMatchesCard({ data }: Report): HTMLElement {
  const { expected, expectedInterval, falseMatchRateInterval, pairsCompared, basis } =
    data.facts.expectedFalseMatches;
  const [low, high] = expectedInterval.map(inFewDigits);
  const isKnown = falseMatchRateInterval[1] < 1;
  const compared = `among ${count(pairsCompared, 'pair')} of faces compared.`;
  return card(
    'False matches to expect',
    element('p', { class: 'big figure' }, isKnown ? inFewDigits(expected) : 'Not known'),
    element(
      'p',
      { class: 'small' },
      isKnown ? `95 % interval ${low} to ${high}, ${compared}` : `It is not known how many, ${compared}`,
    ),
    element('p', { class: 'soft small' }, basis),
  );
}

function card(title: string, ...content: readonly Node[]): HTMLElement {
  return element(
    'section',
    { class: 'card summary-card kept-together' },
    element('h2', {}, title),
    ...content,
  );
}

type LedgerRow = readonly [words: string, number: number, kind: string, list?: HTMLElement | undefined];

/** Parts above a line, their sum below it, and a bar of the parts. */
function ledger(rows: readonly LedgerRow[], [sumWords, sum]: readonly [string, number]): HTMLElement {
  const parts = rows
    .filter(([, number]) => number > 0)
    .map(([, number, kind]) =>
      element('span', { class: `part part-${kind}`, style: { 'flex-grow': String(number) } }),
    );
  return element(
    'div',
    {},
    element('div', { class: 'parts', attributes: { 'aria-hidden': 'true' } }, ...parts),
    element(
      'dl',
      { class: 'ledger' },
      ...rows.map(([words, number, kind, list]) => ledgerRow(words, number, `swatch swatch-${kind}`, list)),
      element('div', { class: 'sum' }, element('dt', {}, sumWords), element('dd', { class: 'figure' }, sum)),
    ),
  );
}

function ledgerRow(
  words: string,
  number: number,
  swatch: string,
  list: HTMLElement | undefined,
): HTMLElement {
  const mark = element('span', { class: swatch, attributes: { 'aria-hidden': 'true' } });
  const name =
    list && number > 0
      ? element('details', {}, element('summary', {}, words), list)
      : element('span', {}, words);
  return element(
    'div',
    { class: number === 0 ? 'none' : undefined },
    element('dt', {}, mark, name),
    element('dd', { class: 'figure' }, number),
  );
}

function photoList(names: readonly string[]): HTMLElement {
  return listOf(names, (name) => [element('bdi', { class: 'name' }, visible(name))]);
}

function failedList(failed: readonly FailedPhoto[]): HTMLElement {
  return listOf(failed, ({ photo, code, message }) => [
    element('bdi', { class: 'name' }, visible(photo)),
    element('span', { class: 'soft name' }, `${visible(message)} [${code}]`),
  ]);
}

function listOf<Item>(items: readonly Item[], contentOf: (item: Item) => readonly Node[]): HTMLElement {
  const more = items.length - mostListed;
  return element(
    'ul',
    { class: 'photo-list small', attributes: { tabindex: '0', 'aria-label': 'Photos' } },
    ...items.slice(0, mostListed).map((item) => element('li', {}, ...contentOf(item))),
    more > 0 && element('li', {}, `and ${more} more, which facededup find --json lists`),
  );
}

function dateInWords(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return visible(iso);
  return `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(date)} UTC`;
}
