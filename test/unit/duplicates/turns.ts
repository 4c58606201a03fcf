// Turns: after some milliseconds of work others have theirs, and the search may be aborted.

import t from 'tap';
import { Turns } from '../../../lib/duplicates/turns.js';

/** A clock that stands still until it is told otherwise. */
function clockOf(t: { teardown(work: () => void): void }): { now: number } {
  const clock = { now: 1000 };
  const real = performance.now.bind(performance);
  performance.now = () => clock.now;
  t.teardown(() => (performance.now = real));
  return clock;
}

t.test('a turn is over after ten milliseconds, and the next one lasts as long', async (t) => {
  const clock = clockOf(t);
  const turns = new Turns(undefined);
  t.equal(turns.isOver(), false);
  clock.now = 1009;
  t.equal(turns.isOver(), false);
  clock.now = 1010;
  t.equal(turns.isOver(), true);
  await turns.next();
  t.equal(turns.isOver(), false);
  clock.now = 1019;
  t.equal(turns.isOver(), false);
  clock.now = 1020;
  t.equal(turns.isOver(), true);
});

t.test('between turns the caller is told first, and others have their turn after that', async (t) => {
  const happened: string[] = [];
  const turns = new Turns(undefined, () => happened.push('told'));
  setImmediate(() => happened.push('another'));
  await turns.next();
  t.same(happened, ['told', 'another']);
});

t.test('a signal that fires before or between turns ends the work', async (t) => {
  await t.rejects(new Turns(AbortSignal.abort('enough')).next(), { code: 'ABORTED', cause: 'enough' });
  const controller = new AbortController();
  const turns = new Turns(controller.signal);
  await t.resolves(turns.next());
  setImmediate(() => controller.abort('later'));
  await t.rejects(turns.next(), { code: 'ABORTED', cause: 'later' });
});

t.test('where there is no setImmediate, as in browsers, timers have their turn all the same', async (t) => {
  const real = globalThis.setImmediate;
  t.teardown(() => (globalThis.setImmediate = real));
  let fired = false;
  Reflect.deleteProperty(globalThis, 'setImmediate');
  setTimeout(() => (fired = true), 0);
  await new Turns(undefined).next();
  globalThis.setImmediate = real;
  t.equal(fired, true);
});
