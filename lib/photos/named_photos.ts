// The photos a person named: files, folders, and containers of Azure Blob Storage.

import { dirname, resolve } from 'node:path';
import { describeAzure, isAzureName, parseAzureName } from '../azure.js';
import { NoPhotosError } from '../errors.js';
import { azurePhotos } from './azure.js';
import { listPhotos } from './folder.js';
import { type LazyPhoto, readPhotoFile } from './photo.js';

/** A photo file's path, or a blob that says whether it changed. */
export type NamedPhoto = string | (LazyPhoto & { readonly etag: string });

/** Gives all bytes of a file, or throws why it may not be read. */
export type FileReader = (path: string) => Promise<Uint8Array>;

/** Those of a container are listed while others are worked on. */
export class NamedPhotos {
  readonly #paths: readonly string[];
  /** The files among them, as they were named or joined to the folder that was. */
  readonly files: readonly string[];
  readonly #containers: readonly string[];
  /** Reads one of the files, or says why it may not be read. */
  readonly readFile: FileReader;
  /** Of the places named those with a photo, absolute. */
  #livingPlaces: ReadonlySet<string> | undefined;
  /** Known so far. */
  total: number;

  private constructor(
    paths: readonly string[],
    files: readonly string[],
    containers: readonly string[],
    readFile: FileReader,
  ) {
    this.#paths = paths;
    this.files = files;
    this.#containers = containers;
    this.readFile = readFile;
    this.total = files.length;
  }

  /** @throws NoPhotosError, InvalidOptionError */
  static async of(
    paths: readonly string[],
    { readFile = readPhotoFile }: { readonly readFile?: FileReader } = {},
  ): Promise<NamedPhotos> {
    const containers = paths.filter(isAzureName);
    containers.forEach(parseAzureName);
    const files = await listPhotos(paths.filter((path) => !isAzureName(path)));
    if (files.length === 0 && containers.length === 0) throw noPhotos(paths);
    return new NamedPhotos(paths, files, containers, readFile);
  }

  /**
   * Whether a photo of this name, an absolute path or a blob's, would be among them if it were there. A folder without any
   * photo covers none: it may be where a disk is put at other times.
   */
  covers(name: string): boolean {
    if (isAzureName(name))
      return this.#containers.some((named) => {
        const { container, prefix = '' } = parseAzureName(named);
        return name.startsWith(`${describeAzure({ container })}/${prefix}`);
      });
    this.#livingPlaces ??= placesWith(this.files, this.#paths);
    return ancestorsOf(name).some((place) => this.#livingPlaces?.has(place));
  }

  /** May be gone through once. @throws NoPhotosError, AzureError */
  async *[Symbol.asyncIterator](): AsyncGenerator<NamedPhoto, void, undefined> {
    yield* this.files;
    const seen = new Set<string>();
    for (const container of this.#containers)
      for await (const photo of azurePhotos(parseAzureName(container))) {
        if (seen.has(photo.name)) continue;
        seen.add(photo.name);
        this.total++;
        yield photo;
      }
    if (this.total === 0) throw noPhotos(this.#paths);
  }
}

function placesWith(files: readonly string[], paths: readonly string[]): Set<string> {
  const places = new Set(paths.map((path) => resolve(path)));
  const living = new Set<string>();
  const folders = new Set<string>();
  for (const file of files) {
    const whole = resolve(file);
    if (places.has(whole)) living.add(whole);
    const folder = dirname(whole);
    if (folders.has(folder)) continue;
    folders.add(folder);
    for (const place of ancestorsOf(folder)) if (places.has(place)) living.add(place);
  }
  return living;
}

/** Itself, and the folders that it lies in. */
function ancestorsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [path, ...ancestorsOf(parent)];
}

function noPhotos(paths: readonly string[]): NoPhotosError {
  return new NoPhotosError(
    'NO_PHOTOS',
    `There are no photos in ${paths.join(', ')}: folders and containers are searched for JPEG, PNG, WebP, BMP and TIFF files.`,
  );
}
