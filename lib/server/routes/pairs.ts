// /api/sets/:set/runs/:run/pairs and what else a run found: groups, and how the distances spread.

import type { FastifyInstance } from 'fastify';
import type { ApiHistogram, ApiPage, ApiPair, ApiVerdictFilter } from '../api.js';
import type { ServerContext } from '../context.js';
import {
  answers,
  arrayOf,
  object,
  pageOf,
  pairsQuery,
  rangeQuery,
  ref,
  runParams,
  setParams,
} from '../schemas.js';
import { type Range, type RunParams, runNamed, setNamed, type SetParams } from './shared.js';

interface PairsQuery extends Range {
  readonly verdict: ApiVerdictFilter;
  readonly new: boolean;
  readonly query?: string;
  readonly order: 'closest' | 'farthest';
}

export function addPairRoutes(app: FastifyInstance, context: ServerContext): void {
  const tags = ['duplicates'];
  const pairsOf = async ({ set: name, run }: RunParams, query: PairsQuery): Promise<ApiPage<ApiPair>> => {
    const set = await setNamed(context, name);
    const { offset, limit, verdict, new: isNew, query: text, order } = query;
    const { total, pairs } = await set.runs.pairs(await runNamed(set, run), await set.decisions.index(), {
      offset,
      limit,
      order,
      isNew,
      text,
      verdict: verdict === 'any' ? undefined : verdict,
    });
    return { total, offset, items: pairs };
  };
  const response = answers(200, 'The pairs, with the verdicts that hold now', pageOf(ref('ApiPair')));

  app.get<{ Params: RunParams; Querystring: PairsQuery }>(
    '/api/sets/:set/runs/:run/pairs',
    {
      schema: {
        tags,
        summary: 'The pairs that a run found',
        params: runParams,
        querystring: pairsQuery,
        response,
      },
    },
    ({ params, query }) => pairsOf(params, query),
  );

  app.get<{ Params: SetParams; Querystring: PairsQuery }>(
    '/api/sets/:set/duplicates',
    {
      schema: {
        tags,
        summary: 'The pairs that the newest run found',
        params: setParams,
        querystring: pairsQuery,
        response,
      },
    },
    ({ params, query }) => pairsOf({ ...params, run: 'latest' }, query),
  );

  app.get<{ Params: RunParams; Querystring: Range }>(
    '/api/sets/:set/runs/:run/groups',
    {
      schema: {
        tags,
        summary: 'The photos of one person, as far as a run found them',
        params: runParams,
        querystring: rangeQuery,
        response: answers(200, 'Largest first', pageOf(arrayOf({ type: 'string' }))),
      },
    },
    async ({ params, query }): Promise<ApiPage<readonly string[]>> => {
      const set = await setNamed(context, params.set);
      const { total, groups } = await set.runs.groupsPage(await runNamed(set, params.run), query);
      return { total, offset: query.offset, items: groups };
    },
  );

  app.get<{ Params: RunParams; Querystring: { readonly bins: number } }>(
    '/api/sets/:set/runs/:run/histogram',
    {
      schema: {
        tags,
        summary: 'How the distances of a run spread',
        params: runParams,
        querystring: object({ bins: { type: 'integer', minimum: 1, maximum: 1000, default: 40 } }, ['bins']),
        response: answers(200, 'From 0 to the threshold', ref('ApiHistogram')),
      },
    },
    async ({ params, query }): Promise<ApiHistogram> => {
      const set = await setNamed(context, params.set);
      return { from: 0, ...(await set.runs.histogram(await runNamed(set, params.run), query.bins)) };
    },
  );
}
