// Scripts and style sheets of the pages, as scripts/build-js.mjs bundles them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package_root.js';

export interface PageAssets {
  /** One classic script. */
  readonly script: string;
  readonly style: string;
}

export type PageName = 'report' | 'review' | 'queue';

export function pageAssets(page: PageName): PageAssets {
  const read = (file: string) => readFileSync(join(packageRoot, 'dist', 'pages', page, file), 'utf8');
  return { script: read('main.js'), style: read('style.css') };
}
