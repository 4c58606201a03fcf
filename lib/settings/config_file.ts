// facededup.config.json: read, checked against its schema, and changed without ever being half written.

import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import { isAzureName } from '../azure.js';
import { ConfigFileError, messageOf } from '../errors.js';
import { isAbsence, sharedFile, writeWhole } from '../models/files.js';
import { configSchema } from './schema.js';
import { type Settings, settingsTable } from './table.js';

/** Looked for in the current folder where neither the caller nor FACEDEDUP_CONFIG names another. */
export const configFileName = 'facededup.config.json';

const maxBytes = 1 << 20;

type Content = Readonly<Record<string, unknown>>;

const check = new Ajv({ allErrors: true }).compile(configSchema);

/** By the names in the table; null takes a setting out, so that its default holds again. */
export type SettingChanges = { readonly [Name in keyof Settings]?: Settings[Name] | null };

/** facededup.config.json, whole: what is not known in it is kept when a setting changes. */
export class ConfigFile {
  /** Absolute. */
  readonly path: string;
  #content: Content;
  #isThere: boolean;

  private constructor(path: string, content: Content | undefined) {
    this.path = path;
    this.#content = content ?? {};
    this.#isThere = content !== undefined;
  }

  /** Whether there is a file at all. */
  get isThere(): boolean {
    return this.#isThere;
  }

  /**
   * @param path default FACEDEDUP_CONFIG, else `facededup.config.json` in the current folder, which need not be there.
   * @throws ConfigFileError `CONFIG_FILE_UNREADABLE`, `CONFIG_FILE_INVALID`
   */
  static async read(path?: string): Promise<ConfigFile> {
    const named = path ?? (process.env['FACEDEDUP_CONFIG'] || undefined);
    const file = resolve(named ?? configFileName);
    const content = await contentOf(file);
    if (named !== undefined && !content) throw unreadable(file, new Error('there is no such file'));
    return new ConfigFile(file, content);
  }

  /** Takes up what others have written since. @throws as read */
  async refresh(): Promise<Settings> {
    const content = await contentOf(this.path);
    this.#content = content ?? {};
    this.#isThere = content !== undefined;
    return this.settings;
  }

  /** As the file says them, its relative paths made absolute. */
  get settings(): Settings {
    const folder = dirname(this.path);
    const settings: Settings = Object.fromEntries(
      Object.entries(this.#content).filter(([name]) => name !== '$schema'),
    );
    const path = (text: string | undefined) => (text === undefined ? undefined : resolve(folder, text));
    const paths = {
      store: isAddress(settings.store) ? settings.store : path(settings.store),
      models: path(settings.models),
      calibration: path(settings.calibration),
      roots: settings.roots?.map((root) => (isAzureName(root) ? root : resolve(folder, root))),
    };
    const given = Object.entries(paths).filter(([, value]) => value !== undefined);
    return { ...settings, ...(Object.fromEntries(given) as Partial<Settings>) };
  }

  /**
   * Changes the file, begins it where it is not there, and leaves what is not named as it is now.
   *
   * @throws ConfigFileError `CONFIG_FILE_INVALID` when a value is out of its range, and the file is as it was.
   */
  async update(changes: SettingChanges): Promise<Settings> {
    await this.refresh();
    const entries = Object.entries({ ...this.#content, ...changes }).filter(
      ([, value]) => value !== null && value !== undefined,
    );
    const content = Object.fromEntries(entries);
    requireValid(this.path, content);
    try {
      const bytes = Buffer.from(`${JSON.stringify(content, null, 2)}\n`);
      await writeWhole(this.path, [bytes], { maxBytes, mode: await modeOf(this.path) });
    } catch (cause) {
      throw unreadable(this.path, cause);
    }
    this.#content = content;
    this.#isThere = true;
    return this.settings;
  }
}

/** What a file says, less what the environment says otherwise. */
export function belowEnvironment(settings: Settings): Settings {
  const holds = ([name]: [string, unknown]) => {
    const variable = settingsTable[name]?.variable;
    return variable === undefined || !process.env[variable];
  };
  return Object.fromEntries(Object.entries(settings).filter(holds));
}

/** Of a cluster's store, and not of a file. */
function isAddress(text: string | undefined): boolean {
  return text !== undefined && /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

/** Who could not read the file before cannot read the one that takes its place, either. */
async function modeOf(path: string): Promise<number | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats && stats.mode & sharedFile;
}

async function contentOf(path: string): Promise<Content | undefined> {
  try {
    return parsed(path, await readFile(path, 'utf8'));
  } catch (cause) {
    if (isAbsence(cause)) return undefined;
    throw cause instanceof ConfigFileError ? cause : unreadable(path, cause);
  }
}

function parsed(path: string, text: string): Content {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, `it is no JSON: ${(cause as Error).message}`, cause);
  }
  requireValid(path, content);
  return content;
}

function requireValid(path: string, content: unknown): asserts content is Content {
  if (check(content)) return;
  throw invalid(path, (check.errors ?? []).map(inWords).join('; '));
}

function inWords({ instancePath, keyword, params, message }: ErrorObject): string {
  if (keyword === 'additionalProperties') {
    const known = Object.keys(settingsTable).join(', ');
    return `there is no setting '${String(params['additionalProperty'])}'; there are ${known}`;
  }
  const allowed = keyword === 'enum' ? `: ${(params['allowedValues'] as string[]).join(', ')}` : '';
  return `${instancePath.slice(1).replaceAll('/', '.') || 'the file'} ${message ?? 'is wrong'}${allowed}`;
}

function invalid(path: string, reason: string, cause?: unknown): ConfigFileError {
  return new ConfigFileError('CONFIG_FILE_INVALID', `The configuration '${path}' is wrong: ${reason}.`, {
    cause,
  });
}

function unreadable(path: string, cause: unknown): ConfigFileError {
  const reason = messageOf(cause);
  return new ConfigFileError(
    'CONFIG_FILE_UNREADABLE',
    `The configuration '${path}' cannot be read or written: ${reason}.`,
    { cause },
  );
}
