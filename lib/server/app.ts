// The HTTP application: its limits, guards and routes, and the OpenAPI document that describes them.

import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import { Ajv, type AnySchema } from 'ajv';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { ServerError } from '../errors.js';
import {
  answerOf,
  limitConnections,
  limitPipelines,
  limitSlowBodies,
  refuseWhileClosing,
  serverLimits,
} from './connections.js';
import { factsOf, type Log, type LogFields } from '../logging.js';
import type { ServerContext } from './context.js';
import { addGuards } from './guards.js';
import { addMemoryLimit } from './held_memory.js';
import { addClusterRoutes } from './routes/cluster.js';
import { addDecisionRoutes } from './routes/decisions.js';
import { addErasureRoutes } from './routes/erasures.js';
import { addIgnoredPairRoutes } from './routes/ignored_pairs.js';
import { addModelRoutes } from './routes/models.js';
import { addPageRoutes } from './routes/page.js';
import { addPairRoutes } from './routes/pairs.js';
import { addPhotoRoutes } from './routes/photos.js';
import { addReportRoutes } from './routes/report.js';
import { addRunRoutes } from './routes/runs.js';
import { addSessionRoutes } from './routes/session.js';
import { addSetRoutes } from './routes/sets.js';
import { addSettingRoutes } from './routes/settings.js';
import { answers, sharedSchemas } from './schemas.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The code of the error that was answered. */
    refusal: string | undefined;
  }
}

export interface AppOptions {
  readonly tls: { readonly cert: string | Buffer; readonly key: string | Buffer } | undefined;
  /** Where requests are logged: their methods, routes, statuses, codes and times. */
  readonly log: Log | undefined;
}

const bodyLimit = 256 * 1024;

export async function buildApp(context: ServerContext, { tls, log }: AppOptions): Promise<FastifyInstance> {
  const app = makeFastify(context, tls, log);
  for (const schema of sharedSchemas) app.addSchema(schema);
  checkStrictly(app);
  takeEmptyJson(app);
  answerErrors(app, context);
  logRequests(app);
  refuseWhileClosing(app);
  limitConnections(app, tls !== undefined);
  limitPipelines(app);
  await app.register(cookie);
  await app.register(rateLimit, { global: false });
  await app.register(helmet, headers(tls !== undefined));
  await app.register(swagger, description(context));
  const checkToken = addGuards(app, context);
  // Those who may not ask take nobody's place.
  limitSlowBodies(app);
  addMemoryLimit(app);
  addPageRoutes(app);
  addSessionRoutes(app, context, checkToken);
  addSetRoutes(app, context);
  addPhotoRoutes(app, context);
  addRunRoutes(app, context);
  addPairRoutes(app, context);
  addReportRoutes(app, context);
  addDecisionRoutes(app, context);
  addIgnoredPairRoutes(app, context);
  addErasureRoutes(app, context);
  addModelRoutes(app, context);
  addSettingRoutes(app, context);
  if (context.cluster) addClusterRoutes(app, context.cluster);
  app.get(
    '/api/openapi.json',
    {
      schema: {
        tags: ['description'],
        summary: 'This document',
        response: answers(200, 'OpenAPI 3.1', { type: 'object', additionalProperties: true }),
      },
    },
    () => app.swagger(),
  );
  await app.ready();
  return app;
}

function makeFastify(
  context: ServerContext,
  tls: AppOptions['tls'],
  log: FastifyBaseLogger | undefined,
): FastifyInstance {
  return Fastify({
    // Their types tell http from https, which nothing here depends on.
    ...((tls ? { https: { ...tls, ...serverLimits } } : { http: serverLimits }) as { http: object }),
    bodyLimit,
    return503OnClosing: false,
    keepAliveTimeout: 10_000,
    // For uploads over slow lines.
    requestTimeout: 600_000,
    routerOptions: { maxParamLength: 1000 },
    trustProxy: context.access.isBehindProxy ? ['loopback', 'uniquelocal'] : false,
    logController: new LogController({ disableRequestLogging: true }),
    ...(log ? { loggerInstance: log } : {}),
    frameworkErrors: (error, _request, reply) => {
      const { status, error: described } = context.errors.refusalOf(error);
      void (reply as unknown as FastifyReply).status(status).send({ error: described });
    },
    clientErrorHandler: (error, socket) => {
      if (!socket.writable) return socket.destroy(error);
      socket.end(answerOf(error));
    },
  });
}

/** Bodies are taken as they are; what stands in an address is text, and is read as the number it should be. */
function checkStrictly(app: FastifyInstance): void {
  const options = { removeAdditional: false, useDefaults: true, allowUnionTypes: true } as const;
  const ofBodies = new Ajv(options);
  const ofAddresses = new Ajv({ ...options, coerceTypes: true });
  for (const ajv of [ofBodies, ofAddresses]) sharedSchemas.forEach((schema) => ajv.addSchema(schema));
  app.setValidatorCompiler<AnySchema>(({ schema, httpPart }) =>
    (httpPart === 'body' ? ofBodies : ofAddresses).compile(schema),
  );
}

/** A request without a body may still say that it would be JSON. */
function takeEmptyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (text === '') done(null, undefined);
    else void parse(request, text, done);
  });
}

function answerErrors(app: FastifyInstance, { errors }: ServerContext): void {
  app.setErrorHandler((error, request, reply) => {
    const { status, error: described, retryAfter, isOurs } = errors.refusalOf(error);
    request.refusal = described.code;
    if (isOurs) request.log.error(factsOf(error), 'a fault of facededup');
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    return reply.status(status).type('application/json; charset=utf-8').send({ error: described });
  });
  app.setNotFoundHandler(() => {
    throw new ServerError(
      'ADDRESS_UNKNOWN',
      'There is nothing at this address. /api/openapi.json lists all there is.',
    );
  });
}

/** By the routes' patterns: an address may name a photo, and a person. */
function logRequests(app: FastifyInstance): void {
  app.decorateRequest('refusal', undefined);
  app.addHook('onResponse', async (request: FastifyRequest, reply) => {
    const { method, routeOptions } = request;
    const fields: LogFields = {
      method,
      route: routeOptions.url ?? 'none',
      status: reply.statusCode,
      milliseconds: Math.round(reply.elapsedTime),
      code: request.refusal,
    };
    request.log.info(fields, 'answered');
  });
}

function headers(isTls: boolean) {
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Only where there is https: it would lock people out of http.
    hsts: isTls,
    referrerPolicy: { policy: 'no-referrer' as const },
    xFrameOptions: { action: 'deny' as const },
  };
}

function description({ version }: ServerContext) {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'facededup',
        version,
        description:
          'Sets of photos, runs that find the same person twice in them, and what people decide on the pairs. Where the ' +
          'server has a token, send it as a bearer token, or log in for a cookie. Whatever changes something needs the ' +
          'bearer token or the server’s own Origin.',
        license: { name: 'MIT' },
      },
      components: {
        securitySchemes: {
          token: { type: 'http' as const, scheme: 'bearer' },
          session: { type: 'apiKey' as const, in: 'cookie' as const, name: 'facededup_session' },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
    refResolver: {
      buildLocalReference: (
        json: { readonly $id?: unknown },
        _base: unknown,
        _fragment: string,
        index: number,
      ) => (typeof json.$id === 'string' ? json.$id : `Shape${index}`),
    },
  };
}
