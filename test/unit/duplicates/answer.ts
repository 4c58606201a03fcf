// The answer: pairs of ids from pairs of numbers, each pair of photos once.

import t from 'tap';
import { answerFrom } from '../../../lib/duplicates/answer.js';
import { FoundPairs } from '../../../lib/duplicates/found_pairs.js';
import { EndlessPauses, NoPauses } from '../../fixtures/turns.js';

function foundOf(pairs: readonly (readonly [a: number, b: number, distance: number])[]): FoundPairs {
  const found = new FoundPairs();
  for (const [a, b, distance] of pairs) found.add(a, b, distance);
  return found;
}

t.test('pairs come closest first and by their ids, the id that comes first in front', async (t) => {
  const found = foundOf([
    [0, 1, 0.5],
    [3, 1, 0.25],
    [2, 0, 0.25],
  ]);
  t.same(await answerFrom(found, ['d', 'c', 'b', 'a', 'in no pair'], 'none', new NoPauses()), [
    { first: 'a', second: 'c', distance: 0.25 },
    { first: 'b', second: 'd', distance: 0.25 },
    { first: 'c', second: 'd', distance: 0.5 },
  ]);
  t.same(await answerFrom(new FoundPairs(), ['a'], 'none', new NoPauses()), []);
});

t.test('of photos with several faces each pair comes once, with its least distance', async (t) => {
  const found = foundOf([
    [0, 1, 0.5],
    [1, 0, 0.25],
    [0, 1, 0.375],
    [0, 2, 0.3125],
    [1, 2, 0.125],
    [2, 1, 0.0625],
  ]);
  t.same(await answerFrom(found, ['a', 'b', 'c'], 'at any distance', new NoPauses()), [
    { first: 'b', second: 'c', distance: 0.0625 },
    { first: 'a', second: 'b', distance: 0.25 },
    { first: 'a', second: 'c', distance: 0.3125 },
  ]);
});

t.test('a pair that comes again is followed by others, or by none', async (t) => {
  const found = foundOf([
    [0, 1, 0.5],
    [0, 1, 0.25],
    [1, 2, 0.125],
    [1, 2, 0.375],
  ]);
  t.same(await answerFrom(found, ['a', 'b', 'c'], 'at any distance', new NoPauses()), [
    { first: 'b', second: 'c', distance: 0.125 },
    { first: 'a', second: 'b', distance: 0.25 },
  ]);
});

t.test('pairs that were found again at the same distance come once', async (t) => {
  const found = foundOf([
    [0, 1, 0.25],
    [0, 2, 0.25],
    [1, 0, 0.25],
    [0, 2, 0.25],
    [1, 2, 0.125],
  ]);
  t.same(await answerFrom(found, ['a', 'b', 'c'], 'at its distance', new NoPauses()), [
    { first: 'b', second: 'c', distance: 0.125 },
    { first: 'a', second: 'b', distance: 0.25 },
    { first: 'a', second: 'c', distance: 0.25 },
  ]);
});

t.test('the thread is given away once in 4,096 pairs, and the search can be aborted there', async (t) => {
  const ids = Array.from({ length: 10_001 }, (_, i) => String(i).padStart(5, '0'));
  const found = () => foundOf(Array.from({ length: 10_000 }, (_, i) => [i, i + 1, i / 16]));
  const expected = Array.from({ length: 10_000 }, (_, i) => ({
    first: ids[i],
    second: ids[i + 1],
    distance: i / 16,
  }));
  for (const repeats of ['none', 'at its distance', 'at any distance'] as const) {
    const pauses = new EndlessPauses();
    const answer = await answerFrom(found(), ids, repeats, pauses);
    // A difference between texts this long takes seconds to be told.
    t.ok(JSON.stringify(answer) === JSON.stringify(expected));
    // Before the answer is made: one each to see who occurs and to take the pairs, and those of sorting the records,
    // three runs and two rounds of merging, of two pauses each.
    const before = 2 + 3 + 2 * 2;
    t.equal(pauses.pauses, before + (repeats === 'none' ? 0 : 3) + 3);
    t.equal(pauses.looks, pauses.pauses);
    for (let pause = 1; pause <= pauses.pauses; pause++)
      await t.rejects(answerFrom(found(), ids, repeats, new EndlessPauses(pause)), {
        code: 'ABORTED',
      });
  }
});
