// Which of the pairs that were found a run leaves out.

import { resolve } from 'node:path';
import t from 'tap';
import { ruledOut } from '../../../lib/runs/ruled_out.js';
import { type Decision, DecisionIndex } from '../../../lib/store/index.js';

const decidedAt = '2026-01-01T00:00:00.000Z';
const none = new DecisionIndex([]);
const references = new Map([
  ['a.jpg', 'R1'],
  ['b.jpg', 'R1'],
  ['c.jpg', 'R2'],
]);

t.test('photos of one record are left out, those of two are not', async (t) => {
  const isRuledOut = ruledOut({ references }, [], none);
  t.ok(isRuledOut('a.jpg', 'b.jpg'));
  t.notOk(isRuledOut('a.jpg', 'c.jpg'));
  t.notOk(isRuledOut('c.jpg', 'd.jpg'));
  t.notOk(isRuledOut('d.jpg', 'e.jpg'), 'neither has a record');
});

t.test('given pairs are of photos or of records, in either order', async (t) => {
  const isRuledOut = ruledOut(
    { references },
    [
      ['x.jpg', resolve('y.jpg')],
      ['R2', 'R1'],
    ],
    none,
  );
  t.ok(isRuledOut(resolve('y.jpg'), 'x.jpg'));
  t.ok(isRuledOut(resolve('x.jpg'), resolve('y.jpg')), 'as a store names them');
  t.ok(isRuledOut('b.jpg', 'c.jpg'));
  t.notOk(isRuledOut('x.jpg', 'c.jpg'));
});

t.test('of decisions only `different` rules a pair out', async (t) => {
  const decide = (first: string, second: string, verdict: Decision['verdict']): Decision => ({
    kind: 'photo',
    first,
    second,
    verdict,
    decidedAt,
  });
  const decisions = new DecisionIndex([
    decide('a.jpg', 'c.jpg', 'different'),
    decide('b.jpg', 'c.jpg', 'unsure'),
  ]);
  const isRuledOut = ruledOut({ references }, [], decisions);
  t.ok(isRuledOut('c.jpg', 'a.jpg'));
  t.notOk(isRuledOut('b.jpg', 'c.jpg'));
});
