// The command line: what it prints, where, and how it exits.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import t, { type Test } from 'tap';
import { facededup, run } from '../fixtures/command_line.js';
import { modelFolder } from '../fixtures/model_folder.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';

const skip = skipWithout.dlib || skipWithout.examples;
const hog = ['--detector', 'hog'];

/** Two people, two photos each, whose nearest pairs lie far below the others. */
function people(t: Test): string {
  const folder = t.testdir({ photos: { below: {} } });
  const johns = join(examplePhotos ?? '', 'johns');
  const copy = (from: string, to: string) => copyFileSync(join(johns, from), join(folder, 'photos', to));
  copy('John_Salley/000179_02159509.jpg', 'salley 1.jpg');
  copy('John_Salley/000183_02159543.jpg', 'below/salley 2.JPG');
  copy('John_Simm/000288_00470387.jpg', 'simm.jpg');
  writeFileSync(join(folder, 'photos', 'letter.txt'), 'not a photo, and not asked for');
  return folder;
}

t.test('find prints pairs as JSON, CSV or columns, and its summary on stderr', { skip }, async (t) => {
  const folder = people(t);
  const photos = join(folder, 'photos');
  const json = await facededup(['find', photos, '--json', '--threshold', '0.6', ...hog]);
  t.equal(json.code, 0, json.stderr);
  const findings = JSON.parse(json.stdout) as {
    pairs: { first: string; second: string; distance: number }[];
  };
  const [first, second] = [join(photos, 'below', 'salley 2.JPG'), join(photos, 'salley 1.jpg')];
  t.match(findings, {
    threshold: 0.6,
    policy: 'all',
    summary: { photos: 3, encoded: 3, withoutFace: 0, rejected: 0, failed: 0, faces: 3, pairs: 1, groups: 1 },
    groups: [[first, second]],
    withoutFace: [],
    failed: [],
    expectedFalseMatches: { pairsCompared: 3 },
  });
  const distance = findings.pairs[0]?.distance ?? 9;
  t.ok(distance < 0.6);
  t.match(findings.pairs, [
    { first, second, similarity: 1 - distance, firstBox: { width: Number }, secondBox: { x: Number } },
  ]);
  t.match(
    json.stderr,
    /3 photos: 3 compared with 3 faces, 0 without a face, 0 failed\. 1 pair below 0\.6, in 1 group\./,
  );
  t.match(json.stderr, /False matches to expect: .* among 3 pairs of faces\./);
  t.notMatch(json.stderr, /\[[#-]+\]/, 'no progress bar in a pipe');

  const csv = await facededup(['find', photos, '--csv', '-t', '0.6', ...hog]);
  t.match(parse(csv.stdout, { columns: true }), [
    { first, second, distance: String(distance), similarity: String(1 - distance), verdict: '' },
  ]);
  const text = await facededup(['find', photos, '-t', '0.6', ...hog]);
  t.equal(text.stdout, `${distance.toFixed(4)}  ${first}  ${second}\n`);
  const groups = await facededup(['find', photos, '-t', '0.6', '--groups', ...hog]);
  t.equal(groups.stdout, `${first}  ${second}\n`);

  const ignored = join(folder, 'ignored.csv');
  writeFileSync(ignored, `"${second}","${first}"\n`);
  const without = await facededup(['find', photos, '--json', '-t', '0.6', '--ignore', ignored, ...hog]);
  t.match(JSON.parse(without.stdout), { pairs: [], groups: [] });
});

t.test(
  'photos that fail are listed on stderr, the rest is done, and the exit code is 1',
  { skip },
  async (t) => {
    const folder = people(t);
    writeFileSync(join(folder, 'photos', 'broken.png'), 'no');
    const result = await facededup([
      'find',
      join(folder, 'photos'),
      join(folder, 'gone.jpg'),
      '--json',
      '-t',
      '0.6',
      ...hog,
    ]);
    t.equal(result.code, 1);
    t.match(JSON.parse(result.stdout), {
      summary: { photos: 5, encoded: 3, failed: 2 },
      pairs: [{}],
      failed: [{ code: 'PHOTO_NOT_AN_IMAGE' }, { code: 'PHOTO_NOT_FOUND' }],
    });
    t.match(result.stderr, /failed: .*broken\.png/);
    t.match(result.stderr, /failed: .*gone\.jpg/);
  },
);

t.test('detect and encode print what they find', { skip }, async (t) => {
  const photo = join(people(t), 'photos', 'simm.jpg');
  const detected = await facededup(['detect', photo, '--json', ...hog]);
  t.equal(detected.code, 0, detected.stderr);
  t.match(JSON.parse(detected.stdout), [
    { photo, faces: [{ box: { x: Number }, confidence: Number, detector: 'hog' }] },
  ]);
  t.match((await facededup(['detect', photo, ...hog])).stdout, /simm\.jpg: 1 face\n {2}\d+\.\d×\d+\.\d at/);
  const rows = parse((await facededup(['detect', photo, '--csv', ...hog])).stdout);
  t.same(rows[0], ['photo', 'x', 'y', 'width', 'height', 'confidence', 'detector']);

  const encoded = await facededup(['encode', photo, ...hog]);
  const [answer] = JSON.parse(encoded.stdout) as {
    faces: { encoding: number[]; landmarks: { points: unknown[] } }[];
  }[];
  t.equal(answer?.faces[0]?.encoding.length, 128);
  t.equal(answer?.faces[0]?.landmarks.points.length, 5);
  const table = parse((await facededup(['encode', photo, '--csv', ...hog])).stdout);
  t.equal(table[1]?.length, 7 + 128);
  t.same(
    table[1]?.slice(7).map((cell) => Math.fround(Number(cell))),
    answer?.faces[0]?.encoding.map(Math.fround),
  );
});

t.test('wrong use exits with 2 and says what is wrong', async (t) => {
  const empty = t.testdir({ folder: {} });
  const wrongs: readonly [string[], RegExp][] = [
    [[], /Usage: facededup/],
    [['fnid'], /Did you mean find/],
    [['find'], /Name photos, or a face store/],
    [['find', '.', '--drop-gone'], /--drop-gone needs a face store/],
    [['decisions'], /needs a face store/],
    [['find', '--threshold', 'near', '.'], /It must be a number/],
    [['find', '--threshold', '-1', '.'], /threshold must be .* \[OPTION_RANGE\]/],
    [['find', '--json', '--csv', '.'], /cannot be used with/],
    [['find', '--nonsense', '.'], /unknown option/],
    [['find', join(empty, 'folder')], /There are no photos .* \[NO_PHOTOS\]/],
    [['detect', 'a.jpg', '--detector', 'eyes'], /detector must be one of ssd, hog/],
    [['detect', 'a.jpg', '--backend', 'abacus'], /opencv\/cpu.* \[BACKEND_UNAVAILABLE\]/],
    [['find', 'a.jpg', '--ignore', 'no such file', ...hog], /ignored pairs/],
    [['models', 'fetch', 'no-such-model'], /no-such-model/],
  ];
  for (const [args, message] of wrongs) {
    const { code, stdout, stderr } = await facededup(args);
    t.equal(code, 2, args.join(' '));
    t.equal(stdout, '');
    t.match(stderr, message);
  }
});

t.test('a missing model is wrong use too, with the command that gets it', async (t) => {
  const empty = t.testdir({ 'a.jpg': 'x' });
  const environment = { FACEDEDUP_MODELS: '', XDG_CACHE_HOME: empty };
  const { code, stderr } = await facededup(['encode', join(empty, 'a.jpg')], environment);
  t.equal(code, 2);
  t.match(stderr, /facededup models fetch.* \[MODEL_MISSING\]/);
});

t.test('models lists every file with its state, digest and licence', async (t) => {
  const empty = t.testdir({ mine: { 'deploy.prototxt': 'name: "mine"' } });
  const environment = { FACEDEDUP_MODELS: join(empty, 'mine'), XDG_CACHE_HOME: empty };
  const text = await facededup(['models'], environment);
  t.equal(text.code, 0, text.stderr);
  t.equal(text.stdout.split('\n').filter((line) => /\.(prototxt|caffemodel|dat) /.test(line)).length, 6);
  t.match(text.stdout, /deploy\.prototxt +unverified +[0-9a-f]{12}/);
  t.match(text.stdout, /mmod_human_face_detector\.dat +missing .*CC0/);
  t.match(text.stdout, /68_face_landmarks\.dat .*not for commercial use/);
  const json = await facededup(['models', '--json'], environment);
  t.equal((JSON.parse(json.stdout) as unknown[]).length, 6);
});

t.test('models fetch copies from a folder what has the right digest, and nothing else', async (t) => {
  const folder = t.testdir({ cache: {}, mirror: { 'deploy.prototxt': 'name: "not the official one"' } });
  const environment = { FACEDEDUP_MODELS: '', XDG_CACHE_HOME: join(folder, 'cache') };
  const { code, stderr } = await facededup(
    ['models', 'fetch', 'ssd-prototxt', '--source', join(folder, 'mirror')],
    environment,
  );
  t.equal(code, 2);
  t.match(stderr, /deploy\.prototxt.*\[MODEL_FETCH_FAILED\]/);
  t.match((await facededup(['models'], environment)).stdout, /deploy\.prototxt +missing/);
});

t.test('--help and --version go to stdout and exit with 0', async (t) => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  t.match(await facededup(['--version']), { code: 0, stdout: `${version}\n` });
  for (const args of [['--help'], ['find', '--help'], ['models', '--help'], ['models', 'fetch', '--help']]) {
    t.match(await facededup(args), { code: 0, stdout: /Usage: facededup/, stderr: '' });
  }
});

t.test('on a terminal there is a progress bar', { skip }, async (t) => {
  const folder = people(t);
  const command = ['node', 'dist/esm/cli/main.js', 'find', `'${join(folder, 'photos')}'`, ...hog].join(' ');
  // script(1) gives the command a terminal of its own.
  const { stdout } = await run('script', ['-qec', command, '/dev/null'], {
    cwd: new URL('../..', import.meta.url).pathname,
  });
  t.match(stdout, /encoding \[[#-]+\] \d+% \| \d+\/3 photos/);
});

t.test('a reader that closes the pipe early is no failure', { skip }, async (t) => {
  const photos = join(people(t), 'photos');
  const main = new URL('../../dist/esm/cli/main.js', import.meta.url).pathname;
  const script = 'set -o pipefail; node "$0" encode "$1" --detector hog | head -c 10';
  const { code, stderr } = await run('bash', ['-c', script, main, photos]);
  t.equal(code, 0, stderr);
});

t.test('a link to a folder is not followed, and each photo counts once', { skip }, async (t) => {
  const photos = join(people(t), 'photos');
  mkdirSync(join(photos, 'more'));
  await run('ln', ['-s', photos, join(photos, 'more', 'loop')]);
  const { stdout } = await facededup(['find', photos, join(photos, 'simm.jpg'), '--json', ...hog]);
  t.match(JSON.parse(stdout), { summary: { photos: 3 } });
});

t.test(
  'an output that cannot be written is told in one line, and is not “some photos failed”',
  { skip },
  async (t) => {
    const photo = join(people(t), 'photos', 'simm.jpg');
    const main = new URL('../../dist/esm/cli/main.js', import.meta.url).pathname;
    const full = await run('bash', ['-c', 'node "$0" detect "$1" --detector hog > /dev/full', main, photo]);
    t.equal(full.code, 70);
    t.match(full.stderr, /^facededup: the output cannot be written/);
    const mute = await run('bash', ['-c', 'node "$0" find "$1" --detector hog 2> /dev/full', main, photo]);
    t.equal(mute.code, 0);
  },
);

t.test('control characters of a file name are shown, not sent to the terminal', { skip }, async (t) => {
  const folder = people(t);
  const name = 'new\nline and \u001b[31mred.jpg';
  copyFileSync(join(folder, 'photos', 'simm.jpg'), join(folder, name));
  const { stdout } = await facededup(['detect', join(folder, name), ...hog]);
  t.match(stdout, 'new\\x0aline and \\x1b[31mred.jpg: 1 face\n');
});

t.test('a model that is not in the manifest is mentioned', { skip }, async (t) => {
  const photo = join(examplePhotos ?? '', 'johns', 'John_Simm', '000288_00470387.jpg');
  const { code, stderr } = await facededup(['detect', photo, '--models', modelFolder(t)]);
  t.equal(code, 0, stderr);
  t.match(stderr, /note: the model .*deploy\.prototxt is unverified/);
});
