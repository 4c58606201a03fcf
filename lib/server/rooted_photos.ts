// Which photos a server may read: those below the folders and Azure prefixes it was given, wherever a name may point to.

import { lstat, realpath, stat } from 'node:fs/promises';
import { isAbsolute, resolve, sep } from 'node:path';
import { describeAzure, isAzureName, parseAzureName } from '../azure.js';
import { InvalidOptionError, PhotoAccessError } from '../errors.js';
import { photoNamed } from '../photos/azure.js';
import { NamedPhotos } from '../photos/named_photos.js';
import { type LazyPhoto, readPhotoFile } from '../photos/photo.js';

interface RootFolder {
  /** Absolute, as it was given. */
  readonly path: string;
  /** Without symbolic links. */
  readonly real: string;
}

export class RootedPhotos {
  /** As they were given, made absolute. */
  readonly names: readonly string[];
  readonly #folders: readonly RootFolder[];
  readonly #containers: readonly string[];

  private constructor(folders: readonly RootFolder[], containers: readonly string[]) {
    this.#folders = folders;
    this.#containers = containers;
    this.names = [...folders.map(({ path }) => path), ...containers];
  }

  /**
   * @param roots folders, and azure:CONTAINER or azure:CONTAINER/PREFIX.
   * @throws InvalidOptionError `ARGUMENT_INVALID` when one is no folder.
   */
  static async of(roots: readonly string[]): Promise<RootedPhotos> {
    const folders = roots.filter((root) => !isAzureName(root)).map(rootFolder);
    const containers = roots.filter(isAzureName).map(normalAzureName);
    return new RootedPhotos(await Promise.all(folders), containers);
  }

  /**
   * The photos of files, folders and prefixes within the roots. A link in a folder that leads out of the roots becomes a
   * failed photo.
   *
   * @throws PhotoAccessError `PHOTO_OUTSIDE_ROOTS`, `PHOTO_NOT_FOUND`; NoPhotosError, InvalidOptionError
   */
  async listed(places: readonly string[]): Promise<NamedPhotos> {
    return NamedPhotos.of(await this.requireAll(places), { readFile: (path) => this.#readFile(path) });
  }

  /** @returns the places as `listed` takes them. @throws as listed */
  async requireAll(places: readonly string[]): Promise<string[]> {
    return Promise.all(
      places.map(async (place) => {
        if (!isAzureName(place)) return (await this.#real(place)) && resolve(place);
        const name = this.#requireBlob(place);
        // Blobs are listed by what their names begin with, and a root stands for a folder.
        return this.#containers.includes(name) && !name.endsWith('/') ? `${name}/` : name;
      }),
    );
  }

  /**
   * A photo by its name in a set, to be read within the roots alone.
   *
   * @param signal ends the download of a blob.
   * @returns with `stamp`, which changes whenever the file does; a blob has none.
   * @throws PhotoAccessError `PHOTO_OUTSIDE_ROOTS`, `PHOTO_NOT_FOUND`, `PHOTO_UNREADABLE`; InvalidOptionError
   */
  async photo(
    name: string,
    signal?: AbortSignal,
  ): Promise<{ readonly photo: LazyPhoto; readonly stamp?: string }> {
    if (isAzureName(name)) return { photo: photoNamed(this.#requireBlob(name), signal) as LazyPhoto };
    const real = await this.#real(name);
    const { size, mtimeNs, ctimeNs, ino } = await stat(real, { bigint: true }).catch((cause: unknown) => {
      throw unreadable(name, cause);
    });
    return {
      photo: { name, read: () => this.#readFile(name) },
      stamp: `${size} ${mtimeNs} ${ctimeNs} ${ino}`,
    };
  }

  async #readFile(path: string): Promise<Uint8Array> {
    const real = await this.#real(path);
    return readPhotoFile(real, {
      // Between the look at the path and the opening of the file somebody may have put a link in its place.
      verify: async ({ dev, ino }) => {
        const now = await lstat(real);
        if (now.dev !== dev || now.ino !== ino || (await realpath(real)) !== real) throw outside(path);
      },
    });
  }

  /** Where a path leads to. Nothing is looked at of what lies outside, so that nobody learns what is there. */
  async #real(path: string): Promise<string> {
    if (path.includes('\0') || !isAbsolute(path)) throw outside(path.replaceAll('\0', ''));
    const asNamed = resolve(path);
    if (!this.#folders.some(({ path: root, real }) => isWithin(asNamed, root) || isWithin(asNamed, real)))
      throw outside(path);
    let real: string;
    try {
      real = await realpath(asNamed);
    } catch (cause) {
      throw unreadable(path, cause);
    }
    if (!this.#folders.some((root) => isWithin(real, root.real))) throw outside(path);
    return real;
  }

  #requireBlob(name: string): string {
    const normal = normalAzureName(name);
    // An address with such steps leads somewhere else than its name says.
    const hasSteps = normal.split(/[/\\]/).some((part) => part === '.' || part === '..');
    const isInside = this.#containers.some(
      (root) => normal === root || normal.startsWith(root.endsWith('/') ? root : `${root}/`),
    );
    if (hasSteps || !isInside) throw outside(name);
    return normal;
  }
}

async function rootFolder(root: string): Promise<RootFolder> {
  const path = resolve(root);
  try {
    if ((await stat(path)).isDirectory()) return { path, real: await realpath(path) };
  } catch (cause) {
    throw noFolder(root, cause);
  }
  throw noFolder(root);
}

function noFolder(root: string, cause?: unknown): InvalidOptionError {
  return new InvalidOptionError(
    'ARGUMENT_INVALID',
    `The root '${root}' is no folder that can be read.`,
    cause === undefined ? {} : { cause },
  );
}

function normalAzureName(name: string): string {
  return describeAzure(parseAzureName(name));
}

function isWithin(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
}

function outside(name: string): PhotoAccessError {
  return new PhotoAccessError(
    'PHOTO_OUTSIDE_ROOTS',
    `'${name}' lies outside the folders that this server may read. Start it with --root and the folder, or name another.`,
  );
}

function unreadable(name: string, cause: unknown): PhotoAccessError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new PhotoAccessError('PHOTO_NOT_FOUND', `The photo '${name}' does not exist. Check the path.`, {
      cause,
    });
  return new PhotoAccessError(
    'PHOTO_UNREADABLE',
    `The photo '${name}' cannot be read: ${code ?? 'it failed'}.`,
    {
      cause,
    },
  );
}
