// What `serve --log` and `worker --log` write: a line for each thing, and no name, reference, path, token or password.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Cluster } from '../../lib/cluster/index.js';
import { skipWithoutCluster, startCluster } from '../fixtures/cluster_parts.js';
import { main } from '../fixtures/command_line.js';
import { skipWithout } from '../fixtures/places.js';
import { filledPlace } from '../fixtures/review_server.js';
import { serving } from '../fixtures/serving.js';

const skip = skipWithout.dlib || skipWithoutCluster;
const parts = skip ? undefined : await startCluster();
t.teardown(() => parts?.stop());

type Line = Readonly<Record<string, unknown>>;

function linesOf(t: Test, text: string): Line[] {
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  t.ok(lines.length > 0);
  return lines.map((line) => JSON.parse(line) as Line);
}

t.test('a server logs what it answered, and nothing of whom', { skip: skipWithout.dlib }, async (t) => {
  const place = await filledPlace(t);
  const folder = join(place.root, 'quarantine');
  mkdirSync(folder);
  writeFileSync(join(folder, 'mueller.jpg'), 'no photo');
  const secret = 'sesame-open-up-0123456789';
  const { address, stop, stderr } = await serving(
    t,
    ['serve', '--store', place.store, '--root', place.root, '--port', '0', '--log'],
    { env: { FACEDEDUP_TOKEN: secret } },
  );
  const bearer = { authorization: `Bearer ${secret}` };
  const json = { ...bearer, 'content-type': 'application/json' };
  const wrong = { authorization: 'Bearer wrong-sesame-0123456789' };
  await fetch(`${address}/api/sets`, { headers: wrong });
  await fetch(`${address}/api/sets/mueller/photos?query=dossier`, { headers: bearer });
  await fetch(
    `${address}/api/sets/default/photos/image?name=${encodeURIComponent(join(folder, 'mueller.jpg'))}`,
    {
      headers: bearer,
    },
  );
  await fetch(`${address}/mueller`, { headers: bearer });
  await fetch(`${address}/api/sets/default`, {
    method: 'PATCH',
    headers: { ...bearer, 'content-type': 'text/mueller' },
    body: 'dossier',
  });
  await fetch(`${address}/api/sets/default/runs`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ places: [folder], references: { [join(folder, 'mueller.jpg')]: 'dossier-17' } }),
  });
  for (let job: { readonly state?: string } = {}; !['done', 'failed'].includes(job.state ?? '');) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    job = (await (await fetch(`${address}/api/jobs/1`, { headers: bearer })).json()) as typeof job;
  }
  t.equal(await stop(), 0);

  const lines = linesOf(t, stderr());
  t.ok(lines.every(({ time, level, name }) => Boolean(time) && Boolean(level) && name === 'facededup'));
  t.ok(
    lines.some(
      ({ route, status, code }) => route === '/api/sets' && status === 401 && code === 'TOKEN_WRONG',
    ),
  );
  t.ok(lines.some(({ status, code }) => status === 404 && code === 'FACE_STORE_MISSING'));
  t.ok(lines.some(({ route, code }) => route === 'none' && code === 'ADDRESS_UNKNOWN'));
  t.match(
    lines.find(({ msg }) => msg === 'a run has ended'),
    { job: 1, state: /done|failed/ },
  );
  t.notMatch(stderr(), /mueller|dossier|quarantine|sesame/i);
  t.notMatch(stderr(), place.root);
});

t.test('a worker logs its jobs by their codes', { skip }, async (t) => {
  const folder = join(t.testdir(), 'quarantine');
  mkdirSync(folder);
  writeFileSync(join(folder, 'mueller.jpg'), 'no photo');
  const store = (parts?.newStore() ?? '').replace('tester@', 'tester:sesame@');
  const own = { cluster: parts?.cluster ?? '', store };
  const cluster = await Cluster.open(own);
  t.teardown(() => cluster.close());
  const start = async (...flags: string[]) => {
    const args = ['worker', '--cluster', own.cluster, '--store', own.store, '--patience', '2', ...flags];
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (more: string) => (text += more));
    t.teardown(() => child.kill('SIGKILL'));
    return {
      text: () => text,
      end: async () => {
        child.kill('SIGTERM');
        return ((await once(child, 'exit')) as [number | null])[0];
      },
    };
  };
  const untilIn = async (text: () => string, words: RegExp) => {
    for (let tries = 0; !words.test(text()); tries++) {
      if (tries > 1200) throw new Error(`${String(words)} is not in:\n${text()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  const logging = await start('--log');
  await untilIn(logging.text, /takes work/);
  const references = new Map([[join(folder, 'mueller.jpg'), 'dossier-17']]);
  const run = await cluster.submit({ photos: [folder], engine: { detector: 'hog' }, references });
  await untilIn(logging.text, /"stage":"report"/);
  const empty = join(folder, 'mueller');
  mkdirSync(empty);
  const dead = await cluster.submit({ photos: [empty], set: 'other', engine: { detector: 'hog' } });
  await untilIn(logging.text, /"state":"dead"/);
  t.equal(await logging.end(), 0);
  const lines = linesOf(t, logging.text());
  t.match(lines[0], { level: 'info', msg: 'takes work', worker: /:\d+:/ });
  t.match(
    lines.filter((line) => line['run'] === run && line['state'] === 'done').map(({ stage }) => stage),
    ['list', 'encode', 'plan', 'merge', 'group', 'report'],
  );
  t.match(
    lines.find((line) => line['run'] === dead && line['state'] === 'dead'),
    { level: 'error', stage: 'list', code: 'NO_PHOTOS' },
  );
  t.match(lines.at(-1), { msg: 'has ended' });
  t.notMatch(logging.text(), /mueller|dossier|quarantine|sesame/i);

  const readable = await start();
  await untilIn(readable.text, /Worker \S+ takes work\.\n/);
  await cluster.retry(dead);
  await untilIn(readable.text, /job \d+-list-0 dead: .*\[/);
  t.equal(await readable.end(), 0);
  t.notMatch(readable.text(), /sesame|^\{/m);
});
