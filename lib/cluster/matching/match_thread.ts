// What a thread that compares tiles runs: it answers each message with the pairs of a tile, and keeps blocks for the next.

import { parentPort, workerData } from 'node:worker_threads';
import {
  type FaceLists,
  KeptBlocks,
  matchLists,
  matchTile,
  type PairColumns,
  type RunAxes,
  sketchBlock,
  unpackAxes,
  unpackBlock,
  unpackLists,
} from '../../duplicates/index.js';
import { FaceDedupError, messageOf } from '../../errors.js';

/** Bytes that all threads read and none writes, under a name that no other bytes have. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface TileTask {
  readonly threshold: number;
  readonly axes: NamedBytes;
  readonly first: NamedBytes;
  readonly second: NamedBytes;
  /** Where the two blocks are of one list each. */
  readonly between?: TileBetweenLists;
}

export interface TileBetweenLists {
  readonly lists: NamedBytes;
  readonly first: number;
  readonly second: number;
  readonly reach: number;
}

export interface MatchThreadData {
  /** What the kept blocks may take together. */
  readonly mostBytes: number;
}

export type TileAnswer =
  { readonly pairs: PairColumns } | { readonly code: string; readonly message: string };

const { mostBytes } = workerData as MatchThreadData;

/** Blocks can be compared when they were sketched along the very same axes. */
let current: { readonly name: string; readonly axes: RunAxes; readonly blocks: KeptBlocks } | undefined;

let currentLists: { readonly name: string; readonly lists: FaceLists } | undefined;

async function pairsOf({ threshold, axes, first, second, between }: TileTask): Promise<PairColumns> {
  if (current?.name !== axes.name)
    current = { name: axes.name, axes: unpackAxes(axes.bytes), blocks: new KeptBlocks({ mostBytes }) };
  const { axes: used, blocks } = current;
  const sketched = ({ name, bytes }: NamedBytes) =>
    blocks.get(name, () => sketchBlock(unpackBlock(bytes), used));
  const a = await sketched(first);
  const b = second.name === first.name ? a : await sketched(second);
  if (!between) return matchTile(a, b, { threshold });
  const { lists, reach } = between;
  if (currentLists?.name !== lists.name) currentLists = { name: lists.name, lists: unpackLists(lists.bytes) };
  const [one, other] = [
    { block: a, list: between.first },
    { block: b, list: between.second },
  ];
  return matchLists(one, other, currentLists.lists, { threshold, reach });
}

function faultOf(error: unknown): TileAnswer {
  const message = messageOf(error);
  return { code: error instanceof FaceDedupError ? error.code : 'INTERNAL', message };
}

parentPort?.on('message', (task: TileTask) => {
  void pairsOf(task)
    .then((pairs): TileAnswer => ({ pairs }), faultOf)
    .then((answer) => parentPort?.postMessage(answer));
});
