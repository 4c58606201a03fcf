// Model files from a folder: a mirror on a share or a stick.

import { join } from 'node:path';
import { contentOf, fetchEach, type ModelSource } from './source.js';

export function directorySource(path: string): ModelSource {
  return {
    name: `the folder ${path}`,
    fetch: (files, deliver, { signal }) =>
      fetchEach(files, signal, (file) => deliver(file, contentOf(join(path, file.name)))),
  };
}
