// Which addresses may be told of runs, how it is signed, and how often it is tried.

import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { checkWebhook, isPrivateAddress, Webhooks } from '../../../lib/server/webhooks.js';

t.test('addresses of this machine and its networks are told from those of the internet', (t) => {
  const own = [
    ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    ...['169.254.169.254', '100.64.0.1', '224.0.0.1', '255.255.255.255', '192.0.0.1', '198.18.0.1'],
    ...['::1', '::', '[::1]', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd12::1', 'ff02::1', '2001:db8::1'],
    // IPv4 in the clothes of IPv6: mapped, translated, 6to4, Teredo.
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001:0:7f00:1::'],
    'no address',
  ];
  for (const address of own) t.ok(isPrivateAddress(address), address);
  for (const address of [
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '192.167.1.1',
    '2606:4700::1111',
    '[2a00:1450::1]',
  ])
    t.notOk(isPrivateAddress(address), address);
  t.end();
});

t.test('only addresses of others are kept', (t) => {
  const refused = [
    'http://127.0.0.1/x',
    'http://[::1]/x',
    'http://[::ffff:10.0.0.1]/',
    'http://localhost:9000/',
    'http://LOCALHOST./',
    'http://a.localhost/',
    // As URLs spell 127.0.0.1 otherwise.
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'ftp://example.org/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://user:secret@example.org/',
    'example.org/hook',
    `https://example.org/${'x'.repeat(3000)}`,
  ];
  for (const address of refused)
    t.throws(() => checkWebhook(address, {}), { code: 'WEBHOOK_REFUSED' }, address);
  t.equal(checkWebhook('https://example.org/hook?a=1', {}), 'https://example.org/hook?a=1');
  t.equal(checkWebhook('http://127.0.0.1:9/x', { allowPrivate: true }), 'http://127.0.0.1:9/x');
  t.end();
});

interface Received {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers with these statuses, one after the other. */
async function receiver(t: Test, statuses: readonly number[]) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ url: request.url, headers: request.headers, body });
      response.writeHead(statuses[received.length - 1] ?? 200, { location: '/elsewhere' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { received, port: (server.address() as AddressInfo).port };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

t.test('what is sent is signed, time included', async (t) => {
  const { received, port } = await receiver(t, [200]);
  const webhooks = new Webhooks({ allowPrivate: true, secret: 'the secret', firstWait: 1 });
  webhooks.tell(`http://127.0.0.1:${port}/hook`, { event: 'run.ended' });
  await until(() => received.length === 1);
  await webhooks.close();
  const [{ headers, body }] = received as [Received];
  t.equal(body, '{"event":"run.ended"}');
  t.equal(headers['content-type'], 'application/json');
  const expected = createHmac('sha256', 'the secret')
    .update(`${String(headers['facededup-timestamp'])}.{"event":"run.ended"}`)
    .digest('hex');
  t.equal(headers['facededup-signature'], `sha256=${expected}`);
});

t.test('a failure is tried again, and a redirect is one that is not followed', async (t) => {
  const { received, port } = await receiver(t, [500, 302, 204]);
  const webhooks = new Webhooks({ allowPrivate: true, firstWait: 1 });
  webhooks.tell(`http://127.0.0.1:${port}/hook`, {});
  await until(() => received.length === 3);
  await webhooks.close();
  t.same(
    received.map(({ url }) => url),
    ['/hook', '/hook', '/hook'],
  );
  t.equal(new Set(received.map(({ headers }) => headers['facededup-delivery'])).size, 1, 'one delivery');
  t.notOk(received[0]?.headers['facededup-signature'], 'no signature without a secret');
});

t.test('it is given up in the end', async (t) => {
  const { received, port } = await receiver(t, [500, 500, 500, 500, 200]);
  const webhooks = new Webhooks({ allowPrivate: true, firstWait: 1 });
  webhooks.tell(`http://127.0.0.1:${port}/hook`, {});
  await until(() => received.length === 4);
  await new Promise((resolve) => setTimeout(resolve, 60));
  await webhooks.close();
  t.equal(received.length, 4);
});

t.test(
  'a name that leads to this machine is refused when it is told, whatever it led to before',
  async (t) => {
    const { received, port } = await receiver(t, []);
    const webhooks = new Webhooks({ firstWait: 1 });
    // As kept by a server that was allowed to; localhost is the one name that surely leads here.
    t.throws(() => webhooks.check(`http://localhost:${port}/`), { code: 'WEBHOOK_REFUSED' });
    webhooks.tell(`http://localhost:${port}/`, {});
    webhooks.tell(`http://ip6-localhost:${port}/`, {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    await webhooks.close();
    t.equal(received.length, 0);
  },
);
