// Where model files are looked for and kept.

import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import {
  boolean,
  callback,
  isArray,
  nonEmptyString,
  type OptionSpec,
  optionsObject,
  readOptions,
} from '../options.js';
import type { FetchProgress } from './sources/source.js';
import { checkSourceName, type ModelSourceName } from './sources/index.js';

/** A folder that is looked in first, or where to look and where to fetch from. */
export type ModelsOption =
  | string
  | {
      /** Looked in first. Files whose digest the manifest does not know are used and reported as `unverified`. */
      readonly directory?: string | undefined;
      /** Where missing files are fetched from, in this order. Default none: the network is not touched. */
      readonly source?: ModelSourceName | readonly ModelSourceName[] | undefined;
      /** Where fetched files are kept. Default the user's cache folder for facededup. */
      readonly cache?: string | undefined;
      /** Where versions brought in by an update are kept. Default the user's data folder, or FACEDEDUP_MODEL_STORE. */
      readonly store?: string | undefined;
      /** Nothing is fetched, whatever `source` says. Default false. */
      readonly offline?: boolean | undefined;
      /** Called while missing files are fetched. */
      readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
    };

export interface ModelLocations {
  /** Folders of an administrator's choice, looked in before the store and the cache. */
  readonly explicit: readonly string[];
  readonly store: string;
  readonly cache: string;
  readonly sources: readonly ModelSourceName[];
  readonly offline: boolean;
  readonly onProgress: (progress: FetchProgress) => void;
}

const option = <T>(check: OptionSpec<T>['check']): OptionSpec<T> => ({ check });

const sourceNames: OptionSpec<readonly ModelSourceName[]>['check'] = (value, name) => {
  const names: readonly unknown[] = isArray(value) ? value : [value];
  return names.map((each) => checkSourceName(each, name));
};

const modelsOptionTable = {
  directory: option(nonEmptyString),
  source: option(sourceNames),
  cache: option(nonEmptyString),
  store: option(nonEmptyString),
  offline: option(boolean),
  onProgress: option(callback),
} as const;

/**
 * Reads the engine option `models` and the environment variables FACEDEDUP_MODELS, which names one more folder, and
 * FACEDEDUP_MODEL_STORE.
 *
 * @throws InvalidOptionError
 */
export function readModelLocations(models: unknown): ModelLocations {
  const given = typeof models === 'string' ? { directory: models } : optionsObject(models);
  const { directory, source, cache, store, offline, onProgress } = readOptions(modelsOptionTable, given);
  const fromEnvironment = process.env['FACEDEDUP_MODELS'];
  return {
    explicit: [directory, fromEnvironment].flatMap((folder) => (folder ? [resolve(folder)] : [])),
    store: resolve(store ?? (process.env['FACEDEDUP_MODEL_STORE'] || userFolder('data'))),
    cache: resolve(cache ?? userFolder('cache')),
    sources: source ?? [],
    offline: offline ?? false,
    onProgress: (onProgress as ((progress: FetchProgress) => void) | undefined) ?? (() => undefined),
  };
}

/**
 * The user's own folders. What is in the cache may be wiped and had again; what an administrator put in place may not.
 * Linux: https://specifications.freedesktop.org/basedir-spec/latest/
 */
function userFolder(kind: 'cache' | 'data'): string {
  const home = homedir();
  const isCache = kind === 'cache';
  switch (process.platform) {
    case 'win32': {
      const base = process.env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local');
      return join(base, 'facededup', isCache ? 'models' : 'model-store');
    }
    case 'darwin': {
      const base = join(home, 'Library', isCache ? 'Caches' : 'Application Support');
      return join(base, 'facededup', 'models');
    }
    default: {
      const xdg = process.env[isCache ? 'XDG_CACHE_HOME' : 'XDG_DATA_HOME'] ?? '';
      const base = isAbsolute(xdg) ? xdg : join(home, isCache ? '.cache' : '.local/share');
      return join(base, 'facededup', 'models');
    }
  }
}
