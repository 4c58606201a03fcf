// The manifest: which model files there are, what they must be, and where they come from.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package_root.js';

/** What the code calls each file. */
export type ModelKey =
  'ssd-prototxt' | 'ssd-weights' | 'landmarks-small' | 'landmarks-large' | 'encoder' | 'mmod';

export interface ModelVersion {
  readonly bytes: number;
  /** Of the file as it is loaded, not of an archive around it; 64 hexadecimal digits. */
  readonly sha256: string;
}

export interface ModelFile {
  readonly key: ModelKey;
  readonly name: string;
  readonly purpose: string;
  readonly licence: string;
  readonly commercialUse: boolean;
  /** Each is an official file; the first is the one that is fetched. */
  readonly versions: readonly [ModelVersion, ...ModelVersion[]];
  /**
   * dlib writes every number in as many bytes as it needs, so another model never has exactly the official one's
   * length: a file of that length with another digest is a damaged copy.
   */
  readonly lengthIdentifies?: boolean;
  /** Official addresses; what ends in .bz2 is unpacked. */
  readonly https: readonly string[];
  /** A component of a Debian source package whose archive holds the file. */
  readonly debian?: { readonly package: string; readonly component: string };
}

export interface Manifest {
  readonly files: readonly ModelFile[];
}

let official: Manifest | undefined;

/** The manifest that comes with the package. */
export function officialManifest(): Manifest {
  official ??= JSON.parse(readFileSync(join(packageRoot, 'models', 'manifest.json'), 'utf8')) as Manifest;
  return official;
}
