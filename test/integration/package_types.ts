// The packed package as compilers and bundlers see it: both module systems, every entry, with types that tell the truth.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import t, { type Test } from 'tap';
import { packageRoot } from '../../lib/package_root.js';
import { run } from '../fixtures/command_line.js';
import { dependencies, installInto, packInto } from '../fixtures/packed.js';

const folder = t.testdir({});
const packed = packInto(folder);
installInto(folder, packed, [...dependencies, '@types/node']);

t.test('publint finds nothing to say', async (t) => {
  const { buffer } = new Uint8Array(readFileSync(packed.tarball));
  const { messages } = await publint({ pack: { tarball: buffer }, strict: true });
  t.same(messages, []);
});

t.test('no types are wrong, whichever way an entry is resolved', async (t) => {
  const analysis = await checkPackage(
    createPackageFromTarballData(new Uint8Array(readFileSync(packed.tarball))),
  );
  if (!analysis.types) {
    t.fail('the package has no types');
    return;
  }
  t.equal(analysis.types.kind, 'included');
  // Resolution as before Node 12 knows the main entry alone: no Node that this package runs on resolves so.
  const problems = analysis.problems.filter(
    (problem) => !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
  );
  t.same(problems, []);
  const entries = Object.keys(analysis.entrypoints);
  for (const entry of ['.', './matcher', './server', './cluster']) t.ok(entries.includes(entry), entry);
});

/** Compiles a folder's files and shows what the compiler complains of. */
async function compile(
  t: Test,
  options: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, source] of Object.entries(files))
    copyFileSync(join(packageRoot, 'test', 'types', source), join(folder, name));
  const config = join(folder, `tsconfig.${Object.keys(files).length}.json`);
  const compilerOptions = { strict: true, noEmit: true, exactOptionalPropertyTypes: true, ...options };
  writeFileSync(config, JSON.stringify({ compilerOptions, files: Object.keys(files) }));
  const compiler = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code, stdout } = await run(process.execPath, [compiler, '-p', config], { cwd: folder });
  t.equal(stdout, '');
  t.equal(code, 0);
}

t.test('its types compile for ES modules and for CommonJS', async (t) => {
  const options = { target: 'ES2022', lib: ['ES2023'], module: 'NodeNext', types: ['node'] };
  await compile(t, options, {
    'public_names.mts': 'public_names.ts',
    'public_names.cts': 'public_names.ts',
    'imported.mts': 'imported.mts',
    'required.cts': 'required.cts',
  });
});

t.test('the matcher compiles for a page, without the types of Node', async (t) => {
  const options = {
    target: 'ES2022',
    lib: ['ES2022', 'DOM'],
    module: 'ESNext',
    moduleResolution: 'Bundler',
    types: [],
  };
  await compile(t, options, { 'in_browser.ts': 'in_browser.ts' });
});
