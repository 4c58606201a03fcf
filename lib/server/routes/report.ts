// /api/sets/:set/runs/:run/report: a run as one HTML file.

import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import pLimit from 'p-limit';
import { FaceEngine } from '../../engine.js';
import { ServerError } from '../../errors.js';
import { writeReport } from '../../report/index.js';
import type { ServerContext } from '../context.js';
import { answersOther, object, runParams } from '../schemas.js';
import { makeTempFolder } from '../temp_folder.js';
import { runNamed, type RunParams, setNamed } from './shared.js';

interface ReportQuery {
  readonly photos: 'embed' | 'none';
}

/** Each reads all photos of a run. */
const mostWaiting = 4;
const lanes = 2;

export function addReportRoutes(app: FastifyInstance, context: ServerContext): void {
  const inTurn = pLimit(1);

  app.get<{ Params: RunParams; Querystring: ReportQuery }>(
    '/api/sets/:set/runs/:run/report',
    {
      schema: {
        tags: ['runs'],
        summary: 'A run as one HTML file, with the faces side by side',
        description: 'Photos outside the roots are named in it and not shown.',
        params: runParams,
        querystring: object({ photos: { type: 'string', enum: ['embed', 'none'], default: 'embed' } }, [
          'photos',
        ]),
        response: answersOther('The report', 'text/html'),
      },
    },
    async (request, reply) => {
      const set = setNamed(context, request.params.set);
      const run = runNamed(set, request.params.run);
      if (inTurn.pendingCount >= mostWaiting)
        throw new ServerError('QUEUE_FULL', 'Too many reports are asked for at once. Try again in a moment.');
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const folder = await makeTempFolder('facededup-report-');
      const path = join(folder, 'report.html');
      const drop = () => void rm(folder, { recursive: true, force: true });
      try {
        await inTurn(() =>
          write(context, path, { set, run, photos: request.query.photos, signal: gone.signal }),
        );
      } catch (error) {
        drop();
        throw error;
      }
      return reply
        .type('text/html; charset=utf-8')
        .header('cache-control', 'private, no-store')
        .header('content-disposition', `attachment; filename="facededup-run-${run}.html"`)
        .send(createReadStream(path).once('close', drop));
    },
  );
}

async function write(
  { models, photos: rooted }: ServerContext,
  path: string,
  {
    set,
    run,
    photos,
    signal,
  }: ReportQuery & {
    readonly set: ReturnType<typeof setNamed>;
    readonly run: number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const engine = FaceEngine.createLazily({ models, lanes, landmarks: 'small' });
  try {
    await writeReport(path, set.runs.findings(run, set.decisions.index()), {
      engine,
      photos,
      digestOf: (name) => set.photos.seen(name)?.digest,
      readPhoto: async (name) => (await rooted.photo(name)).photo.read(),
      signal,
    });
  } finally {
    await engine.close();
  }
}
