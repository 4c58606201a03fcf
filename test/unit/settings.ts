// The configuration file: what it may say, what it says, and what goes before it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import t, { type Test } from 'tap';
import { engineOptionTable, thresholdOptionTable } from '../../lib/config.js';
import type { OptionSpec } from '../../lib/options.js';
import { packageRoot } from '../../lib/package_root.js';
import {
  beginConfig,
  belowEnvironment,
  ConfigFile,
  configSchema,
  schemaFile,
  type SettingSchema,
  settingsInForce,
  settingsTable,
} from '../../lib/settings/index.js';

// Empty counts as not set.
for (const { variable } of Object.values(settingsTable)) if (variable) process.env[variable] = '';
process.env['FACEDEDUP_CONFIG'] = '';

function configOf(t: Test, content: unknown): string {
  return join(
    t.testdir({ 'c.json': typeof content === 'string' ? content : JSON.stringify(content) }),
    'c.json',
  );
}

t.test('the schema that is shipped is the one that files are checked by (npm run schema)', async (t) => {
  const shipped: unknown = JSON.parse(readFileSync(join(packageRoot, schemaFile), 'utf8'));
  t.same(shipped, configSchema);
  const { exports, files } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    exports: Record<string, string>;
    files: string[];
  };
  t.equal(exports[`./${schemaFile}`], `./${schemaFile}`);
  t.ok(files.includes('schema'));
});

const checks: Readonly<Record<string, OptionSpec<unknown>>> = {
  ...engineOptionTable,
  ...thresholdOptionTable,
};
const step = (type: SettingSchema['type']) => (type === 'integer' ? 1 : 1e-6);

/** Values at the edges of a range and just beyond them. */
function edges({ type, minimum, exclusiveMinimum, maximum, enum: names, items }: SettingSchema): unknown[] {
  if (items) {
    const three = (value: unknown) => [0, value, 0];
    return [...edges(items).map(three), [0, 0], [0, 0, 0, 0], 'no array'];
  }
  if (names) return [...names, `${names[0]}s`, '', 1];
  if (type === 'string') return ['a', '', 1];
  if (type === 'boolean') return [true, false, 'true', 1];
  const numbers = [minimum, exclusiveMinimum, maximum].filter((edge) => edge !== undefined);
  const around = numbers.flatMap((edge) => [edge - step(type), edge, edge + step(type)]);
  return [...around, ...(type === 'integer' ? [1.5] : []), '1', true];
}

t.test('each range of the schema is that of the option, at its edges', async (t) => {
  const ajv = new Ajv();
  let compared = 0;
  for (const [name, { schema }] of Object.entries(settingsTable)) {
    const option = checks[name];
    // Where models lie is checked when they are looked for.
    if (!option || name === 'models') continue;
    const allowed = ajv.compile(schema);
    for (const value of edges(schema)) {
      // A threshold that is kept has an end; one that is given for once has none.
      if (name === 'threshold' && typeof value === 'number' && value > 2) continue;
      const takes = () => {
        try {
          option.check(value, name);
          return true;
        } catch {
          return false;
        }
      };
      t.equal(allowed(value), takes(), `${name}: ${JSON.stringify(value)}`);
      compared++;
    }
  }
  t.ok(compared > 60, `${compared} values`);
});

t.test('each default of the table is that of the option', async (t) => {
  for (const [name, spec] of Object.entries(settingsTable))
    if (checks[name]?.fallback !== undefined) t.same(spec.default, checks[name].fallback, name);
});

t.test('each environment variable of the table is that of the option', async (t) => {
  for (const [name, { variable }] of Object.entries(settingsTable))
    if (checks[name]?.environment) t.equal(variable, checks[name].environment.variable, name);
});

t.test('paths of the file are taken from its folder', async (t) => {
  const path = configOf(t, {
    store: 'faces.db',
    roots: ['photos', '/else'],
    calibration: '/c.json',
    jitters: 2,
  });
  const { settings } = await ConfigFile.read(path);
  const folder = join(path, '..');
  t.same(settings, {
    store: join(folder, 'faces.db'),
    roots: [join(folder, 'photos'), '/else'],
    calibration: '/c.json',
    jitters: 2,
  });
});

t.test('the addresses of a cluster are no paths, and are shown without their passwords', async (t) => {
  const store = 'postgres://faces:s3cret@db/faces';
  const file = await ConfigFile.read(configOf(t, { store, cluster: 'redis://:s3cret@queue:6379' }));
  t.match(file.settings, { store, cluster: 'redis://:s3cret@queue:6379' });
  const shown = settingsInForce(file).map(({ value }) => value);
  t.ok(shown.includes('postgres://<redacted>@db/faces'));
  t.notMatch(JSON.stringify(shown), /s3cret/);
});

