// Where the package lies, from lib/ as well as from dist/.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findPackageRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    // dist/cjs has a package.json of its own, without a name.
    if (
      existsSync(file) &&
      (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name === 'facededup'
    )
      return folder;
    if (folder === dirname(folder))
      throw new Error('facededup is not installed as a package: its package.json is missing.');
  }
}

/** The folder of facededup's package.json. */
export const packageRoot = findPackageRoot();

export const packageVersion = (
  JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { readonly version: string }
).version;
