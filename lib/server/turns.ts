// Work that takes turns: some at once, some waiting, and the rest is refused for a while.

import type { FastifyInstance } from 'fastify';
import { onAbort } from '../abort_listeners.js';
import { ServerError, throwIfAborted } from '../errors.js';
import { serverClosing } from './refusals.js';

export interface TurnsOptions {
  /** How many are at work at once, 1 and up. */
  readonly atOnce: number;
  /** How many may wait for them, 0 and up. */
  readonly waiting: number;
  /** What there is too much of, for the sentence that says so. */
  readonly what: string;
  /** Seconds after which one that was refused may come again. */
  readonly retryAfter: number;
}

interface Waiter {
  readonly begin: () => void;
  readonly refuse: (error: Error) => void;
}

export class Turns {
  readonly #options: TurnsOptions;
  /** In the order in which they came. */
  readonly #waiting = new Set<Waiter>();
  #atWork = 0;
  #closing: Promise<void> | undefined;
  #onIdle: () => void = () => undefined;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /**
   * Works when it is its turn.
   *
   * @param signal takes it out of the queue; what is at work heeds it by itself.
   * @throws ServerError `QUEUE_FULL`, `SERVER_CLOSING`; AbortedError; and what `work` throws
   */
  async take<Answer>(work: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
    const hasTurn = await this.#turn(signal);
    try {
      throwIfAborted(signal);
      return await work();
    } finally {
      if (hasTurn) this.#passOn();
    }
  }

  /** Refuses what waits and what comes, and waits for what is at work. May be called again. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      if (this.#atWork === 0) resolve();
      else this.#onIdle = resolve;
    });
    for (const { refuse } of this.#waiting) refuse(serverClosing());
    return this.#closing;
  }

  /** @returns false when the signal fired before it was its turn. */
  async #turn(signal: AbortSignal | undefined): Promise<boolean> {
    const { atOnce, waiting, what, retryAfter } = this.#options;
    if (this.#closing) throw serverClosing();
    if (signal?.aborted) return false;
    if (this.#atWork < atOnce) {
      this.#atWork++;
      return true;
    }
    if (this.#waiting.size >= waiting)
      throw new ServerError('QUEUE_FULL', `Too many ${what} are asked for at once. Try again in a while.`, {
        retryAfter,
      });
    return new Promise((resolve, reject) => {
      const leave = () => {
        endListening?.();
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter = {
        begin: () => {
          leave();
          resolve(true);
        },
        refuse: (error) => {
          leave();
          reject(error);
        },
      };
      this.#waiting.add(waiter);
      const giveUp = () => {
        leave();
        resolve(false);
      };
      const endListening = signal && onAbort(signal, giveUp);
    });
  }

  #passOn(): void {
    const [next] = this.#waiting;
    if (next) return next.begin();
    this.#atWork--;
    if (this.#atWork === 0) this.#onIdle();
  }
}

/** When the server closes, what waits is refused at once, and what is at work has ended before the server has. */
export function closeWithServer(app: FastifyInstance, queue: { close(): Promise<void> }): void {
  app.addHook('preClose', (done) => {
    void queue.close();
    done();
  });
  app.addHook('onClose', () => queue.close());
}
