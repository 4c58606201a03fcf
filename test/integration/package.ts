// What npm would publish, and that it can be imported and required.

import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import t from 'tap';
import type * as Facededup from '../../lib/index.js';
import { packageRoot } from '../../lib/package_root.js';
import { run } from '../fixtures/command_line.js';
import { dependencies, packInto } from '../fixtures/packed.js';

const { paths, size, integrity } = packInto(t.testdir({}));

t.test('the package holds what is needed to run and to build, and nothing else', async (t) => {
  const needed = [
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'THIRD_PARTY_LICENCES.txt',
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
    'dist/esm/matcher.js',
    'dist/cjs/server/index.js',
    'dist/pages/report/main.js',
    'dist/pages/review/style.css',
  ];
  for (const path of needed) t.ok(paths.includes(path), path);
  const allowed =
    /^(README\.md|LICENSE|CHANGELOG\.md|THIRD_PARTY_LICENCES\.txt|package\.json|CMakeLists\.txt|binding\.gyp|models\/manifest\.json|schema\/facededup\.config\.schema\.json|scripts\/build-native\.mjs|cmake\/[\w-]+\.(cmake|c|map)|native\/(addon|vision)\/\w+\.(cpp|hpp)|prebuilds\/[\w-]+\/([\w.]+\.node|THIRD_PARTY_LICENCES\.txt|libraries\.json)|dist\/pages\/\w+\/(main\.js|style\.css)|dist\/(esm|cjs)\/.*\.(js|d\.ts)|dist\/cjs\/package\.json)$/;
  t.same(
    paths.filter((path) => !allowed.test(path)),
    [],
  );
});

const mebibyte = 2 ** 20;

t.test('the package is small: 1.5 MiB, and 40 MiB with prebuilt addons', async (t) => {
  const isPrebuilt = paths.some((path) => path.startsWith('prebuilds/'));
  t.ok(size < (isPrebuilt ? 40 : 1.5) * mebibyte, `${size} bytes`);
});

t.test('packed once more, later and from another folder, it is the same to the byte', async (t) => {
  const copy = t.testdir({});
  for (const path of paths) {
    const file = join(copy, path);
    cpSync(join(packageRoot, path), file, { recursive: true });
    utimesSync(file, new Date(0), new Date(0));
  }
  t.equal(packInto(t.testdirName, copy).integrity, integrity);
});

t.test('whose work comes with it is named with its licence', async (t) => {
  const licences = readFileSync(join(packageRoot, 'THIRD_PARTY_LICENCES.txt'), 'utf8');
  const { packages } = JSON.parse(readFileSync(join(packageRoot, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly version: string }>>;
  };
  for (const name of dependencies) {
    const { version } = packages[`node_modules/${name}`] ?? {};
    t.ok(licences.includes(`\n${name} ${version} (`), `${name} ${version}`);
  }
  const addons = paths.filter((path) => path.endsWith('.node'));
  for (const addon of addons)
    t.ok(paths.includes(join(dirname(addon), 'THIRD_PARTY_LICENCES.txt')), `beside ${addon}`);
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
