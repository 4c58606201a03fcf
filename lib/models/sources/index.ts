// The places that model files come from, by the names that users give them.

import { existsSync } from 'node:fs';
import { type AzureLocation, checkAzureLocation, isAzureName, parseAzureName } from '../../azure.js';
import { InvalidOptionError } from '../../errors.js';
import { nonEmptyString } from '../../options.js';
import { redactAddress } from '../../redaction.js';
import { azureSource } from './azure.js';
import { debianSource } from './debian.js';
import { directorySource } from './directory.js';
import { mirrorSource, officialSource } from './https.js';
import type { ModelSource } from './source.js';

/**
 * `https`: the official addresses. `debian`: Debian's source package. An `https://` address: a mirror, the files under
 * their names below it. `azure:CONTAINER/PREFIX` or an AzureLocation: a container. Anything else: a folder with copies.
 */
export type ModelSourceName = string | AzureLocation;

/** Where a fetch looks when nobody says where: the official addresses, then Debian's package on a Debian machine. */
export function defaultSources(): readonly ModelSourceName[] {
  return existsSync('/etc/debian_version') ? ['https', 'debian'] : ['https'];
}

/**
 * What looks like a path counts as a folder even when it is not there (a share that is not mounted), so that the next
 * source gets its turn.
 *
 * @throws InvalidOptionError when the name is neither a known source, nor a path, nor an existing folder.
 */
export function sourceNamed(name: ModelSourceName): ModelSource {
  if (typeof name !== 'string') return azureSource(checkAzureLocation(name));
  if (name === 'https') return officialSource;
  if (name === 'debian') return debianSource;
  if (isAzureName(name)) return azureSource(parseAzureName(name));
  if (isAddress(name)) return mirrorSource(checkedAddress(name));
  if (/^\.|[\\/]/.test(name) || existsSync(name)) return directorySource(name);
  throw new InvalidOptionError(
    'OPTION_RANGE',
    `The model source '${name}' is neither https nor debian, an https:// address, azure:CONTAINER/PREFIX, nor a folder ` +
      'that exists.',
  );
}

/** For a source that is checked no further than by its type yet. */
export function checkSourceName(value: unknown, name: string): ModelSourceName {
  return typeof value === 'object' && value !== null
    ? checkAzureLocation(value)
    : nonEmptyString(value, name);
}

/** Whether anybody on the way could put in other bytes. */
export function isUnprotected(name: ModelSourceName): boolean {
  return typeof name === 'string' && /^http:/i.test(name);
}

function isAddress(name: string): boolean {
  return /^https?:\/\//i.test(name);
}

function checkedAddress(address: string): string {
  if (URL.canParse(address)) return address;
  throw new InvalidOptionError('OPTION_RANGE', `'${redactAddress(address)}' is no address.`);
}
