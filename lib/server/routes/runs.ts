// /api/sets/:set/runs and /api/jobs: runs that were, runs that are asked for, and how far they are.

import type { FastifyInstance } from 'fastify';
import type { RunFacts } from '../../store/index.js';
import type { ApiJob, ApiNewRun, ApiRun } from '../api.js';
import type { ServerContext } from '../context.js';
import { JobEvents } from '../job_events.js';
import { answers, answersOther, arrayOf, object, ref, runParams, setParams } from '../schemas.js';
import { type RunParams, runNamed, setNamed, type SetParams } from './shared.js';

interface JobParams {
  readonly job: number;
}

const jobParams = object({ job: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } });
/** Lists of thousands of references are welcome. */
const newRunLimit = 32 * 1024 * 1024;

export function addRunRoutes(app: FastifyInstance, context: ServerContext): void {
  addRuns(app, context);
  addJobs(app, context);
}

function addRuns(app: FastifyInstance, context: ServerContext): void {
  const tags = ['runs'];

  app.get<{ Params: SetParams }>(
    '/api/sets/:set/runs',
    {
      schema: {
        tags,
        summary: 'The runs on a set that are kept',
        params: setParams,
        response: answers(200, 'Newest first', arrayOf(ref('ApiRun'))),
      },
    },
    async ({ params }) => {
      const { runs } = await setNamed(context, params.set);
      return (await runs.list()).map(apiRun);
    },
  );

  app.get<{ Params: RunParams }>(
    '/api/sets/:set/runs/:run',
    {
      schema: {
        tags,
        summary: 'A run: every photo accounted for',
        params: runParams,
        response: answers(200, 'The run', ref('ApiRun')),
      },
    },
    async ({ params }) => {
      const set = await setNamed(context, params.set);
      return apiRun(await set.runs.facts(await runNamed(set, params.run)));
    },
  );

  app.post<{ Params: SetParams; Body: ApiNewRun }>(
    '/api/sets/:set/runs',
    {
      bodyLimit: newRunLimit,
      schema: {
        tags,
        summary: 'Ask for a run: one goes on at a time, some wait, and the rest is refused for a while',
        params: setParams,
        body: ref('ApiNewRun'),
        response: answers(202, 'The job', ref('ApiJob')),
      },
    },
    async ({ params, body }, reply): Promise<ApiJob> => {
      const { name } = await setNamed(context, params.set);
      const places = body.places && (await context.photos.requireAll(body.places));
      const job = context.jobs.add(name, context.find(name, { ...body, ...(places ? { places } : {}) }));
      reply.status(202).header('location', `/api/jobs/${job.job}`);
      return job;
    },
  );
}

function addJobs(app: FastifyInstance, { jobs }: ServerContext): void {
  const tags = ['runs'];
  const events = new JobEvents(jobs);
  app.addHook('preClose', (done) => {
    events.close();
    done();
  });

  app.get(
    '/api/jobs',
    {
      schema: {
        tags,
        summary: 'Runs that were asked for since the server was started',
        response: answers(200, 'Newest first', arrayOf(ref('ApiJob'))),
      },
    },
    () => jobs.list(),
  );

  app.get<{ Params: JobParams }>(
    '/api/jobs/:job',
    {
      schema: {
        tags,
        summary: 'How far a run is',
        params: jobParams,
        response: answers(200, 'The job', ref('ApiJob')),
      },
    },
    ({ params }) => jobs.get(params.job),
  );

  app.delete<{ Params: JobParams }>(
    '/api/jobs/:job',
    {
      schema: {
        tags,
        summary: 'Cancel a run: what was encoded until then is kept',
        params: jobParams,
        response: answers(200, 'The job; it ends a moment later', ref('ApiJob')),
      },
    },
    ({ params }) => jobs.cancel(params.job),
  );

  app.get<{ Params: JobParams }>(
    '/api/jobs/:job/events',
    {
      schema: {
        tags,
        summary: 'A run as it goes on',
        description:
          'Server-sent events; the data of each is an ApiJob as JSON. The stream ends with the job, and one who asks again ' +
          'with the id of the last event is told 204, which ends an EventSource.',
        params: jobParams,
        response: {
          ...(answersOther('The events', 'text/event-stream') as object),
          204: { description: 'There is nothing more to come', type: 'null' },
        },
      },
    },
    (request, reply) => {
      const stream = events.open(request.params.job, request.headers['last-event-id']);
      if (!stream) return reply.status(204).send();
      request.raw.once('close', () => stream.destroy());
      return reply.header('cache-control', 'no-store').type('text/event-stream').send(stream);
    },
  );
}

function apiRun({ summary, ...facts }: RunFacts): ApiRun {
  return { ...facts, summary };
}
