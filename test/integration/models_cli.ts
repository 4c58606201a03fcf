// The commands that look after models.

import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import t from 'tap';
import { ModelStore } from '../../lib/models/index.js';
import { facededup } from '../fixtures/command_line.js';
import { cellPhoto, versionedModels } from '../fixtures/model_versions.js';
import { skipWithout } from '../fixtures/places.js';

t.test('update, history, rollback and prune', async (t) => {
  const { folder, models } = versionedModels(t);
  const photo = join(folder, 'check.png');
  const { data, width, height } = cellPhoto;
  await sharp(data, { raw: { width, height, channels: 3 } }).toFile(photo);
  const environment = {
    FACEDEDUP_MODELS: '',
    FACEDEDUP_MODEL_STORE: models.store,
    BLOB_FROM_IMAGE_MEAN_VALUES: '0,0,0',
  };
  const run = (...args: string[]) => facededup(['models', ...args], environment);
  const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout) as unknown;
  const byPhoto = ['--photo', photo, '--faces', '1'];

  const first = await run('update', join(folder, 'old'), '--name', 'v1', ...byPhoto);
  t.equal(first.code, 0, first.stderr);
  t.match(first.stdout, /deploy\.prototxt {2}[0-9a-f]{64}\n[\s\S]*checked: it finds the face of the photo/);
  t.match(first.stderr, /The version 'v1' of ssd is in use now/);
  t.match(await json('update', join(folder, 'new'), '--name', 'v2', ...byPhoto), {
    changed: true,
    version: { version: 'v2', set: 'ssd', source: `the folder ${join(folder, 'new')}` },
  });
  t.match(await json(), [{ key: 'ssd-prototxt', set: 'ssd', state: 'approved', version: 'v2' }]);
  const again = await run('update', join(folder, 'new'), '--name', 'v2', ...byPhoto);
  t.match(again.stderr, /was in use already/);

  const rejected = await run('update', join(folder, 'old'), '--name', 'v3', '--photo', photo, '--faces', '2');
  t.equal(rejected.code, 2);
  t.match(rejected.stderr, /it finds 1 faces, not 2[\s\S]*MODEL_REJECTED/);
  const wrong = await run(
    'update',
    join(folder, 'old'),
    '--sha256',
    '0'.repeat(64),
    '--sha256',
    '1'.repeat(64),
  );
  t.match(wrong, { code: 2, stderr: /has not the digests given[\s\S]*MODEL_REJECTED/ });
  const absent = await run('update', join(folder, 'absent'), ...byPhoto);
  t.match(absent, { code: 2, stderr: /It must hold deploy\.prototxt and res10[\s\S]*MODEL_FETCH_FAILED/ });
  writeFileSync(join(folder, 'old', 'deploy.prototxt'), 'no prototxt {');
  const broken = await run('update', join(folder, 'old'), ...byPhoto);
  t.match(broken, { code: 2, stderr: /turned down[\s\S]*MODEL_REJECTED/ });

  t.match((await run('rollback')).stderr, /'v1' of ssd is in use again/);
  const history = await run('history');
  t.match(history.stdout, /update {4}v1\n.*update {4}v2\n.*rollback {2}v1\n/);
  t.match(await json('history'), { current: 'v1', versions: [{ version: 'v1' }, { version: 'v2' }] });
  t.match(await run('rollback', '--to', 'v9'), { code: 2, stderr: /MODEL_VERSION_MISSING/ });
  const pruned = await run('prune', '--keep', '0');
  t.match(pruned, { code: 0, stdout: /ssd {2}v2/, stderr: /1 version deleted/ });
  t.match(await json('prune'), []);
});

t.test('a drawn face is what a candidate is tried on by default', { skip: skipWithout.ssd }, async (t) => {
  const official = dirname((await new ModelStore({}).read('ssd-prototxt')).path);
  const { models } = versionedModels(t);
  const environment = { FACEDEDUP_MODELS: '', FACEDEDUP_MODEL_STORE: models.store };
  const { code, stdout, stderr } = await facededup(['models', 'update', official], environment);
  t.equal(code, 0, stderr);
  t.match(stdout, /it finds the face of the drawn check photo/);
});
