// Processes that fetch at the same time, and owners of the lock that are killed.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { packageRoot } from '../../lib/package_root.js';
import { ModelStore } from '../../lib/models/index.js';
import { run } from '../fixtures/command_line.js';

const content = Buffer.from('the model');
const module = pathToFileURL(join(packageRoot, 'dist', 'esm', 'models', 'store.js')).href;
const script = `
  const { ModelStore } = await import(process.argv[1]);
  await new ModelStore(JSON.parse(process.argv[2])).fetch(undefined, { sources: ['https'] });
`;

async function setUp(t: Test, answer: (response: ServerResponse, asked: number) => void) {
  let asked = 0;
  const server = createServer((_, response) => answer(response, ++asked)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const folder = t.testdir({ cache: {}, store: {} });
  const manifest = {
    files: [
      {
        key: 'encoder' as const,
        name: 'model.dat',
        purpose: 'a model',
        licence: 'CC0-1.0',
        commercialUse: true,
        versions: [
          { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') },
        ] as const,
        https: [`http://127.0.0.1:${(server.address() as AddressInfo).port}/model.dat`],
      },
    ],
  };
  const models = { cache: join(folder, 'cache'), store: join(folder, 'store') };
  const args = ['--input-type=module', '-e', script, module, JSON.stringify({ models, manifest })];
  return { models, manifest, args, asked: () => asked };
}

const environment = { ...process.env, FACEDEDUP_MODELS: '' };

t.test('three processes that start together download once', async (t) => {
  const { models, args, asked } = await setUp(t, (response) => {
    setTimeout(() => response.end(content), 300);
  });
  const runs = [0, 1, 2].map(() => run(process.execPath, args, { env: environment }));
  for (const { code, stderr } of await Promise.all(runs)) t.equal(code, 0, stderr);
  t.equal(asked(), 1);
  t.ok(readFileSync(join(models.cache, 'model.dat')).equals(content));
});

t.test('the lock of a process that was killed is taken over; one that waits can be aborted', async (t) => {
  const { models, manifest, args, asked } = await setUp(t, (response, number) => {
    // The first one waits for an answer until it is killed.
    if (number > 1) response.end(content);
  });
  const child = spawn(process.execPath, args, { env: environment, stdio: 'ignore' });
  while (asked() === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.ok(existsSync(join(models.cache, '.lock')), 'it is left behind');
  Reflect.deleteProperty(process.env, 'FACEDEDUP_MODELS');
  const store = new ModelStore({ models, manifest });
  const controller = new AbortController();
  const waiting = store.fetch(undefined, { sources: ['https'], signal: controller.signal });
  setTimeout(() => controller.abort(), 100);
  await t.rejects(waiting, { code: 'ABORTED' });
  t.equal((await store.fetch(undefined, { sources: ['https'] })).length, 1);
  t.notOk(existsSync(join(models.cache, '.lock')));
});
