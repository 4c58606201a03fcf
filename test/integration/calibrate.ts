// facededup calibrate: pairs by distance, by photos, and by decisions in a store; what it prints and writes.

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t, { type Test } from 'tap';
import { type Calibration, readCalibration } from '../../lib/calibration/index.js';
import { FaceStore } from '../../lib/store/index.js';
import { facededup } from '../fixtures/command_line.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';

const skip = skipWithout.dlib || skipWithout.examples;
const johns = join(examplePhotos ?? '', 'johns');

interface Printed {
  readonly calibration: Calibration;
  readonly thresholds: readonly {
    readonly wanted: number;
    readonly threshold: number;
    readonly isShown: boolean;
  }[];
  readonly groups: readonly { readonly column: string; readonly group: string }[];
  readonly notes: readonly string[];
  readonly leftOut: number;
}

/** Twenty-five pairs of one person and fifty of different people, of two groups. */
function distances(): string {
  const rows = Array.from({ length: 75 }, (_, i) => {
    const same = i % 3 === 0;
    return `${((same ? 0.3 : 0.6) + i / 500).toFixed(3)},${same ? 'yes' : 'no'},${i % 2 === 0 ? 'f' : 'm'}`;
  });
  return `distance,same,sex\n${rows.join('\n')}\n`;
}

function file(t: Test, text: string): string {
  const path = join(t.testdir(), 'pairs.csv');
  writeFileSync(path, text);
  return path;
}

async function calibrated(...args: readonly string[]): Promise<Printed> {
  const { code, stdout, stderr } = await facededup(['calibrate', ...args, '--json']);
  t.equal(code, 0, stderr);
  return JSON.parse(stdout) as Printed;
}

t.test('distances with labels give thresholds, rates by group and a file', async (t) => {
  const pairs = file(t, distances());
  const out = join(t.testdirName, 'calibration.json');
  const printed = await calibrated(
    pairs,
    '--false-match-rate',
    '0.1,0.0001',
    '--column',
    'sex',
    '--out',
    out,
  );
  t.match(printed.calibration, {
    format: 1,
    data: pairs,
    same: { pairs: 25 },
    different: { pairs: 50 },
    photos: 0,
  });
  t.match(printed.thresholds, [
    { wanted: 0.1, isShown: true },
    { wanted: 0.0001, isShown: false },
  ]);
  t.same(
    printed.groups.map(({ column, group }) => [column, group]),
    [
      ['sex', 'f'],
      ['sex', 'm'],
      ['sex', 'f'],
      ['sex', 'm'],
    ],
  );
  t.ok(printed.notes.some((note) => /too few to show a false match rate of 0\.0001: .*36,887/.test(note)));
  t.ok(printed.notes.some((note) => /In a registry it is far less/.test(note)));
  t.same(await readCalibration(out), printed.calibration);
});

t.test('flags before the file leave it alone, several times or with commas', async (t) => {
  const pairs = file(
    t,
    distances()
      .replaceAll(/^(.*),(.*),(.*)$/gm, '$1,$2,$3,$3')
      .replace('sex,sex', 'sex,age'),
  );
  const printed = await calibrated('--false-match-rate', '0.2', '--column', 'sex', '--column', 'age', pairs);
  t.same(
    printed.groups.map(({ column }) => column),
    ['age', 'age', 'sex', 'sex'],
  );
  const listed = await calibrated('--column', 'sex,age', '--false-match-rate', '0.2,0.1', pairs);
  t.same(
    listed.thresholds.map(({ wanted }) => wanted),
    [0.2, 0.1],
  );
});

t.test('a person reads tables, and notes beside them', async (t) => {
  const { code, stdout, stderr } = await facededup([
    'calibrate',
    file(t, distances()),
    '--column',
    'sex',
    '--prior',
    '0.01',
  ]);
  t.equal(code, 0, stderr);
  t.match(stdout, /25 pairs of one person and 50 of different people/);
  t.match(stdout, /distance +same person \(prior 0\.01\)/);
  t.match(stdout, /wanted +threshold +false matches/);
  t.match(stdout, /By sex, at 0\.\d+:\ngroup /);
  t.match(stderr, /note: 50 pairs of different people are too few/);
  t.notMatch(stderr, /In a registry/);
});

t.test('what cannot be calibrated is refused before anything is written', async (t) => {
  const out = join(t.testdir(), 'calibration.json');
  for (const [text, flags, expected] of [
    ['distance,same\n0.3,yes\n', [], /CALIBRATION_DATA/],
    ['distance,same\n0.3,perhaps\n', [], /row 2 .* same is 'perhaps'.*CALIBRATION_DATA/],
    ['distance,same\nfar,no\n', [], /row 2 .* the distance is 'far'.*CALIBRATION_DATA/],
    ['a,b\n1,2\n', [], /must name the columns.*ARGUMENT_INVALID/],
    [distances(), ['--column', 'age'], /no column age.*ARGUMENT_INVALID/],
    [distances(), ['--false-match-rate', '2'], /OPTION_RANGE/],
    [distances(), ['--prior', '1'], /OPTION_RANGE/],
    [distances(), ['--decisions'], /either a file .* or --decisions.*ARGUMENT_INVALID/],
  ] as const) {
    const path = join(t.testdirName, 'pairs.csv');
    writeFileSync(path, text);
    const { code, stdout, stderr } = await facededup(['calibrate', path, ...flags, '--out', out]);
    t.match({ code, stdout, stderr }, { code: 2, stdout: '', stderr: expected });
  }
  t.notOk(existsSync(out));
  const nowhere = join(t.testdirName, 'no', 'calibration.json');
  const good = join(t.testdirName, 'pairs.csv');
  writeFileSync(good, distances());
  t.match(await facededup(['calibrate', good, '--out', nowhere]), {
    code: 2,
    stderr: `The calibration '${nowhere}' cannot be written: there is no folder`,
  });
  t.match(await facededup(['calibrate', '--decisions']), {
    code: 2,
    stderr: /needs a face store.*ARGUMENT_INVALID/,
  });
});

