// When there is colour.

import t from 'tap';
import { wantsColour } from '../../lib/cli/colours.js';

t.test('a terminal has colour, a pipe has none', async (t) => {
  t.equal(wantsColour({ isTTY: true }, {}), true);
  t.equal(wantsColour({}, {}), false);
  t.equal(wantsColour({}, { CI: 'true' }), false);
  t.equal(wantsColour({ isTTY: true }, { TERM: 'dumb' }), false);
});

t.test('NO_COLOR says no, FORCE_COLOR says yes, NO_COLOR first, and empty they say nothing', async (t) => {
  t.equal(wantsColour({ isTTY: true }, { NO_COLOR: '1' }), false);
  t.equal(wantsColour({ isTTY: true }, { NO_COLOR: '' }), true);
  t.equal(wantsColour({}, { FORCE_COLOR: '1' }), true);
  t.equal(wantsColour({}, { FORCE_COLOR: '' }), false);
  t.equal(wantsColour({ isTTY: true }, { FORCE_COLOR: '0' }), false);
  t.equal(wantsColour({}, { FORCE_COLOR: '1', NO_COLOR: '1' }), false);
});
