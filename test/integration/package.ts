// What npm would publish, and that it can be imported and required.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import t from 'tap';
import type * as Facededup from '../../lib/index.js';
import { packageRoot } from '../../lib/package_root.js';
import { run } from '../fixtures/command_line.js';

interface Packed {
  readonly files: readonly { readonly path: string }[];
  readonly size: number;
}

t.test('the package holds what is needed to run and to build, and nothing else', async (t) => {
  const json = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: packageRoot,
    encoding: 'utf8',
  });
  const [packed] = JSON.parse(json) as Packed[];
  const paths = packed?.files.map(({ path }) => path) ?? [];
  const needed = [
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'package.json',
    'CMakeLists.txt',
    'binding.gyp',
    'models/manifest.json',
    'schema/facededup.config.schema.json',
    'scripts/build-native.mjs',
    'native/addon/addon.cpp',
    'native/vision/lane.cpp',
    'dist/esm/index.js',
    'dist/esm/index.d.ts',
    'dist/esm/cli/main.js',
    'dist/cjs/index.js',
    'dist/cjs/index.d.ts',
    'dist/cjs/package.json',
  ];
  for (const path of needed) t.ok(paths.includes(path), path);
  const allowed =
    /^(README\.md|LICENSE|CHANGELOG\.md|package\.json|CMakeLists\.txt|binding\.gyp|models\/manifest\.json|schema\/facededup\.config\.schema\.json|scripts\/build-native\.mjs|native\/(addon|vision)\/\w+\.(cpp|hpp)|prebuilds\/.*\.node|dist\/(esm|cjs)\/.*\.(js|d\.ts)|dist\/pages\/\w+\/(main\.js|style\.css)|dist\/cjs\/package\.json)$/;
  t.same(
    paths.filter((path) => !allowed.test(path)),
    [],
  );
  // The prebuilt addons are most of it; scripts/check-prebuild.mjs holds each of them to its own budget.
  const budget = paths.some((path) => path.startsWith('prebuilds/')) ? 20_000_000 : 1_000_000;
  t.ok((packed?.size ?? Infinity) < budget, `${packed?.size} bytes`);
});

t.test('every source that CMake names is in the package, and every source there is named', async (t) => {
  const named = [
    ...readFileSync(join(packageRoot, 'CMakeLists.txt'), 'utf8').matchAll(
      /native\/(?:vision|addon)\/\w+\.cpp/g,
    ),
  ].map(([path]) => path);
  const there = execFileSync('find', ['native/vision', 'native/addon', '-name', '*.cpp'], {
    cwd: packageRoot,
    encoding: 'utf8',
  });
  t.same([...new Set(named)].sort(), there.trim().split('\n').sort());
});

const names = [
  'detectFaces',
  'locateLandmarks',
  'encodeFaces',
  'faceDistance',
  'compareFaces',
  'findDuplicates',
  'groupDuplicates',
  'FaceEngine',
  'availableBackends',
  'drawDetections',
  'FaceDedupError',
  'BackendUnavailableError',
];

t.test('it can be imported and required, by its name and with the same names', async (t) => {
  const imported = await run(
    process.execPath,
    ['--input-type=module', '-e', "import * as f from 'facededup'; console.log(Object.keys(f).join())"],
    {
      cwd: packageRoot,
    },
  );
  const required = await run(
    process.execPath,
    ['-e', "console.log(Object.keys(require('facededup')).join())"],
    { cwd: packageRoot },
  );
  t.equal(imported.code, 0, imported.stderr);
  t.equal(required.code, 0, required.stderr);
  const sorted = (list: string) => list.trim().split(',').sort();
  t.same(sorted(required.stdout), sorted(imported.stdout));
  for (const name of names) t.ok(sorted(imported.stdout).includes(name), name);
});

t.test('required, it works: models are found and the addon loads', async (t) => {
  const facededup = createRequire(import.meta.url)('../../dist/cjs/index.js') as typeof Facededup;
  t.ok(facededup.availableBackends().length > 0);
  const grey = { data: new Uint8Array(6400), width: 80, height: 80, channels: 1 } as const;
  t.same(await facededup.detectFaces(grey, { detector: 'hog' }), []);
});