/** Photos of two Johns: all pairs, with the person that each photo is of. */
function pairsOfJohns(): { first: string; second: string; same: boolean; who: string }[] {
  const people = readdirSync(johns).sort().slice(0, 3);
  const photos = people.flatMap((person) =>
    readdirSync(join(johns, person))
      .sort()
      .slice(0, 6)
      .map((photo) => ({ person, path: join(johns, person, photo) })),
  );
  return photos.flatMap((a, i) =>
    photos.slice(i + 1).map((b) => ({
      first: a.path,
      second: b.path,
      same: a.person === b.person,
      who: a.person,
    })),
  );
}

t.test('photos are encoded once each, and those that fail leave their pairs out', { skip }, async (t) => {
  const pairs = pairsOfJohns();
  const rows = pairs.map(({ first, second, same }) => `${first},${second},${same ? 1 : 0}`);
  const first = pairs[0]?.first ?? '';
  const missing = join(t.testdir(), 'missing.jpg');
  const path = join(t.testdirName, 'pairs.csv');
  writeFileSync(path, `first,second,same\n${rows.join('\n')}\n${first},${missing},0\n`);
  const { code, stdout, stderr } = await facededup(['calibrate', path, '--detector', 'hog', '--json']);
  t.equal(code, 1, stderr);
  t.match(stderr, /PHOTO_NOT_FOUND/);
  const printed = JSON.parse(stdout) as Printed;
  t.match(printed, {
    leftOut: 1,
    failed: [{ photo: missing, code: 'PHOTO_NOT_FOUND' }],
    calibration: {
      photos: 18,
      people: 3,
      // Three people with six photos each: 3 × 15 and 3 × 36 pairs.
      same: { pairs: 45 },
      different: { pairs: 108, disjoint: 1 },
      way: { detector: 'hog', align: 'box', mirror: false, landmarks: 'small', jitters: 1 },
    },
  });
  // dlib’s own threshold for this ResNet is 0.6; the Johns keep it.
  const { counts } = printed.calibration.same;
  t.ok(counts.slice(0, 120).reduce((sum, each) => sum + each, 0) > 40);
});

t.test(
  'decisions in a store are pairs too, those on records for all of their photos',
  { skip },
  async (t) => {
    const store = join(t.testdir(), 'faces.db');
    const pairs = pairsOfJohns();
    const photos = [...new Set(pairs.flatMap(({ first, second }) => [first, second]))].sort();
    const recordOf = (photo: string) => resolve(photo, '..').split('/').at(-1) ?? '';
    const references = join(t.testdirName, 'references.csv');
    writeFileSync(
      references,
      `photo,reference\n${photos.map((photo) => `${photo},${recordOf(photo)}`).join('\n')}\n`,
    );
    const found = await facededup([
      'find',
      ...photos,
      '--detector',
      'hog',
      '--store',
      store,
      '--references',
      references,
      '--json',
    ]);
    t.equal(found.code, 0, found.stderr);

    const faces = new FaceStore(store, { create: false });
    const { decisions } = faces.set();
    const records = [...new Set(photos.map(recordOf))];
    const [a = '', b = '', c = ''] = records;
    decisions.decide({ kind: 'reference', first: a, second: b, verdict: 'different' });
    decisions.decide({ kind: 'reference', first: b, second: c, verdict: 'unsure' });
    for (const { first, second, same } of pairs)
      if (same) decisions.decide({ kind: 'photo', first, second, verdict: 'same' });
    decisions.decide({ kind: 'photo', first: photos[0] ?? '', second: '/nowhere.jpg', verdict: 'same' });
    faces.close();

    const printed = await calibrated('--decisions', '--store', store);
    t.match(printed, {
      leftOut: 1,
      calibration: {
        data: `decisions in ${store} on pairs that runs reported`,
        photos: 18,
        same: { pairs: 45 },
        different: { pairs: 36 },
        way: { detector: 'hog', mirror: false },
      },
    });
    t.ok(printed.notes.some((note) => /all below its threshold/.test(note)));

    const out = join(t.testdirName, 'decisions.json');
    await calibrated('--decisions', '--store', store, '--out', out);
    t.equal((await readCalibration(out)).decisionsBelow, 0.4, 'the threshold of the run');
    const above = await facededup([
      'find',
      '--detector',
      'hog',
      '--store',
      store,
      '--calibration',
      out,
      '--threshold',
      '0.5',
    ]);
    t.match(above.stderr, /False matches to expect among \d+ pairs of faces: not known/);
  },
);
