// The prebuilt addon as it is in the package: self-contained, and loaded without a compiler and without install scripts.

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../lib/package_root.js';
import { run } from '../fixtures/command_line.js';
import { prebuiltAddon, skipWithoutPrebuilt } from '../fixtures/prebuilt.js';

const skip = skipWithoutPrebuilt;

t.test('it needs glibc alone, shows two functions and holds no path of its maker', { skip }, async (t) => {
  const check = join(packageRoot, 'scripts', 'check-prebuild.mjs');
  const { code, stdout } = await run(process.execPath, [check, '--json', prebuiltAddon]);
  const { faults } = JSON.parse(stdout) as { faults: readonly string[] };
  t.same(faults, []);
  t.equal(code, 0);
});

t.test('the packed package', { skip }, async (t) => {
  const folder = t.testdir({
    // Without it the name would mean the checkout, in which the folder lies.
    'package.json': '{ "name": "project", "private": true }',
    'program.mjs': `
      import { availableBackends, detectFaces } from 'facededup';
      const grey = { data: new Uint8Array(6400).fill(90), width: 80, height: 80, channels: 1 };
      console.log(JSON.stringify([availableBackends(), await detectFaces(grey, { detector: 'hog' })]));
    `,
  });
  const installed = unpack(folder);
  // Nothing is on the path: no compiler, no CMake.
  const program = () =>
    run(process.execPath, [join(folder, 'program.mjs')], { cwd: folder, env: { PATH: '' } });

  await t.test('works as it is unpacked', async (t) => {
    const { code, stdout, stderr } = await program();
    t.equal(code, 0, stderr);
    t.same(JSON.parse(stdout), [[{ backend: 'opencv', target: 'cpu' }], []]);
  });

  await t.test('without an addon says what to install', async (t) => {
    rmSync(join(installed, 'prebuilds'), { recursive: true });
    const { code, stderr } = await program();
    t.equal(code, 1);
    t.match(stderr, /NATIVE_ADDON_MISSING/);
    t.match(stderr, /libopencv-dev libdlib-dev .*npm rebuild facededup/);
  });
});

/** As npm would install it, with the packages it needs taken from here. */
function unpack(folder: string): string {
  const modules = join(folder, 'node_modules');
  const installed = join(modules, 'facededup');
  mkdirSync(installed, { recursive: true });
  const json = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: packageRoot,
    encoding: 'utf8',
  });
  const [packed] = JSON.parse(json) as { filename: string }[];
  execFileSync('tar', [
    '-xzf',
    join(folder, packed?.filename ?? ''),
    '-C',
    installed,
    '--strip-components=1',
  ]);
  const { dependencies } = JSON.parse(
    execFileSync('tar', ['-xzOf', join(folder, packed?.filename ?? ''), 'package/package.json'], {
      encoding: 'utf8',
    }),
  ) as { dependencies: Record<string, string> };
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(packageRoot, 'node_modules', name), join(modules, name));
  }
  return installed;
}
