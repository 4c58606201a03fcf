// Packages that most installations do without: loaded when they are needed, and missed by name.

import type { FaceDedupError } from './errors.js';

/** @throws what `missing` makes, where the package is not installed. */
export async function loadOptional<Package>(
  load: () => Promise<Package>,
  missing: (cause: Error) => FaceDedupError,
): Promise<Package> {
  try {
    return await load();
  } catch (cause) {
    const isMissing =
      cause instanceof Error && 'code' in cause && /MODULE_NOT_FOUND$/.test(String(cause.code));
    throw isMissing ? missing(cause) : cause;
  }
}
