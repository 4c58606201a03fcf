// /api/erasures: what the store knows of a photo or of a person's record, removed for good.

import type { FastifyInstance } from 'fastify';
import { ServerError } from '../../errors.js';
import type { EraseOptions } from '../../store/index.js';
import type { ApiErasure } from '../api.js';
import type { ServerContext } from '../context.js';
import { answers, newErasure, ref } from '../schemas.js';

interface NewErasure extends EraseOptions {
  readonly id: string;
}

export function addErasureRoutes(app: FastifyInstance, context: ServerContext): void {
  app.post<{ Body: NewErasure }>(
    '/api/erasures',
    {
      schema: {
        tags: ['erasures'],
        summary: 'Erase what is known of a photo, or of a record with all its photos, for good',
        body: newErasure,
        response: answers(200, 'What went, or of a dry run what would go', ref('ApiErasure')),
      },
    },
    async ({ body: { id, ...options } }): Promise<ApiErasure> => {
      if (options.dryRun !== true) await requireNoRun(context, options.set);
      return context.store.erase(id, options);
    },
  );
}

/** A run keeps at its end what it read at its beginning. @throws ServerError `SET_IN_USE` */
async function requireNoRun({ store, jobs }: ServerContext, set: string | undefined): Promise<void> {
  const sets = set === undefined ? (await store.sets()).map(({ name }) => name) : [set];
  const busy = sets.find((name) => jobs.isBusyWith(name));
  if (busy !== undefined)
    throw new ServerError(
      'SET_IN_USE',
      `A run on the set '${busy}' is under way, and may bring back what is erased. Cancel it, or wait for its end.`,
    );
}
