// node scripts/bench/prebuild.mjs [--photos DIR] [--count N] [--rounds N] [--system DIR] [--processor-time]
// The prebuilt addon against the one built from the system's libraries: photos a second, in turns, one lane and all lanes.
// --processor-time counts what the processor spent instead of the clock on the wall, for a machine that others work on.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FaceEngine } from '../../dist/esm/index.js';
import { loadAddon } from '../../dist/esm/native.js';
import { interleaved, median } from './measure.mjs';
import { benchPhotos } from './places.mjs';
import { printTable } from './table.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const verbs = {
  'SSD detection': (engine, photos) => engine.detectAll(photos),
  encoding: (engine, photos) => engine.encodeAll(photos, { align: 'box', mirror: false }),
  'HOG detection': (engine, photos) => engine.detectAll(photos, { detector: 'hog' }),
};

if (process.send) serve();
else await compare();

/** A process holds one addon; it answers each verb with the seconds that it took. */
function serve() {
  const engines = new Map();
  process.on('message', async ({ verb, lanes, photos }) => {
    if (!engines.has(lanes)) engines.set(lanes, await FaceEngine.create({ lanes }));
    const started = performance.now();
    const before = process.cpuUsage();
    for await (const { error } of verbs[verb](engines.get(lanes), photos)) if (error) throw error;
    const { user, system } = process.cpuUsage(before);
    process.send({ wall: (performance.now() - started) / 1000, processor: (user + system) / 1e6 });
  });
  process.send({ opencv: loadAddon().versions.opencv });
}

async function compare() {
  const { values } = parseArgs({
    options: {
      photos: { type: 'string' },
      count: { type: 'string', default: '40' },
      rounds: { type: 'string', default: '5' },
      system: { type: 'string', default: root },
      'processor-time': { type: 'boolean', default: false },
    },
  });
  const photos = await benchPhotos(values.photos, Number(values.count));
  const addons = [
    await start('prebuilt', { PREBUILDS_ONLY: '1', FACEDEDUP_PREBUILD: root }),
    await start('system', { FACEDEDUP_PREBUILD: values.system }),
  ];
  const [ours, system] = addons;
  console.log(
    `${photos.length} photos, ${values.rounds} rounds; prebuilt with OpenCV ${ours.opencv}, system's ${system.opencv}\n`,
  );
  const rows = [];
  for (const verb of Object.keys(verbs)) {
    for (const lanes of new Set([1, availableParallelism()])) {
      const contestants = addons.map(({ name, ask }) => ({
        name,
        run: async () =>
          (await ask({ verb, lanes, photos }))[values['processor-time'] ? 'processor' : 'wall'],
      }));
      const times = await interleaved(contestants, Number(values.rounds));
      rows.push([
        verb,
        String(lanes),
        ...figures(times.get(ours.name), times.get(system.name), photos.length),
      ]);
    }
  }
  printTable(['what', 'lanes', 'prebuilt ms', 'system ms', 'ratio', 'spread'], rows);
  for (const { stop } of addons) stop();
}

/** Milliseconds a photo of both, and the ratio of each round, for a machine that slows down slows both. */
function figures(mine, theirs, count) {
  const ratios = mine.all.map((seconds, round) => theirs.all[round] / seconds);
  const milliseconds = ({ seconds }) => ((seconds / count) * 1000).toFixed(1);
  const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  return [milliseconds(mine), milliseconds(theirs), median(ratios).toFixed(2), spread];
}

async function start(name, environment) {
  const child = fork(fileURLToPath(import.meta.url), { env: { ...process.env, ...environment } });
  child.on('exit', (code) => {
    if (code) throw new Error(`the process of the ${name} addon ended with ${code}`);
  });
  const [{ opencv }] = await once(child, 'message');
  const ask = async (request) => {
    child.send(request);
    const [answer] = await once(child, 'message');
    return answer;
  };
  return { name, opencv, ask, stop: () => child.kill() };
}
