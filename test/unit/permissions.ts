// Who can read what is written, in a process whose umask forbids nothing: the worst that a service may be started with.

import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { builtInCalibrations, writeCalibration } from '../../lib/calibration/index.js';
import type { KeptPhoto } from '../../lib/encodings/kept_encodings.js';
import type * as keptFiles from '../../lib/encodings/kept_files.js';
import { writeEncodings } from '../../lib/encodings/npy.js';
import { sha256Of } from '../../lib/digest.js';
import { ModelStore } from '../../lib/models/index.js';
import { writeReport } from '../../lib/report/index.js';
import { examine } from '../../lib/runs/doctor.js';
import { beginConfig, ConfigFile } from '../../lib/settings/index.js';
import { FaceStore } from '../../lib/store/index.js';
import { importBundled } from '../fixtures/bundled.js';
import { drawingEngine, drawnPhotos, findingsOf, pairOf } from '../fixtures/findings.js';

const [{ writeKeptPhotos }] = (await importBundled('lib/encodings/kept_files.ts')) as [typeof keptFiles];

process.umask(0);

const encoding = Float32Array.from({ length: 128 }, (_, index) => index);
const photo: KeptPhoto = { photo: 'a.jpg', faces: [{ encoding }] };

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

/** A folder and all that is in it. */
function everything(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return [path, ...readdirSync(path).flatMap((name) => everything(join(path, name)))];
}

function checkPrivate(t: Test, ...paths: readonly string[]): void {
  for (const each of paths.flatMap(everything))
    t.equal(modeOf(each), statSync(each).isDirectory() ? '700' : '600', each);
}

t.test('a face store, its log and its index are for their owner alone', async (t) => {
  const path = join(t.testdir({}), 'faces.db');
  const store = new FaceStore(path);
  t.teardown(() => store.close());
  await store.set().photos.import([photo]);
  for (const end of ['', '-wal', '-shm']) checkPrivate(t, `${path}${end}`);
  store.compact();
  checkPrivate(t, path);
});

t.test('encodings that are written are for their owner alone', async (t) => {
  const folder = t.testdir({});
  for (const format of ['npy', 'jsonl', 'csv', 'parquet'] as const) {
    const path = join(folder, `out.${format}`);
    await writeKeptPhotos(path, [photo], { format });
    checkPrivate(t, path);
  }
  await writeEncodings(join(folder, 'a.npy'), [encoding]);
  checkPrivate(t, join(folder, 'a.npy'));
});

t.test('a report is for its owner alone', async (t) => {
  const folder = t.testdir({});
  const [a = '', b = ''] = await drawnPhotos(join(folder, 'photos'), ['a.jpg', 'b.jpg']);
  const engine = await drawingEngine();
  await writeReport(join(folder, 'out.html'), findingsOf([pairOf(a, b, 0.2)]), { engine });
  checkPrivate(t, join(folder, 'out.html'));
});

t.test('what holds no faces is for nobody else to change', async (t) => {
  const folder = t.testdir({});
  const [config, calibration] = [join(folder, 'c.json'), join(folder, 'calibration.json')];
  await beginConfig(config);
  const [known] = builtInCalibrations;
  if (known) await writeCalibration(calibration, known);
  t.same([config, calibration].map(modeOf), ['644', '644']);
});

t.test('a configuration that others cannot read stays one when it is changed', async (t) => {
  const path = join(t.testdir({ 'c.json': '{}' }), 'c.json');
  chmodSync(path, 0o640);
  await (await ConfigFile.read(path)).update({ threshold: 0.5 });
  t.equal(modeOf(path), '640');
});

t.test('models and the folders made for them are for nobody else to change', async (t) => {
  const folder = t.testdir({ mirror: { 'model.dat': 'the model' } });
  const cache = join(folder, 'new', 'cache');
  const store = new ModelStore({
    models: { cache, store: join(folder, 'new', 'store') },
    manifest: {
      files: [
        {
          ...{
            key: 'encoder',
            name: 'model.dat',
            purpose: 'a model',
            licence: 'CC0-1.0',
            commercialUse: true,
          },
          versions: [{ bytes: 9, sha256: sha256Of('the model') }],
          https: [],
        },
      ],
    },
  });
  const before = process.env['FACEDEDUP_MODELS'];
  Reflect.deleteProperty(process.env, 'FACEDEDUP_MODELS');
  t.teardown(() => {
    if (before !== undefined) process.env['FACEDEDUP_MODELS'] = before;
  });
  await store.fetch(undefined, { sources: [join(folder, 'mirror')] });
  t.ok(existsSync(join(cache, 'model.dat')));
  for (const each of everything(join(folder, 'new'))) t.equal(statSync(each).mode & 0o022, 0, each);
});

t.test('doctor warns of a store and a key that others can read', async (t) => {
  const folder = t.testdir({ key: '1'.repeat(64) });
  const [store, key] = [join(folder, 'faces.db'), join(folder, 'key')];
  writeFileSync(store, '', { mode: 0o644 });
  chmodSync(key, 0o604);
  mkdirSync(join(folder, 'none'));
  const { FACEDEDUP_STORE_KEY_FILE: before } = process.env;
  process.env['FACEDEDUP_STORE_KEY_FILE'] = key;
  t.teardown(() => (process.env['FACEDEDUP_STORE_KEY_FILE'] = before ?? ''));
  const look = async () => {
    const findings = await examine({ store, models: join(folder, 'none') });
    return findings.filter(({ name }) => name === 'store file' || name === 'store key');
  };
  t.match(await look(), [
    { name: 'store file', state: 'warning', detail: /mode is 644/, advice: /chmod 600 '.*faces\.db'/ },
    { name: 'store key', state: 'warning', detail: /mode is 604/ },
  ]);
  chmodSync(store, 0o600);
  chmodSync(key, 0o400);
  t.match(await look(), [{ state: 'ok' }, { state: 'ok' }]);
});
