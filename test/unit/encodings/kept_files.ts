// Encodings in files: each format gives back exactly what it was given, and tells what is wrong with a file and where.

import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fc from '../../fixtures/properties.js';
import { tableFromIPC } from 'apache-arrow';
import { readParquet as readWithWasm } from 'parquet-wasm';
import t from 'tap';
import type * as keptFiles from '../../../lib/encodings/kept_files.js';
import type * as parquet from '../../../lib/encodings/parquet.js';
import type { EncodingsFormat } from '../../../lib/encodings/kept_files.js';
import type { KeptFace, KeptPhoto } from '../../../lib/encodings/kept_encodings.js';
import { writeEncodings } from '../../../lib/encodings/npy.js';
import { importBundled } from '../../fixtures/bundled.js';

const [{ readKeptPhotos, writeKeptPhotos }, { readParquet }] = (await importBundled(
  'lib/encodings/kept_files.ts',
  'lib/encodings/parquet.ts',
  'lib/encodings/parquet_thread.ts',
)) as [typeof keptFiles, typeof parquet];

const origin = { models: { encoder: 'a'.repeat(64) }, options: { detector: 'ssd', meanValues: [1, 2, 3] } };
const names: Readonly<Record<EncodingsFormat, string>> = {
  npy: 'encodings',
  jsonl: 'encodings.jsonl',
  csv: 'encodings.csv',
  parquet: 'encodings.parquet',
};
const formats = Object.keys(names) as EncodingsFormat[];

async function all(photos: AsyncIterable<KeptPhoto>): Promise<KeptPhoto[]> {
  const read: KeptPhoto[] = [];
  for await (const photo of photos) read.push(photo);
  return read;
}

async function read(path: string, format?: EncodingsFormat): Promise<KeptPhoto[]> {
  return await all(readKeptPhotos(path, { format }));
}

function face(start: number): KeptFace {
  return {
    box: { x: start, y: -2.5, width: 30.25, height: 1e-9 },
    confidence: 0.1 + 0.2,
    encoding: Float32Array.from({ length: 128 }, (_, index) => start + index / 7),
  };
}

/** The bits of each number: −0 is not 0. */
function bitsOf(photos: readonly KeptPhoto[]): unknown {
  return photos.map((photo) => ({
    ...photo,
    faces: photo.faces.map(({ box, confidence, encoding }) => ({
      box: box && [...new BigUint64Array(Float64Array.of(box.x, box.y, box.width, box.height).buffer)],
      confidence: confidence === undefined ? undefined : Object.is(confidence, -0) ? '-0' : confidence,
      encoding: Buffer.from(encoding.buffer, encoding.byteOffset, encoding.byteLength).toString('hex'),
    })),
  }));
}

const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 40 })
  .filter((string) => !string.includes('\0'));
const tricky = fc.constantFrom(
  ...['=1+1', "'=1", "''@", ' a ', '\n', 'a\r\nb', '"', ',', '\u2028', '\uFEFFa', '\u{1F600}', '-', '[]'],
);
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const float = fc.float({ noNaN: true, noDefaultInfinity: true });
const anyFace = fc
  .record({
    box: fc.option(fc.record({ x: number, y: number, width: number, height: number }), { nil: undefined }),
    confidence: fc.option(number, { nil: undefined }),
    encoding: fc.array(float, { minLength: 128, maxLength: 128 }),
  })
  .map(({ box, confidence, encoding }) => ({
    ...(box ? { box } : {}),
    ...(confidence === undefined ? {} : { confidence }),
    encoding: Float32Array.from(encoding),
  }));
const anyPhotos = fc.uniqueArray(
  fc
    .record({
      photo: fc.oneof(text, tricky),
      reference: fc.option(fc.oneof(text, tricky), { nil: undefined }),
      digest: fc.option(text, { nil: undefined }),
      origin: fc.option(fc.constantFrom(origin, { ...origin, options: {} }), { nil: undefined }),
      faces: fc.array(anyFace, { maxLength: 3 }),
    })
    .map(
      (photo) =>
        Object.fromEntries(
          Object.entries(photo).filter(([, value]) => value !== undefined),
        ) as unknown as KeptPhoto,
    ),
  { maxLength: 4, selector: ({ photo }) => photo },
);

