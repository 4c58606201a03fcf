// Photos in a container of Azure Blob Storage: listed page by page, downloaded when an engine has room for them.

import { AzureContainer, type AzureLocation, describeAzure, isAzureName, parseAzureName } from '../azure.js';
import { MAX_PHOTO_BYTES } from '../config.js';
import { AzureError, PhotoAccessError, PhotoTooLargeError } from '../errors.js';
import { isPhotoName } from './folder.js';
import type { LazyPhoto } from './photo.js';

/** A blob that `encodeAll` and `detectAll` take as a photo. */
export interface AzurePhoto extends LazyPhoto {
  /** `azure:CONTAINER/BLOB`. */
  readonly name: string;
  /** Another one whenever the blob changes. */
  readonly etag: string;
  readonly bytes: number;
}

/**
 * The photos of a container, by extension and in order of their names.
 *
 * @throws AzureError, InvalidOptionError, AbortedError
 */
export async function* azurePhotos(
  location: AzureLocation,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<AzurePhoto, void, undefined> {
  const container = await AzureContainer.open(location);
  for await (const blob of container.blobs(signal)) {
    if (!isPhotoName(blob.name)) continue;
    const name = describeAzure({ container: location.container, prefix: blob.name });
    const { etag, bytes } = blob;
    yield { name, etag, bytes, read: () => readBlob(container, blob.name, name, signal) };
  }
}

/**
 * A photo by the name that a run gave it: a file's path as it is, a blob as a photo that is downloaded when it is read.
 *
 * @throws InvalidOptionError when it is no name of a blob
 */
export function photoNamed(name: string, signal?: AbortSignal): string | LazyPhoto {
  if (!isAzureName(name)) return name;
  const { prefix: blob = '', ...location } = parseAzureName(name);
  return {
    name,
    read: async () => readBlob(await AzureContainer.open(location), blob, name, signal),
  };
}

async function readBlob(
  container: AzureContainer,
  name: string,
  photo: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  try {
    return await container.download(name, signal, async (blob, content) => {
      if (blob.bytes > MAX_PHOTO_BYTES)
        throw new PhotoTooLargeError(
          'PHOTO_TOO_LARGE',
          `The photo '${photo}' has ${blob.bytes} bytes, more than the ${MAX_PHOTO_BYTES} that are read as a photo.`,
        );
      const chunks: Uint8Array[] = [];
      for await (const chunk of content) chunks.push(chunk);
      return Buffer.concat(chunks);
    });
  } catch (error) {
    if (!(error instanceof AzureError)) throw error;
    const code = error.code === 'AZURE_NOT_FOUND' ? 'PHOTO_NOT_FOUND' : 'PHOTO_UNREADABLE';
    throw new PhotoAccessError(code, `The photo '${photo}' cannot be read. ${error.message}`, {
      cause: error,
    });
  }
}
