// Blocks that are kept for the next tile: made once, and forgotten in the order in which they were last wanted.

import t from 'tap';
import { axesOfRun, blockOf, KeptBlocks, sketchBlock } from '../../../../lib/duplicates/index.js';

const axes = await axesOfRun([[0], [1]]);
const block = await sketchBlock(await blockOf([{ id: 'a', encodings: [[1]] }]), axes);

/** Blocks of the same size, and a list of those that were made. */
function maker() {
  const made: string[] = [];
  const make = (name: string) => async () => {
    made.push(name);
    return { ...block };
  };
  return { made, make };
}

t.test('a block is made once as long as there is room', async (t) => {
  const { made, make } = maker();
  const kept = new KeptBlocks();
  const a = await kept.get('a', make('a'));
  await kept.get('b', make('b'));
  t.equal(await kept.get('a', make('a')), a);
  t.same(made, ['a', 'b']);
});

t.test('beyond the room, what was wanted longest ago goes first', async (t) => {
  const { made, make } = maker();
  const kept = new KeptBlocks({ mostBytes: 2 * block.bytes });
  for (const name of ['a', 'b', 'a', 'c', 'a', 'c', 'b']) await kept.get(name, make(name));
  t.same(made, ['a', 'b', 'c', 'b']);
});

t.test('without room, each is made whenever it is wanted', async (t) => {
  const { made, make } = maker();
  const kept = new KeptBlocks({ mostBytes: block.bytes - 1 });
  for (const name of ['a', 'a']) await kept.get(name, make(name));
  t.same(made, ['a', 'a']);
});

t.test('who wants a block that is being made waits for it', async (t) => {
  const { made, make } = maker();
  const kept = new KeptBlocks();
  const [first, second] = await Promise.all([kept.get('a', make('a')), kept.get('a', make('a'))]);
  t.equal(first, second);
  t.same(made, ['a']);
});

t.test('a block that cannot be made is tried again by the next who wants it', async (t) => {
  const { make } = maker();
  const kept = new KeptBlocks();
  const fails = () => Promise.reject(new Error('no such block'));
  await t.rejects(kept.get('a', fails), { message: 'no such block' });
  t.ok(await kept.get('a', make('a')));
});

t.test('the room is checked', async (t) => {
  t.throws(() => new KeptBlocks({ mostBytes: -1 }), { code: 'OPTION_RANGE' });
});
