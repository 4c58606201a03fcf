// What is installed here, and whether it works: each thing looked at by itself, so that one that is broken hides no other.

import { statSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, cpus, freemem, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { count } from '../count.js';
import { findDuplicates } from '../duplicates/index.js';
import { type EngineOptions, FaceEngine } from '../engine.js';
import { messageOf } from '../errors.js';
import { type ModelSetName, type ModelStatus, ModelStore } from '../models/index.js';
import { tryHog, tryModels } from '../model_check.js';
import { loadAddon } from '../native.js';
import {
  belowEnvironment,
  ConfigFile,
  engineSettings,
  type Settings,
  settingsInForce,
} from '../settings/index.js';
import { isPostgresAddress } from '../cluster/addresses.js';
import type { ReviewStore } from '../store/index.js';
import { keyVariable } from '../store/store_key.js';

/**
 * `missing`: not here, and the rest works without it. `warning`: works, and should not be left so. `broken`: here, and does
 * not work.
 */
export type FindingState = 'ok' | 'missing' | 'warning' | 'broken';

export interface DoctorFinding {
  readonly area: 'system' | 'native' | 'models' | 'settings' | 'self-test' | 'store';
  readonly name: string;
  readonly state: FindingState;
  /** What was found, or what is wrong. */
  readonly detail: string;
  /** What to do about it, where it is not well. */
  readonly advice?: string;
}

export interface DoctorOptions {
  /** The configuration file; default as for every command. */
  readonly config?: string | undefined;
  /** Where model files are looked for first; default as the configuration says. */
  readonly models?: string | undefined;
  /** A face store that is to be read through; without it the permissions of the configured one are looked at. */
  readonly store?: string | undefined;
  /** Called with each finding as it is made. */
  readonly onFinding?: ((finding: DoctorFinding) => void) | undefined;
}

/** Never throws on account of what is installed. */
export async function examine({ config, models, store: faceStore, onFinding }: DoctorOptions = {}): Promise<
  DoctorFinding[]
> {
  const findings: DoctorFinding[] = [];
  const add = (...found: readonly DoctorFinding[]) => {
    findings.push(...found);
    found.forEach((finding) => onFinding?.(finding));
  };
  add(...(await systemFindings()));
  const addon = attempt('native', 'addon', () => loadAddon().versions);
  add(...addonFindings(addon));
  add(await sqliteFinding());
  const { finding, settings } = await configFinding(config);
  add(finding, ...secretFindings(faceStore ?? settings?.store));
  const store = new ModelStore({ models: models ?? settings?.models });
  add(...placeFindings(store));
  const statuses = await statusesOf(store);
  if ('state' in statuses) add(statuses);
  else add(...statuses.map(modelFinding));
  add(await matcherFinding(), await storeFinding());
  if (faceStore !== undefined) add(await heldFinding(faceStore));
  if (addon.state === 'ok' && !('state' in statuses))
    for await (const test of engineFindings(statuses, engineOptionsOf(settings, models))) add(test);
  return findings;
}

type Area = DoctorFinding['area'];

function ok(area: Area, name: string, detail: string): DoctorFinding {
  return { area, name, state: 'ok', detail };
}

function broken(area: Area, name: string, error: unknown, advice?: string): DoctorFinding {
  const detail = messageOf(error);
  return { area, name, state: 'broken', detail, ...(advice === undefined ? {} : { advice }) };
}

type Attempt<T> =
  { readonly state: 'ok'; readonly value: T } | (DoctorFinding & { readonly state: 'broken' });

function attempt<T>(area: Area, name: string, work: () => T): Attempt<T> {
  try {
    return { state: 'ok', value: work() };
  } catch (error) {
    return { ...broken(area, name, error), state: 'broken' };
  }
}

async function systemFindings(): Promise<DoctorFinding[]> {
  const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  // What a container allows, which may be less than the machine has; absurdly much means no limit.
  const allowed = process.constrainedMemory();
  const limit =
    allowed > 0 && allowed < totalmem() ? `, of which this process may use ${gibibytes(allowed)}` : '';
  return [
    ok('system', 'Node.js', `${process.versions.node} on ${process.platform} ${process.arch}`),
    ok('system', 'processor', `${cpus()[0]?.model.trim() ?? 'unknown'}, ${await cpuFeatures()}`),
    ok('system', 'cores', `${availableParallelism()} to work with`),
    ok('system', 'memory', `${gibibytes(totalmem())}${limit}; ${gibibytes(freemem())} free`),
  ];
}

/** Of those that OpenCV, dlib and OpenBLAS have code for. */
const knownFeatures = ['sse4_2', 'avx', 'avx2', 'fma', 'avx512f', 'asimd', 'asimddp', 'sve'];

async function cpuFeatures(): Promise<string> {
  try {
    const text = await readFile('/proc/cpuinfo', 'utf8');
    const flags = new Set(/^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1]?.split(' '));
    const found = knownFeatures.filter((feature) => flags.has(feature));
    return found.length > 0 ? found.join(' ') : 'none of the features looked for';
  } catch {
    return 'features unknown on this system';
  }
}

