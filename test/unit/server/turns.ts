// Turns: some at work, some waiting, the rest refused; nobody's place is kept by those who have gone.

import t from 'tap';
import { Turns } from '../../../lib/server/turns.js';

/** Work that a test ends. */
function work() {
  let end: () => void = () => undefined;
  let begin: () => void = () => undefined;
  const hasBegun = new Promise<void>((resolve) => (begin = resolve));
  const isOver = new Promise<void>((resolve) => (end = resolve));
  return { hasBegun, end, run: () => (begin(), isOver.then(() => 'done')) };
}

const turnsOf = (atOnce: number, waiting: number) =>
  new Turns({ atOnce, waiting, what: 'photos', retryAfter: 3 });

t.test('they begin in the order in which they came', async (t) => {
  const turns = turnsOf(1, 2);
  const began: string[] = [];
  const [a, b] = [work(), work()];
  const [first, second, third] = [
    turns.take(a.run),
    turns.take(() => (began.push('second'), b.run())),
    turns.take(() => Promise.resolve(began.push('third'))),
  ];
  await a.hasBegun;
  t.same(began, []);
  a.end();
  t.equal(await first, 'done');
  await b.hasBegun;
  t.same(began, ['second']);
  b.end();
  await Promise.all([second, third]);
  t.same(began, ['second', 'third']);
});

t.test('one too many is refused, and told when to come again', async (t) => {
  const turns = turnsOf(1, 1);
  const a = work();
  const all = [turns.take(a.run), turns.take(() => Promise.resolve())];
  await t.rejects(
    turns.take(() => Promise.resolve()),
    { code: 'QUEUE_FULL', message: /photos/, retryAfter: 3 },
  );
  a.end();
  await Promise.all(all);
  t.equal(await turns.take(() => Promise.resolve('room')), 'room');
});

t.test('work that fails gives its place to the next', async (t) => {
  const turns = turnsOf(1, 1);
  const failing = turns.take(() => Promise.reject(new Error('it broke')));
  const next = turns.take(() => Promise.resolve('next'));
  await t.rejects(failing, { message: 'it broke' });
  t.equal(await next, 'next');
});

t.test('one who goes away leaves the queue, and never begins', async (t) => {
  const turns = turnsOf(1, 1);
  const a = work();
  const first = turns.take(a.run);
  const gone = new AbortController();
  let hasBegun = false;
  const left = turns.take(() => Promise.resolve((hasBegun = true)), gone.signal);
  gone.abort();
  await t.rejects(left, { code: 'ABORTED' });
  const next = turns.take(() => Promise.resolve('next'));
  a.end();
  t.equal(await next, 'next', 'the place is another’s');
  await first;
  t.notOk(hasBegun);
  await t.rejects(
    turns.take(() => Promise.resolve(), gone.signal),
    { code: 'ABORTED' },
  );
});

t.test('one who goes away when it is its turn gives the turn on', async (t) => {
  const turns = turnsOf(1, 2);
  const gone = new AbortController();
  const first = turns.take(() => Promise.resolve());
  const left = turns.take(() => Promise.resolve('left'), gone.signal);
  const next = turns.take(() => Promise.resolve('next'));
  void first.then(() => gone.abort());
  await first;
  const outcomes = await Promise.allSettled([left, next]);
  t.equal(outcomes[1].status, 'fulfilled');
  await turns.close();
});

t.test('closing refuses those who wait, and waits for those at work', async (t) => {
  const turns = turnsOf(1, 1);
  const a = work();
  const first = turns.take(a.run);
  const waiting = turns.take(() => Promise.resolve());
  let isClosed = false;
  const closing = turns.close().then(() => (isClosed = true));
  await t.rejects(waiting, { code: 'SERVER_CLOSING', retryAfter: 10 });
  await t.rejects(
    turns.take(() => Promise.resolve()),
    { code: 'SERVER_CLOSING' },
  );
  t.notOk(isClosed);
  a.end();
  t.equal(await first, 'done');
  await closing;
  await turns.close();
});
