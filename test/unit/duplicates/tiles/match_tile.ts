// A tile by itself: which pairs it compares, what it answers with, and what it refuses.

import t from 'tap';
import {
  axesOfRun,
  blockOf,
  type FaceBlock,
  matchTile,
  type PairColumns,
  sketchBlock,
} from '../../../../lib/duplicates/index.js';

const axes = await axesOfRun([[0], [1], [2], [3]]);

/** Photos of faces on a line. */
async function line(...photos: number[][]) {
  const records = photos.map((faces, i) => ({ id: String(i), encodings: faces.map((x) => [x]) }));
  return sketchBlock(await blockOf(records), axes);
}

function listed({ firsts, seconds, distances }: PairColumns): string[] {
  return Array.from(firsts, (first, i) => `${first} ${seconds[i]}: ${distances[i]}`).sort();
}

t.test(
  'two blocks: every photo of the first with every one of the second, and with none of its own',
  async (t) => {
    const first = await line([0], [0.125], []);
    const second = await line([5], [0.25]);
    t.same(listed(await matchTile(first, second, { threshold: 1 })), ['0 1: 0.25', '1 1: 0.125']);
    t.same(listed(await matchTile(second, first, { threshold: 1 })), ['1 0: 0.25', '1 1: 0.125']);
  },
);

t.test('a block with itself: each two photos once, none with itself', async (t) => {
  const block = await line([0], [0.125], [], [0]);
  t.same(listed(await matchTile(block, block, { threshold: 1 })), ['0 1: 0.125', '0 3: 0', '1 3: 0.125']);
});

t.test('photos with several faces are as far apart as their nearest faces', async (t) => {
  const first = await line([0, 8, 0], [20]);
  const second = await line([30, 0.5], [8.25, 0.25]);
  t.same(listed(await matchTile(first, second, { threshold: 1 })), ['0 0: 0.5', '0 1: 0.25']);
  t.same(listed(await matchTile(first, first, { threshold: 100 })), ['0 1: 12']);
});

t.test('a distance that is the threshold is no duplicate', async (t) => {
  const block = await line([0], [0.5]);
  t.same(listed(await matchTile(block, block, { threshold: 0.5 })), []);
  t.same(listed(await matchTile(block, block, { threshold: 0.5000001 })), ['0 1: 0.5']);
});

t.test(
  'a photo is ignored by its numbers in the two blocks, or of one block the smaller first',
  async (t) => {
    const first = await line([0], [0.125]);
    const second = await line([0.25], [0.375], [0]);
    const asked: string[] = [];
    const isIgnored = (a: number, b: number) => {
      asked.push(`${a} ${b}`);
      return a === 1 && b === 2;
    };
    const found = await matchTile(first, second, { threshold: 0.3, isIgnored });
    t.same(listed(found), ['0 0: 0.25', '0 2: 0', '1 0: 0.125', '1 1: 0.25']);
    t.same(asked.sort(), ['0 0', '0 2', '1 0', '1 1', '1 2']);
    asked.length = 0;
    t.same(listed(await matchTile(second, second, { threshold: 1, isIgnored })), ['0 1: 0.125', '0 2: 0.25']);
    t.same(asked.sort(), ['0 1', '0 2', '1 2']);
  },
);

t.test('a block without a face has no pairs', async (t) => {
  const [empty, other] = [await line([], []), await line([1])];
  for (const [a, b] of [
    [empty, empty],
    [empty, other],
    [other, empty],
    [other, other],
  ] as const)
    t.same(listed(await matchTile(a, b, { threshold: 5 })), []);
});

t.test('blocks along different axes cannot be compared', async (t) => {
  const [block] = [await line([1])];
  const other = await sketchBlock(
    await blockOf([{ id: 'a', encodings: [[1]] }]),
    await axesOfRun([[1], [2]]),
  );
  await t.rejects(matchTile(block, other), { code: 'ARGUMENT_INVALID', message: /different axes/ });
});

t.test('what cannot be sketched is refused', async (t) => {
  const refuses = (block: Partial<FaceBlock>, message: RegExp) =>
    t.rejects(
      sketchBlock(
        { photos: 1, dimensions: 1, photoOfRow: Uint32Array.of(0), encodings: Float32Array.of(1), ...block },
        axes,
      ),
      { name: 'InvalidEncodingsError', code: 'ENCODINGS_INVALID', message },
    );
  await refuses({ dimensions: 2, encodings: Float32Array.of(1, 2) }, /of 2 numbers .* along axes for 1/);
  await refuses({ encodings: Float32Array.of(Number.NaN) }, /finite/);
  await refuses({ photos: 0 }, /has a face of photo 0, and 0 photos/);
});

t.test('options are checked, and a signal that has fired ends it', async (t) => {
  const block = await line([0]);
  await t.rejects(matchTile(block, block, { threshold: 0 }), { code: 'OPTION_RANGE' });
  await t.rejects(matchTile(block, block, { isIgnored: true as never }), { code: 'OPTION_TYPE' });
  const signal = AbortSignal.abort();
  await t.rejects(matchTile(block, block, { signal }), { code: 'ABORTED' });
  const one = await blockOf([{ id: 'a', encodings: [[1]] }]);
  await t.rejects(sketchBlock(one, axes, { signal }), { code: 'ABORTED' });
});

t.test('a signal that fires meanwhile ends it', async (t) => {
  const records = Array.from({ length: 3000 }, (_, i) => ({ id: String(i), encodings: [[0]] }));
  const block = await sketchBlock(await blockOf(records), axes);
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  // Four and a half million pairs, all of them to be kept.
  await t.rejects(matchTile(block, block, { signal: controller.signal }), { code: 'ABORTED' });
});
