// A run as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

import { PassThrough, type Readable } from 'node:stream';
import { ServerError } from '../errors.js';
import type { ApiJob } from './api.js';
import { hasEnded, type JobQueue } from './jobs.js';

const mostStreams = 64;
/** Milliseconds: a proxy closes what is silent for long. */
const heartbeat = 15_000;
/** Milliseconds after which a client that lost the stream asks again. */
const reconnectAfter = 2000;

export class JobEvents {
  readonly #jobs: JobQueue;
  readonly #streams = new Set<PassThrough>();

  constructor(jobs: JobQueue) {
    this.#jobs = jobs;
  }

  /**
   * @param lastId of the last event that the client has seen of this job.
   * @returns undefined when it has seen the end.
   * @throws ServerError `JOB_MISSING`, `TOO_MANY_REQUESTS`
   */
  open(job: number, lastId: string | string[] | undefined): Readable | undefined {
    const endsWith = this.#endOf(job);
    if (endsWith !== undefined && endsWith === lastId) return undefined;
    if (this.#streams.size >= mostStreams)
      throw new ServerError(
        'TOO_MANY_REQUESTS',
        `More than ${mostStreams} follow runs already. Close some pages.`,
        { retryAfter: 30 },
      );
    const stream = new PassThrough();
    this.#streams.add(stream);
    stream.write(`retry: ${reconnectAfter}\n\n`);
    const beat = setInterval(() => stream.write(': still here\n\n'), heartbeat);
    let unfollow: () => void = () => undefined;
    stream.once('close', () => {
      clearInterval(beat);
      this.#streams.delete(stream);
      unfollow();
    });
    unfollow = this.#jobs.follow(job, (state, version) => {
      // One that does not read misses steps in between, and never the end.
      if (stream.writableNeedDrain && !hasEnded(state)) return;
      stream.write(`id: ${idOf(state, version)}\ndata: ${JSON.stringify(state)}\n\n`);
      if (hasEnded(state)) stream.end();
    });
    return stream;
  }

  close(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  #endOf(job: number): string | undefined {
    let id: string | undefined;
    const unfollow = this.#jobs.follow(job, (state, version) => {
      if (hasEnded(state)) id = idOf(state, version);
    });
    unfollow();
    return id;
  }
}

/** After a restart of the server a job of the same number is another one. */
function idOf({ createdAt }: ApiJob, version: number): string {
  return `${createdAt}/${version}`;
}