t.test('a file that is wrong is refused, with what is wrong', async (t) => {
  const wrongs: readonly [unknown, RegExp][] = [
    ['{', /it is no JSON/],
    [{ treshold: 0.5 }, /there is no setting 'treshold'; there are detector, /],
    [{ threshold: 0 }, /threshold must be > 0/],
    [{ meanValues: [104, 177] }, /meanValues must NOT have fewer than 3 items/],
    [{ detector: 'eyes' }, /detector must be equal to one of the allowed values: ssd, hog, mmod/],
    [[], /the file must be object/],
  ];
  for (const [content, message] of wrongs)
    await t.rejects(ConfigFile.read(configOf(t, content)), { code: 'CONFIG_FILE_INVALID', message });
  await t.rejects(ConfigFile.read(join(t.testdirName, 'none.json')), { code: 'CONFIG_FILE_UNREADABLE' });
});

t.test('a change keeps the rest, null takes a setting out, and what is wrong changes nothing', async (t) => {
  const path = configOf(t, { $schema: './s.json', threshold: 0.5, jitters: 2 });
  const file = await ConfigFile.read(path);
  t.same(await file.update({ threshold: 0.6, jitters: null, set: 'b' }), { threshold: 0.6, set: 'b' });
  const written = readFileSync(path, 'utf8');
  t.same(JSON.parse(written), { $schema: './s.json', threshold: 0.6, set: 'b' });
  await t.rejects(file.update({ threshold: -1 }), { code: 'CONFIG_FILE_INVALID' });
  t.equal(readFileSync(path, 'utf8'), written);
});

t.test('a change keeps what somebody else has written to the file meanwhile', async (t) => {
  const path = configOf(t, { threshold: 0.5 });
  const file = await ConfigFile.read(path);
  writeFileSync(path, JSON.stringify({ threshold: 0.45, detector: 'hog' }));
  t.same(await file.refresh(), { threshold: 0.45, detector: 'hog' });
  writeFileSync(path, JSON.stringify({ detector: 'mmod' }));
  t.same(await file.update({ jitters: 2 }), { detector: 'mmod', jitters: 2 });
  t.same(JSON.parse(readFileSync(path, 'utf8')), { detector: 'mmod', jitters: 2 });
  writeFileSync(path, '{');
  await t.rejects(file.update({ jitters: 3 }), { code: 'CONFIG_FILE_INVALID' });
  t.equal(readFileSync(path, 'utf8'), '{', 'what is wrong is left to whoever wrote it');
});

t.test('a container of Azure is a root as it is', async (t) => {
  const { settings } = await ConfigFile.read(configOf(t, { roots: ['azure:intake/2026', 'photos'] }));
  t.same(settings.roots?.[0], 'azure:intake/2026');
});

t.test('the environment goes before the file, and the file before the default', async (t) => {
  const file = await ConfigFile.read(configOf(t, { threshold: 0.5, backend: 'opencv', jitters: 3 }));
  t.intercept(process, 'env', {
    value: { ...process.env, FACE_DISTANCE_THRESHOLD: '0.45', BLOB_FROM_IMAGE_MEAN_VALUES: '(1, 2, 3)' },
  });
  t.same(belowEnvironment(file.settings), { backend: 'opencv', jitters: 3 });
  const inForce = new Map(settingsInForce(file).map(({ name, value, source }) => [name, [value, source]]));
  t.same(inForce.get('threshold'), [0.45, 'environment']);
  t.same(inForce.get('meanValues'), [[1, 2, 3], 'environment']);
  t.same(inForce.get('backend'), ['opencv', 'file']);
  t.same(inForce.get('jitters'), [3, 'file']);
  t.same(inForce.get('nmsThreshold'), [0.4, 'default']);
  t.same(inForce.get('confidence'), [undefined, 'default'], 'it depends on the detector');
  t.same([...inForce.keys()], Object.keys(settingsTable));
});

t.test('an environment variable out of its range is refused', async (t) => {
  const file = await ConfigFile.read(configOf(t, {}));
  t.intercept(process, 'env', { value: { ...process.env, FACE_DETECTION_CONFIDENCE: '1.5' } });
  t.throws(() => settingsInForce(file), {
    code: 'OPTION_RANGE',
    message: /The environment variable FACE_DETECTION_CONFIDENCE must be a number from 0 to 1, not 1.5/,
  });
});

t.test('a file to begin with is valid, says the defaults, and is never written over', async (t) => {
  const folder = t.testdir({});
  const path = await beginConfig(join(folder, 'new.json'));
  const { settings } = await ConfigFile.read(path);
  for (const [name, { default: fallback }] of Object.entries(settingsTable))
    t.same((settings as Record<string, unknown>)[name], fallback, name);
  const { $schema } = JSON.parse(readFileSync(path, 'utf8')) as { $schema: string };
  t.same(JSON.parse(readFileSync(new URL($schema), 'utf8')), configSchema);
  writeFileSync(path, '{ "threshold": 0.5 }');
  await t.rejects(beginConfig(path), { code: 'CONFIG_FILE_UNREADABLE', message: /there is one already/ });
  t.equal(readFileSync(path, 'utf8'), '{ "threshold": 0.5 }');
});

t.test('beside an installed package it names the schema of the package', async (t) => {
  const folder = t.testdir({
    node_modules: { facededup: { schema: { 'facededup.config.schema.json': '{}' } } },
  });
  const path = await beginConfig(join(folder, 'facededup.config.json'));
  t.match(JSON.parse(readFileSync(path, 'utf8')), {
    $schema: './node_modules/facededup/schema/facededup.config.schema.json',
  });
});
