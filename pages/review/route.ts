// Where the reviewer is: the address behind the #, read and written, so that any view can be linked to.

import type { ApiVerdictFilter } from '../../lib/server/api.js';
import type { PairOrder, PairsFilter } from './api.js';

export type ViewName = 'pairs' | 'list' | 'groups' | 'runs' | 'decisions' | 'models' | 'settings';

export interface Route {
  readonly view: ViewName;
  /** Absent where the view is not of a set, or the set that the server was started for is meant. */
  readonly set?: string | undefined;
  /** pairs: the position of a pair; runs: the number of a run. */
  readonly item?: number | undefined;
  /** Whose pairs are shown; absent: the newest run's. */
  readonly run?: number | undefined;
  readonly filter: PairsFilter;
}

export const allPairs: PairsFilter = { verdict: 'any', isNew: false, query: '', order: 'closest' };
export const openPairs: PairsFilter = { ...allPairs, verdict: 'open' };

const ofSets: readonly ViewName[] = ['pairs', 'list', 'groups', 'runs', 'decisions'];
const verdictFilters: readonly ApiVerdictFilter[] = ['open', 'same', 'different', 'unsure', 'any'];
const orders: readonly PairOrder[] = ['closest', 'farthest'];

export function isOfSet(view: ViewName): boolean {
  return ofSets.includes(view);
}

/** What cannot be understood is left out: an old or mistyped link still leads somewhere. */
export function readRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#/, '').split('?', 2);
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decoded);
  const parameters = new URLSearchParams(search);
  const run = numberOf(parameters.get('run') ?? undefined);
  if (parts[0] === 'models' || parts[0] === 'settings') return { view: parts[0], filter: openPairs };
  const view = ofSets.find((name) => name === parts[2]) ?? 'pairs';
  return {
    view,
    set: parts[0] === 'sets' ? parts[1] : undefined,
    item: numberOf(parts[3]),
    run,
    filter: readFilter(parameters, view === 'list' ? allPairs : openPairs),
  };
}

export function hashOf({ view, set, item, run, filter }: Route): string {
  if (!isOfSet(view) || set === undefined) return `#/${view}`;
  const parameters = new URLSearchParams();
  const usual = view === 'list' ? allPairs : openPairs;
  if (run !== undefined) parameters.set('run', String(run));
  if (view === 'pairs' || view === 'list') {
    if (filter.verdict !== usual.verdict) parameters.set('verdict', filter.verdict);
    if (filter.isNew) parameters.set('new', '1');
    if (filter.query !== '') parameters.set('query', filter.query);
    if (filter.order !== usual.order) parameters.set('order', filter.order);
  }
  const search = parameters.toString();
  const path = ['sets', encodeURIComponent(set), view, ...(item === undefined ? [] : [String(item)])];
  return `#/${path.join('/')}${search === '' ? '' : `?${search}`}`;
}

function readFilter(parameters: URLSearchParams, usual: PairsFilter): PairsFilter {
  return {
    verdict: verdictFilters.find((each) => each === parameters.get('verdict')) ?? usual.verdict,
    isNew: parameters.get('new') === '1',
    query: parameters.get('query') ?? '',
    order: orders.find((each) => each === parameters.get('order')) ?? usual.order,
  };
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
