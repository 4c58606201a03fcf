// The account of a run without some of its photos, pairs or groups, as if they had never been in it.

import type { RunFacts } from './run_table.js';

type Facts = Omit<RunFacts, 'run'>;

/** How often the lists of a run name one of these photos. */
export function timesListed(
  { withoutFace, rejected, failed }: Pick<Facts, 'withoutFace' | 'rejected' | 'failed'>,
  names: ReadonlySet<string>,
): number {
  const listed = [...withoutFace, ...rejected, ...failed.map(({ photo }) => photo)];
  return listed.filter((name) => names.has(name)).length;
}

/** @param pairs how many fewer; `newPairs` of them were new. */
export function withoutPairs<Of extends Facts>(facts: Of, pairs: number, newPairs: number): Of {
  const { summary } = facts;
  return {
    ...facts,
    summary: { ...summary, pairs: summary.pairs - pairs, newPairs: summary.newPairs - newPairs },
  };
}

/** @param groups how many fewer. */
export function withoutGroups<Of extends Facts>(facts: Of, groups: number): Of {
  return { ...facts, summary: { ...facts.summary, groups: facts.summary.groups - groups } };
}

/** As if they had not been among its photos, which still add up. */
export function withoutNames<Of extends Facts>(facts: Of, names: ReadonlySet<string>): Of {
  const { summary } = facts;
  const withoutFace = facts.withoutFace.filter((name) => !names.has(name));
  const rejected = facts.rejected.filter((name) => !names.has(name));
  const failed = facts.failed.filter(({ photo }) => !names.has(photo));
  const gone = {
    withoutFace: facts.withoutFace.length - withoutFace.length,
    rejected: facts.rejected.length - rejected.length,
    failed: facts.failed.length - failed.length,
  };
  return {
    ...facts,
    withoutFace,
    rejected,
    failed,
    summary: {
      ...summary,
      photos: summary.photos - gone.withoutFace - gone.rejected - gone.failed,
      withoutFace: summary.withoutFace - gone.withoutFace,
      rejected: summary.rejected - gone.rejected,
      failed: summary.failed - gone.failed,
    },
  };
}
