// Writes what is linked into a prebuilt addon beside it: libraries.json, and the licences in THIRD_PARTY_LICENCES.txt.
// What the linker was given is read from the build itself, so nothing can be forgotten.
// Usage: linked-licences.mjs CACHE [ARCH], after scripts/prebuild with that cache.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [cache, arch = 'x64'] = process.argv.slice(2);
if (!cache) {
  console.error('Which cache? Usage: linked-licences.mjs CACHE [ARCH]');
  process.exit(1);
}

/** Built from source by scripts/prebuild: which archives, and where the source says whose it is. */
const built = {
  OpenCV: { archives: /^libopencv_\w+\.a$/, licence: 'Apache-2.0', folder: 'opencv' },
  dlib: { archives: /^libdlib\.a$/, licence: 'BSL-1.0', folder: 'dlib' },
  OpenBLAS: { archives: /^libopenblas\.a$/, licence: 'BSD-3-Clause', folder: 'openblas' },
  protobuf: { archives: /^libprotobuf\.a$/, licence: 'BSD-3-Clause', folder: 'protobuf' },
};
/** Debian's archives, and the package of each. What else the copyright files name lies in parts that are not linked. */
const debian = {
  zlib: { archives: /^libz\.a$/, licence: 'Zlib', package: 'zlib1g-dev' },
  'libjpeg-turbo': {
    archives: /^libjpeg\.a$/,
    licence: 'IJG AND BSD-3-Clause AND Zlib',
    package: 'libjpeg62-turbo-dev',
  },
  libpng: { archives: /^libpng(16)?\.a$/, licence: 'libpng-2.0', package: 'libpng-dev' },
  libtiff: { archives: /^libtiff\.a$/, licence: 'libtiff', package: 'libtiff-dev' },
  libwebp: { archives: /^lib(webp|sharpyuv)\.a$/, licence: 'BSD-3-Clause', package: 'libwebp-dev' },
  libdeflate: { archives: /^libdeflate\.a$/, licence: 'MIT', package: 'libdeflate-dev' },
  liblzma: { archives: /^liblzma\.a$/, licence: 'LicenseRef-public-domain', package: 'liblzma-dev' },
  zstd: { archives: /^libzstd\.a$/, licence: 'BSD-3-Clause', package: 'libzstd-dev' },
  JBIG: { archives: /^libjbig\.a$/, licence: 'GPL-2.0-or-later', package: 'libjbig-dev' },
  LERC: { archives: /^libLerc\.a$/, licence: 'Apache-2.0', package: 'liblerc-dev' },
};
const ours = /^lib(vision|networks|no_jbig)\.a$/;
/** -static-libstdc++ and -static-libgcc name no archive. */
const compiler = { name: 'libstdc++ and libgcc', licence: 'GPL-3.0-or-later WITH GCC-exception-3.1' };

function linkedArchives() {
  const ninja = readFileSync(join(cache, 'trees', 'addon', 'build.ninja'), 'utf8');
  const line = /^build Release\/facededup\.node: [^|]*\|(.*?)(\|\||$)/m.exec(ninja)?.[1] ?? '';
  const archives = line.split(/\s+/).filter((word) => word.endsWith('.a'));
  return [...new Set(archives.map((archive) => basename(archive)))].filter((archive) => !ours.test(archive));
}

function fromSource(name, { licence, folder }) {
  const source = join(cache, 'source', folder);
  const download = readdirSync(join(cache, 'downloads')).filter((file) => file.startsWith(`${folder}_`));
  const version = sourceVersion(folder);
  if (!download.some((file) => file.includes(`_${version}`)))
    throw new Error(`There is no ${folder} ${version} in ${join(cache, 'downloads')}.`);
  const texts = readdirSync(source).filter((file) => /^(LICENSE|COPYRIGHT)/.test(file));
  return {
    library: { name, version, licence, purl: `pkg:generic/${folder}@${version}` },
    text: texts.map((file) => readFileSync(join(source, file), 'utf8').trim()).join('\n\n'),
  };
}

