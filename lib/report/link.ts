// Where a photo lies, as an address that a report beside it can use.

import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isAzureName } from '../azure.js';

/** Relative, so that a folder may move with its report; undefined for what is no file. */
export function linkTo(report: string, photo: string): string | undefined {
  if (isAzureName(photo)) return undefined;
  const path = relative(dirname(resolve(report)), resolve(photo));
  // On another drive of Windows.
  if (isAbsolute(path)) return pathToFileURL(path).href;
  return path.split(sep).map(encodeURIComponent).join('/');
}
