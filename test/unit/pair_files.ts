// CSV files of decisions, as people and spreadsheets write them.

import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t, { type Test } from 'tap';
import { readDecisions } from '../../lib/cli/pair_files.js';

const read = (t: Test, text: string) => {
  const file = join(t.testdir({}), 'decisions.csv');
  writeFileSync(file, text);
  return readDecisions(file);
};

t.test('pairs of photos without a verdict are different people', async (t) => {
  t.same(await read(t, 'first,second,reason\na.jpg,b.jpg,twins\n'), {
    decisions: [
      {
        kind: 'photo',
        first: resolve('a.jpg'),
        second: resolve('b.jpg'),
        verdict: 'different',
        reason: 'twins',
      },
    ],
    undecided: 0,
  });
});

t.test('where there is a column for the verdict, an empty cell is no decision', async (t) => {
  const { decisions, undecided } = await read(
    t,
    'first,second,verdict\na.jpg,b.jpg,\nb.jpg,c.jpg,same\nc.jpg,d.jpg,\n',
  );
  t.match(decisions, [{ first: resolve('b.jpg'), verdict: 'same' }]);
  t.equal(decisions.length, 1);
  t.equal(undecided, 2);
});

t.test('each row is on references where it has both, else on photos', async (t) => {
  const { decisions } = await read(
    t,
    'first,second,first_reference,second_reference,verdict\na.jpg,b.jpg,,,same\na.jpg,b.jpg,R1,,same\nc.jpg,d.jpg,R1,R2,unsure\n',
  );
  t.match(decisions, [
    { kind: 'photo', first: resolve('a.jpg') },
    { kind: 'photo' },
    { kind: 'reference', first: 'R1', second: 'R2', verdict: 'unsure' },
  ]);
});

t.test('the column kind says what first and second are', async (t) => {
  const { decisions } = await read(
    t,
    'kind,first,second,verdict,reason,decided_at\nreference,R-1,R-2,different,,2026-01-01\n',
  );
  t.match(decisions, [{ kind: 'reference', first: 'R-1', second: 'R-2' }]);
});

t.test('what is wrong is told with its row', async (t) => {
  const wrong = { code: 'ARGUMENT_INVALID' };
  await t.rejects(read(t, 'first,second\na,b\na,a\n'), { ...wrong, message: /row 3: .*is given twice/ });
  await t.rejects(read(t, 'first,second,verdict\na,b,Different\n'), {
    ...wrong,
    message: /row 2: .*none of same/,
  });
  await t.rejects(read(t, 'first,second\na,\n'), { ...wrong, message: /row 2: .*names no two/ });
  await t.rejects(read(t, 'one,two\na,b\n'), { ...wrong, message: /no column 'first'/ });
});
