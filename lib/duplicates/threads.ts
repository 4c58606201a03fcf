// The threads beside the caller's own: each takes squares of tiles from a shared counter, scans them, and hands the
// candidates over.

import type Os from 'node:os';
import type Threads from 'node:worker_threads';
import type { MessagePort, Worker } from 'node:worker_threads';
import { InternalError } from '../errors.js';
import type { SharedKernel } from './kernel.js';
import { header, scratch } from './layout.js';
import type { WasmMemory, WasmModule, WebAssemblyApi } from './wasm/web_assembly.js';
import { type Grid, squareAt, squareCount } from './squares.js';

/** Looked up when needed rather than imported: browsers have neither module. */
function nodeModule(name: 'node:worker_threads'): typeof Threads | undefined;
function nodeModule(name: 'node:os'): typeof Os | undefined;
function nodeModule(name: string): unknown {
  return typeof process === 'undefined' ? undefined : process.getBuiltinModule?.(name);
}

/** How many threads can run at once; 1 where there are none to be had. */
export function availableThreads(): number {
  return nodeModule('node:worker_threads') ? (nodeModule('node:os')?.availableParallelism() ?? 1) : 1;
}

/** What a thread is told when its search is ready. */
export interface Work {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  readonly grid: Grid;
  /** How many squares there are. */
  readonly squares: number;
  /** Two parts: while the caller reads the one, the thread fills the other. */
  readonly parts: readonly [number, number];
  readonly room: number;
}

/** Byte offset, in a thread's part, of what is going on in it. */
const states = { free: 0, handedOver: 1 } as const;

export class Helpers {
  private readonly workers: Worker[];
  private readonly parts: number[] = [];
  private running: number;
  private failure: Error | undefined;
  private wake: () => void = () => undefined;
  private buffer: ArrayBufferLike | undefined;

  /** Starts the threads, which takes them some milliseconds; fewer, or none, where Node forbids it. */
  constructor(count: number) {
    this.workers = startWorkers(count);
    this.running = this.workers.length;
    for (const worker of this.workers) {
      worker.on('message', () => this.wake());
      worker.on('error', (cause) => this.fail(cause));
      worker.on('exit', (code) => {
        this.running--;
        if (code !== 0) this.fail(new Error(`exit code ${code}`));
        this.wake();
      });
    }
  }

  get count(): number {
    return this.workers.length;
  }

  begin({ module, memory }: SharedKernel, grid: Grid, parts: readonly number[], room: number): void {
    this.buffer = memory.buffer;
    this.parts.push(...parts);
    const squares = squareCount(grid);
    this.workers.forEach((worker, i) => {
      const own: [number, number] = [parts[2 * i] as number, parts[2 * i + 1] as number];
      worker.postMessage({ module, memory, grid, squares, parts: own, room } satisfies Work);
    });
  }

  /** The next part that was handed over; undefined when there is none just now. */
  takePart(): number | undefined {
    if (this.failure) throw this.failure;
    return this.parts.find((part) => Atomics.load(this.stateOf(part), 0) === states.handedOver);
  }

  /** Gives a part back to its thread. */
  release(part: number): void {
    const state = this.stateOf(part);
    Atomics.store(state, 0, states.free);
    Atomics.notify(state, 0);
  }

  /** Whether every thread has handed over its last part and ended. */
  areDone(): boolean {
    return this.running === 0;
  }

  /** Until a thread hands over a part, ends or fails. */
  async news(): Promise<void> {
    if (this.running > 0 && this.takePart() === undefined)
      await new Promise<void>((resolve) => (this.wake = resolve));
  }

  /** Ends the threads, at work or not. */
  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }

  private stateOf(part: number): Int32Array {
    return new Int32Array(this.buffer as SharedArrayBuffer, part + scratch.state, 1);
  }

  private fail(cause: Error): void {
    this.failure ??= new InternalError('INTERNAL', `A thread of the search ended: ${cause.message}.`, {
      cause,
    });
    this.wake();
  }
}

function startWorkers(count: number): Worker[] {
  const threads = nodeModule('node:worker_threads');
  const workers: Worker[] = [];
  try {
    while (threads && workers.length < count) {
      const source = `(${runThread.toString()})(require('node:worker_threads').parentPort, ${squareAt.toString()}, ${JSON.stringify({ ...states, nextSquare: header.nextSquare, state: scratch.state, count: scratch.count })})`;
      workers.push(
        new threads.Worker(source, {
          eval: true,
          name: 'facededup',
          // None of the caller's loaders and hooks, which a thread of this kind has no use for.
          execArgv: [],
          env: {},
          resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
        }),
      );
    }
  } catch {
    // Node's permissions may forbid threads: the caller's own does it alone.
  }
  return workers;
}

interface ThreadConstants {
  readonly free: number;
  readonly handedOver: number;
  readonly nextSquare: number;
  readonly state: number;
  readonly count: number;
}

/**
 * What a thread runs. It is handed over as text, and so must use nothing but its parameters: a file of its own would
 * have to be found from two builds, from bundles and from tests.
 */
function runThread(port: MessagePort, at: typeof squareAt, constants: ThreadConstants): void {
  port.once('message', ({ module, memory, grid, squares, parts, room }: Work) => {
    const { WebAssembly: api } = globalThis as unknown as { WebAssembly: WebAssemblyApi };
    const { exports } = new api.Instance(module, { host: { memory } });
    const { scan } = exports as Pick<SharedKernel, 'scan'>;
    const numbers = new Int32Array(memory.buffer as SharedArrayBuffer);
    const { free, handedOver } = constants;
    let part = parts[0];

    const handOver = () => {
      Atomics.store(numbers, (part + constants.state) / 4, handedOver);
      port.postMessage(undefined);
      part = part === parts[0] ? parts[1] : parts[0];
      Atomics.wait(numbers, (part + constants.state) / 4, handedOver);
      numbers[(part + constants.count) / 4] = 0;
    };

    numbers[(part + constants.count) / 4] = 0;
    for (;;) {
      const number = Atomics.add(numbers, constants.nextSquare / 4, 1);
      if (number >= squares) break;
      const square = at(grid, number);
      for (let rows = square.firstRow; rows < square.endRow; rows++) {
        const to = Math.min((rows + 1) * grid.blockRows, grid.newerRows);
        for (let block = Math.max(rows, square.first); block < square.end; block++) {
          let from = rows * grid.blockRows;
          while (from < to) {
            from = scan(from, to, block, part, room);
            if (from < to) handOver();
          }
        }
      }
      if ((numbers[(part + constants.count) / 4] as number) > room / 2) handOver();
    }
    Atomics.store(numbers, (part + constants.state) / 4, handedOver);
    port.postMessage(free);
    port.close();
  });
}
