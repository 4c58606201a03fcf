// The bill of materials: whatever npm would install, and whatever is linked in, with its licence; the same each time.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../lib/package_root.js';
import { run } from '../fixtures/command_line.js';

interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly unknown[];
}

interface Bill {
  readonly bomFormat: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
}

const folder = t.testdir({});

async function bill(name: string): Promise<string> {
  const file = join(folder, name);
  const { code, stderr } = await run(process.execPath, [join(packageRoot, 'scripts', 'sbom.mjs'), file]);
  if (code !== 0) throw new Error(stderr);
  return readFileSync(file, 'utf8');
}

const written = await bill('one.json');
const { bomFormat, metadata, components } = JSON.parse(written) as Bill;

t.test('it is about this package', async (t) => {
  t.equal(bomFormat, 'CycloneDX');
  t.match(metadata.component, { name: 'facededup', purl: /^pkg:npm\/facededup@/ });
});

t.test('every package that npm would install is in it, and none for development', async (t) => {
  const { packages } = JSON.parse(readFileSync(join(packageRoot, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<
      Record<string, { readonly version: string; readonly dev?: boolean; readonly devOptional?: boolean }>
    >;
  };
  const installed = Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
    .map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`);
  const listed = components
    .filter(({ purl }) => purl.startsWith('pkg:npm/'))
    .map(({ name, version }) => `${name}@${version}`);
  t.same([...new Set(listed)].sort(), [...new Set(installed)].sort());
});

t.test('each has a licence', async (t) => {
  t.same(
    components.filter(({ licenses }) => !licenses?.length).map(({ name }) => name),
    [],
  );
});

t.test('made once more, it is the same', async (t) => {
  t.equal(await bill('two.json'), written);
});
