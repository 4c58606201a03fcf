// /api/sets/:set/photos: which there are, and how they look.

import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Box } from '../../detections.js';
import { sha256Of } from '../../digest.js';
import { PhotoAccessError } from '../../errors.js';
import type { LazyPhoto } from '../../photos/photo.js';
import type { ApiPage, ApiPhoto } from '../api.js';
import type { ServerContext } from '../context.js';
import {
  answers,
  answersOther,
  faceQuery,
  imageQuery,
  pageOf,
  photosQuery,
  ref,
  setParams,
} from '../schemas.js';
import { closeWithServer } from '../turns.js';
import { goneSignal, type Range, setNamed, type SetParams } from './shared.js';

interface ImageQuery {
  readonly name: string;
  readonly side: number;
}

interface FaceQuery extends Box {
  readonly name: string;
  readonly size: number;
  readonly padding: number;
}

export function addPhotoRoutes(app: FastifyInstance, context: ServerContext): void {
  const { photos, viewer } = context;
  closeWithServer(app, viewer);
  const tags = ['photos'];
  /** Of a photo that the set knows, and the server may read; `stamp` is another one once the file or what is kept changes. */
  const photoNamed = async (set: string, name: string, signal: AbortSignal) => {
    const seen = await (await setNamed(context, set)).photos.seen(name);
    if (!seen)
      throw new PhotoAccessError('PHOTO_NOT_FOUND', `There is no photo '${name}' in the set '${set}'.`);
    const { photo, stamp } = await photos.photo(name, signal);
    return {
      photo: asEncoded(photo, seen.digest),
      stamp: stamp === undefined ? undefined : `${stamp} ${seen.digest}`,
    };
  };

  app.get<{ Params: SetParams; Querystring: Range & { readonly query?: string } }>(
    '/api/sets/:set/photos',
    {
      schema: {
        tags,
        summary: 'The photos of a set',
        params: setParams,
        querystring: photosQuery,
        response: answers(200, 'By name', pageOf(ref('ApiPhoto'))),
      },
    },
    async ({ params, query }): Promise<ApiPage<ApiPhoto>> => {
      const { offset, limit, query: text } = query;
      const set = await setNamed(context, params.set);
      const { total, photos: listed } = await set.photos.list({ offset, limit, text });
      const items = listed.map(({ name, reference = null, faces }) => ({ name, reference, faces }));
      return { total, offset, items };
    },
  );

  app.get<{ Params: SetParams; Querystring: ImageQuery }>(
    '/api/sets/:set/photos/image',
    {
      schema: {
        tags,
        summary: 'A whole photo, upright, as JPEG',
        description:
          'The headers facededup-photo-width and -height tell the photo’s own pixels, which boxes are in.',
        params: setParams,
        querystring: imageQuery,
        response: answersOther('The photo', 'image/jpeg'),
      },
    },
    async (request, reply) => {
      const { name, side } = request.query;
      const gone = goneSignal(reply);
      const { photo, stamp } = await photoNamed(request.params.set, name, gone);
      if (isKnownToClient(request, reply, stamp)) return reply.status(304).send();
      const { jpeg, photoWidth, photoHeight } = await viewer.whole(photo, side, gone);
      reply.header('facededup-photo-width', photoWidth).header('facededup-photo-height', photoHeight);
      return reply.type('image/jpeg').send(jpeg);
    },
  );

  app.get<{ Params: SetParams; Querystring: FaceQuery }>(
    '/api/sets/:set/photos/face',
    {
      schema: {
        tags,
        summary: 'The face in a box of a photo, turned upright, as JPEG',
        params: setParams,
        querystring: faceQuery,
        response: answersOther('The face', 'image/jpeg'),
      },
    },
    async (request, reply) => {
      const { name, size, padding, x, y, width, height } = request.query;
      const gone = goneSignal(reply);
      const { photo, stamp } = await photoNamed(request.params.set, name, gone);
      if (isKnownToClient(request, reply, stamp)) return reply.status(304).send();
      return reply
        .type('image/jpeg')
        .send(await viewer.face(photo, { x, y, width, height }, { size, padding, signal: gone }));
    },
  );
}

/** Boxes and verdicts are about the photo that was encoded: another one in its place is not shown as if it were that. */
function asEncoded({ name, read }: LazyPhoto, digest: string): LazyPhoto {
  // What came from a file of encodings may have no digest of the photo.
  if (!digest.startsWith('sha256 ')) return { name, read };
  return {
    name,
    read: async () => {
      const bytes = await read();
      if (digest === `sha256 ${sha256Of(bytes)}`) return bytes;
      throw new PhotoAccessError(
        'PHOTO_CHANGED',
        `The photo '${name}' has changed since it was encoded. Run find again.`,
      );
    },
  };
}

/** Whether the client has it, as long as the file is the same; if not, it is told what to keep it by. */
function isKnownToClient(request: FastifyRequest, reply: FastifyReply, stamp: string | undefined): boolean {
  // Faces are nobody else's: no proxy keeps them.
  reply.header('cache-control', 'private, max-age=0, must-revalidate');
  if (stamp === undefined) return false;
  const etag = `"${createHash('sha256').update(`${stamp} ${request.url}`).digest('base64url')}"`;
  reply.header('etag', etag);
  return request.headers['if-none-match'] === etag;
}