/** As scripts/prebuild has it. */
function sourceVersion(folder) {
  const recipe = readFileSync(join(root, 'scripts', 'prebuild'), 'utf8');
  const version = new RegExp(`^${folder} (\\S+) `, 'm').exec(recipe)?.[1];
  if (!version) throw new Error(`scripts/prebuild names no version of ${folder}.`);
  return version;
}

/** Where packages for another architecture were unpacked. */
const sysroot = join(cache, 'sysroot');

function fromDebian(name, { licence, package: owner }) {
  const crossed = existsSync(sysroot);
  const version = crossed ? downloadedVersion(owner) : installedVersion(owner);
  const copyright = join(crossed ? sysroot : '/', 'usr/share/doc', owner, 'copyright');
  return {
    library: { name, version, licence, purl: debianAddress(owner, version) },
    text: readFileSync(copyright, 'utf8').trim(),
  };
}

function debianAddress(owner, version) {
  return `pkg:deb/debian/${owner}@${encodeURIComponent(version)}`;
}

function installedVersion(owner) {
  return execFileSync('dpkg-query', ['-W', '-f', '${Version}', owner], { encoding: 'utf8' });
}

function downloadedVersion(owner) {
  const folder = join(cache, 'apt', 'packages');
  const file = readdirSync(folder).find((each) => each.startsWith(`${owner}_`));
  return execFileSync('dpkg-deb', ['-f', join(folder, file), 'Version'], { encoding: 'utf8' }).trim();
}

function fromCompiler() {
  const version = execFileSync('gcc', ['-dumpfullversion'], { encoding: 'utf8' }).trim();
  const owner = `gcc-${version.split('.')[0]}-base`;
  return {
    library: { ...compiler, version, purl: debianAddress(owner, installedVersion(owner)) },
    text: readFileSync(join('/usr/share/doc', owner, 'copyright'), 'utf8').trim(),
  };
}

const archives = linkedArchives();
if (archives.length === 0) throw new Error('The build names no archives: was the addon built in this cache?');
const known = [...Object.entries(built), ...Object.entries(debian)];
const unknown = archives.filter((archive) => !known.some(([, each]) => each.archives.test(archive)));
if (unknown.length > 0)
  throw new Error(`Whose licence is it? Add to scripts/linked-licences.mjs: ${unknown.join(', ')}.`);

const linked = known
  .filter(([, each]) => archives.some((archive) => each.archives.test(archive)))
  .map(([name, each]) => ('folder' in each ? fromSource(name, each) : fromDebian(name, each)));
linked.push(fromCompiler());

// A text that a copyright file only names, of those that Debian keeps once for all.
const common = ['Apache-2.0', 'MPL-2.0', 'CC0-1.0']
  .filter((name) => linked.some(({ text }) => text.includes(`common-licenses/${name}`)))
  .map((name) => ({
    title: `${name}, which is named above`,
    text: readFileSync(join('/usr/share/common-licenses', name), 'utf8').trim(),
  }));

const target = resolve(root, 'prebuilds', `linux-${arch}`);
mkdirSync(target, { recursive: true });
const rule = `\n\n${'-'.repeat(80)}\n\n`;
const sections = [
  ...linked.map(({ library: { name, version, licence }, text }) => ({
    title: `${name} ${version} (${licence})`,
    text,
  })),
  ...common,
].map(({ title, text }) => `${title}\n\n${text.replaceAll('\r\n', '\n')}`);
const opening = 'Libraries that are linked into the addon beside this file, and their licences.';
writeFileSync(join(target, 'THIRD_PARTY_LICENCES.txt'), `${[opening, ...sections].join(rule)}\n`);
const libraries = linked.map(({ library }) => library);
writeFileSync(join(target, 'libraries.json'), `${JSON.stringify(libraries, undefined, 2)}\n`);
console.log(libraries.map(({ name, version, licence }) => `${name} ${version}: ${licence}`).join('\n'));

// Whoever ships what is linked with these would have to put all of it under their licence.
const copyleft = libraries.filter(({ licence }) => /\bA?GPL/.test(licence) && !licence.includes(' WITH '));
for (const { name, licence } of copyleft)
  console.error(`${name} may not be linked into a package under the MIT licence: it is ${licence}.`);
process.exitCode = copyleft.length > 0 ? 1 : 0;
