// Logs: known fields and codes; whatever else somebody writes, names of photos among it, is left out.

import { Writable } from 'node:stream';
import t, { type Test } from 'tap';
import { PhotoAccessError } from '../../lib/errors.js';
import { type Log, makeLog } from '../../lib/logging.js';

function lines(t: Test, write: (log: Log) => void, level?: string): Record<string, unknown>[] {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  if (level !== undefined) process.env['FACEDEDUP_LOG_LEVEL'] = level;
  t.teardown(() => delete process.env['FACEDEDUP_LOG_LEVEL']);
  write(makeLog(stream));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

t.test('a line has its time, level, words and known fields', async (t) => {
  const [line] = lines(t, (log) => log.warn({ run: 3, stage: 'encode', code: undefined }, 'job failed'));
  t.match(line, { level: 'warn', name: 'facededup', run: 3, stage: 'encode', msg: 'job failed' });
  t.match(line?.['time'], /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  t.notOk('code' in (line ?? {}));
});

t.test('what is no known field is left out, and so is what an error says', async (t) => {
  const error = new PhotoAccessError('PHOTO_EMPTY', "The photo '/secret/anna.jpg' is empty.");
  const all = lines(t, (log) => {
    log.info({ photo: 'anna', run: 1, nested: { name: 'anna' } } as object, 'as it is');
    log.error(error);
    log.error(error, 'anna');
    log.error({ err: error });
    log.error({ err: error }, error.message);
    log.error({ req: { url: '/anna' }, res: {}, err: error } as object, 'anna');
    log.warn({ reason: error } as object, error.message);
    log.info('without fields');
    log.info('with %s', error);
    log.child({ run: 2 }).error(error);
  });
  t.equal(all.length, 10);
  t.notMatch(JSON.stringify(all), /anna|secret/);
  t.same(
    all.map(({ msg }) => msg),
    ['as it is', ...Array<string>(6).fill('an error'), 'without fields', 'an error', 'an error'],
  );
  for (const each of [1, 2, 3, 4, 5, 6, 8, 9]) t.match(all[each], { code: 'PHOTO_EMPTY' }, String(each));
  t.match(all[1], { stack: [/^\s+at /] });
});

t.test('from the level on that the environment names', async (t) => {
  const write = (log: Log) => {
    log.debug('one');
    log.info('two');
    log.error('three');
  };
  t.same(
    ['debug', 'info', 'error', 'silent', ''].map((level) => lines(t, write, level).length),
    [3, 2, 1, 0, 2],
  );
  t.throws(() => lines(t, write, 'loud'), { code: 'OPTION_RANGE' });
});
