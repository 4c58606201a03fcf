// Redis and PostgreSQL as the tests start them, for benches that are plain JavaScript.

import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** @returns what `startCluster` of the tests' fixtures does, and the numbers of all processes that belong to it. */
export async function clusterParts() {
  const folder = mkdtempSync(join(tmpdir(), 'facededup-bench-'));
  const outfile = join(folder, 'parts.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('../../test/fixtures/cluster_parts.ts', import.meta.url))],
    ...{ bundle: true, platform: 'node', format: 'esm', outfile, packages: 'external', logLevel: 'warning' },
  });
  const { startCluster, skipWithoutCluster } = await import(pathToFileURL(outfile).href);
  rmSync(folder, { recursive: true });
  if (skipWithoutCluster) throw new Error(skipWithoutCluster);
  const parts = await startCluster();
  const roots = [parts.redis, parts.postgres].map(({ port }) => port);
  return { ...parts, processes: () => processesNaming(roots) };
}

/** Servers whose command names one of the ports, and their children. */
function processesNaming(ports) {
  const all = readdirSync('/proc').flatMap((pid) => (/^\d+$/.test(pid) ? [describe(pid)] : []));
  const roots = new Set(
    all
      .filter(({ command }) => /(redis-server|postgres)/.test(command.split('\0')[0] ?? ''))
      .filter(({ command }) => ports.some((port) => new RegExp(`[:\\0]${port}(\\0|$)`).test(command)))
      .map(({ pid }) => pid),
  );
  return all.filter(({ pid, parent }) => roots.has(pid) || roots.has(parent)).map(({ pid }) => pid);
}

function describe(pid) {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    const parent = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1]);
    return { pid: Number(pid), parent, command };
  } catch {
    return { pid: Number(pid), parent: 0, command: '' };
  }
}
