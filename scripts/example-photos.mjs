// Lays out dlib's example photos (johns, faces) from Debian's source package, and prints the folder that holds them.
// Prints an empty line, and why on stderr, where they cannot be had.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { downloadDebianSource, ModelStore, unpackArchive } from '../dist/esm/models/index.js';

const { cache } = new ModelStore();
const target = join(dirname(cache), 'example-photos');

try {
  if (!existsSync(target)) await layOut();
  console.log(target);
} catch (error) {
  console.error(`The example photos are skipped: ${error.message}`);
  console.log('');
}

async function layOut() {
  const folder = await downloadDebianSource('dlib', {
    cache,
    onProgress: () => undefined,
    signal: undefined,
  });
  const archive = readdirSync(folder).find((name) => /^dlib_[^_]*\.orig\.tar\./.test(name));
  if (!archive) throw new Error('the source package has no main archive');
  mkdirSync(dirname(target), { recursive: true });
  const work = mkdtempSync(`${target}-`);
  try {
    await unpackArchive({
      archive: join(folder, archive),
      patterns: ['*/examples/johns', '*/examples/faces'],
      strippedFolders: 2,
      target: work,
    });
    renameSync(work, target);
  } catch (error) {
    rmSync(work, { recursive: true, force: true });
    // Another run was faster.
    if (!existsSync(target)) throw error;
  }
}