function addonFindings(addon: Attempt<{ readonly opencv: string; readonly dlib: string }>): DoctorFinding[] {
  if (addon.state === 'broken') return [addon];
  const { opencv, dlib } = addon.value;
  const backends = attempt('native', 'backends', () => loadAddon().availableBackends());
  return [
    ok('native', 'addon', `loads, with OpenCV ${opencv} and dlib ${dlib}`),
    backends.state === 'broken'
      ? backends
      : ok(
          'native',
          'backends',
          backends.value.map(({ backend, target }) => `${backend}/${target}`).join(', '),
        ),
  ];
}

async function sqliteFinding(): Promise<DoctorFinding> {
  try {
    const { DatabaseSync } = await import('@photostructure/sqlite');
    const database = new DatabaseSync(':memory:');
    const row = database.prepare('SELECT sqlite_version() AS version').get() as { readonly version: string };
    database.close();
    return ok('native', 'SQLite', row.version);
  } catch (error) {
    return broken('native', 'SQLite', error, 'Install facededup again, on this machine.');
  }
}

async function configFinding(
  path: string | undefined,
): Promise<{ readonly finding: DoctorFinding; readonly settings?: Settings }> {
  try {
    const file = await ConfigFile.read(path);
    const changed = settingsInForce(file).filter(({ source }) => source !== 'default');
    const list = changed.map(({ name, source, variable }) =>
      source === 'environment' ? `${name} (${variable ?? ''})` : name,
    );
    const detail = `${file.isThere ? file.path : `no file ${file.path}`}; set: ${list.join(', ') || 'nothing'}`;
    return { finding: ok('settings', 'configuration', detail), settings: file.settings };
  } catch (error) {
    const advice = 'Correct it: `facededup config` prints what is in force.';
    return { finding: broken('settings', 'configuration', error, advice) };
  }
}

/** The files that nobody but their owner should read, as far as they are there. */
function secretFindings(store: string | undefined): DoctorFinding[] {
  const key = process.env[`${keyVariable}_FILE`];
  const files = [
    ...(store === undefined || isPostgresAddress(store)
      ? []
      : ['', '-wal', '-shm', '-journal'].map((end) => `${store}${end}`)),
    ...(key ? [key] : []),
  ];
  return files.flatMap((file): DoctorFinding[] => {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (!stats) return [];
    const name = file === key ? 'store key' : 'store file';
    // Windows has no such modes.
    const others = process.platform === 'win32' ? 0 : stats.mode & 0o077;
    if (others === 0) return [ok('settings', name, `${file}, for its owner alone`)];
    return [
      {
        area: 'settings',
        name,
        state: 'warning',
        detail: `${file} can be read or changed by others: its mode is ${(stats.mode & 0o777).toString(8)}`,
        advice: `Biometric data and keys are for their owner alone: chmod 600 '${file}'`,
      },
    ];
  });
}

function placeFindings(store: ModelStore): DoctorFinding[] {
  return [
    ok('models', 'cache', `${store.cache} (files that were fetched)`),
    ok('models', 'versions', `${store.folder} (files that updates brought)`),
  ];
}

async function statusesOf(store: ModelStore): Promise<ModelStatus[] | DoctorFinding> {
  try {
    return await store.status();
  } catch (error) {
    return broken('models', 'files', error);
  }
}

function modelFinding({ key, name, state, path, version, sha256 }: ModelStatus): DoctorFinding {
  switch (state) {
    case 'missing':
      return {
        area: 'models',
        name: key,
        state: 'missing',
        detail: `${name} is not here`,
        advice: `If you need it: facededup models fetch ${key}`,
      };
    case 'corrupt':
      return broken('models', key, `${path ?? name} is damaged`, `facededup models fetch ${key}`);
    default: {
      const note = state === 'unverified' ? `, SHA-256 ${sha256 ?? ''}, is none that facededup knows` : '';
      return ok(
        'models',
        key,
        `${state}${version === undefined ? '' : ` (${version})`}: ${path ?? name}${note}`,
      );
    }
  }
}

