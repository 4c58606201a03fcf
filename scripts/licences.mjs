// Writes THIRD_PARTY_LICENCES.txt: the licence of every package that npm installs with this one, as the package has it.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = join(root, 'THIRD_PARTY_LICENCES.txt');
const licenceFile = /^(licen[cs]e|copying|notice|copyright)/i;

/** Every package that is not for development only, by the lock file. */
function runtimePackages() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(
      ([path, { dev, devOptional, optional, peer }]) => path && !(dev || devOptional || optional || peer),
    )
    .map(([path]) => path);
}

function describe(path) {
  const folder = join(root, path);
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((each) => licenceFile.test(each));
  const texts = files.sort().map((each) => readFileSync(join(folder, each), 'utf8').trim());
  // Some packages name their licence and hold no text of it.
  const nameOf = typeof author === 'object' ? author.name : author;
  const named = `The package names the ${license} licence${nameOf ? `, its author is ${nameOf}` : ''}, and holds no text of it.`;
  return { title: `${name} ${version} (${license})`, text: texts.join('\n\n') || named };
}

/** The same text once, under the names of all whose it is. */
function sections(described) {
  const titlesOf = new Map();
  for (const { title, text } of described) {
    const plain = text.replaceAll('\r\n', '\n');
    titlesOf.set(plain, [...(titlesOf.get(plain) ?? []), title]);
  }
  return [...titlesOf]
    .map(([text, titles]) => `${[...new Set(titles)].sort().join('\n')}\n\n${text}\n`)
    .sort();
}

const rule = `\n${'-'.repeat(80)}\n\n`;
const opening =
  'Packages that npm installs with facededup, and their licences. What is linked into a prebuilt addon has its licences\n' +
  'beside the addon: prebuilds/*/THIRD_PARTY_LICENCES.txt.\n';
writeFileSync(file, [opening, ...sections(runtimePackages().map(describe))].join(rule));
