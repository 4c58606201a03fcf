// A block made ready for its tiles: its sketch is made once, and laid beside that of each block it is compared with.

import { sketchBlockOptionTable } from '../../config.js';
import { InvalidEncodingsError, throwIfAborted } from '../../errors.js';
import { readOptions } from '../../options.js';
import { giveBack, type Kernel, type KernelKind, makeKernel } from '../kernel.js';
import { blockRows, bytesOfBlock, headAxes, type Layout, layOut, type SketchPart } from '../layout.js';
import { type Residuals, writeSketch } from '../sketch.js';
import { Turns } from '../turns.js';
import { type FaceBlock, requireBlock } from './face_block.js';
import type { RunAxes } from './run_axes.js';

/** A block that `matchTile` can compare: its rows, and their sketch along the axes of a run. */
export interface SketchedBlock {
  /** How many photos: those of the block it was made of. */
  readonly photos: number;
  /** What it was sketched along. */
  readonly axes: RunAxes;
  /** @internal Each row's encoding, and the number of its photo. */
  readonly rows: readonly Float32Array[];
  /** @internal */
  readonly photoOfRow: Uint32Array;
  /** @internal The parts of the sketch, as they lie in a kernel's memory. */
  readonly parts: Readonly<Record<SketchPart, Uint8Array>>;
  /** @internal How far the sketch rounded the rows. */
  readonly residuals: Readonly<Residuals>;
  /** Memory that all this takes, about. */
  readonly bytes: number;
}

/** Kernels that are kept from tile to tile: enough for two blocks of 50,000 rows. */
export const mostIdleTileBytes = 2 ** 24;

/** What a row takes as an object of its own. */
const rowObjectBytes = 120;

/**
 * Makes a block ready for its tiles, in about 4 µs a row. The encodings are not copied: they must stay as they are as
 * long as the block is used.
 *
 * @param axes those of the run; blocks can be compared when they were sketched along the very same object.
 * @throws InvalidEncodingsError `ENCODINGS_INVALID` (another length than that of the axes, numbers that are not finite, a
 *   block that contradicts itself), InvalidOptionError, AbortedError, OutOfMemoryError.
 */
export function sketchBlock(
  block: FaceBlock,
  axes: RunAxes,
  options?: { readonly signal?: AbortSignal | undefined },
): Promise<SketchedBlock> {
  return sketchBlockBy(block, axes, options, undefined);
}

/** The same, with the choice of a kernel open to tests. */
export async function sketchBlockBy(
  block: FaceBlock,
  axes: RunAxes,
  options: { readonly signal?: AbortSignal | undefined } | undefined,
  kind: KernelKind | undefined,
): Promise<SketchedBlock> {
  const { signal } = readOptions(sketchBlockOptionTable, options);
  throwIfAborted(signal);
  requireBlock(block);
  const { photos, dimensions, photoOfRow, encodings } = block;
  if (photoOfRow.length > 0 && dimensions !== axes.dimensions)
    throw new InvalidEncodingsError(
      'ENCODINGS_INVALID',
      `Encodings of ${dimensions} numbers cannot be sketched along axes for ${axes.dimensions}.`,
    );
  const rows = Array.from(photoOfRow, (_, row) =>
    encodings.subarray(row * dimensions, (row + 1) * dimensions),
  );
  const layout = layOut(tailAxesOf(axes), rows.length, 0, 0);
  const kernel = makeKernel(layout.bytes, kind);
  const residuals = await writeSketch(
    rows,
    rows.length,
    axes.frame,
    axes.axes,
    kernel,
    layout,
    kind,
    new Turns(signal),
  );
  const parts = copyOut(kernel, layout);
  giveBack(kernel, mostIdleTileBytes);
  const bytes = encodings.byteLength + photoOfRow.byteLength + layout.bytes + rows.length * rowObjectBytes;
  return { photos, axes, rows, photoOfRow, parts, residuals, bytes };
}

export function tailAxesOf({ axes }: RunAxes): number {
  return axes.count - headAxes;
}

function partNames(layout: Layout): [part: SketchPart, bytes: number][] {
  return Object.entries(bytesOfBlock(layout.tailAxes)) as [SketchPart, number][];
}

function copyOut({ buffer }: Kernel, layout: Layout): Record<SketchPart, Uint8Array> {
  const copies = partNames(layout).map(([part, bytes]) => {
    const copy = new Uint8Array(bytes * layout.blocks);
    copy.set(new Uint8Array(buffer, layout[part], copy.length));
    return [part, copy];
  });
  return Object.fromEntries(copies) as Record<SketchPart, Uint8Array>;
}

/**
 * Lays the sketch of a block into a larger one.
 *
 * @param firstBlock the place of its first block of rows there.
 * @param firstRow the number of its first row there.
 */
export function layInto(
  { buffer }: Kernel,
  layout: Layout,
  { parts }: SketchedBlock,
  firstBlock: number,
  firstRow: number,
): void {
  const memory = new Uint8Array(buffer);
  for (const [part, bytes] of partNames(layout)) memory.set(parts[part], layout[part] + firstBlock * bytes);
  if (firstRow === 0) return;
  const order = new Uint32Array(
    buffer,
    layout.order + firstBlock * blockRows * 4,
    parts.order.byteLength / 4,
  );
  for (let i = 0; i < order.length; i++) order[i] = (order[i] as number) + firstRow;
}
