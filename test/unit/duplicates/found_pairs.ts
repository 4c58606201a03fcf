// Pairs as they are found: kept in pieces, and given out once, by rank.

import t from 'tap';
import { FoundPairs } from '../../../lib/duplicates/found_pairs.js';
import { EndlessPauses, NoPauses } from '../../fixtures/turns.js';

/** So many that three pieces are needed, two of them whole. */
const many = 140_000;

function found(count: number): FoundPairs {
  const pairs = new FoundPairs();
  for (let i = 0; i < count; i++) pairs.add(i, i + 1, i / 8);
  return pairs;
}

/** The rank of a record is 10 above its number. */
const tenAbove = (count: number) => Uint32Array.from({ length: count + 1 }, (_, i) => i + 10);

for (const count of [0, 1, 1023, 1024, 1025, 4097, 65_535, 65_536, 65_537, many]) {
  t.test(`${count} pairs come back as they were found, in their order`, async (t) => {
    const pairs = found(count);
    t.equal(pairs.count, count);
    const { distances, firsts, seconds } = await pairs.take(tenAbove(count), new NoPauses());
    t.same([distances.length, firsts.length, seconds.length], [count, count, count]);
    t.ok(
      distances.every((distance, i) => distance === i / 8),
      'distances',
    );
    t.ok(
      firsts.every((first, i) => first === i + 10),
      'firsts',
    );
    t.ok(
      seconds.every((second, i) => second === i + 11),
      'seconds',
    );
  });
}

t.test('the smaller rank comes first, whichever record does', async (t) => {
  const pairs = new FoundPairs();
  pairs.add(0, 1, 0.5);
  pairs.add(2, 0, 0.25);
  const { firsts, seconds } = await pairs.take(Uint32Array.of(7, 3, 5), new NoPauses());
  t.same([...firsts], [3, 5]);
  t.same([...seconds], [7, 7]);
});

t.test('what was taken is no longer here, and others may be found', async (t) => {
  const pairs = found(70_000);
  await pairs.take(tenAbove(70_000), new NoPauses());
  t.equal(pairs.count, 0);
  pairs.add(1, 2, 0.125);
  const { distances, firsts, seconds } = await pairs.take(tenAbove(2), new NoPauses());
  t.same([[...distances], [...firsts], [...seconds]], [[0.125], [11], [12]]);
});

t.test('records occur when they are in a pair, on either side', async (t) => {
  const pairs = new FoundPairs();
  pairs.add(1, 4, 0.5);
  pairs.add(4, 2, 0.5);
  t.same([...(await pairs.present(6, new NoPauses()))], [0, 1, 1, 0, 1, 0]);
  t.same([...(await new FoundPairs().present(2, new NoPauses()))], [0, 0]);
});

t.test('the thread is given away after each piece, and the search can be aborted there', async (t) => {
  const pauses = new EndlessPauses();
  await found(many).present(many + 1, pauses);
  t.equal(pauses.pauses, 3);
  await t.rejects(found(many).take(tenAbove(many), new EndlessPauses(2)), { code: 'ABORTED' });
});
