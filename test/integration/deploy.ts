// The files in deploy/ are what compose and Kubernetes take, and say what the program says.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { packageRoot } from '../../lib/package_root.js';

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace?: string };
}

/** kubernetes-models has Kubernetes' own schemas, a class for each kind of resource. */
type Models = Readonly<Record<string, new (resource: Resource) => { validate(): void }>>;

const folder = join(packageRoot, 'deploy');

t.test('the compose file is one, and in the order that its linter wants', (t) => {
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(packageRoot, 'node_modules/.bin/dclint'), '--max-warnings', '0', join(folder, 'compose.yaml')],
    { encoding: 'utf8' },
  );
  t.equal(status, 0, stdout);
  t.end();
});

for (const file of readdirSync(join(folder, 'kubernetes'))) {
  t.test(`${file} is what Kubernetes takes`, async (t) => {
    for (const resource of resourcesOf(file)) {
      const models = (await import(modelsOf(resource))) as Models;
      const Model = models[resource.kind];
      if (Model === undefined) throw new Error(`there is no ${resource.kind}`);
      t.doesNotThrow(() => new Model(resource).validate(), resource.kind);
      if (resource.kind !== 'Namespace') t.equal(resource.metadata.namespace, 'facededup');
    }
  });
}

t.test('workers are counted by tables that the store has', (t) => {
  const schema = readFileSync(join(packageRoot, 'lib/cluster/postgres/schema.ts'), 'utf8');
  const scaler = readFileSync(join(folder, 'kubernetes/scaler.yaml'), 'utf8');
  const tables = [...scaler.matchAll(/facededup\.([a-z_]+) AS/g)].map(([, table]) => table);
  t.strictSame(tables, ['run_jobs', 'runs']);
  for (const table of tables) t.match(schema, `CREATE TABLE facededup.${table} (`);
  t.end();
});

function resourcesOf(file: string): Resource[] {
  return parseAllDocuments(readFileSync(join(folder, 'kubernetes', file), 'utf8')).map(
    (document) => document.toJS() as Resource,
  );
}

function modelsOf({ apiVersion, kind }: Resource): string {
  const models = apiVersion.startsWith('keda.sh') ? '@kubernetes-models/keda' : 'kubernetes-models';
  return `${models}/${apiVersion}/${kind}`;
}
