// The cluster as the server shows it: looked at on behalf of all who ask at once, and never longer than a moment.

import { Cluster, type ClusterAddresses, type QueueState } from '../cluster/index.js';
import { ClusterError } from '../errors.js';
import type { ApiCluster, ApiPage, ApiQueuedJob } from './api.js';

/** Milliseconds. Redis and PostgreSQL that are gone are waited for without end otherwise. */
const patience = 5000;
/** Of each run: the page shows no more, and a run may have thousands. */
const deadShown = 50;
const runsShown = 20;

interface Range {
  readonly offset: number;
  readonly limit: number;
}

/** Closed with the server. */
export class ClusterView {
  readonly #cluster: Cluster;
  /** By what was asked: those who ask the same meanwhile get the same, and no second look is begun. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  private constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** @throws as Cluster.open */
  static async open(addresses: ClusterAddresses): Promise<ClusterView> {
    return new ClusterView(await Cluster.open(addresses));
  }

  async close(): Promise<void> {
    await this.#cluster.close();
  }

  /** @throws ClusterError */
  status(): Promise<ApiCluster> {
    return this.#look('status', async () => {
      // Looking changes nothing: workers hand out what Redis lost.
      const { runs, workers, counts, ...rest } = await this.#cluster.overview({
        limit: runsShown,
        handOut: false,
      });
      return {
        store: rest.store,
        cluster: rest.cluster,
        queue: rest.queue,
        counts,
        workers: workers.map(({ name }) => name),
        runs: runs.map(({ dead, ...run }) => ({
          ...run,
          deadJobs: dead.length,
          dead: dead.slice(0, deadShown),
        })),
      };
    });
  }

  /** @throws ClusterError */
  jobs(state: QueueState, { offset, limit }: Range): Promise<ApiPage<ApiQueuedJob>> {
    return this.#look(`jobs ${state} ${offset} ${limit}`, async () => {
      const [{ counts }, items] = await Promise.all([
        this.#cluster.overview({ limit: 0, handOut: false }),
        this.#cluster.queuedJobs(state, { offset, limit }),
      ]);
      return { total: counts[state], offset, items };
    });
  }

  async #look<Answer>(what: string, look: () => Promise<Answer>): Promise<Answer> {
    const looking = (this.#underWay.get(what) as Promise<Answer> | undefined) ?? this.#begun(what, look);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unreachable()), patience);
    });
    try {
      return await Promise.race([looking, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #begun<Answer>(what: string, look: () => Promise<Answer>): Promise<Answer> {
    // Each that waits for engines that are gone is one more command that they get when they are back.
    if (this.#underWay.size > 8) return Promise.reject(unreachable());
    const looking = look();
    this.#underWay.set(what, looking);
    const done = () => this.#underWay.delete(what);
    looking.then(done, done);
    return looking;
  }
}

function unreachable(): ClusterError {
  return new ClusterError(
    'CLUSTER_UNREACHABLE',
    'The cluster does not answer: check that Redis and PostgreSQL are up. This page goes on by itself once they are.',
  );
}
