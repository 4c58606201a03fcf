// Faults of the machine: no room for what is written, no more files to be opened, models that go away, a process that is killed.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type * as keptFiles from '../../lib/encodings/kept_files.js';
import { FaceEngine, writeReport } from '../../lib/index.js';
import { ModelStore } from '../../lib/models/index.js';
import { packageRoot } from '../../lib/package_root.js';
import type { Findings } from '../../lib/runs/findings.js';
import { importBundled } from '../fixtures/bundled.js';
import { run } from '../fixtures/command_line.js';
import { drawingEngine, drawnPhotos, findingsOf, pairOf } from '../fixtures/findings.js';
import { keptPhotos } from '../fixtures/kept_store.js';
import { boxSides, cellPhoto, versionedModels } from '../fixtures/model_versions.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';
import { skipWithoutDisk, smallDisk } from '../fixtures/small_disk.js';

const [{ writeKeptPhotos }] = (await importBundled('lib/encodings/kept_files.ts')) as [typeof keptFiles];

t.test(
  'on a full disk what is there stays, and nothing half is left',
  { skip: skipWithoutDisk },
  async (t) => {
    const { folder, fill, grow } = smallDisk(t, 256);
    const [a, b] = (await drawnPhotos(join(t.testdir({}), 'photos'), ['a.jpg', 'b.jpg'])) as [string, string];
    const engine = await drawingEngine();
    const before = 'what was there before';
    const model = Buffer.alloc(100_000, 7);
    const mirror = t.testdir({});
    writeFileSync(join(mirror, 'model.dat'), model);
    const cache = join(folder, 'cache');
    const version = { bytes: model.length, sha256: createHash('sha256').update(model).digest('hex') };
    const store = new ModelStore({
      models: { directory: join(folder, 'none'), cache, store: join(folder, 'store') },
      manifest: {
        files: [
          {
            ...{ key: 'encoder', name: 'model.dat', purpose: 'a model', licence: 'CC0-1.0', https: [] },
            commercialUse: true,
            versions: [version],
          },
        ],
      },
    });
    const writers: Readonly<Record<string, { code: string; write: (path: string) => Promise<unknown> }>> = {
      'report.html': {
        code: 'REPORT_UNWRITABLE',
        write: (path) => writeReport(path, findingsOf([pairOf(a, b, 0.3)]), { engine }),
      },
      ...Object.fromEntries(
        ['faces.jsonl', 'faces.csv', 'faces.parquet'].map((name) => [
          name,
          {
            code: 'ENCODINGS_FILE_UNREADABLE',
            write: (path: string) => writeKeptPhotos(path, keptPhotos(20)),
          },
        ]),
      ),
    };
    mkdirSync(cache);
    for (const name of Object.keys(writers)) writeFileSync(join(folder, name), before);
    const entries = readdirSync(folder).sort();
    fill();
    for (const [name, { code, write }] of Object.entries(writers)) {
      await t.rejects(write(join(folder, name)), { code, message: /ENOSPC/ }, name);
      t.equal(readFileSync(join(folder, name), 'utf8'), before, name);
    }
    await t.rejects(writeKeptPhotos(join(folder, 'npy'), keptPhotos(20)), {
      code: 'ENCODINGS_FILE_UNREADABLE',
    });
    await t.rejects(store.fetch(undefined, { sources: [mirror] }), {
      code: 'MODEL_FETCH_FAILED',
      message: /ENOSPC: no space left/,
    });
    t.same(readdirSync(cache), []);
    t.same(
      readdirSync(folder)
        .filter((name) => name !== 'ballast')
        .sort(),
      entries,
    );

    grow(4096);
    for (const [name, { write }] of Object.entries(writers)) {
      await write(join(folder, name));
      t.not(readFileSync(join(folder, name), 'utf8'), before, name);
    }
    await store.fetch(undefined, { sources: [mirror] });
    t.ok(readFileSync(join(cache, 'model.dat')).equals(model));
  },
);

t.test(
  'models that go away while they are in use do no harm, and are missed by whoever loads them next',
  async (t) => {
    const { models, use } = versionedModels(t);
    await use('old');
    const options = { models, meanValues: [0, 0, 0] as const, lanes: 2 };
    const engine = FaceEngine.createLazily(options);
    t.teardown(() => engine.close());
    let done = 0;
    for await (const { faces, error } of engine.detectAll(Array.from({ length: 60 }, () => cellPhoto))) {
      if (++done === 5) rmSync(models.store, { recursive: true });
      if (error || Math.round(faces[0]?.box.width ?? 0) !== boxSides.old) t.fail(String(error));
    }
    t.equal(done, 60);
    const next = FaceEngine.createLazily(options);
    t.teardown(() => next.close());
    await t.rejects(next.detect(cellPhoto), { code: 'MODEL_MISSING' });
  },
);

const skip = skipWithout.dlib || skipWithout.examples;
const fewFiles = join(packageRoot, 'test', 'fixtures', 'few_files.mjs');

t.test(
  'one file to spare is enough for a folder of photos, and without it each is named',
  {
    skip: skip || (process.platform === 'linux' ? false : 'prlimit is of Linux'),
  },
  (t) => {
    const folder = t.testdir({ photos: {} });
    const photos = join(folder, 'photos');
    const original = readFileSync(join(examplePhotos ?? '', 'johns', 'John_Salley', '000179_02159509.jpg'));
    // What follows the end of a JPEG is no part of its image.
    for (let i = 0; i < 40; i++)
      writeFileSync(join(photos, `${i}.jpg`), Buffer.concat([original, Buffer.of(i)]));
    const find = (more: number) =>
      JSON.parse(
        execFileSync(process.execPath, [fewFiles, photos, join(folder, 'faces.db'), String(more)], {
          encoding: 'utf8',
          // What tap loads into child processes wants files of its own.
          env: { ...process.env, NODE_OPTIONS: '' },
        }),
      ) as Pick<Findings, 'summary' | 'failed'>;
    const none = find(0);
    t.match(none.summary, { photos: 40, encoded: 0, failed: 40 });
    for (const each of none.failed)
      t.match(each, { code: 'PHOTO_UNREADABLE', message: /EMFILE: too many open files/ });
    t.match(find(1).summary, { photos: 40, encoded: 40, failed: 0 });
    t.end();
  },
);

t.test(
  'a find that is killed at any moment loses nothing, and comes to the same end',
  { skip },
  async (t) => {
    const photos = join(examplePhotos ?? '', 'johns', 'John_Salley');
    const script = join(packageRoot, 'scripts', 'kill-test.mjs');
    const { code, stdout, stderr } = await run(process.execPath, [
      script,
      '--rounds',
      '15',
      '--photos',
      photos,
    ]);
    t.equal(code, 0, stdout + stderr);
    t.match(stdout, /^15 kills, .* 0 faults$/m);
    t.comment(stdout);
  },
);
