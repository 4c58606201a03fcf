// compare and identify on the command line: who is on a photo, and how a script is told.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { faceDistance } from '../../lib/duplicates/index.js';
import { FaceEngine } from '../../lib/engine.js';
import type { Identification } from '../../lib/runs/identify.js';
import { facededup } from '../fixtures/command_line.js';
import { copyPhoto } from '../fixtures/people.js';
import { skipWithout } from '../fixtures/places.js';

const skip = skipWithout.dlib || skipWithout.examples;
const flags = ['--detector', 'hog', '--threshold', '0.6'];

interface Compared {
  readonly verdict: string;
  readonly distance: number;
  readonly similarity: number;
  readonly first: { readonly photo: string; readonly faces: number; readonly box: { readonly x: number } };
  readonly second: { readonly photo: string; readonly faces: number };
}

async function blankPhoto(t: Test): Promise<string> {
  const path = join(t.testdir({}), 'blank.png');
  const grey = { width: 90, height: 90, channels: 3, background: '#888' } as const;
  await sharp({ create: grey }).png().toFile(path);
  return path;
}

t.test('compare exits with 0 for one person and 1 for two, and says why', { skip }, async (t) => {
  const folder = t.testdir({});
  const [a, b] = [copyPhoto('salley1', folder, 'a.jpg'), copyPhoto('salley2', folder, 'b.jpg')];
  const other = copyPhoto('simm', folder, 'c.jpg');
  const same = await facededup(['compare', a, b, ...flags, '--json']);
  t.equal(same.code, 0, same.stderr);
  const answer = JSON.parse(same.stdout) as Compared;
  t.match(answer, {
    verdict: 'same',
    threshold: 0.6,
    first: { photo: a, faces: 1, box: { x: Number, width: Number }, confidence: Number },
    second: { photo: b, faces: 1 },
  });
  t.equal(answer.similarity, 1 - answer.distance);
  // The distance is that of the library's own verbs, each tested against dlib.
  const engine = await FaceEngine.create({ detector: 'hog' });
  const encodings = await Promise.all([a, b].map(async (photo) => (await engine.encode(photo))[0]?.encoding));
  await engine.close();
  t.equal(answer.distance, faceDistance(encodings[0] ?? [], encodings[1] ?? []));

  const different = await facededup(['compare', a, other, ...flags]);
  t.equal(different.code, 1, different.stderr);
  t.match(different.stdout, /^different people\ndistance +0\.\d{4} {2}threshold 0\.6\nsimilarity/);
  t.equal(different.stderr, '');
  t.equal(
    (await facededup(['compare', a, b, '--detector', 'hog', '-t', '0.01'])).code,
    1,
    'by the threshold',
  );
  const [row] = parse((await facededup(['compare', a, b, ...flags, '--csv'])).stdout, { columns: true });
  t.match(row, { first: a, verdict: 'same', distance: String(answer.distance), first_faces: '1' });
});

t.test('compare takes the closest of several faces, and says how many there are', { skip }, async (t) => {
  const folder = t.testdir({});
  const [group, one] = [copyPhoto('group', folder, 'g.jpg'), copyPhoto('simm', folder, 's.jpg')];
  const text = await facededup(['compare', group, one, ...flags]);
  t.match(text.stdout, /g\.jpg +face of .* the closest of \d+ faces\n/);
  const { distance, first } = JSON.parse(
    (await facededup(['compare', group, one, ...flags, '--json'])).stdout,
  ) as Compared;
  const engine = await FaceEngine.create({ detector: 'hog' });
  const faces = await engine.encode(group);
  const [face] = await engine.encode(one);
  await engine.close();
  t.equal(first.faces, faces.length);
  t.equal(distance, Math.min(...faces.map(({ encoding }) => faceDistance(encoding, face?.encoding ?? []))));
});

t.test('compare exits with 2 where it cannot tell', { skip }, async (t) => {
  const blank = await blankPhoto(t);
  const one = copyPhoto('simm', t.testdirName, 's.jpg');
  for (const [first, second] of [
    [one, blank],
    [blank, one],
    [blank, blank],
  ] as const)
    t.match(await facededup(['compare', first, second, ...flags]), {
      code: 2,
      stdout: '',
      stderr: /blank\.png' shows no face .* \[NO_FACE\]/,
    });
  t.match(await facededup(['compare', one, `${one}x`, ...flags]), { code: 2, stderr: /\[PHOTO_NOT_FOUND\]/ });
});

/** Folders of known people, and a folder of unknown ones. */
function places(t: Test) {
  const folder = t.testdir({});
  const known = join(folder, 'known');
  const unknown = join(folder, 'unknown');
  return {
    known,
    unknown,
    salley: copyPhoto('salley1', known, 'Salley', '2020', 'a.jpg'),
    again: copyPhoto('salley2', known, 'Salley', 'b.jpg'),
    simm: copyPhoto('simm', known, 'Simm', 's.jpg'),
    visitor: copyPhoto('salley2', unknown, 'visitor.jpg'),
    stranger: copyPhoto('shimkus', unknown, 'stranger.jpg'),
  };
}

