// The pairs that a reviewer goes through, fetched part by part while decided ones leave the server's list.

import t from 'tap';
import type { ApiPair } from '../../../lib/server/api.js';
import { PairQueue } from '../../../pages/review/pair_queue.js';

const box = { x: 0, y: 0, width: 1, height: 1 };

function pairAt(position: number): ApiPair {
  return {
    position,
    first: `${position}-a`,
    second: `${position}-b`,
    distance: 0.1,
    similarity: 0.9,
    firstBox: box,
    secondBox: box,
    isNew: true,
  };
}

/** A server's list of open pairs, from which others may decide, too. */
function openList(count: number) {
  const open = Array.from({ length: count }, (_, position) => pairAt(position));
  const queue = new PairQueue(
    async (offset, limit) => ({ total: open.length, offset, items: open.slice(offset, offset + limit) }),
    (pair) => pair.verdict === undefined,
  );
  const decide = (position: number) => {
    open.splice(
      open.findIndex((pair) => pair.position === position),
      1,
    );
    queue.setVerdict((pair) => pair.position === position, 'same');
  };
  return { queue, decide };
}

t.test('a reviewer who decides every pair sees each of them once, in order', async (t) => {
  const { queue, decide } = openList(1234);
  const seen: number[] = [];
  for (let index = 0; ; index++) {
    const pair = await queue.reach(index);
    if (!pair) break;
    seen.push(pair.position);
    decide(pair.position);
  }
  t.same(
    seen,
    Array.from({ length: 1234 }, (_, position) => position),
  );
  t.equal(queue.total, 1234);
});

t.test('a decided pair stays where it is, and can be opened again', async (t) => {
  const { queue, decide } = openList(3);
  await queue.reach(0);
  decide(0);
  t.equal(queue.at(0)?.verdict, 'same');
  queue.setVerdict((pair) => pair.position === 0, undefined);
  t.notOk('verdict' in (queue.at(0) ?? {}));
});

t.test('pairs that others decide meanwhile are not waited for', async (t) => {
  const open = Array.from({ length: 600 }, (_, position) => pairAt(position));
  const queue = new PairQueue(
    async (offset, limit) => ({ total: open.length, offset, items: open.slice(offset, offset + limit) }),
    (pair) => pair.verdict === undefined,
  );
  await queue.reach(0);
  open.splice(0, 550);
  t.equal(await queue.reach(599), undefined);
  t.equal(queue.total, queue.loaded.length);
});

t.test('a pair far behind is found, and one that is not there is not', async (t) => {
  const { queue } = openList(1234);
  t.equal(await queue.find(1200), 1200);
  t.equal(await queue.find(5000), -1);
});
