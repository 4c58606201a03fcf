// /api/sets/:set/decisions: what people said of pairs.

import type { FastifyInstance } from 'fastify';
import type { NewDecision } from '../../store/index.js';
import type { ApiDecision, ApiPage } from '../api.js';
import type { ServerContext } from '../context.js';
import { answers, newDecision, object, pageOf, rangeQuery, ref, setParams } from '../schemas.js';
import { decide, pageOfAll, type Range, setNamed, type SetParams } from './shared.js';

export function addDecisionRoutes(app: FastifyInstance, context: ServerContext): void {
  const tags = ['decisions'];

  app.get<{ Params: SetParams; Querystring: Range }>(
    '/api/sets/:set/decisions',
    {
      schema: {
        tags,
        summary: 'The decisions that hold',
        params: setParams,
        querystring: rangeQuery,
        response: answers(200, 'Newest first', pageOf(ref('ApiDecision'))),
      },
    },
    async ({ params, query }): Promise<ApiPage<ApiDecision>> => {
      const { decisions } = await setNamed(context, params.set);
      return pageOfAll((await decisions.list()).reverse(), query);
    },
  );

  app.post<{ Params: SetParams; Body: NewDecision }>(
    '/api/sets/:set/decisions',
    {
      schema: {
        tags,
        summary: 'Decide on a pair',
        params: setParams,
        body: newDecision,
        response: answers(201, 'The decision', ref('ApiDecision')),
      },
    },
    async ({ params, body }, reply) => {
      const decision = await decide(await setNamed(context, params.set), body);
      return reply.status(201).send(decision);
    },
  );

  app.post<{ Params: SetParams }>(
    '/api/sets/:set/decisions/undo',
    {
      schema: {
        tags,
        summary: 'Withdraw the latest decision',
        params: setParams,
        response: answers(
          200,
          'What was withdrawn',
          object({ undone: { anyOf: [ref('ApiDecision'), { type: 'null' }] } }),
        ),
      },
    },
    async ({ params }): Promise<{ readonly undone: ApiDecision | null }> => {
      const { decisions } = await setNamed(context, params.set);
      return { undone: (await decisions.undo()) ?? null };
    },
  );
}
