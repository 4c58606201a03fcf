// Readers who do not read: cut after a while, and what was held for them is free again.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import Fastify from 'fastify';
import t, { type Test } from 'tap';
import { addMemoryLimit, type MemoryLimits } from '../../../lib/server/held_memory.js';

/** More than the buffers of a connection take, on either side. */
const large = 'x'.repeat(32 * 1024 * 1024);

async function serverWith(t: Test, limits: MemoryLimits) {
  const app = Fastify({ forceCloseConnections: true });
  addMemoryLimit(app, limits);
  app.setErrorHandler((error: Error & { readonly code?: string }, _request, reply) =>
    reply.status(503).send({ code: error.code }),
  );
  app.get('/large', () => large);
  app.get('/small', () => 'small');
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  t.teardown(() => app.close());
  return { app, address };
}

/** Asks for the large answer, and takes none of it. @returns the server's end of the connection too. */
async function stalledReader(
  t: Test,
  { app, address }: Awaited<ReturnType<typeof serverWith>>,
): Promise<{ readonly reader: Socket; readonly served: Socket }> {
  const connected = once(app.server, 'connection');
  const reader = connect(Number(new URL(address).port), '127.0.0.1');
  reader.on('error', () => undefined).pause();
  t.teardown(() => reader.destroy());
  const [served] = (await connected) as [Socket];
  reader.write('GET /large HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(app.server, 'request');
  return { reader, served };
}

t.test('a reader that takes nothing is cut, and its memory given back', async (t) => {
  const server = await serverWith(t, { bytes: large.length + 1024, stall: 2500 });
  const { served } = await stalledReader(t, server);
  const cut = once(served, 'close');
  const refused = await fetch(`${server.address}/large`);
  t.match([refused.status, await refused.json()], [503, { code: 'SERVER_BUSY' }], 'there is no room for two');
  t.equal((await fetch(`${server.address}/small`)).status, 200, 'what is small is answered all the same');
  await cut;
  const after = await fetch(`${server.address}/large`);
  t.equal(after.status, 200);
  t.equal((await after.text()).length, large.length, 'a reader that reads has all of it');
});

t.test('a reader that takes a part now and then has all of it', async (t) => {
  const server = await serverWith(t, { stall: 2000 });
  const { reader } = await stalledReader(t, server);
  let taken = 0;
  reader.on('data', (chunk: Buffer) => {
    taken += chunk.length;
    reader.pause();
    setTimeout(() => reader.resume(), 1);
  });
  reader.resume();
  while (taken < large.length) await once(reader, 'data');
  t.ok(taken >= large.length);
});
