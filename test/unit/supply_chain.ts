// What is installed and built with: by digest, from one lock file, and no package more than SECURITY.md accounts for.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../lib/package_root.js';

interface LockedPackage {
  readonly version: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const textOf = (...path: readonly string[]) => readFileSync(join(packageRoot, ...path), 'utf8');
const { packages } = JSON.parse(textOf('package-lock.json')) as {
  packages: Readonly<Record<string, LockedPackage>>;
};
const declared = (JSON.parse(textOf('package.json')) as { dependencies: Record<string, string> })
  .dependencies;

/** As Node finds it: the nearest node_modules upwards. */
function placeOf(name: string, from: string): string | undefined {
  for (let at = from; ;) {
    const place = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (packages[place]) return place;
    if (at === '') return undefined;
    at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')));
  }
}

/** A package and all that it brings. */
function broughtBy(place: string, seen = new Set<string>()): Set<string> {
  if (seen.has(place)) return seen;
  seen.add(place);
  const { dependencies, optionalDependencies } = packages[place] ?? {};
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const found = placeOf(name, place);
    if (found !== undefined) broughtBy(found, seen);
  }
  return seen;
}

const brought = new Map(Object.keys(declared).map((name) => [name, broughtBy(`node_modules/${name}`)]));

t.test('every package of the lock file has its SHA-512, and comes from the registry', async (t) => {
  const entries = Object.entries(packages).filter(([place]) => place !== '');
  t.ok(entries.length > 100);
  for (const [place, { integrity, resolved, link }] of entries) {
    if (!/^sha512-[\w+/]{86}==$/.test(integrity ?? '')) t.fail(`${place} has no SHA-512`);
    // The registry that npm is set up with gives it; a package from elsewhere would have its address.
    if (link || resolved !== undefined) t.fail(`${place} comes from ${resolved ?? 'a link'}`);
  }
});

t.test('scripts and workflows install what the lock file says', async (t) => {
  const files = [
    ...['setup', 'test', 'demo', 'prebuild'].map((name) => join('scripts', name)),
    ...readdirSync(join(packageRoot, '.github', 'workflows')).map((name) =>
      join('.github', 'workflows', name),
    ),
  ];
  for (const file of files) {
    const installs = textOf(file).match(/\bnpm (?:install|i|add)\b[^\n]*/g) ?? [];
    // npm itself, by its exact version.
    t.same(
      installs.filter((line) => !/^npm install --global npm@\d+\.\d+\.\d+$/.test(line)),
      [],
      file,
    );
  }
  t.match(textOf('scripts', 'setup'), /npm ci --ignore-scripts/);
});

t.test('workflows ask for known vulnerabilities with each change, and before a release', async (t) => {
  for (const file of ['audit.yml', 'release.yml'])
    t.match(textOf('.github', 'workflows', file), /run: npm audit --omit=dev --audit-level=moderate$/m, file);
});

t.test('workflows run actions by their commits', async (t) => {
  for (const file of readdirSync(join(packageRoot, '.github', 'workflows')))
    for (const [, action = ''] of textOf('.github', 'workflows', file).matchAll(/uses: (.*)/g))
      t.match(action, /^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, `${file}: ${action}`);
});

t.test('one package that is installed runs a script of its own', async (t) => {
  const all = new Set([...brought.values()].flatMap((places) => [...places]));
  t.same(
    [...all].filter((place) => packages[place]?.hasInstallScript),
    ['node_modules/@photostructure/sqlite'],
  );
});

t.test('SECURITY.md says of each dependency why, and how many packages it brings', async (t) => {
  const rows = [...textOf('SECURITY.md').matchAll(/^\| `([^`]+)` +\| (\d+) +\| (\d+) +\| \S/gm)];
  const counts = Object.keys(declared).map((name) => {
    const places = brought.get(name) ?? new Set<string>();
    const others = [...brought].filter(([other]) => other !== name);
    const alone = [...places].filter((place) => !others.some(([, theirs]) => theirs.has(place)));
    return [name, places.size, alone.length];
  });
  t.same(
    rows.map(([, name, all, alone]) => [name, Number(all), Number(alone)]),
    counts,
  );
  const total = new Set([...brought.values()].flatMap((places) => [...places])).size;
  t.match(textOf('SECURITY.md'), new RegExp(`\\b${total} packages\\b`));
});