async function identify(args: readonly string[]): Promise<Identification> {
  const { stdout, stderr } = await facededup(['identify', ...args, ...flags, '--json']);
  t.match(stdout, /^\{/, stderr);
  return JSON.parse(stdout) as Identification;
}

t.test('identify names the known photos that an unknown one is like, closest first', { skip }, async (t) => {
  const { known, unknown, salley, again, visitor, stranger } = places(t);
  const answer = await identify([known, unknown]);
  t.match(answer, {
    threshold: 0.6,
    by: 'photo',
    people: 3,
    known: { photos: 3, compared: 3, failed: [] },
    unknown: { photos: 2, compared: 2, withoutFace: [], rejected: [], failed: [] },
    identified: [
      {
        photo: visitor,
        // The visitor's photo is among the known ones, too.
        matches: [
          { person: again, photo: again, distance: 0, similarity: 1, photos: 1 },
          { person: salley, photo: salley, knownBox: { x: Number }, unknownBox: { x: Number } },
        ],
      },
    ],
    unmatched: [stranger],
  });
  t.ok((answer.identified[0]?.matches[1]?.distance ?? 9) < 0.6);
  t.equal(answer.identified.length, 1, 'unknown photos are not compared with each other');
});

t.test('a known person may be a folder, and only the best may be wanted', { skip }, async (t) => {
  const { known, unknown, again, visitor, stranger } = places(t);
  const answer = await identify([known, unknown, '--by', 'folder']);
  t.match(answer, {
    by: 'folder',
    people: 2,
    identified: [{ photo: visitor, matches: [{ person: 'Salley', photo: again, photos: 2 }] }],
  });
  const best = await identify([known, unknown, '--best', '1']);
  t.same(
    best.identified.map(({ matches }) => matches.map(({ person }) => person)),
    [[again]],
  );
  const csv = await facededup(['identify', known, unknown, '--by', 'folder', ...flags, '--csv']);
  t.match(parse(csv.stdout, { columns: true }), [
    { photo: visitor, person: 'Salley', distance: '0', photos: '2' },
    { photo: stranger, person: '', distance: '' },
  ]);
  const text = await facededup(['identify', known, unknown, '--by', 'folder', ...flags]);
  t.match(text.stdout, /^0\.0000 {2}.*visitor\.jpg {2,}Salley {2}.*b\.jpg\n- {7}.*stranger\.jpg\n$/);
  t.match(
    text.stderr,
    /Known: 2 people on 3 photos: 3 compared .*\nUnknown: 2 photos: .*\n1 identified below 0\.6, 1 not/,
  );
});

t.test('more unknown photos than known ones are told the same way', { skip }, async (t) => {
  const { known, unknown, visitor } = places(t);
  const twin = copyPhoto('salley1', unknown, 'z twin.jpg');
  copyPhoto('simm', unknown, 'y simm.jpg');
  const { identified } = await identify([join(known, 'Salley', 'b.jpg'), unknown]);
  t.same(
    identified.map(({ photo }) => photo),
    [visitor, twin],
  );
});

t.test('the known people may be those of a store, by their records', { skip }, async (t) => {
  const { known, unknown, salley, visitor } = places(t);
  const store = join(known, '..', 'faces.db');
  const references = join(known, '..', 'r.csv');
  writeFileSync(references, `photo,reference\n${salley},R-17\n`);
  const found = await facededup(['find', known, '--store', store, '--references', references, ...flags]);
  t.equal(found.code, 0, found.stderr);
  const answer = await identify(['--known-store', store, '--by', 'reference', unknown]);
  t.match(answer, { people: 3, identified: [{ photo: visitor }] });
  t.same(
    answer.identified[0]?.matches.map(({ person }) => person),
    [join(known, 'Salley', 'b.jpg'), 'R-17'],
    'a photo without a record stands for itself',
  );
});

t.test('identify is told wrong use, and accounts for photos that fail', { skip }, async (t) => {
  const { known, unknown } = places(t);
  const wrongs: readonly [string[], RegExp][] = [
    [[known], /Name unknown photos/],
    [[known, unknown, '--by', 'reference'], /--known-store/],
    [[known, unknown, '--best', '0'], /--best must be a whole number from 1 on/],
    [['--known-store', join(known, 'none.db'), unknown], /\[FACE_STORE_MISSING\]/],
  ];
  for (const [args, message] of wrongs)
    t.match(await facededup(['identify', ...args, ...flags]), { code: 2, stdout: '', stderr: message });
  writeFileSync(join(unknown, 'broken.jpg'), 'no photo');
  const { code, stderr } = await facededup(['identify', known, unknown, ...flags]);
  t.equal(code, 1);
  t.match(stderr, /failed: .*broken\.jpg.* \[PHOTO_NOT_AN_IMAGE\]\n1 photo of 6 failed\./);
});
