// Model files from Debian's source package, by apt-get, without root and without touching the system's own lists.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sharedFolder } from '../files.js';
import type { ModelFile } from '../manifest.js';
import { debSourceList } from './debian_sources.js';
import { contentOf, type Deliver, type FetchContext, fetchEach, type ModelSource } from './source.js';

export const debianSource: ModelSource = {
  name: 'debian',
  async fetch(files, deliver, context) {
    const failures = new Map<ModelFile, string>();
    for (const file of files) if (!file.debian) failures.set(file, 'no Debian package holds it');
    for (const name of new Set(files.flatMap((file) => file.debian?.package ?? []))) {
      const folder = await downloadDebianSource(name, context);
      const wanted = files.filter((file) => file.debian?.package === name);
      for (const [file, reason] of await unpackAll(folder, wanted, deliver, context))
        failures.set(file, reason);
    }
    return failures;
  },
};

/** Where a package's source archives are kept: they hold more than the models, and are large. */
function debianSourceFolder(name: string, cache: string): string {
  return join(dirname(cache), 'debian-source', name);
}

/**
 * Downloads the archives of a Debian source package; what is there already is checked by apt-get and kept.
 *
 * @returns the folder that holds them.
 */
export async function downloadDebianSource(
  name: string,
  { cache, onProgress, signal }: FetchContext,
): Promise<string> {
  if (!existsSync('/usr/bin/apt-get')) throw new Error('this machine has no apt-get');
  const folder = debianSourceFolder(name, cache);
  await mkdir(folder, { recursive: true, mode: sharedFolder });
  const work = await mkdtemp(join(tmpdir(), 'facededup-apt-'));
  try {
    await Promise.all(
      ['lists', 'cache/archives/partial', 'parts'].map((each) =>
        mkdir(join(work, each), { recursive: true }),
      ),
    );
    const list = join(work, 'sources.list');
    await writeFile(list, await machineSourceList());
    const options = [
      `Dir::Etc::SourceList=${list}`,
      `Dir::Etc::SourceParts=${join(work, 'parts')}`,
      `Dir::State::Lists=${join(work, 'lists')}`,
      `Dir::Cache=${join(work, 'cache')}`,
      // Without it an update that reaches no server counts as done, and the download then blames the source list.
      'APT::Update::Error-Mode=any',
      // As root apt turns into a user of its own, who could not write into these folders.
      ...(process.getuid?.() === 0 ? ['APT::Sandbox::User=root'] : []),
    ].flatMap((each) => ['-o', each]);
    const report = (source: string) => onProgress({ file: name, source, receivedBytes: 0, totalBytes: 0 });
    report("Debian's package lists");
    await run('apt-get', [...options, '-qq', 'update'], folder, signal);
    report("Debian's source package");
    await run('apt-get', [...options, '-qq', 'source', '--download-only', name], folder, signal);
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function machineSourceList(): Promise<string> {
  const parts = '/etc/apt/sources.list.d';
  const names = existsSync(parts) ? (await readdir(parts)).sort() : [];
  const paths = ['/etc/apt/sources.list', ...names.map((name) => join(parts, name))].filter((path) =>
    existsSync(path),
  );
  const texts = await Promise.all(paths.map(async (path) => ({ path, text: await readFile(path, 'utf8') })));
  const release = existsSync('/etc/os-release') ? await readFile('/etc/os-release', 'utf8') : '';
  return debSourceList(texts, /^VERSION_CODENAME=(.*)$/m.exec(release)?.[1] ?? '');
}

/** One pass over the archive for all files: it is read for 20 seconds. */
async function unpackAll(
  folder: string,
  files: readonly ModelFile[],
  deliver: Deliver,
  { onProgress, signal }: FetchContext,
): Promise<ReadonlyMap<ModelFile, string>> {
  const component = files[0]?.debian?.component ?? '';
  const archive = (await readdir(folder)).find(
    (name) => name.includes(`.orig-${component}.tar.`) && !name.endsWith('.asc'),
  );
  if (archive === undefined) throw new Error(`the source package has no component ${component}`);
  onProgress({ file: archive, source: 'unpacking', receivedBytes: 0, totalBytes: 0 });
  const work = await mkdtemp(join(folder, 'unpacked-'));
  try {
    const patterns = files.map((file) => `*/${file.name}`);
    await unpackArchive({
      archive: join(folder, archive),
      patterns,
      strippedFolders: 1,
      target: work,
      signal,
    });
    return await fetchEach(files, signal, (file) => deliver(file, contentOf(join(work, file.name))));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

export interface Unpacking {
  readonly archive: string;
  /** Of the files and folders to unpack, with tar's wildcards. */
  readonly patterns: readonly string[];
  /** How many leading folders of each path in the archive are left out. */
  readonly strippedFolders: number;
  readonly target: string;
  readonly signal?: AbortSignal | undefined;
}

/** Unpacks a part of an archive of any compression that tar knows. */
export async function unpackArchive({
  archive,
  patterns,
  strippedFolders,
  target,
  signal,
}: Unpacking): Promise<void> {
  const options = ['--extract', '--file', archive, `--strip-components=${strippedFolders}`, '--wildcards'];
  await run('tar', [...options, ...patterns], target, signal);
}

async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(signal ? { signal } : {}),
    });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} exited with ${code}: ${gist(complaint)}`));
    });
  });
}

/** apt-get marks its errors, and explains them below at length; tar ends with what is wrong. */
function gist(complaint: string): string {
  const lines = complaint.trim().split('\n');
  const errors = lines.filter((line) => line.startsWith('E: '));
  return (errors.length > 0 ? errors : lines).slice(-3).join(' ');
}
