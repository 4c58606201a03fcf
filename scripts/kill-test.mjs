// npm run kill-test [-- --rounds 200] [--photos FOLDER] [--seed 1]
// `facededup find` on a folder with a store, killed (SIGKILL) at a random moment of each round, until it comes to its end;
// then on a new store, until there have been so many kills. Every fourth moment is one of the whole run; the others come after
// its first write to the store, where there is something to lose, and more of them late than early. After each kill the store must open, be whole, and hold all
// that it held before; each run that ends must have found what an undisturbed run finds. Prints what happened; exit code 1 if
// anything was lost.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { FaceStore } from '../dist/esm/store/index.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    photos: { type: 'string', default: join(process.env['FACEDEDUP_EXAMPLE_PHOTOS'] ?? '.', 'johns') },
    seed: { type: 'string', default: '1' },
  },
});
const rounds = Number(values.rounds);
const main = fileURLToPath(new URL('../dist/esm/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'facededup-kill-'));

/** Numerical Recipes' LCG: the same moments for the same seed, as far as the machine keeps time. */
let state = Number(values.seed);
const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;

/**
 * @param kill milliseconds after the start of the process, or after its first write to the store.
 * @returns what find printed, unless it was killed before its end; and how long it took from these two on.
 */
async function find(store, kill) {
  const how = ['--detector', 'hog', '--upsample', '0', '--threshold', '0.6'];
  const args = ['find', values.photos, ...how, '--json', '--store', store];
  const before = sizeOf(store);
  const start = performance.now();
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => (stderr += text));
  let end;
  child.once('close', (code, signal) => (end = { code, signal }));
  let write = Infinity;
  while (!end) {
    const now = performance.now();
    if (sizeOf(`${store}-wal`) > 0 || sizeOf(store) !== before) write = Math.min(write, now);
    if (kill && { start, write }[kill.since] + kill.after <= now) child.kill('SIGKILL');
    await sleep(2);
  }
  if (end.signal === 'SIGKILL') return {};
  if (end.code !== 0) throw new Error(`find ended with ${end.code}: ${stderr}`);
  const now = performance.now();
  return { found: JSON.parse(stdout), took: { start: now - start, write: now - write } };
}

function sizeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Without what tells one run from another: when it was, and what was there before. */
function essence({ pairs, groups, withoutFace, failed, expectedFalseMatches, summary }) {
  const without = (names, fact) =>
    Object.fromEntries(Object.entries(fact).filter(([name]) => !names.includes(name)));
  const counts = without(['newlyEncoded', 'newPairs'], summary);
  const found = pairs.map((pair) => without(['isNew'], pair));
  return { pairs: found, groups, withoutFace, failed, expectedFalseMatches, counts };
}

/** All that a store holds of photos, by name; it is read through on the way. */
function heldBy(path) {
  if (!existsSync(path)) return new Map();
  const store = new FaceStore(path, { create: false });
  try {
    store.check();
    if (store.sets().length === 0) return new Map();
    return new Map([...store.set().photos.photos()].map((photo) => [photo.photo, photo]));
  } finally {
    store.close();
  }
}

const tally = { kills: 0, finished: 0, stores: 0, withLog: 0, keptAtKill: 0, faults: [] };
try {
  const undisturbed = join(folder, 'undisturbed.db');
  const { found, took } = await find(undisturbed);
  const right = essence(found);
  const photos = heldBy(undisturbed);
  const [whole, writing] = [took.start, took.write].map((time) => (time / 1000).toFixed(1));
  console.log(
    `undisturbed: ${photos.size} photos, ${right.pairs.length} pairs, ${whole} s, ${writing} of them after the first write`,
  );

  while (tally.kills < rounds) {
    const store = join(folder, `killed-${tally.stores++}.db`);
    let held = new Map();
    for (let isDone = false; !isDone;) {
      const since = tally.kills % 4 === 0 ? 'start' : 'write';
      const kill = tally.kills < rounds ? { since, after: (1 - random() ** 2) * took[since] } : undefined;
      const { found } = await find(store, kill);
      if (!found) tally.kills++;
      if (!found && sizeOf(`${store}-wal`) > 0) tally.withLog++;
      const now = heldBy(store);
      for (const [name, photo] of held)
        if (!isDeepStrictEqual(now.get(name), photo)) tally.faults.push(`kill ${tally.kills}: lost ${name}`);
      for (const [name, photo] of now)
        if (!isDeepStrictEqual(photos.get(name), photo))
          tally.faults.push(`kill ${tally.kills}: other ${name}`);
      if (!found && now.size > held.size) tally.keptAtKill += now.size - held.size;
      held = now;
      if (!found) continue;
      isDone = true;
      tally.finished++;
      if (!isDeepStrictEqual(essence(found), right)) tally.faults.push(`store ${store}: other findings`);
    }
  }
  const left = readdirSync(folder).filter((file) => file.includes('.db.new-'));
  console.log(
    `${tally.kills} kills, ${tally.finished} runs ended on as many stores with the findings of the undisturbed one; ` +
      `${tally.withLog} kills left a log to be read; ${tally.keptAtKill} photos were kept by runs that were killed; ${left.length} begun files left behind; ` +
      `${tally.faults.length} faults`,
  );
  for (const fault of tally.faults.slice(0, 20)) console.log(fault);
  if (tally.faults.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
