// The caller's own thread: it takes square after square, measures candidates before there is no room for more, and waits
// for what the threads that help it are still at.

import t from 'tap';
import type { Collector } from '../../../lib/duplicates/collector.js';
import type { Kernel } from '../../../lib/duplicates/kernel.js';
import { blockRows, candidateBytes, type Layout, scratch } from '../../../lib/duplicates/layout.js';
import { Scan } from '../../../lib/duplicates/scan.js';
import type { Helpers } from '../../../lib/duplicates/threads.js';
import type { Turns } from '../../../lib/duplicates/turns.js';
import { EndlessPauses, NoPauses } from '../../fixtures/turns.js';

const room = 10_000;
const partBytes = scratch.candidates + room * candidateBytes;
/** After what the header takes. */
const parts = 1024;

interface Scene {
  /** The positions that each call of the kernel is to deal with, and how many candidates it finds. */
  readonly scan?: (
    from: number,
    to: number,
    block: number,
  ) => { readonly at: number; readonly found: number };
  readonly helpers?: Partial<Helpers>;
  readonly blocks?: number;
  readonly side?: number;
  readonly newerRows?: number;
  readonly turns?: Turns;
}

/** A scan whose kernel and threads do as they are told; it tells what was done, in order. */
async function scanned({
  scan = (_, to) => ({ at: to, found: 0 }),
  helpers = {},
  blocks = 1,
  side = 8,
  newerRows = blocks * blockRows,
  turns = new NoPauses(),
}: Scene): Promise<string[]> {
  const done: string[] = [];
  const bytes = parts + 2 * partBytes;
  const buffer = new ArrayBuffer(bytes);
  const numbers = new Int32Array(buffer);
  const countAt = (part: number) => (part + scratch.count) / 4;
  const kernel: Pick<Kernel, 'buffer' | 'scan'> = {
    buffer,
    scan: (from, to, block, part, given) => {
      const { at, found } = scan(from, to, block);
      const index = countAt(part);
      const before = numbers[index] as number;
      numbers[index] = before + found;
      done.push(`${from}–${at} with ${block}, ${before} there${given === room ? '' : `, room for ${given}`}`);
      return at;
    },
  };
  const collector: Pick<Collector, 'collect'> = {
    collect: (at, count) => {
      const start = (at * 4 - parts - scratch.candidates) / candidateBytes;
      done.push(`${count} from ${start < room ? start : 'the other part'}`);
    },
  };
  const alone: Partial<Helpers> = {
    takePart: () => undefined,
    areDone: () => true,
    news: () => Promise.resolve(),
  };
  const grid = { newerRows, newerBlocks: blocks, blocks, from: 0, blockRows, side };
  await new Scan(
    kernel as Kernel,
    { bytes, room, parts, partBytes } as Layout,
    grid,
    { ...alone, ...helpers } as Helpers,
    collector as Collector,
    { share: 0 },
    turns,
  ).run(parts);
  return done;
}

t.test('every two blocks are scanned once, square by square, rows as far as there are any', async (t) => {
  t.same(await scanned({ blocks: 3, side: 2, newerRows: 2 * blockRows + 5 }), [
    '0–128 with 0, 0 there',
    '0–128 with 1, 0 there',
    '128–256 with 1, 0 there',
    '0–128 with 2, 0 there',
    '128–256 with 2, 0 there',
    '256–261 with 2, 0 there',
  ]);
});

t.test('candidates wait until they fill more than half of the room', async (t) => {
  const counts = [5000, 1, 5001, 1];
  const scan = (_: number, to: number, block: number) => ({ at: to, found: counts[block] ?? 0 });
  t.same(await scanned({ blocks: 4, newerRows: blockRows, scan }).then((done) => done.slice(0, 8)), [
    '0–128 with 0, 0 there',
    '0–128 with 1, 5000 there',
    '4096 from 0',
    '905 from 4096',
    '0–128 with 2, 0 there',
    '4096 from 0',
    '905 from 4096',
    '0–128 with 3, 0 there',
  ]);
});

t.test('a block that is broken off for want of room goes on where it was, with all the room', async (t) => {
  const stops = [40, 100, 128];
  const scan = () => ({ at: stops.shift() ?? 128, found: 1 });
  t.same(await scanned({ scan }), [
    '0–40 with 0, 0 there',
    '1 from 0',
    '40–100 with 0, 0 there',
    '1 from 0',
    '100–128 with 0, 0 there',
    '1 from 0',
  ]);
});

t.test('as many candidates as are measured at a time are measured once', async (t) => {
  const scan = () => ({ at: 128, found: 4096 });
  t.same(await scanned({ scan }), ['0–128 with 0, 0 there', '4096 from 0']);
});

t.test('the last parts of threads that are still at work are waited for', async (t) => {
  const done: string[] = [];
  let news = 0;
  let handedOver = false;
  const helpers: Partial<Helpers> = {
    areDone: () => news >= 2,
    takePart: () => (handedOver ? parts + partBytes : undefined),
    release: (part) => {
      handedOver = false;
      done.push(`released ${(part - parts) / partBytes}`);
    },
    news: () => {
      // The last part comes with the end of its thread.
      handedOver = ++news === 2;
      return Promise.resolve();
    },
  };
  await scanned({ helpers, blocks: 1 });
  t.same(done, ['released 1']);
  t.equal(news, 3, 'looked at once more after the last one ended');
});

t.test(
  'each pause is offered: between blocks, squares, candidates and while threads are waited for',
  async (t) => {
    const looks = async (scene: Scene) => {
      const turns = new EndlessPauses();
      await scanned({ ...scene, turns });
      return turns.pauses;
    };
    // One after the block, one after the square, one while the threads end.
    t.equal(await looks({}), 3);
    t.equal(await looks({ blocks: 2 }), 5, 'three blocks');
    t.equal(await looks({ blocks: 2, side: 1 }), 8, 'four squares, one of them empty');
    t.equal(await looks({ scan: () => ({ at: 128, found: 4097 }) }), 5, 'two helpings of candidates');
  },
);
