// Where the benches find models and photos: what the environment names, else the optional local mirror ../shared.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listPhotos } from '../../dist/esm/photos/folder.js';

const shared = fileURLToPath(new URL('../../../shared', import.meta.url));
const mirror = join(shared, 'models');
if (process.env.FACEDEDUP_MODELS === undefined && existsSync(mirror)) process.env.FACEDEDUP_MODELS = mirror;

/** Photos to measure on, evenly from all there are: those of LFW if they are here, else dlib's example photos. */
export async function benchPhotos(folder, count) {
  const examples = process.env.FACEDEDUP_EXAMPLE_PHOTOS;
  const root = [folder, join(shared, 'lfw', 'images'), examples && join(examples, 'johns')].find(
    (each) => each && existsSync(each),
  );
  if (!root)
    throw new Error(
      'No photos: name a folder by --photos, or set FACEDEDUP_EXAMPLE_PHOTOS to what scripts/example-photos.mjs prints.',
    );
  const all = await listPhotos([root]);
  const wanted = Math.min(count, all.length);
  return Array.from({ length: wanted }, (_, index) => all[Math.floor((index * all.length) / wanted)]);
}
