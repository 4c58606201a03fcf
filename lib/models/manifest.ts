// The manifest: which model files there are, what they must be, and where they come from.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InternalError } from '../errors.js';
import { packageRoot } from '../package_root.js';

/** What the code calls each file. */
export type ModelKey =
  'ssd-prototxt' | 'ssd-weights' | 'landmarks-small' | 'landmarks-large' | 'encoder' | 'mmod';

/** Files that belong together and are replaced together; most sets are one file. */
export type ModelSetName = 'ssd' | Exclude<ModelKey, 'ssd-prototxt' | 'ssd-weights'>;

/** The bytes that a model file must have. */
export interface OfficialFile {
  readonly bytes: number;
  /** Of the file as it is loaded, not of an archive around it; 64 hexadecimal digits. */
  readonly sha256: string;
}

/** One model file: what it is for, who may use it, and what its bytes must be. */
export interface ModelFile {
  readonly key: ModelKey;
  /** The set it is a part of; without it the file is a set by itself, of its key's name. */
  readonly set?: ModelSetName;
  readonly name: string;
  readonly purpose: string;
  readonly licence: string;
  readonly commercialUse: boolean;
  /** Each is an official file; the first is the one that is fetched. */
  readonly versions: readonly [OfficialFile, ...OfficialFile[]];
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

/** The model files that the library knows; shipped as models/manifest.json. */
export interface Manifest {
  readonly files: readonly ModelFile[];
}

export function setOf({ key, set }: Pick<ModelFile, 'key' | 'set'>): ModelSetName {
  // Only files that name their set have another key than it.
  return set ?? (key as ModelSetName);
}

/** The manifest's files by sets, in its order. */
export function setsOf({ files }: Manifest): ReadonlyMap<ModelSetName, readonly ModelFile[]> {
  const sets = new Map<ModelSetName, ModelFile[]>();
  for (const file of files) sets.set(setOf(file), [...(sets.get(setOf(file)) ?? []), file]);
  return sets;
}

let official: Manifest | undefined;

/**
 * The manifest that comes with the package.
 *
 * @throws InternalError `INTERNAL` when it is not whole.
 */
export function officialManifest(): Manifest {
  official ??= checkedManifest(
    JSON.parse(readFileSync(join(packageRoot, 'models', 'manifest.json'), 'utf8')),
  );
  return official;
}

/** @throws InternalError `INTERNAL` naming the first entry that is not whole. */
export function checkedManifest(value: unknown): Manifest {
  const { files } = fieldsOf(value);
  if (!Array.isArray(files)) throw new InternalError('INTERNAL', 'The model manifest has no list of files.');
  const seen = new Set<unknown>();
  for (const [i, file] of files.map(fieldsOf).entries()) {
    if (seen.has(file['key']) || !isWhole(file)) {
      const name = JSON.stringify(file['key']);
      throw new InternalError('INTERNAL', `Entry ${i} (${name}) of the model manifest is not whole.`);
    }
    seen.add(file['key']);
  }
  return { files: files as readonly ModelFile[] };
}

type Fields = Readonly<Record<string, unknown>>;

/** None of what is no object. */
function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function isWhole({ key, name, licence, commercialUse, versions, https }: Fields): boolean {
  return (
    [key, name, licence].every((text) => typeof text === 'string' && text !== '') &&
    // It becomes part of a path.
    /^(?!\.\.?$)[\w.-]+$/.test(name as string) &&
    typeof commercialUse === 'boolean' &&
    Array.isArray(versions) &&
    versions.length > 0 &&
    versions.map(fieldsOf).every(isOfficialFile) &&
    Array.isArray(https)
  );
}

function isOfficialFile({ bytes, sha256 }: Fields): boolean {
  return (
    Number.isSafeInteger(bytes) &&
    (bytes as number) > 0 &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256)
  );
}
