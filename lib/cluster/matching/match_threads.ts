// The threads of a worker that compare tiles: one tile each at a time, and all at once gone when a job is broken off.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { onAbort } from '../../abort_listeners.js';
import type { PairColumns } from '../../duplicates/index.js';
import { FaceDedupError, InternalError, throwIfAborted, untilAborted } from '../../errors.js';
import type { MatchThreadData, TileAnswer, TileTask } from './match_thread.js';

/** For the sketched blocks of all threads. */
const mostBytes = 2 ** 29;

export class MatchThreads {
  readonly #count: number;
  #threads: Worker[] = [];

  /** @param count default the number of cores. */
  constructor(count: number = availableParallelism()) {
    this.#count = count;
  }

  /**
   * The pairs of each task, in their order.
   *
   * @throws AbortedError, InvalidEncodingsError, TileDataError, InternalError
   */
  async pairsOf<Task>(
    tasks: readonly Task[],
    taskOf: (task: Task) => Promise<TileTask>,
    signal: AbortSignal,
  ): Promise<PairColumns[]> {
    throwIfAborted(signal);
    const pairs = new Array<PairColumns>(tasks.length);
    const threads = this.#started(Math.min(this.#count, tasks.length));
    const endListening = onAbort(signal, () => void this.close());
    let next = 0;
    const work = async (thread: Worker) => {
      for (let at = next++; at < tasks.length; at = next++)
        pairs[at] = await answerOf(thread, await taskOf(tasks[at] as Task));
    };
    try {
      await untilAborted(Promise.all(threads.map(work)), signal);
      return pairs;
    } catch (error) {
      // What the others are still at is nobody's any more.
      await this.close();
      throw error;
    } finally {
      endListening();
    }
  }

  async close(): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  #started(count: number): Worker[] {
    while (this.#threads.length < count) {
      const thread = new Worker(new URL('./match_thread.js', import.meta.url), {
        ...{
          name: 'facededup',
          workerData: { mostBytes: mostBytes / this.#count } satisfies MatchThreadData,
        },
        // None of the caller's loaders, hooks and secrets.
        ...{ execArgv: [], env: {} },
      });
      thread.setMaxListeners(0);
      this.#threads.push(thread);
    }
    return this.#threads.slice(0, count);
  }
}

function answerOf(thread: Worker, task: TileTask): Promise<PairColumns> {
  return new Promise((resolve, reject) => {
    const onAnswer = (answer: TileAnswer) => {
      end();
      if ('pairs' in answer) resolve(answer.pairs);
      else reject(new FaceDedupError(answer.code, answer.message));
    };
    const onEnd = (reason: unknown) => {
      end();
      const cause = reason instanceof Error ? reason : new Error(`exit code ${String(reason)}`);
      reject(
        new InternalError('INTERNAL', `A thread that compares ended by itself: ${cause.message}`, { cause }),
      );
    };
    const end = () => thread.off('message', onAnswer).off('error', onEnd).off('exit', onEnd);
    thread.on('message', onAnswer).on('error', onEnd).on('exit', onEnd);
    thread.postMessage(task);
  });
}
