// Builds dist/: ES modules and types by tsc, the same modules once more as CommonJS by esbuild, and the pages. The licences
// of the packages that come with it are gathered on the way.

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
rmSync('dist', { recursive: true, force: true });

const compiled = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  {
    stdio: 'inherit',
  },
);
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
chmodSync('dist/esm/cli/main.js', 0o755);

// The command line is run, never required, and so stays an ES module alone.
const isLibrary = (file) => !file.startsWith('cli');
const files = readdirSync('dist/esm', { recursive: true }).map(String).filter(isLibrary);

const modules = files.filter((file) => file.endsWith('.js')).map((file) => join('dist/esm', file));
const asksWhereItLies = (file) => readFileSync(file, 'utf8').includes('import.meta.url');
const toCommonJs = {
  outdir: 'dist/cjs',
  outbase: 'dist/esm',
  format: 'cjs',
  platform: 'node',
  target: 'node20',
};
await build({ ...toCommonJs, entryPoints: modules.filter((file) => !asksWhereItLies(file)) });
await build({
  ...toCommonJs,
  entryPoints: modules.filter(asksWhereItLies),
  // import.meta does not exist in CommonJS; the rest, the matcher among it, has no need of Node for it.
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
});
for (const file of files.filter((each) => each.endsWith('.d.ts')))
  cpSync(join('dist/esm', file), join('dist/cjs', file));
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');

// What runs in a browser: one script and one style sheet a page.
await build({
  entryPoints: readdirSync('pages').flatMap((page) =>
    ['main.ts', 'style.css'].map((file) => join('pages', page, file)).filter((file) => existsSync(file)),
  ),
  outdir: 'dist/pages',
  outbase: 'pages',
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  charset: 'utf8',
});

await import('./licences.mjs');
