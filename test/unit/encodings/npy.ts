// .npy files: what NumPy writes we read, what we write NumPy reads.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { formatNpy, parseNpy, readEncodings, writeEncodings } from '../../../lib/index.js';

const python = '/usr/bin/python3';

function hasNumpy(): boolean {
  try {
    execFileSync(python, ['-c', 'import numpy'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const skip = existsSync(python) && hasNumpy() ? false : 'python3-numpy is not here';

/** Sixteenths, which float32 holds exactly. */
const encodingOf = (row: number) => Float32Array.from({ length: 128 }, (_, column) => row + column / 16 - 4);
const encodings = [0, 1, 2].map(encodingOf);

/** A file by hand, from the format's own description. */
function npy(dictionary: string, data: Uint8Array, version = 1): Buffer {
  const text = Buffer.from(`${dictionary}\n`, 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([Buffer.from('\x93NUMPY', 'latin1'), Buffer.from([version, 0]), length, text, data]);
}

function numbers(
  values: readonly number[],
  write: 'writeFloatLE' | 'writeFloatBE' | 'writeDoubleLE' | 'writeDoubleBE',
): Buffer {
  const size = write.startsWith('writeFloat') ? 4 : 8;
  const bytes = Buffer.alloc(values.length * size);
  values.forEach((value, i) => bytes[write](value, i * size));
  return bytes;
}

const flat = encodings.flatMap((encoding) => [...encoding]);
const describe = (descr: string, shape = '(3, 128)', fortran = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

t.test('float32 and float64 of both byte orders, header versions 1 to 3', async (t) => {
  const kinds = {
    '<f4': 'writeFloatLE',
    '>f4': 'writeFloatBE',
    '<f8': 'writeDoubleLE',
    '>f8': 'writeDoubleBE',
  } as const;
  for (const [descr, write] of Object.entries(kinds)) {
    for (const version of [1, 2, 3]) {
      t.same(
        parseNpy(npy(describe(descr), numbers(flat, write), version)),
        encodings,
        `${descr}, version ${version}`,
      );
    }
  }
});

t.test('columns first, one encoding alone, and none', async (t) => {
  const columns = Array.from({ length: 128 }, (_, column) =>
    encodings.map((encoding) => encoding[column] ?? 0),
  ).flat();
  t.same(parseNpy(npy(describe('<f4', '(3, 128)', 'True'), numbers(columns, 'writeFloatLE'))), encodings);
  t.same(parseNpy(npy(describe('<f8', '(128,)'), numbers([...encodingOf(5)], 'writeDoubleLE'))), [
    encodingOf(5),
  ]);
  t.same(parseNpy(npy(describe('<f8', '(0,)'), Buffer.alloc(0))), []);
  t.same(parseNpy(npy(describe('<f8', '(0, 128)'), Buffer.alloc(0))), []);
});

t.test('what we write we read, in either precision', async (t) => {
  for (const precision of ['float32', 'float64'] as const) {
    const bytes = formatNpy(encodings, { precision });
    t.equal(bytes.length % 64, 0);
    t.same(parseNpy(bytes), encodings);
  }
  t.same(parseNpy(formatNpy([])), []);
});

t.test('a view into a larger buffer is read within its bounds', async (t) => {
  const larger = Buffer.concat([Buffer.from('abc'), formatNpy(encodings), Buffer.from('x')]);
  t.same(parseNpy(larger.subarray(3, larger.length - 1)), encodings);
});

t.test('whatever else is refused', async (t) => {
  const good = numbers(flat, 'writeFloatLE');
  const wrongs: readonly [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['text', Buffer.from('not a npy file at all')],
    ['version 4', npy(describe('<f4'), good, 4)],
    ['integers', npy(describe('<i4'), good)],
    ['an object array', npy(describe('|O'), good)],
    ['half precision', npy(describe('<f2'), good)],
    ['64 columns', npy(describe('<f4', '(6, 64)'), good)],
    ['three dimensions', npy(describe('<f4', '(3, 128, 1)'), good)],
    ['a number too few', npy(describe('<f4'), good.subarray(4))],
    ['a byte too many', npy(describe('<f4'), Buffer.concat([good, Buffer.alloc(1)]))],
    ['more rows than there can be', npy(describe('<f4', '(99999999999999999999, 128)'), good)],
    ['not a number', npy(describe('<f4'), numbers([Number.NaN, ...flat.slice(1)], 'writeFloatLE'))],
    ['no shape', npy("{'descr': '<f4', 'fortran_order': False}", good)],
    ['a header that ends early', npy(describe('<f4'), good).subarray(0, 30)],
  ];
  for (const [name, bytes] of wrongs)
    t.throws(() => parseNpy(bytes), { code: 'ENCODINGS_FILE_INVALID' }, name);
});

t.test('encodings that are none are not written', async (t) => {
  t.throws(() => formatNpy([[1, 2]]), { code: 'ENCODINGS_INVALID' });
  t.throws(() => formatNpy([new Float32Array(128).fill(Number.NaN)]), { code: 'ENCODINGS_INVALID' });
  t.throws(() => formatNpy([], { precision: 'float16' as 'float32' }), { code: 'OPTION_RANGE' });
});

t.test('files: written whole, read back, missing, unwritable', async (t) => {
  const folder = t.testdir({});
  const path = join(folder, 'a.npy');
  await writeEncodings(path, encodings);
  t.same(await readEncodings(path), encodings);
  t.same(readdirSync(folder), ['a.npy']);
  await t.rejects(readEncodings(join(folder, 'b.npy')), {
    code: 'ENCODINGS_FILE_UNREADABLE',
    message: /b\.npy/,
  });
  await t.rejects(writeEncodings(join(folder, 'no', 'c.npy'), encodings), {
    code: 'ENCODINGS_FILE_UNREADABLE',
  });
  writeFileSync(path, 'damaged');
  await t.rejects(readEncodings(path), { code: 'ENCODINGS_FILE_INVALID' });
});

t.test('NumPy reads what we write', { skip }, async (t) => {
  const path = join(t.testdir({}), 'ours.npy');
  for (const precision of ['float32', 'float64'] as const) {
    await writeEncodings(path, encodings, { precision });
    const script =
      'import numpy, sys; a = numpy.load(sys.argv[1]); print(a.dtype, a.shape, a[2, 127], a.sum())';
    const sum = flat.reduce((total, value) => total + value, 0);
    t.equal(
      execFileSync(python, ['-c', script, path], { encoding: 'utf8' }).trim(),
      `${precision} (3, 128) ${encodings[2]?.[127]} ${sum.toFixed(1)}`,
    );
  }
});

t.test('we read what NumPy writes', { skip }, async (t) => {
  const folder = t.testdir({});
  const script = `
import numpy, sys
a = numpy.arange(3)[:, None] + numpy.arange(128)[None, :] / 16 - 4
for name, array in {
    'f4': a.astype('<f4'), 'f8': a.astype('<f8'), 'big4': a.astype('>f4'), 'big8': a.astype('>f8'),
    'fortran': numpy.asfortranarray(a), 'list': [row for row in a],
}.items():
    numpy.save(sys.argv[1] + '/' + name + '.npy', array)
for version in [(1, 0), (2, 0), (3, 0)]:
    with open(sys.argv[1] + '/v%d.npy' % version[0], 'wb') as f:
        numpy.lib.format.write_array(f, a, version=version)
`;
  execFileSync(python, ['-c', script, folder]);
  const files = readdirSync(folder);
  t.equal(files.length, 9);
  for (const file of files) t.same(parseNpy(readFileSync(join(folder, file))), encodings, file);
});
