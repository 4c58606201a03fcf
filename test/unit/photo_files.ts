// A photo's file that changes while it is read: it is read as it was, or refused, and never half of each.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { listPhotos } from '../../lib/photos/folder.js';
import { readPhotoFile } from '../../lib/photos/photo.js';

const before = Buffer.alloc(100_000, 'before');
const other = Buffer.alloc(100_000, 'other ');

/** Of a file that was last changed long ago, whatever the clock of the file system. */
function oldFile(t: Test): string {
  const path = join(t.testdir({}), 'photo.bmp');
  writeFileSync(path, before);
  utimesSync(path, 1, 1);
  return path;
}

/** Reads it, and does this to it once it is open. */
const readDuring = (path: string, change: () => void) =>
  readPhotoFile(path, {
    verify: () => {
      change();
      return Promise.resolve();
    },
  });

const changes: Readonly<Record<string, (path: string) => void>> = {
  'is written over': (path) => writeFileSync(path, other),
  'is cut': (path) => truncateSync(path, 1000),
  'is emptied': (path) => truncateSync(path, 0),
  grows: (path) => appendFileSync(path, other),
};

for (const [change, apply] of Object.entries(changes)) {
  t.test(`a file that ${change} meanwhile is refused`, async (t) => {
    const path = oldFile(t);
    await t.rejects(
      readDuring(path, () => apply(path)),
      {
        name: 'PhotoAccessError',
        code: 'PHOTO_CHANGED',
        message: /photo\.bmp' changed while it was read/,
      },
    );
  });
}

t.test('a file that another takes the place of, or that is deleted, is read as it was', async (t) => {
  const path = oldFile(t);
  const replace = () => {
    writeFileSync(`${path}.new`, other);
    renameSync(`${path}.new`, path);
  };
  t.ok(before.equals(await readDuring(path, replace)));
  t.ok(other.equals(await readPhotoFile(path)));
  t.ok(other.equals(await readDuring(path, () => rmSync(path))));
});

t.test('a file that grows without end is read no further than it was long', async (t) => {
  const path = oldFile(t);
  const growing = spawn('sh', ['-c', 'while :; do echo more; done >> "$0"', path], { stdio: 'ignore' });
  t.teardown(() => growing.kill('SIGKILL'));
  await once(growing, 'spawn');
  await t.rejects(readPhotoFile(path, { verify: () => new Promise((resolve) => setTimeout(resolve, 100)) }), {
    code: 'PHOTO_CHANGED',
  });
});

t.test('a FIFO is not opened: whoever writes into it goes on waiting', async (t) => {
  const path = join(t.testdir({}), 'fifo.jpg');
  execFileSync('mkfifo', [path]);
  const writer = spawn('sh', ['-c', 'echo photo > "$0"', path], { stdio: 'ignore' });
  await once(writer, 'spawn');
  await t.rejects(readPhotoFile(path), { code: 'PHOTO_UNREADABLE' });
  t.equal(writer.exitCode, null);
  t.equal(execFileSync('cat', [path], { encoding: 'utf8' }), 'photo\n');
});

t.test('a folder whose name is a container’s holds files', async (t) => {
  const folder = t.testdir({});
  const here = process.cwd();
  process.chdir(folder);
  t.teardown(() => process.chdir(here));
  mkdirSync('azure:secret');
  writeFileSync(join('azure:secret', 'photo.jpg'), '');
  t.same(await listPhotos(['.']), ['./azure:secret/photo.jpg']);
});

t.test('a folder that may not be listed stands for itself, and says so when it is read', async (t) => {
  const folder = join(t.testdir({ photos: { 'a.jpg': before } }), 'photos');
  t.same(await listPhotos([folder]), [join(folder, 'a.jpg')]);
  await t.rejects(readPhotoFile(folder), { code: 'PHOTO_UNREADABLE', message: /is not a regular file/ });
  chmodSync(folder, 0);
  // Nothing is closed to root.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.('nobody');
  try {
    t.same(await listPhotos([folder]), [folder]);
    await t.rejects(readPhotoFile(folder), { code: 'PHOTO_UNREADABLE', message: /cannot be read: EACCES/ });
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(folder, 0o755);
  }
});
