// Checks that the prebuilt addon is self-contained: what it needs, what it shows, its size, and that nothing in it tells where
// it was built. Prints its digest. Usage: check-prebuild.mjs [file], --json for programs.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const standard = `${root}prebuilds/linux-x64/facededup.glibc.node`;
const file = process.argv.slice(2).find((word) => !word.startsWith('--')) ?? standard;

const mebibyte = 1024 * 1024;
const largest = 40 * mebibyte;
/** What glibc itself consists of. */
const glibc = /^(libc|libm|libdl|librt|libpthread|ld-linux-x86-64|ld-linux-aarch64)\.so\.\d+$/;
const shown = /^(napi_register_module_v\d+|node_api_module_get_api_version_v\d+)$/;
/** The newest glibc whose symbols may be asked for: Debian 12, Ubuntu 22.04 and RHEL 9 have them. */
const newestGlibc = '2.35';

const tell = (command, ...options) => execFileSync(command, [...options, file], { encoding: 'utf8' });
const matches = (text, pattern) => [...text.matchAll(pattern)].map(([, found]) => found);
const byVersion = (a, b) => a.localeCompare(b, 'en', { numeric: true });

const dynamic = tell('readelf', '--dynamic', '--wide');
const symbols = tell('readelf', '--dyn-syms', '--wide');
const stack = /GNU_STACK .* (R\w*) /.exec(tell('readelf', '--segments', '--wide'))?.[1];
const bytes = readFileSync(file);
const text = bytes.toString('latin1');

const needed = matches(dynamic, /\(NEEDED\).*\[(.*)\]/g);
const searchPaths = matches(dynamic, /\((RPATH|RUNPATH)\)/g);
const table = symbols
  .split('\n')
  .map((line) => line.trim().split(/\s+/))
  .filter(([number]) => /^\d+:$/.test(number))
  .map(([, , , , binding, , section, name = '']) => ({ binding, section, name }));
const exported = table
  .filter(({ binding, section }) => binding !== 'LOCAL' && section !== 'UND')
  .map(({ name }) => name.split('@')[0]);
const open = table
  .filter(({ binding, section }) => binding === 'GLOBAL' && section === 'UND')
  .map(({ name }) => name)
  .filter((name) => !/@GLIBC_|^napi_|^node_api_/.test(name));
const versions = [...new Set(matches(symbols, /@GLIBC_(2[\d.]+)/g))].sort(byVersion);
const floor = versions.at(-1);
// Folders of building machines; ./build/… is Caffe's advice to its users.
const places = [root, `${homedir()}/`, '/home/', '/build/'];
const paths = matches(text, /([\x20-\x7e]{4,})/g).filter((string) =>
  places.some((place) => string.replaceAll('./build/', '').includes(place)),
);

const report = {
  file,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  bytes: bytes.length,
  needed,
  glibc: floor,
  exported,
};
const faults = [
  ...needed.filter((name) => !glibc.test(name)).map((name) => `it needs ${name}`),
  ...searchPaths.map((kind) => `it has a ${kind}`),
  ...exported.filter((name) => !shown.test(name)).map((name) => `it exports ${name}`),
  ...open.map((name) => `nothing gives it ${name}`),
  ...(exported.some((name) => name.startsWith('napi_')) ? [] : ['it exports no napi_register_module_v1']),
  ...(stack === 'RW' ? [] : ['it asks for a stack that can be executed']),
  ...(bytes.length > largest ? [`it is ${bytes.length} bytes, more than ${largest}`] : []),
  ...(byVersion(floor, newestGlibc) > 0 ? [`it needs glibc ${floor}, newer than ${newestGlibc}`] : []),
  ...paths.map((string) => `it holds the path ${JSON.stringify(string)}`),
];

if (process.argv.includes('--json')) console.log(JSON.stringify({ ...report, faults }, undefined, 2));
else {
  console.log(`${file}: ${(bytes.length / mebibyte).toFixed(1)} MiB, SHA-256 ${report.sha256}`);
  console.log(`needs ${needed.join(', ')}; glibc ${floor} or later; shows ${exported.join(', ')}`);
  for (const fault of faults) console.error(`not as it should be: ${fault}`);
}
process.exitCode = faults.length > 0 ? 1 : 0;
