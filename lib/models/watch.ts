// Tells when another version of a model set comes into use.

import { unwatchFile, watchFile } from 'node:fs';

/** Asked for at this interval rather than announced by the system, which tells nothing of folders on a network. */
const intervalMilliseconds = 1_000;

/** @returns a function that ends the watch. It does not keep the process alive. */
export function watchLedger(path: string, onChange: () => void): () => void {
  const listener = () => onChange();
  watchFile(path, { interval: intervalMilliseconds, persistent: false }, listener);
  return () => unwatchFile(path, listener);
}
