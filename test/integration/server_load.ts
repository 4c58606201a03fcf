// More than the server can do at once: what is too much is told to come again, what was taken on is answered, nothing is lost.

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import t, { type Test } from 'tap';
import type { ApiError, FaceServer } from '../../lib/server/index.js';
import { FaceStore } from '../../lib/store/index.js';
import { heldContainer } from '../fixtures/held_container.js';
import { filledPlace, findingsOf, keepPhoto, pairOf, serverOn } from '../fixtures/review_server.js';
import { serving } from '../fixtures/serving.js';

const decisions = '/api/sets/default/decisions';
const heldPhotos = ['azure:photos/a.jpg', 'azure:photos/b.jpg'] as const;
const imageOf = (name: string) => `/api/sets/default/photos/image?side=64&name=${encodeURIComponent(name)}`;
const image = imageOf(heldPhotos[0]);
/** Photos that are decoded at once, and those that may wait, as docs/server.md says. */
const atWork = 2;
const waiting = 200;

/** A server whose newest run is about two photos that do not come before they are released. */
async function heldServer(t: Test) {
  const place = await filledPlace(t);
  const jpeg = readFileSync(place.photos[0]);
  const container = await heldContainer(t, jpeg);
  const store = new FaceStore(place.store);
  const set = store.set();
  for (const name of heldPhotos) keepPhoto(set, name, undefined, 0, jpeg);
  set.runs.keep(findingsOf([pairOf(...heldPhotos, 0.1)], [heldPhotos]));
  store.close();
  const server = await serverOn(t, place, { roots: [place.root, 'azure:photos'] });
  return { server, container, address: await server.listen(), ready: imageOf(place.photos[0]) };
}

async function requireBusy(t: Test, response: Response, code: string) {
  t.equal(response.status, 503);
  t.match(response.headers.get('retry-after'), /^[1-9]\d*$/);
  t.match((await response.clone().json()) as ApiError, { error: { code, message: /./ } });
}

t.test('photos wait in a queue that has an end, and all that were let in come', async (t) => {
  const { container, address, ready } = await heldServer(t);
  const held = Array.from({ length: atWork }, () => fetch(address + image));
  await container.asked(atWork);
  const answers = Array.from({ length: waiting + 1 }, () => fetch(address + ready));
  const refused = await Promise.race(answers);
  await requireBusy(t, refused, 'QUEUE_FULL');
  t.equal((await fetch(`${address}/api/sets`)).status, 200, 'what is not about photos goes on');
  container.release();
  const statuses = (await Promise.all([...held, ...answers])).map(({ status }) => status);
  t.equal(statuses.filter((status) => status === 200).length, atWork + waiting);
  t.equal(statuses.filter((status) => status === 503).length, 1);
});

t.test('nothing is done for those who have gone', async (t) => {
  const { container, address } = await heldServer(t);
  const asking = Array.from({ length: atWork + 1 }, () => {
    const leave = new AbortController();
    return { leave, answer: fetch(address + image, { signal: leave.signal }).catch(() => undefined) };
  });
  await container.asked(atWork);
  for (const { leave } of asking) leave.abort();
  await container.left(atWork);
  const next = fetch(address + image);
  await container.asked(atWork + 1);
  container.release();
  t.equal((await next).status, 200);
  await Promise.all(asking.map(({ answer }) => answer));
});

t.test('reports are made one at a time, a few wait, and leave nothing behind', async (t) => {
  const leftFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('facededup-report-'));
  const before = leftFolders();
  const { server, address } = await heldServer(t);
  const leave = new AbortController();
  const report = `${address}/api/sets/default/runs/latest/report`;
  const answers = Array.from({ length: 9 }, () => fetch(report, { signal: leave.signal }));
  await requireBusy(t, await Promise.race(answers), 'QUEUE_FULL');
  leave.abort();
  await Promise.allSettled(answers);
  await server.close();
  t.same(leftFolders(), before);
});

t.test('closing answers what is at work, refuses the rest, and ends', async (t) => {
  const { server, container, address } = await heldServer(t);
  const held = Array.from({ length: atWork + 1 }, () => fetch(address + image));
  await container.asked(atWork);
  const closing = server.close();
  await requireBusy(t, await Promise.race(held), 'SERVER_CLOSING');
  await t.rejects(fetch(`${address}/api/sets`), 'nobody new is let in');
  container.release();
  const answers = await Promise.all(held);
  t.same(answers.map(({ status }) => status).sort(), [200, 200, 503]);
  for (const answer of answers) {
    t.equal(answer.headers.get('connection'), 'close');
    t.ok((await answer.arrayBuffer()).byteLength > 0, 'whole');
  }
  await closing;
});

/** Connections that say nothing more than `text`, each known to the server. */
async function connections(t: Test, { app }: FaceServer, count: number, text = ''): Promise<Socket[]> {
  const { port } = app.server.address() as { port: number };
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
  t.teardown(() => sockets.forEach((socket) => socket.destroy()));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const socket of sockets) socket.write(text);
  while ((await open(app)) < count) await new Promise((resolve) => setTimeout(resolve, 5));
  return sockets;
}

