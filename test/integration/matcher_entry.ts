// facededup/matcher by itself: in a bare Node, in a page and in a page's worker, with the answers it gives here.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findDuplicates } from '../../lib/duplicates/index.js';
import { launchBrowser, skipWithoutBrowser } from '../fixtures/browser.js';
import { run } from '../fixtures/command_line.js';
import { likeRealOnes } from '../fixtures/encodings.js';
import { installInto, packInto } from '../fixtures/packed.js';
import { watchedPage } from '../fixtures/page_watch.js';

// Enough rows that the sketch is used, and threads where there are any.
const rows = 6000;
const encodings = likeRealOnes(rows, 7);
const options = { threshold: 0.4, ignoredPairs: [['48', '49']] as const };
const expected = await findDuplicates(
  encodings.map((encoding, i) => ({ id: String(i), encodings: [encoding] })),
  options,
);

/** What the bundle does, wherever it runs: all encodings in one array to one answer. */
const program = `
  import { findDuplicates, InvalidEncodingsError } from 'facededup/matcher';
  export async function answer(numbers) {
    const records = Array.from({ length: numbers.length / 128 }, (_, i) => ({
      id: String(i), encodings: [numbers.subarray(128 * i, 128 * i + 128)],
    }));
    const refusal = await findDuplicates([{ id: 'a', encodings: [[NaN]] }]).catch((error) => error);
    return {
      pairs: await findDuplicates(records, ${JSON.stringify(options)}),
      refusal: refusal instanceof InvalidEncodingsError && refusal.code,
    };
  }`;

const numbers = new Float32Array(128 * rows);
encodings.forEach((encoding, i) => numbers.set(encoding, 128 * i));

interface Answer {
  readonly pairs: typeof expected;
  readonly refusal: string;
}

const folder = t.testdir({ 'answer.mjs': program });
// Without any of the packages that it depends on.
const installed = installInto(folder, packInto(folder), []);

function checkAnswer(t: Test, { pairs, refusal }: Answer): void {
  t.ok(expected.length >= rows / 50 - 1, 'there is something to find');
  t.same(pairs, expected);
  t.equal(refusal, 'ENCODINGS_INVALID');
}

for (const [system, load] of [
  ['imported', "const { findDuplicates } = await import('facededup/matcher')"],
  ['required', "const { findDuplicates } = require('facededup/matcher')"],
] as const) {
  t.test(`${system} in Node, it loads neither the addon nor anything of Node`, async (t) => {
    const script = `
      const builtIn = () => process.moduleLoadList.filter((name) => name.startsWith('NativeModule'));
      (async () => {
        const before = new Set((await import('./nothing.mjs'), builtIn()));
        ${load};
        const loaded = builtIn().filter((name) => !before.has(name));
        const pairs = await findDuplicates([{ id: 'a', encodings: [[0]] }, { id: 'b', encodings: [[0.1]] }]);
        const addons = process.report.getReport().sharedObjects.filter((file) => file.endsWith('.node'));
        console.log(JSON.stringify({ pairs: pairs.length, loaded, addons }));
      })();`;
    const { stdout, stderr } = await run(process.execPath, ['-e', script], {
      cwd: t.testdir({ 'nothing.mjs': '', node_modules: t.fixture('symlink', join(folder, 'node_modules')) }),
    });
    t.same(JSON.parse(stdout || 'null'), { pairs: 1, loaded: [], addons: [] }, stderr);
  });
}

t.test('in a browser', { skip: skipWithoutBrowser }, async (t) => {
  const bundle = async (source: string, format: 'iife' | 'esm') => {
    const { outputFiles, metafile } = await build({
      stdin: { contents: source, resolveDir: folder },
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      platform: 'browser',
      format,
    });
    const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports);
    t.same(
      imported.filter(({ external }) => external),
      [],
      'nothing is asked for that a browser lacks',
    );
    return outputFiles[0]?.text ?? '';
  };
  const inPage = await bundle("import { answer } from './answer.mjs'; globalThis.answer = answer;", 'iife');
  const inWorker = await bundle(
    "import { answer } from './answer.mjs'; onmessage = async ({ data }) => postMessage(await answer(data));",
    'esm',
  );
  const { address, close } = await serve({
    '/': ['text/html', '<!doctype html><title>matcher</title><script src="page.js"></script>'],
    '/page.js': ['text/javascript', inPage],
    '/worker.js': ['text/javascript', inWorker],
  });
  t.teardown(close);
  const browser = await launchBrowser(t);
  const list = Buffer.from(numbers.buffer).toString('base64');

  const asked = async (t: Test, path: string, where: 'page' | 'worker', isolated: boolean) => {
    const { page, complaints } = await watchedPage(t, browser, address);
    await page.goto(`${address}${path}`);
    t.equal(await page.evaluate('crossOriginIsolated'), isolated);
    const answer = await page.evaluate(`(async () => {
      const bytes = Uint8Array.from(atob(${JSON.stringify(list)}), (c) => c.charCodeAt(0));
      const numbers = new Float32Array(bytes.buffer);
      if (${JSON.stringify(where)} === 'page') return answer(numbers);
      const worker = new Worker('worker.js', { type: 'module' });
      return new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = reject;
        worker.postMessage(numbers);
      });
    })()`);
    checkAnswer(t, answer as Answer);
    t.same(complaints, []);
  };

  await t.test('a page gets Node’s answer', (t) => asked(t, '/', 'page', false));
  await t.test('a worker gets it', (t) => asked(t, '/', 'worker', false));
  await t.test('so does a page that may share memory', (t) => asked(t, '/?isolated', 'page', true));
  await t.test('so does its worker', (t) => asked(t, '/?isolated', 'worker', true));
  await t.test('so does a page whose policy forbids WebAssembly', (t) => asked(t, '/?strict', 'page', false));
});

t.test('it is small', async (t) => {
  const { outputFiles } = await build({
    entryPoints: [join(installed, 'dist/esm/matcher.js')],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
  });
  const { length } = outputFiles[0]?.contents ?? { length: Infinity };
  t.ok(length < 50_000, `${length} bytes`);
});

async function serve(
  files: Readonly<Record<string, readonly [type: string, text: string]>>,
): Promise<{ readonly address: string; readonly close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
    const isolated = search === '?isolated' || request.headers.referer?.endsWith('?isolated');
    const [type, text] = files[pathname] ?? ['text/plain', ''];
    response.writeHead(200, {
      'content-type': type,
      ...(search === '?strict' ? { 'content-security-policy': "script-src 'self'" } : {}),
      ...(isolated
        ? {
            'cross-origin-opener-policy': 'same-origin',
            'cross-origin-embedder-policy': 'require-corp',
          }
        : {}),
    });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { address: `http://127.0.0.1:${port}`, close };
}
