// `facededup find` on a folder of everything hostile at once: the run ends, and accounts for every file.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../lib/package_root.js';
import type { Findings } from '../../lib/index.js';
import { run } from '../fixtures/command_line.js';
import { hostileFolder, lookedAt } from '../fixtures/hostile/folder.js';
import { decoded, hostilePhotos } from '../fixtures/hostile/index.js';
import { runLimited } from '../fixtures/limited.js';
import { skipWithout } from '../fixtures/places.js';

const skip = skipWithout.dlib;
const main = join(packageRoot, 'dist', 'esm', 'cli', 'main.js');
/** What a terminal acts on, but for the ends of lines. */
const acted = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const mostPixels = 4_000_000;
const flags = ['--detector', 'hog', '--upsample', '0', '--max-pixels', String(mostPixels), '--lanes', '2'];
/** Sets a terminal's title. */
const title = '\u001b]0;owned\u0007';
const limits = { bytes: 1536 * 2 ** 20, seconds: 400 };

t.test('find ends, its sum is right, and each file has its own code', { skip }, async (t) => {
  const { folder, expected, face } = await hostileFolder(t);
  const right = new Map([...expected].map(([path, code]) => [path, [code]]));
  mkdirSync(join(folder, 'made'));
  for (const { name, bytes, answers, size } of await hostilePhotos()) {
    const path = join(folder, 'made', name);
    writeFileSync(path, bytes);
    const isLarge = size !== undefined && size.width * size.height > mostPixels;
    right.set(
      path,
      isLarge ? ['PHOTO_TOO_LARGE'] : answers.map((each) => (each === decoded ? lookedAt : each)),
    );
  }

  const report = join(t.testdir({}), 'report.html');
  const json = await runLimited([main, 'find', folder, ...flags, '--json', '--report', report], limits);
  t.equal(json.code, 1, `some photos failed, and no more than that: ${json.stderr.slice(-500)}`);
  t.notMatch(json.stdout, acted, 'JSON on a terminal is shown as it is');
  t.notMatch(json.stderr, acted);
  const findings = JSON.parse(json.stdout) as Findings;
  const { summary, failed, withoutFace, pairs } = findings;
  t.equal(summary.photos, right.size);
  t.equal(summary.encoded + summary.withoutFace + summary.rejected + summary.failed, summary.photos);
  t.match(summary, { encoded: 2, withoutFace: withoutFace.length, rejected: 0, failed: failed.length });
  const first = join(folder, 'face.png');
  t.match(
    pairs,
    [{ first, second: join(folder, 'link out.png'), distance: 0 }],
    `a link to ${face} is followed`,
  );

  const found = new Map(failed.map(({ photo, code }) => [photo, code]));
  for (const photo of [...withoutFace, ...pairs.flatMap((pair) => [pair.first, pair.second])])
    found.set(photo, lookedAt);
  t.equal(found.size, right.size);
  const wrong = [...right].filter(([path, codes]) => !codes.includes(found.get(path) ?? 'none'));
  t.same(
    wrong.map(([path, codes]) => [path, codes, found.get(path)]),
    [],
  );
  for (const { message } of failed) t.notMatch(message, /mistake of facededup/);

  const html = readFileSync(report, 'utf8');
  t.notMatch(html, /<img src=x|<script>alert/, 'names are no markup');
});

t.test(
  'names are shown and not obeyed, in text and on a terminal; with a store, too',
  { skip },
  async (t) => {
    const { folder, expected, face } = await hostileFolder(t);
    // Of a photo with a face, so that it stands in every list.
    writeFileSync(join(folder, `${title}.png`), readFileSync(face));
    const store = join(t.testdir({}), 'faces.db');
    const text = await runLimited([main, 'find', folder, '--store', store, ...flags], limits);
    t.equal(text.code, 1, text.stderr.slice(-500));
    t.notMatch(text.stdout + text.stderr, acted);
    t.match(text.stdout, '\\x1b]0;owned');
    t.match(text.stderr, `${expected.size + 1} photos (`);
    t.match(text.stderr, ': 3 compared with 3 faces');

    const detect = [main, 'detect', folder, '--detector', 'hog', '--upsample', '0'];
    const listed = await runLimited(detect, limits);
    t.notMatch(listed.stdout + listed.stderr, acted);
    const lines = listed.stdout.split('\n').filter((line) => /: \d+ faces?$/.test(line));
    t.equal(lines.length, 1 + [...expected.values()].filter((code) => code === lookedAt).length);

    const command = [process.execPath, ...detect, '--csv'].map((each) => `'${each}'`).join(' ');
    const terminal = await run('script', ['-qec', command, '/dev/null']);
    t.notOk(terminal.stdout.includes(title), 'nor as CSV on a terminal, beside the progress bar');
    t.match(terminal.stdout, '\\x1b]0;owned');
  },
);
