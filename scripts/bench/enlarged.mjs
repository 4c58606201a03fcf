// Copies of photos with more pixels, for what only large photos show.

import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';

/**
 * Writes each photo `factor` times as wide and high, by Lanczos' kernel, as a JPEG of quality 92 into a temporary folder
 * that later runs find again.
 *
 * @returns {Promise<Map<string, string>>} from each photo to its copy.
 */
export async function enlargedCopies(photos, factor) {
  const folder = join(tmpdir(), `facededup-enlarged-${factor}`);
  mkdirSync(folder, { recursive: true });
  const copies = new Map();
  for (const photo of photos) {
    const copy = join(folder, `${photo.replaceAll(/[^\w.]/g, '_')}.jpg`);
    if (!existsSync(copy)) {
      const { width } = await sharp(photo).metadata();
      await sharp(photo)
        .resize({ width: width * factor, kernel: 'lanczos3' })
        .jpeg({ quality: 92 })
        .toFile(copy);
    }
    copies.set(photo, copy);
  }
  return copies;
}
