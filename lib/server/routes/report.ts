// /api/sets/:set/runs/:run/report: a run as one HTML file.

import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { FaceEngine } from '../../engine.js';
import { writeReport } from '../../report/index.js';
import type { ReviewSet } from '../../store/index.js';
import type { ServerContext } from '../context.js';
import { answersOther, object, runParams } from '../schemas.js';
import { makeTempFolder } from '../temp_folder.js';
import { closeWithServer, Turns } from '../turns.js';
import { goneSignal, runNamed, type RunParams, setNamed } from './shared.js';

interface ReportQuery {
  readonly photos: 'embed' | 'none';
}

/** Being made, waiting to be made, or read by their clients: each may be a large file on the disk. */
const mostOpen = 8;
const lanes = 2;

export function addReportRoutes(app: FastifyInstance, context: ServerContext): void {
  const retryAfter = 30;
  const open = new Turns({ atOnce: mostOpen, waiting: 0, what: 'reports', retryAfter });
  // Each reads all photos of a run.
  const writing = new Turns({ atOnce: 1, waiting: mostOpen, what: 'reports', retryAfter });
  closeWithServer(app, open);
  closeWithServer(app, writing);

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
      const set = await setNamed(context, request.params.set);
      const run = await runNamed(set, request.params.run);
      const signal = goneSignal(reply);
      await open.take(async () => {
        const folder = await makeTempFolder('facededup-report-');
        try {
          const path = join(folder, 'report.html');
          const { photos } = request.query;
          await writing.take(() => write(context, path, { set, run, photos, signal }), signal);
          // Until the client has it, or has gone.
          await reply
            .type('text/html; charset=utf-8')
            .header('cache-control', 'private, no-store')
            .header('content-disposition', `attachment; filename="facededup-run-${run}.html"`)
            .send(createReadStream(path));
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      }, signal);
      return reply;
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
    readonly set: ReviewSet;
    readonly run: number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const engine = FaceEngine.createLazily({ models, lanes, landmarks: 'small' });
  try {
    const findings = await set.runs.findings(run, await set.decisions.index());
    await writeReport(path, findings, {
      engine,
      photos,
      digestOf: async (name) => (await set.photos.seen(name))?.digest,
      readPhoto: async (name) => (await rooted.photo(name, signal)).photo.read(),
      signal,
    });
  } finally {
    await engine.close();
  }
}