for (const format of formats)
  t.test(`${format} gives back what it was given, to the bit`, async (t) => {
    const folder = t.testdir({});
    const path = join(folder, names[format]);
    await fc.assert(
      fc.asyncProperty(anyPhotos, async (photos) => {
        // Thrown, not told to tap: the search for a smaller example asks again and again.
        assert.equal(await writeKeptPhotos(path, photos), photos.length);
        assert.deepEqual(bitsOf(await read(path)), bitsOf(photos));
      }),
      { numRuns: 40, interruptAfterTimeLimit: 120_000 },
    );
    t.same(readdirSync(folder), [names[format]], 'nothing else is left there');
  });

t.test('no photos are none again', async (t) => {
  for (const format of formats) {
    const path = join(t.testdir({}), names[format]);
    t.equal(await writeKeptPhotos(path, []), 0);
    t.same(await read(path), [], format);
  }
});

t.test('files of many photos are read piece by piece', async (t) => {
  const photos = Array.from({ length: 5000 }, (_, index) => ({
    photo: `photo ${index}`,
    digest: `sha256 ${index}`,
    origin,
    faces: index % 4 === 3 ? [] : [face(index)],
  }));
  for (const format of ['jsonl', 'csv', 'parquet'] as const) {
    const path = join(t.testdir({}), names[format]);
    await writeKeptPhotos(path, photos);
    t.ok(JSON.stringify(bitsAsText(await read(path))) === JSON.stringify(bitsAsText(photos)), format);
  }
});

function bitsAsText(photos: readonly KeptPhoto[]): unknown {
  return photos.map(({ faces, ...rest }) => [
    rest,
    faces.map(({ box, confidence, encoding }) => [box, confidence, [...encoding]]),
  ]);
}

t.test('nobody but the owner reads the files, and a write that fails leaves the former one', async (t) => {
  for (const format of formats) {
    const folder = t.testdir({});
    const path = join(folder, names[format]);
    await writeKeptPhotos(path, [{ photo: 'a', faces: [face(1)] }]);
    t.equal(statSync(path).mode & 0o077, 0, format);
    for (const wrong of [new Float32Array(3), new Float32Array(128).fill(Number.NaN)])
      await t.rejects(
        writeKeptPhotos(path, [
          { photo: 'b', faces: [] },
          { photo: 'c', faces: [{ encoding: wrong }] },
        ]),
        { code: 'ENCODINGS_INVALID', message: /'c'/ },
      );
    const failing = async function* (): AsyncGenerator<KeptPhoto> {
      yield { photo: 'd', faces: [] };
      throw new RangeError('the source failed');
    };
    await t.rejects(writeKeptPhotos(path, failing()), { message: 'the source failed' });
    t.match(await read(path), [{ photo: 'a' }]);
    t.same(readdirSync(folder), [names[format]]);
  }
});

t.test('Parquet files are what others read as a list of floats', async (t) => {
  const path = join(t.testdir({}), names.parquet);
  await writeKeptPhotos(path, [
    { photo: 'a\n', reference: 'R', digest: 'sha256 x', origin, faces: [face(1), face(2)] },
    { photo: 'b', faces: [] },
  ]);
  const table = tableFromIPC(readWithWasm(readFileSync(path)).intoIPCStream());
  t.same(
    table.schema.fields.map(({ name }) => name),
    ['photo', 'reference', 'digest', 'origin', 'x', 'y', 'width', 'height', 'confidence', 'encoding'],
  );
  const rows = (table.toArray() as { toJSON: () => Record<string, unknown> }[]).map((row) => row.toJSON());
  t.match(rows, [
    {
      photo: 'a\n',
      reference: 'R',
      x: 1,
      width: 30.25,
      confidence: 0.1 + 0.2,
      origin: JSON.stringify(origin),
    },
    { photo: 'a\n', x: 2 },
    { photo: 'b', x: null, reference: null, encoding: null },
  ]);
  t.same([...(rows[1]?.['encoding'] as { toArray: () => Float32Array }).toArray()], [...face(2).encoding]);
});

const python = spawnSync('/usr/bin/python3', ['-c', 'import numpy'], { encoding: 'utf8' });

