// What an error says to those who ask: its code, and no whereabouts of the server.

import t from 'tap';
import { ServerError } from '../../../lib/errors.js';
import { ErrorAnswers } from '../../../lib/server/answers.js';

const publicOf = (message: string, ...places: string[]) =>
  new ErrorAnswers(places).describe(new ServerError('REQUEST_INVALID', message)).message;

t.test('a place is named by its last part alone, wherever a sentence has it', async (t) => {
  t.equal(publicOf("'/srv/data/faces.db' is damaged.", '/srv/data/faces.db'), "'faces.db' is damaged.");
  t.equal(publicOf('It is /srv/data.', '/srv/data'), 'It is data.');
  t.equal(publicOf('It is in /srv/data/a.jpg.', '/srv/data'), 'It is in data/a.jpg.');
  t.equal(publicOf('C:\\data\\x is gone.', 'C:\\data').includes('x is gone.'), true);
});

t.test('a longer name that begins like a place, or ends like one, is left as it is', async (t) => {
  for (const path of [
    '/database/a.jpg',
    '/data-2/a.jpg',
    '/data.old/a.jpg',
    '/mnt/data/a.jpg',
    '/datä/a.jpg',
  ])
    t.equal(publicOf(`It is ${path}.`, '/data'), `It is ${path}.`);
});

t.test('an address that is too long is not repeated', async (t) => {
  const error = Object.assign(new Error("'/api/sets/xxxx' exceeds the limit"), { statusCode: 414 });
  t.same(new ErrorAnswers([]).refusalOf(error), {
    status: 414,
    error: { code: 'REQUEST_TOO_LARGE', message: 'The address is too long.' },
    isOurs: false,
  });
});
