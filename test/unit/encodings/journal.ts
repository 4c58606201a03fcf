// Encodings kept between runs.

import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { EncodingsJournal, type KeptPhoto } from '../../../lib/encodings/journal.js';

const origin = { models: { encoder: 'abc' }, options: { detector: 'hog', jitters: 1 } };

const kept = (photo: string, tag: string, number = 0.1): KeptPhoto => ({
  photo,
  tag,
  origin,
  faces: [
    {
      box: { x: 1.25, y: 2, width: 3, height: 4 },
      confidence: 0.9,
      encoding: new Float32Array(128).fill(number),
    },
  ],
});

const pathIn = (t: Test) => join(t.testdir({}), 'encodings.jsonl');

t.test('what is kept is found again, exactly, by content and origin', async (t) => {
  const path = pathIn(t);
  const journal = await EncodingsJournal.open(path);
  const photo = kept('a "quoted"\nname.jpg', '1');
  await journal.keep(photo);
  await journal.keep({ ...kept('none.jpg', '2'), faces: [] });
  for (const opened of [journal, await EncodingsJournal.open(path)]) {
    t.same(opened.find(photo.photo, '1', origin), photo.faces);
    t.same(opened.find('none.jpg', '2', origin), [], 'a photo without a face is known too');
    t.equal(opened.find(photo.photo, '2', origin), undefined, 'its content changed');
    t.equal(opened.find(photo.photo, '1', { ...origin, models: { encoder: 'x' } }), undefined);
    t.equal(opened.find('b.jpg', '1', origin), undefined);
  }
  t.equal(statSync(path).mode & 0o777, 0o600);
});

t.test('a later line replaces an earlier one', async (t) => {
  const path = pathIn(t);
  const journal = await EncodingsJournal.open(path);
  await journal.keep(kept('a.jpg', '1', 0.1));
  await journal.keep(kept('a.jpg', '2', 0.2));
  const opened = await EncodingsJournal.open(path);
  t.equal(opened.find('a.jpg', '1', origin), undefined);
  t.same(opened.find('a.jpg', '2', origin), kept('a.jpg', '2', 0.2).faces);
});

t.test('wherever a killed process stopped writing, the whole lines before it are read', async (t) => {
  const path = pathIn(t);
  const journal = await EncodingsJournal.open(path);
  await journal.keep(kept('a.jpg', '1'));
  const whole = readFileSync(path);
  await journal.keep(kept('b.jpg', '1'));
  const both = readFileSync(path);
  for (let end = 0; end < both.length; end += 37) {
    writeFileSync(path, both.subarray(0, end));
    const opened = await EncodingsJournal.open(path);
    t.equal(opened.find('a.jpg', '1', origin) !== undefined, end >= whole.length, `cut at ${end}`);
    await opened.keep(kept('c.jpg', '1'));
    t.ok((await EncodingsJournal.open(path)).find('c.jpg', '1', origin));
  }
});

t.test('what is no such file is refused, and left as it is', async (t) => {
  const path = pathIn(t);
  for (const text of ['{"a":1}\n', 'photo,distance\na,b\n', '\n']) {
    writeFileSync(path, text);
    await t.rejects(EncodingsJournal.open(path), { code: 'ENCODINGS_FILE_INVALID', message: /Line 1/ });
    t.equal(readFileSync(path, 'utf8'), text);
  }
  writeFileSync(path, '');
  await EncodingsJournal.open(path);
  for (const line of [
    '{"photo":"a"}',
    'null',
    '{"photo":"a","tag":"1","origin":"x","faces":[{"encoding":"AA"}]}',
  ]) {
    writeFileSync(path, '');
    await EncodingsJournal.open(path);
    appendFileSync(path, `${line}\n`);
    await t.rejects(EncodingsJournal.open(path), { code: 'ENCODINGS_FILE_INVALID', message: /Line 2/ }, line);
  }
  await t.rejects(EncodingsJournal.open(join(path, 'below')), { code: 'ENCODINGS_FILE_UNREADABLE' });
});