t.test(
  '.npy files are what NumPy reads',
  { skip: python.status === 0 ? false : 'NumPy is not here' },
  async (t) => {
    const path = join(t.testdir({}), names.npy);
    await writeKeptPhotos(path, [
      { photo: 'a', faces: [face(1), face(2)] },
      { photo: 'b', faces: [] },
    ]);
    const { stdout } = spawnSync(
      '/usr/bin/python3',
      [
        '-c',
        'import numpy, sys\nfor n in (1, 2):\n  a = numpy.load(f"{sys.argv[1]}/{n:08}.npy")\n  print(a.shape, a.dtype, a.sum(dtype="f8"))',
        path,
      ],
      { encoding: 'utf8' },
    );
    const sum = [face(1), face(2)].flatMap(({ encoding }) => [...encoding]).reduce((a, b) => a + b, 0);
    const [first = '', second] = stdout.trim().split('\n');
    t.match(first, /^\(2, 128\) float32 /);
    t.ok(Math.abs(Number(first.split(' ').at(-1)) - sum) < 1e-6);
    t.equal(second, '(0, 128) float32 0.0');
  },
);

t.test('a folder of NumPy files without an index is a photo a file', async (t) => {
  const folder = t.testdir({ 'notes.txt': 'not one' });
  await writeEncodings(join(folder, 'b.jpg.npy'), [face(1).encoding, face(2).encoding], { origin });
  await writeEncodings(join(folder, 'a.npy'), []);
  t.same(await read(folder), [
    { photo: 'a', faces: [] },
    { photo: 'b.jpg', origin, faces: [{ encoding: face(1).encoding }, { encoding: face(2).encoding }] },
  ]);
  writeFileSync(join(folder, 'c.npy'), 'no numbers');
  await t.rejects(read(folder), { code: 'ENCODINGS_FILE_INVALID', message: /'c\.npy'/ });
});

t.test('a folder of NumPy files must be as its index says', async (t) => {
  const photos = [
    { photo: 'a', faces: [face(1)] },
    { photo: 'b', faces: [face(2)] },
  ];
  const folder = t.testdir({ empty: {}, theirs: { 'x.txt': '' } });
  const path = join(folder, 'encodings');
  const spoilt = async (spoil: () => void, message: RegExp) => {
    await writeKeptPhotos(path, photos);
    spoil();
    await t.rejects(read(path), { code: 'ENCODINGS_FILE_INVALID', message });
  };
  const index = join(path, 'index.jsonl');
  const rewrite = (from: string, to: string) => () =>
    writeFileSync(index, readFileSync(index, 'utf8').replace(from, to));
  await spoilt(() => rmSync(join(path, '00000002.npy')), /line 2: '00000002\.npy' is not in the folder/);
  await spoilt(() => truncateSync(join(path, '00000001.npy'), 600), /line 1: .*another than the one/);
  await spoilt(() => writeFileSync(join(path, 'more.npy'), ''), /'more\.npy' is not in index/);
  await spoilt(rewrite('00000001.npy', '../../secret.npy'), /'\.\.\/\.\.\/secret\.npy' is not in the folder/);
  await spoilt(rewrite('00000002.npy', '00000001.npy'), /named twice/);
  await spoilt(() => truncateSync(index, statSync(index).size - 5), /line 2: it is not a whole JSON object/);
  await spoilt(rewrite('"faces":[{', '"faces":[{},{'), /not as many faces/);
  await t.rejects(read(join(folder, 'empty')), { message: /holds no \.npy files/ });
  await t.rejects(writeKeptPhotos(join(folder, 'theirs'), photos), { message: /Name another folder/ });
  t.same(readdirSync(join(folder, 'theirs')), ['x.txt']);
});

const encodingCells = [...face(1).encoding].join(',');
const header = `photo,${Array.from({ length: 128 }, (_, index) => `e${index}`).join(',')}`;
const numbers = JSON.stringify([...face(1).encoding]);

