// Where model files are looked for and kept.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { InvalidOptionError } from '../errors.js';
import { nonEmptyString, oneOf, type OptionSpec, optionsObject, readOptions } from '../options.js';

/** `https`: the official addresses. `debian`: Debian's source package. Anything else: a folder that holds copies. */
export type ModelSourceName = string;

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
    };

export interface ModelLocations {
  /** Folders of an administrator's choice, looked in before the cache. */
  readonly explicit: readonly string[];
  readonly cache: string;
  readonly sources: readonly ModelSourceName[];
}

const option = <T>(check: OptionSpec<T>['check']): OptionSpec<T> => ({ check });

const sourceNames: OptionSpec<readonly string[]>['check'] = (value, name) => {
  const names: readonly unknown[] = Array.isArray(value) ? value : [value];
  return names.map((each) => nonEmptyString(each, name));
};

const modelsOptionTable = {
  directory: option(nonEmptyString),
  source: option(sourceNames),
  cache: option(nonEmptyString),
} as const;

/**
 * Reads the engine option `models` and the environment variable FACEDEDUP_MODELS, which names one more folder.
 *
 * @throws InvalidOptionError
 */
export function readModelLocations(models: unknown): ModelLocations {
  const given = typeof models === 'string' ? { directory: models } : optionsObject(models);
  const { directory, source, cache } = readOptions(modelsOptionTable, given);
  const fromEnvironment = process.env['FACEDEDUP_MODELS'];
  const explicit = [directory, fromEnvironment].flatMap((folder) => (folder ? [resolve(folder)] : []));
  return { explicit, cache: resolve(cache ?? userCache()), sources: source ?? [] };
}

function userCache(): string {
  const home = homedir();
  const xdg = process.env['XDG_CACHE_HOME'] ?? '';
  const base =
    process.platform === 'win32'
      ? (process.env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'))
      : process.platform === 'darwin'
        ? join(home, 'Library', 'Caches')
        : isAbsolute(xdg)
          ? xdg
          : join(home, '.cache');
  return join(base, 'facededup', 'models');
}

/** Where a fetch looks when nobody says where: the official addresses, then Debian's package on a Debian machine. */
export function defaultSources(): readonly ModelSourceName[] {
  return existsSync('/etc/debian_version') ? ['https', 'debian'] : ['https'];
}

const namedSources = ['https', 'debian'] as const;

export type ParsedSource =
  { readonly kind: (typeof namedSources)[number] } | { readonly kind: 'directory'; readonly path: string };

/**
 * What looks like a path counts as a folder even when it is not there (a share that is not mounted), so that the next
 * source gets its turn.
 *
 * @throws InvalidOptionError when the name is neither a known source, nor a path, nor an existing folder.
 */
export function parseSource(name: ModelSourceName): ParsedSource {
  if (name === 'https' || name === 'debian') return { kind: oneOf(namedSources)(name, 'source') };
  if (/^\.|[\\/]/.test(name) || existsSync(name)) return { kind: 'directory', path: name };
  throw new InvalidOptionError(
    'OPTION_RANGE',
    `The model source '${name}' is neither https nor debian nor a folder that exists.`,
  );
}
