// A configuration to begin with: every setting that has a default, for a person to change.

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigFileError, messageOf } from '../errors.js';
import { writeWhole } from '../models/files.js';
import { packageRoot } from '../package_root.js';
import { configFileName } from './config_file.js';
import { schemaFile } from './schema.js';
import { settingsTable } from './table.js';

/**
 * Writes a configuration that says what holds without it, and names its schema, from which editors have ranges and
 * descriptions.
 *
 * @param path default FACEDEDUP_CONFIG, else `facededup.config.json` in the current folder.
 * @returns its absolute path.
 * @throws ConfigFileError `CONFIG_FILE_UNREADABLE` when it is there already, or cannot be written.
 */
export async function beginConfig(path?: string): Promise<string> {
  const file = resolve(path ?? (process.env['FACEDEDUP_CONFIG'] || configFileName));
  const refuse = (reason: string, cause?: unknown) =>
    new ConfigFileError(
      'CONFIG_FILE_UNREADABLE',
      `The configuration '${file}' cannot be begun: ${reason}.`,
      cause === undefined ? {} : { cause },
    );
  if (existsSync(file)) throw refuse('there is one already, and it stays as it is');
  const defaults = Object.entries(settingsTable).flatMap(([name, { default: fallback }]) =>
    fallback === undefined ? [] : [[name, fallback] as const],
  );
  const content = { $schema: schemaSeenFrom(dirname(file)), ...Object.fromEntries(defaults) };
  try {
    await writeWhole(file, [Buffer.from(`${JSON.stringify(content, null, 2)}\n`)], { maxBytes: 1 << 20 });
  } catch (cause) {
    throw refuse(messageOf(cause), cause);
  }
  return file;
}

/** Where facededup is installed beside the file the reference holds on every machine; elsewhere on this one. */
function schemaSeenFrom(folder: string): string {
  const beside = join('node_modules', 'facededup', schemaFile);
  if (existsSync(join(folder, beside))) return `./${beside.replaceAll('\\', '/')}`;
  return pathToFileURL(join(packageRoot, schemaFile)).href;
}
