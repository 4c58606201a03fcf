// Builds the native rivals of the benches, each into build/bench.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('.', import.meta.url));
const folder = fileURLToPath(new URL('../../build/bench', import.meta.url));

/**
 * Builds one program of scripts/bench/CMakeLists.txt.
 *
 * @returns {string | undefined} the path of the executable; undefined when its libraries are missing, which is printed.
 * @throws Error with the compiler's output when it does not compile.
 */
export function buildProgram(name) {
  const configured = cmake(['-S', source, '-B', folder, '-DCMAKE_BUILD_TYPE=Release']);
  const leftOut = new RegExp(`${name} is left out: .*`).exec(configured);
  if (leftOut) {
    console.log(leftOut[0]);
    return undefined;
  }
  cmake(['--build', folder, '--target', name]);
  const program = join(folder, name);
  if (!existsSync(program)) throw new Error(`${program} was not built`);
  return program;
}

function cmake(args) {
  const { status, stdout, stderr, error } = spawnSync('cmake', args, { encoding: 'utf8' });
  if (error) throw new Error(`cmake does not start: ${error.message}`);
  if (status !== 0) throw new Error(`cmake ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}