function open({ server }: FaceServer['app']): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
}

t.test('connections beyond the most are told to come later', async (t) => {
  const server = await serverOn(t, await filledPlace(t));
  const address = await server.listen();
  const idle = await connections(t, server, 512);
  const refused = await fetch(`${address}/api/sets`);
  await requireBusy(t, refused, 'SERVER_BUSY');
  t.equal(refused.headers.get('connection'), 'close');
  for (const socket of idle.slice(0, 10)) socket.destroy();
  while ((await open(server.app)) > 502) await new Promise((resolve) => setTimeout(resolve, 5));
  t.equal((await fetch(`${address}/api/sets`)).status, 200);
});

t.test(
  'of requests sent without waiting for answers each gets one, the first few what they ask for',
  async (t) => {
    const server = await serverOn(t, await filledPlace(t));
    await server.listen();
    const request = 'GET /api/sets HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const [socket] = await connections(t, server, 1, request.repeat(20));
    let text = '';
    socket?.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    const statuses = () => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    while (statuses().length < 20) await new Promise((resolve) => setTimeout(resolve, 5));
    t.same(statuses().slice(0, 4), ['200', '200', '200', '200']);
    t.same(new Set(statuses().slice(4)), new Set(['503']));
    t.match(text, /retry-after: 5\r\n/);
  },
);

t.test('bodies that come at once take no more than their share of the memory', async (t) => {
  const server = await serverOn(t, await filledPlace(t));
  const address = await server.listen();
  const large =
    `POST /api/sets/default/runs HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${32 * 1024 * 1024}\r\nExpect: 100-continue\r\n\r\n`;
  const sending = await connections(t, server, 8, large);
  // Node asks for the body when it hands the request over.
  for (const socket of sending) t.match(String(await once(socket, 'data')), /^HTTP\/1\.1 100 /);
  const post = () =>
    fetch(address + decisions, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: address },
      body: JSON.stringify({ kind: 'photo', first: 'x', second: 'y', verdict: 'same' }),
    });
  await requireBusy(t, await post(), 'SERVER_BUSY');
  t.equal((await fetch(`${address}/api/sets`)).status, 200, 'who sends nothing is answered');
  sending[0]?.destroy();
  while ((await post()).status !== 201) await new Promise((resolve) => setTimeout(resolve, 5));
});

/** Megabytes that a process has had at most; undefined where the system does not say. */
function mostMemory(pid: number | undefined): number | undefined {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid ?? ''}/status`, 'utf8')) ?? [];
    return Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

t.test(
  'under load from another process every request has one answer and every verdict is kept',
  async (t) => {
    const { photos, root, store } = await filledPlace(t);
    const server = await serving(t, ['serve', '--store', store, '--root', root, '--port', '0']);
    const { address } = server;
    const paths = [
      '/',
      '/api/sets/default/duplicates?limit=20',
      imageOf(photos[0]),
      '/api/sets/default/runs/latest/histogram',
    ];
    const kept: string[] = [];
    const statuses: number[] = [];
    let isStopping = false;
    const ask = async (path: string) => {
      const response = await fetch(address + path);
      await response.arrayBuffer();
      statuses.push(response.status);
    };
    const decide = async (reason: string) => {
      const response = await fetch(address + decisions, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: address },
        body: JSON.stringify({
          kind: 'reference',
          first: reason,
          second: `${reason} too`,
          verdict: 'different',
          reason,
        }),
      });
      await response.arrayBuffer();
      statuses.push(response.status);
      if (response.status === 201) kept.push(reason);
    };
    /** One client, who asks again as soon as there is an answer. */
    const client = async (name: string, rounds: number) => {
      for (let round = 0; round < rounds && !isStopping; round++) {
        await decide(`${name}, ${round}`);
        await ask(paths[round % paths.length] ?? '/');
      }
    };
    const clients = (name: string, rounds: number) =>
      Array.from({ length: 50 }, (_, index) => client(`${name} ${index}`, rounds));
    await Promise.all(clients('first', 4));
    t.equal(statuses.length, 50 * 4 * 2);
    t.ok(statuses.every((status) => status === 200 || status === 201));

    const most = mostMemory(server.process.pid);
    if (most !== undefined) t.ok(most < 600, `it had ${Math.round(most)} MB at most`);

    // In the middle of more.
    const more = clients('second', 1000).map((each) => each.catch(() => (isStopping = true)));
    while (statuses.length < 50 * 4 * 2 + 100) await new Promise((resolve) => setTimeout(resolve, 5));
    t.equal(await server.stop(), 0);
    await Promise.all(more);
    t.ok(statuses.every((status) => [200, 201, 503].includes(status)));
    const faces = new FaceStore(store, { create: false });
    const reasons = faces
      .set()
      .decisions.list()
      .map(({ reason }) => reason);
    faces.close();
    t.same(
      kept.filter((reason) => !reasons.includes(reason)),
      [],
      'what was answered is kept',
    );
    t.equal(new Set(reasons).size, reasons.length, 'once');
  },
);
