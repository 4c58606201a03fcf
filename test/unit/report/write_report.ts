// A report's file: what is in it, what it costs, what becomes of photos that are gone.

import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { sha256Of } from '../../../lib/digest.js';
import type { ReportData } from '../../../lib/report/data.js';
import { requireWritable, writeReport } from '../../../lib/report/index.js';
import { AbortedError, ModelMissingError } from '../../../lib/index.js';
import {
  drawingEngine,
  drawnBox,
  drawnPhotos,
  findingsOf,
  manyPairs,
  pairOf,
} from '../../fixtures/findings.js';

const engine = await drawingEngine();

async function place(t: Test, ...names: readonly string[]) {
  const folder = t.testdir({});
  return { out: join(folder, 'out.html'), folder, photos: await drawnPhotos(join(folder, 'photos'), names) };
}

function dataOf(file: string): ReportData {
  const json = /<script type="application\/json" id="report-data">(.*?)<\/script>/s.exec(
    readFileSync(file, 'utf8'),
  );
  return JSON.parse(json?.[1] ?? '') as ReportData;
}

t.test('each photo and each face is in the file once, readable by its owner alone', async (t) => {
  const { out, photos } = await place(t, 'a.jpg', 'b.jpg', 'c.jpg');
  const [a = '', b = '', c = ''] = photos;
  const other = { x: 10, y: 10, width: 50, height: 50 };
  const written = await writeReport(
    out,
    findingsOf([
      pairOf(a, b, 0.2, { verdict: 'same', firstReference: 'R1' }),
      pairOf(a, c, 0.3, { isNew: false, firstReference: 'R1' }),
      pairOf(b, c, 0.4, { secondBox: other }),
    ]),
    { engine },
  );
  t.match(written, { path: out, photos: 3, crops: 4, wholePhotos: 3, missing: 0, bytes: statSync(out).size });
  t.equal(statSync(out).mode & 0o777, 0o600);
  const data = dataOf(out);
  t.match(data.photos, [
    { name: a, reference: 'R1', whole: 0, width: 600, height: 400 },
    { name: b, whole: 1 },
    { name: c, whole: 2 },
  ]);
  t.same(
    data.faces.map(({ photo }) => photo),
    [0, 1, 2, 2],
  );
  t.same(data.faces[0]?.box, [drawnBox.x, drawnBox.y, drawnBox.width, drawnBox.height]);
  t.same(data.pairs, [
    [0, 1, 0.2, 1, 'same'],
    [0, 2, 0.3, 0],
    [1, 3, 0.4, 1],
  ]);
  t.same(data.groups, [[0, 1, 2]]);
  t.match(data.facts.summary, { photos: 3, pairs: 3 });
});

t.test('the whole photos may be links, or left out', async (t) => {
  const { out, photos } = await place(t, 'a.jpg', 'b.jpg');
  const findings = findingsOf([pairOf(photos[0] ?? '', photos[1] ?? '', 0.2)]);
  await writeReport(out, findings, { engine, photos: 'link' });
  t.match(dataOf(out).photos, [{ link: 'photos/a.jpg', whole: undefined }, { link: 'photos/b.jpg' }]);
  t.match(dataOf(out).photosInWords, 'Whole photos are not in this file: 2 are shown from where they lay');
  const written = await writeReport(out, findings, { engine, photos: 'none' });
  t.match(written, { crops: 2, wholePhotos: 0 });
  t.match(dataOf(out).photos, [{ link: undefined, whole: undefined }]);
});

t.test('faces beyond 128 MiB are left out, and the report says so', async (t) => {
  const { out, photos } = await place(t, ...Array.from({ length: 200 }, (_, index) => `${index}.jpg`));
  const large = {
    ...engine,
    extract: (async (_: unknown, { boxes }: { boxes: unknown[] }) =>
      boxes.map(() => ({ chip: new Uint8Array(1 << 20) }))) as unknown as typeof engine.extract,
  };
  const written = await writeReport(out, findingsOf(manyPairs(photos, 199)), {
    engine: large,
    photos: 'none',
  });
  // In base64 each takes 1,398,104 bytes, and 96 of them 256 more than there is room for.
  t.match(written, { crops: 95, missing: 105 });
  t.ok(written.bytes < 128 * 2 ** 20 + 1e6);
  t.match(dataOf(out).photos.at(-1), { problem: 'This report has room for the faces of closer pairs only.' });
});

t.test(
  'a photo that is gone, changed or damaged is missing with its reason, and the report is made',
  async (t) => {
    const { out, folder, photos } = await place(t, 'a.jpg', 'b.jpg', 'c.jpg', 'd.jpg');
    const [a = '', b = '', c = '', d = ''] = photos;
    rmSync(b);
    rmSync(c);
    writeFileSync(c, 'no photo');
    const digestOf = (name: string) => `sha256 ${name === d ? 'other' : sha256Of(readFileSync(name))}`;
    const written = await writeReport(
      out,
      findingsOf([
        pairOf(a, b, 0.1),
        pairOf(c, d, 0.2),
        pairOf('azure:box/x.jpg', a, 0.3, { firstBox: { x: 0, y: 0, width: 0, height: 0 } }),
      ]),
      { engine, digestOf: (name) => (name === b || name.startsWith('azure') ? undefined : digestOf(name)) },
    );
    t.match(written, { photos: 5, missing: 4, crops: 1 });
    t.match(dataOf(out).photos, [
      { name: a, problem: undefined, whole: 0 },
      { name: b, problem: 'It is no longer where it was.' },
      { name: c, problem: /is not an image|no image|cannot be decoded/i },
      { name: d, problem: 'It has changed since this run.' },
      { problem: /./ },
    ]);
    t.same(readdirSync(folder).sort(), ['out.html', 'photos'], 'nothing half-written is left');
  },
);

t.test('what would fail every photo alike fails the report, and leaves the file as it was', async (t) => {
  const { out, folder, photos } = await place(t, 'a.jpg', 'b.jpg');
  writeFileSync(out, 'before');
  const findings = findingsOf([pairOf(photos[0] ?? '', photos[1] ?? '', 0.2)]);
  const extract = () => Promise.reject(new ModelMissingError('MODEL_MISSING', 'no model'));
  await t.rejects(writeReport(out, findings, { engine: { ...engine, extract } }), { code: 'MODEL_MISSING' });
  await t.rejects(writeReport(out, findings, { engine, signal: AbortSignal.abort() }), AbortedError);
  t.equal(readFileSync(out, 'utf8'), 'before');
  t.same(readdirSync(folder).sort(), ['out.html', 'photos']);
});

t.test('a place where no report can be written is named before any work', async (t) => {
  const { folder, out } = await place(t);
  await t.resolves(requireWritable(out));
  for (const path of [join(folder, 'none', 'out.html'), folder])
    await t.rejects(requireWritable(path), { code: 'REPORT_UNWRITABLE' });
  await t.rejects(writeReport(join(folder, 'none', 'out.html'), findingsOf([]), { engine }), {
    code: 'REPORT_UNWRITABLE',
    message: /Name a file in a folder that is there/,
  });
});

t.test('progress counts photos', async (t) => {
  const { out, photos } = await place(t, 'a.jpg', 'b.jpg');
  const seen: unknown[] = [];
  const findings = findingsOf([pairOf(photos[0] ?? '', photos[1] ?? '', 0.2)]);
  await writeReport(out, findings, { engine, onProgress: (progress) => seen.push(progress) });
  t.same(seen, [
    { done: 1, total: 2 },
    { done: 2, total: 2 },
  ]);
});
