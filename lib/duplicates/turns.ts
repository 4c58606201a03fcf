// How a long computation shares its thread: after some milliseconds of work, timers and input get their turn.

import { throwIfAborted } from '../errors.js';

/** How long the loop may hold the thread. */
const turnMilliseconds = 10;

export class Turns {
  private ends = performance.now() + turnMilliseconds;

  constructor(
    private readonly signal: AbortSignal | undefined,
    /** Called between turns. */
    private readonly onTurn: () => void = () => undefined,
  ) {}

  /** Whether this turn is over, and `next` to be awaited. */
  isOver(): boolean {
    return performance.now() >= this.ends;
  }

  /** @throws AbortedError once the signal has fired. */
  async next(): Promise<void> {
    this.onTurn();
    await macrotask();
    throwIfAborted(this.signal);
    this.ends = performance.now() + turnMilliseconds;
  }
}

/** Timers and input are served before it; browsers have no setImmediate. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
