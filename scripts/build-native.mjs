// Builds the addon with CMake and puts it where node-gyp-build looks: build/Release/facededup.node.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cmakeJs = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');

// A folder of CMake's own: node-gyp keeps its makefiles in build/ while it runs this script.
const work = join(root, 'build', 'cmake');
const options = ['--directory', root, '--out', work, '--parallel', String(availableParallelism())];
const built = spawnSync(process.execPath, [cmakeJs, 'compile', ...options], { stdio: 'inherit' });
if (built.status !== 0) {
  console.error(
    'facededup: the addon could not be built. It needs CMake, a C++17 compiler, OpenCV 4, dlib, OpenBLAS and the image ' +
      'libraries with their headers; on Debian: apt-get install cmake g++ libopencv-dev libdlib-dev libopenblas-dev ' +
      'libjpeg-dev libpng-dev libtiff-dev libwebp-dev',
  );
  process.exit(1);
}

const target = join(root, 'build', 'Release', 'facededup.node');
mkdirSync(dirname(target), { recursive: true });
// A process may have the old file mapped: it must be replaced, not written over.
copyFileSync(join(work, 'Release', 'facededup.node'), `${target}.new`);
renameSync(`${target}.new`, target);
