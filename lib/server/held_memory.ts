// What requests and answers take of the memory, so that many large ones at once, or readers who do not read, cannot fill it.

import { Socket } from 'node:net';
import { finished } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { serverBusy } from './refusals.js';

/** Bytes of bodies that come in and answers that go out. */
const mostBytes = 256 * 1024 * 1024;
/** Bytes below which an answer counts for nothing: errors, which must get through. */
const small = 16 * 1024;
/** Milliseconds without a byte taken after which a reader is given up. */
const stallLimit = 60_000;
/** Milliseconds in all. A stream holds no more than a chunk, and may take longer. */
const answerLimit = 600_000;

export interface MemoryLimits {
  /** Default 256 MiB. */
  readonly bytes?: number;
  /** Milliseconds without a byte taken; default 60 s. */
  readonly stall?: number;
}

export function addMemoryLimit(
  app: FastifyInstance,
  { bytes: mostHeld = mostBytes, stall = stallLimit }: MemoryLimits = {},
): void {
  let held = 0;
  /** @returns what there is to say when there is no room. */
  const hold = (bytes: number, { raw }: FastifyReply) => {
    if (held + bytes > mostHeld)
      return serverBusy('Too much is being sent to this server, or read from it, at once.');
    held += bytes;
    finished(raw, () => {
      held -= bytes;
    });
    return undefined;
  };

  app.addHook('onRequest', (request, reply, done) => {
    const bytes = bytesOfBody(request);
    done(bytes > 0 ? hold(bytes, reply) : undefined);
  });

  app.addHook('onSend', ({ raw: { socket } }, reply, payload, done) => {
    const bytes = typeof payload === 'string' || payload instanceof Uint8Array ? payload.length : 0;
    const refusal = bytes < small ? undefined : hold(bytes, reply);
    if (refusal) return done(refusal);
    // Undone by Node when the answer has been taken.
    if (socket instanceof Socket) socket.setTimeout(stall);
    if (bytes >= small) {
      const timer = setTimeout(() => socket.destroy(), answerLimit).unref();
      finished(reply.raw, () => clearTimeout(timer));
    }
    done(null, payload);
  });
}

/** Of a request: what its body will take at most; files of uploads go to the disk as they come. */
function bytesOfBody({ headers, routeOptions }: FastifyRequest): number {
  if (headers['content-type']?.startsWith('multipart/')) return 0;
  const limit = routeOptions.bodyLimit ?? 0;
  if (headers['transfer-encoding'] !== undefined) return limit;
  return Math.min(Number(headers['content-length'] ?? 0) || 0, limit);
}
