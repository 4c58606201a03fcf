// The token, and sessions of those who have shown it.

import t from 'tap';
import { makeToken, sessionLifetime, Sessions } from '../../../lib/server/sessions.js';

t.test('only the whole token is the token', (t) => {
  const token = makeToken();
  const sessions = new Sessions(token);
  t.ok(sessions.isToken(token));
  for (const wrong of ['', token.slice(1), `${token} `, token.toUpperCase(), makeToken()])
    t.notOk(sessions.isToken(wrong));
  t.end();
});

t.test('without a token nothing is one', (t) => {
  t.notOk(new Sessions(undefined).areNeeded);
  t.notOk(new Sessions(undefined).isToken(''));
  t.notOk(new Sessions(undefined).isToken('undefined'));
  t.end();
});

t.test('a session holds until it is ended or its time is over', (t) => {
  const sessions = new Sessions(makeToken());
  const [first, second] = [sessions.begin(), sessions.begin()];
  t.not(first, second);
  t.ok(sessions.has(first));
  t.notOk(sessions.has('another'));
  sessions.end(first);
  t.notOk(sessions.has(first));
  const later = Date.now() + sessionLifetime;
  t.intercept(Date, 'now', { value: () => later });
  t.notOk(sessions.has(second));
  t.end();
});

t.test('of very many sessions the oldest go', (t) => {
  const sessions = new Sessions(makeToken());
  const first = sessions.begin();
  for (let count = 0; count < 1000; count++) sessions.begin();
  t.notOk(sessions.has(first));
  t.end();
});
