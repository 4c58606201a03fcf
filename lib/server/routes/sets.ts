// /api/sets: the store's sets of photos, and whom each tells when a run ends.

import type { FastifyInstance } from 'fastify';
import { ServerError } from '../../errors.js';
import type { PhotoSetFacts } from '../../store/index.js';
import type { ApiSet } from '../api.js';
import type { ServerContext } from '../context.js';
import { answers, arrayOf, object, ref, setParams } from '../schemas.js';
import { setNamed, type SetParams } from './shared.js';

const webhook = { type: ['string', 'null'], maxLength: 2048 } as const;

interface SetBody {
  readonly webhook?: string | null;
}

export function addSetRoutes(app: FastifyInstance, context: ServerContext): void {
  const { store, jobs, webhooks } = context;
  const tags = ['sets'];
  const factsOf = async (name: string): Promise<ApiSet> => {
    const set = await setNamed(context, name);
    return apiSet((await store.sets()).find((each) => each.name === set.name) as PhotoSetFacts);
  };
  const setWebhook = async (name: string, address: string | null | undefined) => {
    if (address !== undefined) await store.setWebhook(name, address ?? undefined);
  };
  const checked = ({ webhook: address }: SetBody) =>
    typeof address === 'string' ? webhooks.check(address) : address;

  app.get(
    '/api/sets',
    { schema: { tags, summary: 'All sets', response: answers(200, 'By name', arrayOf(ref('ApiSet'))) } },
    async () => (await store.sets()).map(apiSet),
  );

  app.post<{ Body: SetBody & { readonly name: string } }>(
    '/api/sets',
    {
      schema: {
        tags,
        summary: 'Begin a set, or change whom it tells',
        body: object({ name: { type: 'string', minLength: 1, maxLength: 100 }, webhook }, ['webhook']),
        response: answers(201, 'The set', ref('ApiSet')),
      },
    },
    async ({ body }, reply) => {
      const address = checked(body);
      await store.set(body.name);
      await setWebhook(body.name, address);
      return reply.status(201).send(await factsOf(body.name));
    },
  );

  app.get<{ Params: SetParams }>(
    '/api/sets/:set',
    {
      schema: { tags, summary: 'A set', params: setParams, response: answers(200, 'The set', ref('ApiSet')) },
    },
    ({ params }) => factsOf(params.set),
  );

  app.patch<{ Params: SetParams; Body: SetBody }>(
    '/api/sets/:set',
    {
      schema: {
        tags,
        summary: 'Change whom a set tells when a run ends; null is nobody',
        params: setParams,
        body: object({ webhook }, ['webhook']),
        response: answers(200, 'The set', ref('ApiSet')),
      },
    },
    async ({ params, body }) => {
      const { name } = await setNamed(context, params.set);
      await setWebhook(name, checked(body));
      return factsOf(name);
    },
  );

  app.delete<{ Params: SetParams }>(
    '/api/sets/:set',
    {
      schema: {
        tags,
        summary: 'Forget a set with its decisions and runs; the photos themselves stay where they are',
        params: setParams,
        response: answers(200, 'Whether it was there', object({ removed: { type: 'boolean' } })),
      },
    },
    async ({ params }) => {
      if (jobs.isBusyWith(params.set))
        throw new ServerError(
          'SET_IN_USE',
          `A run on the set '${params.set}' is under way. Cancel it first.`,
        );
      return { removed: await store.removeSet(params.set) };
    },
  );
}

function apiSet({ webhook: address, ...facts }: PhotoSetFacts): ApiSet {
  return { ...facts, webhook: address ?? null };
}
