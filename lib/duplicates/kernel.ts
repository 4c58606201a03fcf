// The inner loops behind one interface, in WebAssembly SIMD where there is any and in TypeScript where there is not.

import { OutOfMemoryError } from '../errors.js';
import { scalarKernel } from './scalar_kernel.js';
import { assembleKernel } from './wasm/kernel_module.js';
import type { WasmMemory, WasmModule, WebAssemblyApi, WithWebAssembly } from './wasm/web_assembly.js';

/** What both kernels do; addresses are byte offsets into `buffer`. */
export interface Kernel {
  readonly buffer: ArrayBufferLike;
  /**
   * Turns float32 rows into what they are from a centre, in radii, those of more than one radius drawn in to it.
   * At `frame` lie, as float64, the radius and 1, each of them twice, and the centre; rowBytes is a multiple of 16.
   */
  centre(rows: number, frame: number, count: number, rowBytes: number): number;
  /**
   * product = left · right: float32 matrices, row by row, rows × inner and inner × columns.
   * Rows are a multiple of 4, columns of 8.
   */
  multiply(
    left: number,
    right: number,
    product: number,
    rows: number,
    inner: number,
    columns: number,
  ): number;
  /**
   * Adds to the candidates of the thread's `part` every pair of a row at the positions from … to − 1, all of one
   * block, with a row of `block` at a later position, unless the sketch shows it to be too far.
   *
   * @returns the first position that was not dealt with, for want of room for more candidates; `to` when all were.
   */
  scan(from: number, to: number, block: number, part: number, room: number): number;
  /**
   * Writes the exact distances of pairs of float32 rows, which are given by their addresses.
   * The count is a multiple of 4; rows are filled up with zeros to a multiple of 32 bytes.
   */
  measure(pairs: number, distances: number, count: number, rowBytes: number): number;
}

/** What a worker thread needs to make the kernel once more. */
export interface SharedKernel extends Kernel {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
}

export type KernelKind = 'wasm' | 'scalar';

const pageBytes = 65_536;

/** Kernels that no search uses just now: a small one takes longer to get fresh memory than to clear some. */
const idle: SharedKernel[] = [];
const mostIdle = 4;
const mostIdleBytes = 1.5 * 2 ** 20;

/**
 * For the next search that needs no more memory; nobody may use the kernel any longer.
 *
 * @param mostBytes kernels with more memory are left to the engine, which is slow to notice how much that is: whoever
 *   works through many of the same size should have them kept.
 */
export function giveBack(kernel: Kernel | SharedKernel, mostBytes = mostIdleBytes): void {
  if (!('memory' in kernel) || kernel.buffer.byteLength > mostBytes) return;
  if (idle.length === mostIdle) idle.shift();
  idle.push(kernel);
}

function idleKernel(bytes: number): SharedKernel | undefined {
  const sizes = idle.map(({ buffer }) => buffer.byteLength);
  // The smallest that will do: a larger one may be what another part of the same search needs.
  const size = Math.min(...sizes.filter((each) => each >= bytes && each < 2 * bytes + pageBytes));
  const at = sizes.indexOf(size);
  const kernel = at < 0 ? undefined : idle.splice(at, 1)[0];
  // Shared memory is cleared number by number: large ones are faster.
  if (kernel) new Float64Array(kernel.buffer, 0, Math.ceil(bytes / 8)).fill(0);
  return kernel;
}

/** @throws OutOfMemoryError `OUT_OF_MEMORY` */
export function makeKernel(bytes: number, kind: KernelKind | undefined): Kernel | SharedKernel {
  const compiled = kind === 'scalar' ? undefined : compiledKernel();
  try {
    return compiled
      ? ((compiled.isShared ? idleKernel(bytes) : undefined) ?? wasmKernel(compiled, bytes))
      : scalarKernel(new ArrayBuffer(bytes));
  } catch (cause) {
    throw new OutOfMemoryError(
      'OUT_OF_MEMORY',
      `The sketch of the encodings needs ${Math.ceil(bytes / 2 ** 20)} MB of memory, which cannot be had.`,
      { cause },
    );
  }
}

interface Compiled {
  readonly api: WebAssemblyApi;
  readonly module: WasmModule;
  readonly isShared: boolean;
}

/** Whether `makeKernel` makes one that threads can share. */
export function isKernelShared(kind: KernelKind | undefined): boolean {
  return kind !== 'scalar' && compiledKernel()?.isShared === true;
}

function wasmKernel({ api, module, isShared }: Compiled, bytes: number): Kernel | SharedKernel {
  const pages = Math.ceil(bytes / pageBytes);
  const memory = new api.Memory({ initial: pages, maximum: pages, shared: isShared });
  const { exports } = new api.Instance(module, { host: { memory } });
  const { centre, multiply, scan, measure } = exports as Omit<Kernel, 'buffer'>;
  return { buffer: memory.buffer, centre, multiply, scan, measure, ...(isShared ? { module, memory } : {}) };
}

let known: Compiled | 'unavailable' | undefined;

/** The kernel as WebAssembly; undefined where there is none, it is forbidden, or has no SIMD. */
function compiledKernel(): Compiled | undefined {
  known ??= compile() ?? 'unavailable';
  return known === 'unavailable' ? undefined : known;
}

function compile(): Compiled | undefined {
  const { WebAssembly: api } = globalThis as unknown as WithWebAssembly;
  const isShared = typeof SharedArrayBuffer === 'function';
  try {
    return api && { api, module: new api.Module(assembleKernel(isShared)), isShared };
  } catch {
    return undefined;
  }
}
