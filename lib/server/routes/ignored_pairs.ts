// /api/sets/:set/ignored-pairs: those that people said show two persons, which no run reports again.

import type { FastifyInstance } from 'fastify';
import type { NewDecision } from '../../store/index.js';
import type { ApiDecision, ApiPage } from '../api.js';
import type { ServerContext } from '../context.js';
import { answers, object, pageOf, pairOfNames, rangeQuery, ref, setParams } from '../schemas.js';
import { decide, pageOfAll, type Range, setNamed, type SetParams } from './shared.js';

type Pair = Pick<NewDecision, 'kind' | 'first' | 'second'>;

export function addIgnoredPairRoutes(app: FastifyInstance, context: ServerContext): void {
  const tags = ['ignored pairs'];

  app.get<{ Params: SetParams; Querystring: Range }>(
    '/api/sets/:set/ignored-pairs',
    {
      schema: {
        tags,
        summary: 'The pairs that no run reports again',
        params: setParams,
        querystring: rangeQuery,
        response: answers(200, 'Newest first', pageOf(ref('ApiDecision'))),
      },
    },
    async ({ params, query }): Promise<ApiPage<ApiDecision>> => {
      const { decisions } = await setNamed(context, params.set);
      const ignored = (await decisions.list()).filter(({ verdict }) => verdict === 'different');
      return pageOfAll(ignored.reverse(), query);
    },
  );

  app.post<{ Params: SetParams; Body: Pair & Pick<NewDecision, 'reason'> }>(
    '/api/sets/:set/ignored-pairs',
    {
      schema: {
        tags,
        summary: 'Ignore a pair: the decision `different`',
        params: setParams,
        body: object({ ...pairOfNames, reason: pairOfNames.first }, ['reason']),
        response: answers(201, 'The decision', ref('ApiDecision')),
      },
    },
    async ({ params, body }, reply) => {
      const decision = await decide(await setNamed(context, params.set), { ...body, verdict: 'different' });
      return reply.status(201).send(decision);
    },
  );

  app.delete<{ Params: SetParams; Querystring: Pair }>(
    '/api/sets/:set/ignored-pairs',
    {
      schema: {
        tags,
        summary: 'Ignore a pair no longer: all decisions on it are withdrawn',
        params: setParams,
        querystring: object(pairOfNames),
        response: answers(200, 'Whether there was any', object({ removed: { type: 'boolean' } })),
      },
    },
    async ({ params, query }) => {
      const { decisions } = await setNamed(context, params.set);
      return { removed: await decisions.withdraw(query) };
    },
  );
}
