// npm run bench:memory -- [--photos DIR] [--count N] [--encoder dnn|dlib]
// Resident memory: what a lane costs, and whether it stays flat over many photos.

import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FaceEngine } from '../../dist/esm/index.js';
import { benchPhotos } from './places.mjs';
import { printTable } from './table.mjs';

const { values } = parseArgs({
  options: {
    photos: { type: 'string' },
    count: { type: 'string', default: '10000' },
    encoder: { type: 'string', default: 'dnn' },
    lanes: { type: 'string' }, // of a probe
  },
});
const photos = await benchPhotos(values.photos, 200);
const megabytes = () => Math.round(process.memoryUsage.rss() / 2 ** 20);

if (values.lanes === undefined) {
  compareLanes();
  await soak(Number(values.count));
} else {
  await probe(Number(values.lanes));
}

/** Prints the resident megabytes before and after every lane has worked. */
async function probe(lanes) {
  const before = megabytes();
  const engine = await FaceEngine.create({ lanes, encoder: values.encoder });
  for await (const { error } of engine.encodeAll(several(photos.slice(0, 4), 12 * lanes)))
    if (error) throw error;
  console.log(before, megabytes());
  await engine.close();
}

function compareLanes() {
  const script = fileURLToPath(import.meta.url);
  const measured = [1, 2, 4, 8].map((lanes) => {
    const args = ['--lanes', `${lanes}`, '--encoder', values.encoder];
    const folder = values.photos ? ['--photos', values.photos] : [];
    const output = execFileSync(process.execPath, [script, ...args, ...folder], { encoding: 'utf8' });
    const [before, after] = output.trim().split(' ').map(Number);
    return { lanes, before, after };
  });
  const [one] = measured;
  console.log(`Resident memory of a process with one engine (MB), encoder ${values.encoder}:\n`);
  printTable(
    ['lanes', 'before the engine', 'at work', 'a further lane'],
    measured.map(({ lanes, before, after }) => [
      lanes,
      before,
      after,
      lanes === 1 ? '' : ((after - one.after) / (lanes - 1)).toFixed(1),
    ]),
  );
}

async function soak(count) {
  const lanes = availableParallelism();
  const engine = await FaceEngine.create({ lanes, encoder: values.encoder });
  const rows = [];
  let done = 0;
  const started = performance.now();
  for await (const { error } of engine.encodeAll(several(photos, count))) {
    if (error) throw error;
    done++;
    if ([100, 1000, 2000, 5000, 10_000].includes(done) || done % 20_000 === 0)
      rows.push([done, megabytes(), ((performance.now() - started) / 1000).toFixed(0)]);
  }
  await engine.close();
  console.log(`\n${count} photos through ${lanes} lanes:\n`);
  printTable(['photos', 'resident MB', 'seconds'], rows);
}

function* several(list, count) {
  for (let i = 0; i < count; i++) yield list[i % list.length];
}
