// Writes the bill of materials as CycloneDX 1.5: the packages that npm installs, and what is linked into the addons.
// The same commit gives the same file. Usage: sbom.mjs [FILE], default facededup.cdx.json.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [target = 'facededup.cdx.json'] = process.argv.slice(2);
const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));
const { name, version } = readJson('package.json');

const tell = (cwd, command, ...options) =>
  execFileSync(command, options, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

/** npm sbom --omit=dev leaves out what is needed both to run and to develop, so it is shown a project without the latter. */
function npmBill() {
  const folder = mkdtempSync(join(tmpdir(), 'facededup-sbom-'));
  try {
    const manifest = readJson('package.json');
    const lock = readJson('package-lock.json');
    const needed = Object.entries(lock.packages).filter(([, { dev, devOptional }]) => !(dev || devOptional));
    const packages = Object.fromEntries(needed);
    delete manifest.devDependencies;
    delete packages[''].devDependencies;
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
    const options = ['--sbom-format=cyclonedx', '--sbom-type=library', '--package-lock-only'];
    return JSON.parse(tell(folder, 'npm', 'sbom', ...options));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One component for a library, whichever addons have it. */
function linkedComponents() {
  const prebuilds = join(root, 'prebuilds');
  const lists = (existsSync(prebuilds) ? readdirSync(prebuilds).sort() : [])
    .map((platform) => join(prebuilds, platform, 'libraries.json'))
    .filter((file) => existsSync(file));
  const libraries = lists.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')));
  const byAddress = new Map(libraries.map((library) => [library.purl, library]));
  return [...byAddress.values()].map(({ name, version, licence, purl }) => ({
    'bom-ref': purl,
    type: 'library',
    name,
    version,
    scope: 'required',
    purl,
    licenses: [{ expression: licence }],
    properties: [{ name: 'facededup:linked', value: 'static' }],
  }));
}

const bill = npmBill();
const linked = linkedComponents();
bill.components.push(...linked);
const own = bill.metadata.component['bom-ref'];
bill.dependencies.find(({ ref }) => ref === own).dependsOn.push(...linked.map(({ purl }) => purl));
bill.dependencies.push(...linked.map(({ purl }) => ({ ref: purl, dependsOn: [] })));
// npm names it after its folder.
bill.metadata.component.name = name;
bill.metadata.timestamp = new Date(tell(root, 'git', 'log', '-1', '--format=%cI').trim()).toISOString();
bill.serialNumber = undefined;
const digest = createHash('sha256').update(JSON.stringify(bill)).digest('hex');
// A UUID made of the content (version 8), instead of a random one.
bill.serialNumber = `urn:uuid:${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
writeFileSync(resolve(target), `${JSON.stringify(bill, undefined, 2)}\n`);
console.log(
  `${target}: ${name} ${version}, ${bill.components.length} components, ${linked.length} of them linked`,
);