t.test('what is wrong with a text file is told with its line', async (t) => {
  const folder = t.testdir({});
  const cases: readonly (readonly ['a.csv' | 'a.jsonl', string | Uint8Array, RegExp])[] = [
    ['a.csv', '', /empty/],
    ['a.csv', 'photo,e0\n', /line 1: there is no column 'e1'/],
    ['a.csv', `${header},e5\n`, /line 1: the column 'e5' is there twice/],
    ['a.csv', `${header}\na,${encodingCells}`, /cut short/],
    ['a.csv', `${header}\na,1,2\n`, /line 2: .*Invalid Record Length/],
    ['a.csv', `${header}\na,${encodingCells.replace(/^[^,]*/, 'NaN')}\n`, /line 2: an encoding holds/],
    ['a.csv', `${header}\na,${encodingCells.replace(/^[^,]*/, '1e39')}\n`, /line 2: .*float32/],
    ['a.csv', `${header}\na,${encodingCells.replace(/^[^,]*/, '0x1')}\n`, /line 2: an encoding holds/],
    ['a.csv', `${header}\na,${encodingCells.replace(/^[^,]*/, '')}\n`, /line 2: an encoding holds/],
    ['a.csv', `${header}\n"a\nb",${encodingCells}\n,${encodingCells}\n`, /line 4: the photo is not a text/],
    [
      'a.csv',
      `${header}\na,${encodingCells}\nb,${encodingCells}\na,${encodingCells}\n`,
      /line 4: .*further up/,
    ],
    ['a.csv', `x,${header}\n1,a,${encodingCells}\n`, /line 2: the box has not all/],
    ['a.csv', `origin,${header}\n{},a,${encodingCells}\n`, /line 2: the origin is not/],
    ['a.csv', `${header}\n"a,${encodingCells}\n`, /line 2: .*Quote Not Closed/i],
    ['a.csv', `${header}\n${'x'.repeat(5000)},${encodingCells}\n`, /line 2: the photo has 5000 characters/],
    ['a.csv', `${header}\n"${'x'.repeat(2_000_000)}`, /line 2: /],
    ['a.csv', Buffer.from([0x70, 0xff, 0x0a]), /UTF-8/],
    ['a.jsonl', '{"photo":"a","faces":[]}\n{"photo":"b","fac', /line 2: it is not a whole JSON object/],
    ['a.jsonl', '[\n{"photo":"a","faces":[]}', /its array has no end/],
    ['a.jsonl', '[]\n{"photo":"a","faces":[]}', /line 2: something follows/],
    ['a.jsonl', '{"photo":"a"}', /line 1: the faces are not a list/],
    ['a.jsonl', '{"photo":7,"faces":[]}', /line 1: the photo is not a text/],
    ['a.jsonl', 'null', /line 1: the faces are not a list/],
    [
      'a.jsonl',
      '{"photo":"a","faces":[null]}',
      /line 1: an encoding is a list of 128 numbers, not undefined/,
    ],
    ['a.jsonl', '{"photo":"a","faces":[{"encoding":[1,2]}]}', /line 1: .*not of 2/],
    ['a.jsonl', `{"photo":"a","faces":[{"encoding":${numbers.replace(',', ',null,')}}]}`, /line 1: /],
    ['a.jsonl', `{"photo":"a","faces":[{"encoding":${numbers},"confidence":"high"}]}`, /the confidence/],
    ['a.jsonl', `{"photo":"a","faces":[{"encoding":${numbers},"box":{"x":1}}]}`, /the box has not all/],
    ['a.jsonl', '{"photo":"a\\u0000b","faces":[]}', /NUL/],
    ['a.jsonl', '{"photo":"\\ud800","faces":[]}', /surrogate/],
    [
      'a.jsonl',
      '{"photo":"a","origin":{"models":{"encoder":1},"options":{}},"faces":[]}',
      /the origin is not/,
    ],
  ];
  for (const [name, content, message] of cases) {
    const path = join(folder, name);
    writeFileSync(path, content);
    await t.rejects(read(path), { code: 'ENCODINGS_FILE_INVALID', message }, String(message));
  }
});

const impatient = { patience: 3000 };

