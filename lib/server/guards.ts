// What each request must pass before a route sees it: its host, its origin, its token.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServerError } from '../errors.js';
import type { AccessRules, ServerContext } from './context.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether a route answers those who have not logged in. */
    isOpen?: boolean;
  }
  interface FastifyRequest {
    /** Whether it came with the token itself, as programs send it and no browser does by itself. */
    hasToken: boolean;
  }
}

export const sessionCookie = 'facededup_session';

const longestAddress = 8192;
/** Wrong tokens that one address may send in a minute. */
const mostFailures = 10;
const readingMethods: ReadonlySet<string> = new Set(['GET', 'HEAD']);
const bodyTypes: ReadonlySet<string> = new Set(['application/json', 'multipart/form-data']);

export type CheckToken = (request: FastifyRequest, token: string) => Promise<boolean>;

/** @returns checks a token, and refuses those who have tried too many wrong ones. */
export function addGuards(app: FastifyInstance, { access, sessions }: ServerContext): CheckToken {
  const failures = app.createRateLimit({ max: mostFailures, timeWindow: 60_000 });
  const checkToken: CheckToken = async (request, token) => {
    const refused = () =>
      new ServerError('TOO_MANY_REQUESTS', 'Too many wrong tokens were sent. Try again in a minute.', {
        retryAfter: 60,
      });
    const before = await failures(request, { increment: false });
    if (!before.isAllowed && before.remaining === 0) throw refused();
    if (sessions.isToken(token)) return true;
    await failures(request);
    return false;
  };

  app.decorateRequest('hasToken', false);
  app.addHook('onRequest', async (request) => {
    requireAddress(request);
    requireHost(request, access);
    request.hasToken = await sentToken(request, sessions.areNeeded, checkToken);
    requireOrigin(request, access);
    const isOpen = request.is404 || request.routeOptions.config.isOpen === true;
    const session = request.cookies[sessionCookie];
    const isKnown = request.hasToken || (session !== undefined && sessions.has(session));
    if (sessions.areNeeded && !isOpen && !isKnown)
      throw new ServerError(
        'TOKEN_REQUIRED',
        'Log in with the token of this server, or send it as a bearer token.',
      );
  });
  return checkToken;
}

/** Whether a request may have answers that only those who are known get. */
export function isKnown(request: FastifyRequest, { sessions }: ServerContext): boolean {
  const session = request.cookies[sessionCookie];
  return !sessions.areNeeded || request.hasToken || (session !== undefined && sessions.has(session));
}

function requireAddress({ raw }: FastifyRequest): void {
  const address = raw.url ?? '';
  if (address.length > longestAddress)
    throw new ServerError('REQUEST_TOO_LARGE', `An address has at most ${longestAddress} letters.`);
  // With a host of its own, as proxies are asked: the one that counts would not be the one that is checked.
  if (!address.startsWith('/'))
    throw new ServerError('REQUEST_INVALID', 'An address here begins with a slash: this server is no proxy.');
}

/** Against DNS rebinding: a page elsewhere can make its own name lead here, and not change which name it asks for. */
function requireHost({ raw }: FastifyRequest, { hosts, isOpen }: AccessRules): void {
  const host = nameOf(raw.headers.host ?? '');
  const own = raw.socket.localAddress?.replace(/^::ffff:/, '');
  const isOwnAddress = isOpen && host !== '' && (host === own || host === `[${own ?? ''}]`);
  if (!hosts.includes(host) && !isOwnAddress)
    throw new ServerError(
      'REQUEST_REFUSED',
      'This server does not answer to that host name. Start it with --allow-host and the name.',
    );
}

async function sentToken(
  request: FastifyRequest,
  areNeeded: boolean,
  checkToken: CheckToken,
): Promise<boolean> {
  const token = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (!areNeeded || token === undefined) return false;
  if (await checkToken(request, token)) return true;
  throw new ServerError('TOKEN_WRONG', 'This is not the token of this server.');
}

/** Against pages of others that make a browser ask in its user's name. */
function requireOrigin(request: FastifyRequest, access: AccessRules): void {
  if (request.hasToken) return;
  const site = request.headers['sec-fetch-site'];
  const { origin } = request.headers;
  const isReading = readingMethods.has(request.method);
  // A link from elsewhere may lead to the page, and to nothing below it.
  if (isReading && request.routeOptions.url?.startsWith('/api/') !== true) return;
  const isSameSite = site === undefined || site === 'same-origin' || (isReading && site === 'none');
  const isSameOrigin = origin === undefined || isOwnOrigin(origin, request, access);
  const isTold = isReading || site !== undefined || origin !== undefined;
  if (!isSameSite || !isSameOrigin || !isTold)
    throw new ServerError(
      'REQUEST_REFUSED',
      'Only the page of this server may ask for that. A program sends the token as a bearer token, or the server’s own ' +
        'address in the header Origin.',
    );
  requireBodyType(request);
}

/** What a form of another page can send is not among them, but for multipart, which needs the right origin, too. */
function requireBodyType(request: FastifyRequest): void {
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || Number(length) === 0)) return;
  const essence = (type ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!bodyTypes.has(essence))
    throw new ServerError(
      'REQUEST_INVALID',
      'The body of a request is JSON, or multipart/form-data for uploads.',
    );
}

function isOwnOrigin(
  origin: string,
  { raw }: FastifyRequest,
  { hosts, isBehindProxy, isSecure }: AccessRules,
): boolean {
  if (!URL.canParse(origin)) return false;
  const { host, hostname, protocol } = new URL(origin);
  // The http page of the same name is another one, and anybody on the line may have written it.
  if (protocol !== (isSecure ? 'https:' : 'http:')) return false;
  if (host === (raw.headers.host ?? '').toLowerCase()) return true;
  // A proxy may have put its own host in place of the one that the browser asked for.
  return isBehindProxy && hosts.includes(hostname);
}

/** Of a Host header, without the port; '' when it is none. */
function nameOf(host: string): string {
  return /^(\[[0-9a-f:.]+\]|[^:/?#@\s]+)(:\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase() ?? '';
}
