// Notes on a terminal: lines that end between words.

import t from 'tap';
import { wrapped } from '../../lib/cli/output.js';

t.test('lines are broken at spaces, and no line is longer than the terminal is wide', (t) => {
  t.equal(wrapped('one two three four', 9), 'one two\nthree\nfour');
  t.equal(wrapped('one two three four', 8), 'one two\nthree\nfour');
  t.equal(wrapped('one two', 7), 'one two', 'what just fits stays');
  t.equal(wrapped('', 80), '');
  t.end();
});

t.test('a word longer than the line stays whole on a line of its own', (t) => {
  t.equal(wrapped('see /a/long/path.jpg there', 10), 'see\n/a/long/path.jpg\nthere');
  t.end();
});

t.test('signs are counted, not their code units', (t) => {
  t.equal(wrapped('\u{1f600}\u{1f600} ab', 5), '\u{1f600}\u{1f600} ab');
  t.end();
});
