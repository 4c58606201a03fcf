// /queue and /api/cluster: what a cluster is at, for those to look at who may use the server. Nothing here changes anything.

import type { FastifyInstance } from 'fastify';
import type { QueueState } from '../../cluster/index.js';
import type { ClusterView } from '../cluster_view.js';
import { answers, pageOf, queueQuery, ref } from '../schemas.js';
import { addPage } from './page.js';
import type { Range } from './shared.js';

export function addClusterRoutes(app: FastifyInstance, view: ClusterView): void {
  const tags = ['cluster'];
  addPage(app, '/queue', 'queue');

  app.get(
    '/api/cluster',
    {
      schema: {
        tags,
        summary: 'The cluster as a whole: its queue, workers and latest runs',
        response: answers(200, 'How it stands', ref('ApiCluster')),
      },
    },
    () => view.status(),
  );

  app.get<{ Querystring: Range & { readonly state: QueueState } }>(
    '/api/cluster/jobs',
    {
      schema: {
        tags,
        summary: 'Jobs in the queue, those that wait longest first',
        querystring: queueQuery,
        response: answers(200, 'The jobs', pageOf(ref('ApiQueuedJob'))),
      },
    },
    ({ query: { state, ...range } }) => view.jobs(state, range),
  );
}
