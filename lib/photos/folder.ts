// Photos below the files and folders a person names.

import { readdir, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { isAzureName } from '../azure.js';

const photoExtensions: ReadonlySet<string> = new Set([
  '.jpg',
  '.jpeg',
  '.png',
  '.webp',
  '.bmp',
  '.tif',
  '.tiff',
]);

/** Whether a file of this name counts as a photo where a whole folder or container is meant. */
export function isPhotoName(name: string): boolean {
  return photoExtensions.has(extname(name).toLowerCase());
}

/**
 * Lists the photos among `paths`: a folder stands for the photos below it, by extension and in order of their names;
 * anything else stands for itself, whatever it is called and whether it exists or not.
 *
 * @returns each path once, as it was given or joined to the folder given. Links to folders are not followed.
 */
export async function listPhotos(paths: readonly string[]): Promise<string[]> {
  const found = new Map<string, string>();
  for (const path of paths) {
    const photos: string[] = [];
    if (await isFolder(path)) await addPhotosBelow(path, photos);
    else photos.push(path);
    for (const photo of photos) {
      const absolute = resolve(photo);
      if (!found.has(absolute)) found.set(absolute, photo);
    }
  }
  return [...found.values()];
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Reading it as a photo says what is wrong with it.
    return false;
  }
}

/** A file of such a name, found in the folder we are in, must not pass for a blob later. */
function pathIn(folder: string, name: string): string {
  const path = join(folder, name);
  return isAzureName(path) ? `./${path}` : path;
}

/** Adds one by one: a folder may hold more photos than a call may have arguments. */
async function addPhotosBelow(folder: string, photos: string[]): Promise<void> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch {
    // It stands for itself: reading it as a photo says what is wrong with it, and the rest goes on.
    photos.push(folder);
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = pathIn(folder, entry.name);
    if (entry.isDirectory()) await addPhotosBelow(path, photos);
    else if (isPhotoName(entry.name)) photos.push(path);
  }
}
