// Those who do not say what they want in time, and what is no request at all.

import { connect } from 'node:net';
import Fastify from 'fastify';
import t from 'tap';
import { answerOf, limitSlowBodies } from '../../../lib/server/connections.js';

/** All that a server says to bytes, until it ends the connection. */
function answerTo(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

t.test('a body that does not come is not waited for', async (t) => {
  const app = Fastify();
  app.setErrorHandler((error: Error & { readonly code?: string }, _request, reply) =>
    reply.status(error.code === 'REQUEST_TIMEOUT' ? 408 : 500).send({ code: error.code }),
  );
  limitSlowBodies(app, 50);
  let calls = 0;
  app.post('/', () => {
    calls++;
    return 'done';
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  t.teardown(() => app.close());
  const { port } = app.server.address() as { port: number };
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
  for (const [what, body] of [
    ['none of it', 'Content-Length: 10\r\n\r\n'],
    ['a part of it', 'Content-Length: 10\r\n\r\n{"a"'],
    ['chunks without an end', 'Transfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n'],
  ] as const) {
    const answer = await answerTo(port, head + body);
    t.match(answer, /^HTTP\/1\.1 408 .*connection: close.*\{"code":"REQUEST_TIMEOUT"\}$/is, what);
  }
  t.equal(calls, 0);
  t.match(
    await answerTo(port, `${head}Connection: close\r\nContent-Length: 2\r\n\r\n{}`),
    /^HTTP\/1\.1 200 .*done$/s,
  );
  t.equal(calls, 1);
});

t.test('what is no request is told why, as JSON', async (t) => {
  const told = (code: string) => answerOf(Object.assign(new Error('no request'), { code }));
  t.match(told('ERR_HTTP_REQUEST_TIMEOUT'), /^HTTP\/1\.1 408 Request Timeout\r\n/);
  t.match(told('ERR_HTTP_REQUEST_TIMEOUT'), /\{"error":\{"code":"REQUEST_TIMEOUT","message":"[^"]+"\}\}$/);
  t.match(told('HPE_HEADER_OVERFLOW'), /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/);
  t.match(told('HPE_INVALID_METHOD'), /^HTTP\/1\.1 400 Bad Request\r\n/);
});
