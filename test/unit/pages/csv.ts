// Tables that the review page exports.

import t from 'tap';
import { csvOf } from '../../../pages/review/csv.js';

t.test('fields are quoted where RFC 4180 asks for it, and rows end with CR LF', async (t) => {
  t.equal(csvOf([['a', 'b,c', 'say "d"', 'e\nf']]), 'a,"b,c","say ""d""","e\nf"\r\n');
});

t.test('what a spreadsheet would take for a formula is made text', async (t) => {
  t.equal(csvOf([['=1+1', '+1', '-1', '@A1', '\tx', 'a=1']]), "'=1+1,'+1,'-1,'@A1,'\tx,a=1\r\n");
});

t.test('a formula that needs quotes gets both', async (t) => {
  t.equal(csvOf([['=HYPERLINK("x","y")']]), '"\'=HYPERLINK(""x"",""y"")"\r\n');
});
