// Fuzzes a reader of files for some seconds: readers TARGET SECONDS. What it prints scripts/fuzz.mjs puts into its table.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from '../fixtures/properties.js';
import { builtInCalibrations, readCalibration } from '../../lib/calibration/index.js';
import { formatCsv } from '../../lib/encodings/csv.js';
import { formatJsonLines } from '../../lib/encodings/json_lines.js';
import type { KeptPhoto } from '../../lib/encodings/kept_encodings.js';
import { type EncodingsFormat, readKeptPhotos } from '../../lib/encodings/kept_files.js';
import { formatNpy, parseNpy } from '../../lib/encodings/npy.js';
import { CalibrationError, ConfigFileError, EncodingsFileError, InternalError } from '../../lib/errors.js';
import { checkedManifest, officialManifest } from '../../lib/models/manifest.js';
import { ConfigFile } from '../../lib/settings/index.js';
import { ScriptCoverage } from './coverage.js';

interface Target {
  /** The module whose coverage is told. */
  readonly module: string;
  readonly seeds: readonly Uint8Array[];
  readonly refusal: abstract new (...parts: never[]) => Error;
  /** Throws a refusal, or something else where it has a bug. */
  read(bytes: Uint8Array): unknown;
}

const encodings = [0, 1, 2].map((row) => Float32Array.from({ length: 128 }, (_, i) => row + i / 16 - 4));
const photos: readonly KeptPhoto[] = [
  { photo: 'a.jpg', faces: [] },
  {
    photo: '=1+1, "x"\n.png',
    reference: 'r',
    digest: 'f'.repeat(64),
    faces: encodings.map((encoding) => ({
      encoding,
      box: { x: 1, y: 2, width: 3.5, height: 4 },
      confidence: 0.5,
    })),
  },
];

const folder = mkdtempSync(join(tmpdir(), 'facededup-fuzz-'));
const file = join(folder, 'file');

const targets: Readonly<Record<string, () => Promise<Target>>> = {
  npy: async () => ({
    module: 'lib/encodings/npy.ts',
    seeds: [formatNpy(encodings), formatNpy(encodings, { precision: 'float64' }), formatNpy([])],
    refusal: EncodingsFileError,
    read: (bytes) => {
      const read = parseNpy(bytes);
      read.forEach(requireEncoding);
      const again = parseNpy(formatNpy(read));
      require(isDeepStrictEqual(again, read), 'what was read is not what is written');
    },
  }),
  csv: async () => keptFile('csv', 'lib/encodings/csv.ts', formatCsv(photos)),
  json_lines: async () => keptFile('jsonl', 'lib/encodings/json_lines.ts', formatJsonLines(photos)),
  manifest: async () => ({
    module: 'lib/models/manifest.ts',
    seeds: [Buffer.from(JSON.stringify(officialManifest()))],
    refusal: InternalError,
    read: (bytes) => {
      const { files } = checkedManifest(jsonIn(bytes));
      for (const { name, versions } of files) {
        require(/^[\w.-]+$/.test(name), `a name that is no name of a file: ${name}`);
        for (const { bytes: size, sha256 } of versions)
          require(size >= 0 && typeof sha256 === 'string', 'a version without size or digest');
      }
    },
  }),
  calibration: async () => ({
    module: 'lib/calibration/file.ts',
    seeds: builtInCalibrations.slice(0, 2).map((built) => Buffer.from(JSON.stringify(built))),
    refusal: CalibrationError,
    read: (bytes) => {
      writeFileSync(file, bytes);
      return readCalibration(file);
    },
  }),
  config: async () => ({
    module: 'lib/settings/config_file.ts',
    seeds: [Buffer.from('{"threshold": 0.5, "store": "s", "roots": ["a", "azure:b"], "detector": "hog"}')],
    refusal: ConfigFileError,
    read: async (bytes) => {
      writeFileSync(file, bytes);
      return (await ConfigFile.read(file)).settings;
    },
  }),
};

async function keptFile(
  format: EncodingsFormat,
  module: string,
  pieces: AsyncIterable<string | Uint8Array>,
): Promise<Target> {
  const seed: Uint8Array[] = [];
  for await (const piece of pieces) seed.push(Buffer.from(piece));
  return {
    module,
    seeds: [Buffer.concat(seed)],
    refusal: EncodingsFileError,
    read: async (bytes) => {
      writeFileSync(file, bytes);
      for await (const { photo, faces } of readKeptPhotos(file, { format })) {
        require(photo !== '', 'a photo without a name');
        for (const { encoding } of faces) requireEncoding(encoding);
      }
    },
  };
}

function require(holds: boolean, fault: string): void {
  if (!holds) throw new RangeError(fault);
}

function requireEncoding(encoding: ArrayLike<number>): void {
  const isOne = encoding.length === 128 && Array.from(encoding).every(Number.isFinite);
  require(isOne, 'an encoding that is none');
}

/** What is no JSON never reaches the reader. */
function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}

// Numbers and signs that readers stumble over, besides any bytes.
const tokens = [
  'null',
  '[]',
  '{}',
  '""',
  '-1',
  '1e999',
  '0x10',
  'NaN',
  '"',
  ',',
  '\n',
  '\r\n',
  '\0',
  '\uFEFF',
];
const edits = fc.array(
  fc.record({
    at: fc.nat(),
    removed: fc.nat(12),
    inserted: fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.constantFrom(...tokens.map((token) => Buffer.from(token))),
    ),
  }),
  { maxLength: 8 },
);

function edited(seed: Uint8Array, changes: readonly { at: number; removed: number; inserted: Uint8Array }[]) {
  return changes.reduce<Uint8Array>((bytes, { at, removed, inserted }) => {
    const place = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, place), inserted, bytes.subarray(place + removed)]);
  }, seed);
}

async function isSound(target: Target, bytes: Uint8Array): Promise<void> {
  try {
    await target.read(bytes);
  } catch (error) {
    if (!(error instanceof target.refusal)) throw error;
  }
}

const [, script = '', name = '', seconds = '60'] = process.argv;
const target = await targets[name]?.();
if (!target) throw new RangeError(`there is no target '${name}': ${Object.keys(targets).join(', ')}`);

const coverage = await ScriptCoverage.begin();
const begun = performance.now();
let executions = 0;
const inputs = fc.tuple(fc.constantFrom(...target.seeds), edits);
const outcome = await fc.check(
  fc.asyncProperty(inputs, async ([seed, changes]) => {
    executions += 1;
    await isSound(target, edited(seed, changes));
  }),
  {
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: Number(seconds) * 1000,
    markInterruptAsFailure: false,
  },
);
const ran = (performance.now() - begun) / 1000;
const lines = [
  `executions: ${executions}`,
  `per second: ${Math.round(executions / ran)}`,
  `coverage: ${await coverage.end(readFileSync(script, 'utf8'), target.module)} % of ${target.module}`,
];
rmSync(folder, { recursive: true });
if (outcome.failed && outcome.counterexample) {
  const [[seed, changes]] = outcome.counterexample;
  lines.push(
    `crash: ${JSON.stringify(Buffer.from(edited(seed, changes)).toString('latin1'))}`,
    String(outcome.errorInstance instanceof Error ? outcome.errorInstance.stack : outcome.errorInstance),
  );
  process.exitCode = 1;
}
process.stdout.write(`${lines.join('\n')}\n`);
