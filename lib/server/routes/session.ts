// /api/session: who asks, logging in and out.

import type { FastifyInstance } from 'fastify';
import { ServerError } from '../../errors.js';
import type { ApiSession } from '../api.js';
import type { ServerContext } from '../context.js';
import { type CheckToken, isKnown, sessionCookie } from '../guards.js';
import { answers, object, ref } from '../schemas.js';
import { sessionLifetime } from '../sessions.js';

export function addSessionRoutes(app: FastifyInstance, context: ServerContext, checkToken: CheckToken): void {
  const { sessions, access, version, defaultSet, photos, cluster } = context;
  const cookie = { path: '/api', httpOnly: true, sameSite: 'strict', secure: access.isSecure } as const;
  const config = { isOpen: true };
  const sessionOf = (known: boolean): ApiSession =>
    known
      ? {
          version,
          needsToken: false,
          isLoggedIn: sessions.areNeeded,
          set: defaultSet,
          roots: photos.names,
          hasQueue: cluster !== undefined,
        }
      : { version, needsToken: true, isLoggedIn: false, set: '', roots: [], hasQueue: false };

  app.get(
    '/api/session',
    {
      config,
      schema: {
        tags: ['session'],
        summary: 'Whether this client must log in; the set and roots once it has',
        security: [],
        response: answers(200, 'The session', ref('ApiSession')),
      },
    },
    (request) => sessionOf(isKnown(request, context)),
  );

  app.post<{ Body: { readonly token: string } }>(
    '/api/session',
    {
      config,
      bodyLimit: 8192,
      schema: {
        tags: ['session'],
        summary: 'Log in with the token: sets a cookie',
        security: [],
        body: object({ token: { type: 'string', minLength: 1, maxLength: 4096 } }),
        response: answers(200, 'The session', ref('ApiSession')),
      },
    },
    async (request, reply) => {
      if (sessions.areNeeded) {
        if (!(await checkToken(request, request.body.token)))
          throw new ServerError('TOKEN_WRONG', 'This is not the token of this server.');
        reply.setCookie(sessionCookie, sessions.begin(), { ...cookie, maxAge: sessionLifetime / 1000 });
      }
      return sessionOf(true);
    },
  );

  app.delete(
    '/api/session',
    {
      config,
      schema: {
        tags: ['session'],
        summary: 'Log out',
        security: [],
        response: answers(200, 'The session', ref('ApiSession')),
      },
    },
    (request, reply) => {
      const id = request.cookies[sessionCookie];
      if (id !== undefined) sessions.end(id);
      reply.clearCookie(sessionCookie, cookie);
      return sessionOf(!sessions.areNeeded);
    },
  );
}
