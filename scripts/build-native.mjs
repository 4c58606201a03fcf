// Builds the addon with CMake and puts it where node-gyp-build looks: build/Release/facededup.node.
// With --if-needed (the install script) only where no addon that is there already, such as a prebuilt one, loads.
// FACEDEDUP_BUILD=source builds in any case, FACEDEDUP_BUILD=cuda against an OpenCV with CUDA; OpenCV_DIR names another OpenCV.
// It needs neither node-gyp nor Python nor Node's headers, which `node-gyp-build` as install script would ask for.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

/** What FACEDEDUP_BUILD may be, and what CMake is told then. */
const kinds = { source: ['--CDFACEDEDUP_CUDA=OFF'], cuda: ['--CDFACEDEDUP_CUDA=ON'] };
const kind = process.env.FACEDEDUP_BUILD || undefined;
if (kind !== undefined && !Object.hasOwn(kinds, kind)) {
  fail(`FACEDEDUP_BUILD is '${kind}'; it can be ${Object.keys(kinds).join(' or ')}, or be left out.`);
}
const fromSource = kind !== undefined || process.env.npm_config_build_from_source === 'true';
if (process.argv.includes('--if-needed') && !fromSource && addonLoads()) process.exit(0);

// A folder of CMake's own: node-gyp keeps its makefiles in build/ while it runs this script.
const work = join(root, 'build', 'cmake');
const cmakeJs = require.resolve('cmake-js/bin/cmake-js');
const { OpenCV_DIR: openCv } = process.env;
const options = [
  ...['--directory', root, '--out', work, '--parallel', String(availableParallelism())],
  ...kinds[kind ?? 'source'],
  // CMake would remember the OpenCV of the build before.
  ...(openCv ? [`--CDOpenCV_DIR=${openCv}`] : []),
];
const built = spawnSync(process.execPath, [cmakeJs, 'compile', ...options], { stdio: 'inherit' });
if (built.status !== 0) {
  fail(
    'the addon could not be built. It needs CMake, make, a C++17 compiler, OpenCV 4, dlib, OpenBLAS and the image ' +
      'libraries with their headers; on Debian: apt-get install cmake make g++ libopencv-dev libdlib-dev libopenblas-dev ' +
      'libjpeg-dev libpng-dev libtiff-dev libwebp-dev. See docs/install.md of facededup.',
  );
}

const target = join(root, 'build', 'Release', 'facededup.node');
mkdirSync(dirname(target), { recursive: true });
// A process may have the old file mapped: it must be replaced, not written over.
copyFileSync(join(work, 'Release', 'facededup.node'), `${target}.new`);
renameSync(`${target}.new`, target);

function fail(reason) {
  console.error(`facededup: ${reason}`);
  process.exit(1);
}

function addonLoads() {
  try {
    require('node-gyp-build')(root);
    return true;
  } catch {
    return false;
  }
}
