// npm run bench:store [-- --photos 100000] [--rounds 3] [--no-files]
// The face store with encodings spread as real ones are: written, opened and loaded as find does, the same encrypted, and
// moved out to files of each format and in again. Loading is the median of the rounds; writing and files are timed once.
// CPU seconds tell more than seconds where the machine has other work.

import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encryptStore, FaceStore, readKeptPhotos, writeKeptPhotos } from '../../dist/esm/index.js';
import { median } from './measure.mjs';
import { drawEncodings } from './synthetic.mjs';
import { printTable } from './table.mjs';

const { values } = parseArgs({
  options: {
    photos: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    files: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const photos = Number(values.photos);
const rounds = Number(values.rounds);
const key = randomBytes(32);
const folder = mkdtempSync(join(tmpdir(), 'facededup-bench-'));
const rows = [];

/** A row of the table: `work`'s seconds, those of the processor, and the size of what it left. */
const measured = async (what, work, { bytes, rounds: times = 1, count = photos } = {}) => {
  const [seconds, processor] = [[], []];
  let result;
  for (let round = 0; round < times; round++) {
    const [started, before] = [performance.now(), process.cpuUsage()];
    result = await work();
    const { user, system } = process.cpuUsage(before);
    seconds.push((performance.now() - started) / 1000);
    processor.push((user + system) / 1e6);
  }
  const time = median(seconds);
  rows.push([
    what,
    time.toFixed(2),
    median(processor).toFixed(2),
    Math.round(count / time),
    bytes ? megabytes(bytes()) : '',
  ]);
  return result;
};

try {
  const path = join(folder, 'faces.db');
  const kept = keptPhotos(photos);
  const store = new FaceStore(path);
  await measured('written, 1,000 photos a transaction', () => store.set().photos.import(kept));
  store.close();
  const { origin } = kept[0];
  await measured('opened and loaded, as find does', () => load(path, origin), {
    bytes: () => sizeOf(path),
    rounds,
  });

  const looked = new FaceStore(path);
  const table = looked.set().photos;
  await measured(
    '1,000 new photos looked for and kept, one by one',
    () => {
      for (const { photo, digest, faces } of keptPhotos(1000)) {
        const name = `/new${photo}`;
        if (table.seen(name) || table.namesOf(`new ${digest}`).length > 0) throw new Error(`${name} is new`);
        table.keep({ name, digest: `new ${digest}` }, origin, faces);
      }
    },
    { count: 1000 },
  );
  looked.close();

  const sealed = join(folder, 'sealed.db');
  const sealedStore = new FaceStore(sealed, { key });
  await measured('encrypted: written', () => sealedStore.set().photos.import(kept));
  sealedStore.close();
  await measured('encrypted: opened and loaded', () => load(sealed, origin, key), {
    bytes: () => sizeOf(sealed),
    rounds,
  });
  rmSync(sealed);
  copyFileSync(path, sealed);
  await measured('a plain store encrypted', () => encryptStore(sealed, { key }));
  rmSync(sealed);

  for (const name of !values.files
    ? []
    : ['encodings.jsonl', 'encodings.csv', 'encodings.parquet', 'encodings']) {
    const file = join(folder, name);
    const format = name.split('.')[1] ?? 'npy';
    const opened = new FaceStore(path, { create: false });
    await measured(`${format}: written`, () => writeKeptPhotos(file, opened.set().photos.photos()), {
      bytes: () => sizeOf(file),
    });
    opened.close();
    const count = await measured(`${format}: read`, async () => {
      let read = 0;
      for await (const { faces } of readKeptPhotos(file)) read += faces.length;
      return read;
    });
    if (count !== photos) throw new Error(`${format}: ${count} faces came back of ${photos}`);
    rmSync(file, { recursive: true });
  }
  printTable(['', 'seconds', 'CPU seconds', 'photos a second', 'size'], rows);
} finally {
  rmSync(folder, { recursive: true });
}

function keptPhotos(count) {
  const origin = {
    models: { encoder: 'a'.repeat(64), landmarks: 'b'.repeat(64), detector: 'c'.repeat(64) },
    options: { detector: 'ssd', align: 'refined', mirror: true, jitters: 1, landmarks: 'small' },
  };
  return drawEncodings({ count }).encodings.map((encoding, i) => ({
    photo: `/photos/of a programme/2026/${i}.jpg`,
    digest: `sha256 ${i.toString(16).padStart(64, '0')}`,
    reference: `IND-${i}`,
    origin,
    faces: [{ box: { x: i, y: 40.5, width: 90, height: 120 }, confidence: 0.99, encoding }],
  }));
}

/** The records that the matcher takes, and the faces for the pairs that it finds. */
function load(path, origin, key) {
  const opened = new FaceStore(path, { create: false, key });
  const records = [];
  for (const { photo, faces, origin: made } of opened.set().photos.photos(origin))
    records.push({ id: photo, encodings: faces.map(({ encoding }) => encoding), faces, origin: made });
  const references = opened.set().photos.references();
  opened.close();
  if (records.length !== photos || references.size !== photos) throw new Error('photos are missing');
}

function sizeOf(path) {
  const stats = statSync(path);
  return stats.isDirectory()
    ? readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0)
    : stats.size;
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
