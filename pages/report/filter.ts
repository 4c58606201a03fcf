// Which pairs and groups are shown, and in which order.

import type { Verdict } from '../../lib/runs/findings.js';
import type { Group, Pair } from './report.js';

export type Order = 'closest' | 'farthest' | 'name' | 'largest';

export interface Filter {
  /** Words that must all be in the names or references of a pair. */
  readonly text: string;
  /** `open`: no verdict yet. */
  readonly verdict: Verdict | 'open' | 'any';
  readonly onlyNew: boolean;
  /** Of the distance, both included. */
  readonly least: number;
  readonly most: number;
  /** `largest` is an order of groups; pairs then come closest first. */
  readonly order: Order;
}

export const everything: Filter = {
  text: '',
  verdict: 'any',
  onlyNew: false,
  least: 0,
  most: Number.POSITIVE_INFINITY,
  order: 'closest',
};

export function shownPairs(pairs: readonly Pair[], filter: Filter): Pair[] {
  return pairs.filter(matcher(filter)).sort(pairOrders[filter.order]);
}

/** Groups of which some pair is shown. */
export function shownGroups(groups: readonly Group[], filter: Filter): Group[] {
  const isShown = matcher(filter);
  return groups.filter(({ pairs }) => pairs.some(isShown)).sort(groupOrders[filter.order]);
}

function matcher({ text, verdict, onlyNew, least, most }: Filter): (pair: Pair) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (pair) =>
    (verdict === 'any' || (pair.verdict ?? 'open') === verdict) &&
    (!onlyNew || pair.isNew) &&
    pair.distance >= least &&
    pair.distance <= most &&
    words.every((word) => pair.searched.includes(word));
}

const byNumber = (a: { readonly number: number }, b: { readonly number: number }) => a.number - b.number;

const pairOrders: Readonly<Record<Order, (a: Pair, b: Pair) => number>> = {
  closest: byNumber,
  largest: byNumber,
  farthest: (a, b) => byNumber(b, a),
  name: (a, b) => compare(nameOf(a), nameOf(b)) || byNumber(a, b),
};

const groupOrders: Readonly<Record<Order, (a: Group, b: Group) => number>> = {
  closest: (a, b) => closest(a) - closest(b) || byNumber(a, b),
  farthest: (a, b) => closest(b) - closest(a) || byNumber(a, b),
  name: byNumber,
  largest: (a, b) => b.faces.length - a.faces.length || byNumber(a, b),
};

function nameOf({ first, second }: Pair): string {
  return `${first.photo.name}\u0000${second.photo.name}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Of its closest pair; no two pairs share a number. */
function closest({ pairs }: Group): number {
  return pairs[0]?.number ?? Number.POSITIVE_INFINITY;
}