/** Points on a line, one apart: of n of them, n − 1 pairs lie below 1.5, all at the distance 1. */
const points = 3000;

async function matcherFinding(): Promise<DoctorFinding> {
  const name = 'matcher';
  try {
    const records = Array.from({ length: points }, (_, index) => {
      const encoding = new Float32Array(128);
      encoding[0] = index;
      return { id: String(index), encodings: [encoding] };
    });
    const pairs = await findDuplicates(records, { threshold: 1.5 });
    const isRight =
      pairs.length === points - 1 &&
      pairs.every(
        ({ first, second, distance }) => distance === 1 && Math.abs(Number(first) - Number(second)) === 1,
      );
    if (!isRight) throw new Error(`of ${points} points on a line it finds ${pairs.length} neighbours`);
    return ok('self-test', name, `finds the ${points - 1} neighbours among ${points} points on a line`);
  } catch (error) {
    return broken('self-test', name, error, 'Please report it.');
  }
}

async function storeFinding(): Promise<DoctorFinding> {
  const name = 'face store';
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(tmpdir(), 'facededup-doctor-'));
    const { FaceStore } = await import('../store/index.js');
    const store = new FaceStore(join(folder, 'faces.db'));
    try {
      const { photos } = store.set();
      const encoding = Float32Array.from({ length: 128 }, (_, index) => index / 128);
      const origin = { models: {}, options: {} };
      photos.keep({ name: 'a', digest: 'sha256 0' }, origin, [{ encoding }]);
      const kept = photos.find('sha256 0', origin)?.[0]?.encoding;
      if (!kept?.every((value, index) => value === encoding[index]))
        throw new Error('what it kept is not what it gives back');
    } finally {
      store.close();
    }
    return ok('self-test', name, 'keeps an encoding and gives it back');
  } catch (error) {
    return broken('self-test', name, error, `Look at free space and rights of ${tmpdir()}.`);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** What somebody's face store holds, read through. */
async function heldFinding(path: string): Promise<DoctorFinding> {
  const name = 'face store';
  try {
    const store = await openedStore(path);
    try {
      const { sets, photos, faces, decisions, runs } = await store.check();
      const counts = [
        count(sets, 'set'),
        count(photos, 'photo'),
        count(faces, 'face'),
        count(decisions, 'decision'),
        count(runs, 'run'),
      ];
      return ok('store', name, `all of it is as it was kept: ${counts.join(', ')} in ${store.path}`);
    } finally {
      await store.close();
    }
  } catch (error) {
    return broken('store', name, error);
  }
}

/** What it needs is loaded with it: this tells what is missing. */
async function openedStore(address: string): Promise<ReviewStore> {
  if (isPostgresAddress(address)) {
    const { ClusterStore } = await import('../cluster/postgres/store.js');
    return ClusterStore.open(address);
  }
  const { FaceStore } = await import('../store/index.js');
  return new FaceStore(address, { create: false, readOnly: true });
}

const triedSets = ['ssd', 'mmod', 'landmarks-small', 'landmarks-large', 'encoder'] as const;

/** What a set needs beside itself. */
function neededBy(set: ModelSetName): ModelSetName[] {
  return set === 'encoder' ? ['encoder', 'landmarks-small'] : [set];
}

/** The engine is tried as it is set up, so that a backend which cannot run here shows. */
function engineOptionsOf(settings: Settings | undefined, models: string | undefined): EngineOptions {
  const given = Object.entries(belowEnvironment(settings ?? {}));
  const ofEngine = Object.fromEntries(given.filter(([name]) => Object.hasOwn(engineSettings, name)));
  return { ...(ofEngine as EngineOptions), ...(models === undefined ? {} : { models }), lanes: 1 };
}

async function* engineFindings(
  statuses: readonly ModelStatus[],
  options: EngineOptions,
): AsyncGenerator<DoctorFinding, void, undefined> {
  let engine;
  try {
    engine = FaceEngine.createLazily(options);
  } catch (error) {
    yield broken('self-test', 'engine', error);
    return;
  }
  const test = async (name: string, work: () => Promise<string>): Promise<DoctorFinding> => {
    try {
      return ok('self-test', name, await work());
    } catch (error) {
      return broken('self-test', name, error);
    }
  };
  const isHere = (set: ModelSetName) =>
    statuses.every((status) => status.set !== set || status.state !== 'missing');
  try {
    yield await test('hog', () => tryHog(engine));
    for (const set of triedSets)
      if (neededBy(set).every(isHere))
        yield await test(set, async () => (await tryModels(engine, set)).join(', '));
  } finally {
    await engine.close();
  }
}
