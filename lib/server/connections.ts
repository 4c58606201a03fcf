// Who is connected: how many are answered, how many are told to come later, and how long one may take to say what it wants.

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { finished } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { ServerError } from '../errors.js';
import { serverBusy, serverClosing } from './refusals.js';

/** Those beyond are told to come later. */
const mostConnections = 512;
/** Those beyond are not even told. */
const mostSockets = 1024;
/** Requests that one connection may send before the first is answered: they are read all at once, others coming after. */
const mostUnanswered = 4;
const headerLimit = 16 * 1024;
/** Milliseconds for a body of JSON; uploads have `requestTimeout`. */
const bodyTimeout = 60_000;

/** Options of Node's servers. */
export const serverLimits = {
  maxHeaderSize: headerLimit,
  headersTimeout: 15_000,
  /** Of TLS. */
  handshakeTimeout: 15_000,
  connectionsCheckingInterval: 5000,
} as const;

export function limitConnections(app: FastifyInstance, isTls: boolean): void {
  const surplus = new WeakSet<Socket>();
  let open = 0;
  app.server.maxConnections = mostSockets;
  app.server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    if (++open > mostConnections) surplus.add(socket);
    socket.once('close', () => open--);
  });
  app.addHook('onRequest', ({ raw: { socket } }, reply, done) => {
    if (open <= mostConnections) surplus.delete(socket);
    if (!surplus.has(socket)) return done();
    reply.header('connection', 'close');
    done(serverBusy(`More than ${mostConnections} connections are open.`));
  });
}

/** Requests that are sent before earlier ones are answered take turns with nobody else's: a few are enough. */
export function limitPipelines(app: FastifyInstance): void {
  const unanswered = new WeakMap<Socket, number>();
  app.addHook('onRequest', ({ raw: { socket } }, reply, done) => {
    const before = unanswered.get(socket) ?? 0;
    unanswered.set(socket, before + 1);
    finished(reply.raw, () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    if (before < mostUnanswered) done();
    else done(serverBusy(`More than ${mostUnanswered} requests of one connection wait for their answers.`));
  });
}

/** What comes while the server closes is refused in its own words; what came before is answered. */
export function refuseWhileClosing(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  app.addHook('onRequest', (_request, _reply, done) => done(isClosing ? serverClosing() : undefined));
  // A connection that is kept for the next request would keep the server.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isClosing) reply.header('connection', 'close');
    done();
  });
}

/** A body that does not come in time is not waited for, but for files of uploads. */
export function limitSlowBodies(app: FastifyInstance, milliseconds = bodyTimeout): void {
  const timers = new WeakMap<object, NodeJS.Timeout>();
  app.addHook('onRequest', (request, reply, done) => {
    const { headers, raw } = request;
    if (raw.complete || headers['content-type']?.startsWith('multipart/')) return done();
    const refuse = () => {
      if (reply.sent) return;
      reply.header('connection', 'close');
      reply.send(new ServerError('REQUEST_TIMEOUT', 'The body of the request did not come in time.'));
    };
    const timer = setTimeout(refuse, milliseconds);
    timers.set(request, timer);
    finished(reply.raw, () => clearTimeout(timer));
    done();
  });
  app.addHook('preValidation', (request, _reply, done) => {
    clearTimeout(timers.get(request));
    done();
  });
}

/** Of what is no request that a route could see: as it goes over the line. */
export function answerOf(error: NodeJS.ErrnoException): string {
  const [status, code, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'REQUEST_TOO_LARGE', `The headers have more than ${headerLimit} bytes.`]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'REQUEST_TIMEOUT', 'The request did not come in time.']
        : [400, 'REQUEST_INVALID', 'This is no HTTP request.'];
  const body = JSON.stringify({ error: { code, message } });
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n` +
    `Content-Type: application/json; charset=utf-8\r\nConnection: close\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}