function damaged(bytes: Uint8Array, changes: readonly { place: number; value: number }[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (const { place, value } of changes) copy[place] = value;
  return copy;
}

t.test('a Parquet file that is cut or damaged is told as one', async (t) => {
  const path = join(t.testdir({}), names.parquet);
  const photos = Array.from({ length: 50 }, (_, index) => ({ photo: `p${index}`, faces: [face(index)] }));
  await writeKeptPhotos(path, photos);
  const bytes = readFileSync(path);
  for (const length of [0, 3, 8, 100, bytes.length - 4, bytes.length - 1]) {
    writeFileSync(path, bytes.subarray(0, length));
    await t.rejects(
      read(path),
      { code: 'ENCODINGS_FILE_INVALID', message: /encodings\.parquet/ },
      String(length),
    );
  }
  const random = fc.record({ place: fc.nat(bytes.length - 1), value: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(fc.array(random, { minLength: 1, maxLength: 8 }), async (changes) => {
      // Numbers have no check sum: what still reads as a file is taken as one.
      writeFileSync(path, damaged(bytes, changes));
      const error = await all(readParquet(path, impatient)).catch((error: unknown) => error as Error);
      if (error instanceof Error) assert.equal(error.constructor.name, 'FileFault');
    }),
    { numRuns: 100, interruptAfterTimeLimit: 120_000 },
  );
});

t.test(
  'a Parquet file that its reader would never end with is told as none, and the wait can be cut short',
  async (t) => {
    const path = join(t.testdir({}), names.parquet);
    await writeKeptPhotos(
      path,
      Array.from({ length: 50 }, (_, index) => ({ photo: `p${index}`, faces: [face(index)] })),
    );
    writeFileSync(path, damaged(readFileSync(path), [{ place: 336, value: 245 }]));
    await t.rejects(all(readParquet(path, impatient)), { message: /no more rows came in 3 s/ });
    const signal = AbortSignal.timeout(500);
    await t.rejects(all(readKeptPhotos(path, { signal })), { code: 'ABORTED' });
  },
);

t.test('what facededup encode prints is read', async (t) => {
  const folder = t.testdir({});
  const detector = { ...face(1), detector: 'hog', landmarks: { model: 'small', points: [] }, origin };
  const json = { photo: 'a.jpg', faces: [{ ...detector, encoding: [...face(1).encoding] }] };
  writeFileSync(join(folder, 'a.json'), `[\n${JSON.stringify(json)},\n{"photo":"b.jpg","faces":[]}\n]\n`);
  t.same(await read(join(folder, 'a.json')), [
    { photo: 'a.jpg', origin, faces: [face(1)] },
    { photo: 'b.jpg', faces: [] },
  ]);
  writeFileSync(join(folder, 'none.json'), '[]\n');
  t.same(await read(join(folder, 'none.json')), []);
  const { box, confidence } = face(1);
  const cells = ["'=a.jpg", box?.x, box?.y, box?.width, box?.height, confidence, 'hog', encodingCells];
  writeFileSync(
    join(folder, 'a.csv'),
    `photo,x,y,width,height,confidence,detector,${header.slice('photo,'.length)}\r\n${cells.join(',')}\r\n`,
  );
  t.same(await read(join(folder, 'a.csv')), [{ photo: '=a.jpg', faces: [face(1)] }]);
});

t.test('a file that is not there, or of no known kind, is told as such', async (t) => {
  const folder = t.testdir({});
  for (const name of ['none.csv', 'none.jsonl', 'none.parquet', 'none'])
    await t.rejects(read(join(folder, name)), { code: 'ENCODINGS_FILE_UNREADABLE' }, name);
  await t.rejects(read(join(folder, 'a.txt')), { code: 'ARGUMENT_INVALID' });
  await t.rejects(read(join(folder, 'a.txt'), 'xml' as 'csv'), { code: 'OPTION_RANGE' });
  await t.rejects(writeKeptPhotos(join(folder, 'no', 'a.csv'), []), { code: 'ENCODINGS_FILE_UNREADABLE' });
  await t.rejects(
    async () => {
      writeFileSync(join(folder, 'a.jsonl'), '{"photo":"a","faces":[]}\n');
      await readKeptPhotos(join(folder, 'a.jsonl'), { signal: AbortSignal.abort() }).next();
    },
    { code: 'ABORTED' },
  );
});

t.test(
  'a folder that may not be read is told as such',
  { skip: process.getuid?.() === 0 && 'root reads all' },
  async (t) => {
    const folder = t.testdir({});
    const path = join(folder, 'closed');
    mkdirSync(path);
    chmodSync(path, 0);
    await t.rejects(read(path), { code: 'ENCODINGS_FILE_UNREADABLE' });
  },
);
