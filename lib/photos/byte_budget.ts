// How many bytes of photos are held at once: what goes beyond waits until others are let go.

import { onAbort } from '../abort_listeners.js';
import { throwIfAborted } from '../errors.js';

interface Waiter {
  readonly bytes: number;
  readonly begin: () => void;
}

export class ByteBudget {
  readonly limit: number;
  /** In the order in which they came: one that asks for much is not passed by those that ask for little. */
  readonly #waiting = new Set<Waiter>();
  #held = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get held(): number {
    return this.#held;
  }

  /**
   * Works once there is room, and gives the room back. What is more than the whole budget waits until nothing else is held.
   *
   * @param work is given what tells how much it turned out to be: that counts from then on, and is not waited for.
   * @throws AbortedError, and what `work` throws
   */
  async use<Answer>(
    bytes: number,
    signal: AbortSignal | undefined,
    work: (resize: (bytes: number) => void) => Promise<Answer>,
  ): Promise<Answer> {
    throwIfAborted(signal);
    const hasRoom = bytes === 0 || (this.#waiting.size === 0 && this.#hasRoomFor(bytes));
    if (hasRoom) this.#held += bytes;
    else if (!(await this.#turn(bytes, signal))) throwIfAborted(signal);
    let own = bytes;
    const resize = (to: number) => {
      this.#held += to - own;
      own = to;
      this.#passOn();
    };
    try {
      return await work(resize);
    } finally {
      resize(0);
    }
  }

  #hasRoomFor(bytes: number): boolean {
    return this.#held === 0 || this.#held + bytes <= this.limit;
  }

  /** @returns false when the signal fired before it was its turn. */
  async #turn(bytes: number, signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const leave = () => {
        endListening?.();
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter = {
        bytes,
        begin: () => {
          leave();
          this.#held += bytes;
          resolve(true);
        },
      };
      this.#waiting.add(waiter);
      const giveUp = () => {
        leave();
        resolve(false);
        // Those behind may have waited for nothing else.
        this.#passOn();
      };
      const endListening = signal && onAbort(signal, giveUp);
    });
  }

  #passOn(): void {
    for (const waiter of this.#waiting) {
      if (!this.#hasRoomFor(waiter.bytes)) return;
      waiter.begin();
    }
  }
}
