// Photos made to harm: each has its answer, within bounded memory, and no answer is wrong.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../lib/package_root.js';
import { decoded, type HostilePhoto, hostilePhotos } from '../fixtures/hostile/index.js';
import { runLimited } from '../fixtures/limited.js';
import { modelFolder } from '../fixtures/model_folder.js';

const mebibyte = 2 ** 20;
/** Of a progressive JPEG, the format that takes most: six of coefficients and three of pixels. */
const bytesPerPixel = 9;
/** For what does not depend on the picture, such as the tiles of a TIFF (native/vision/tiff_decoder.cpp). */
const slack = 128 * mebibyte;
/** Of a whole process with one lane: 9 bytes for each of 100 million pixels, and what Node and the engine take. */
const limits = { bytes: 1536 * mebibyte, seconds: 300 };

/** As test/fixtures/hostile_child.mjs prints it. */
interface Answer {
  readonly name: string;
  readonly answer: string;
  readonly message?: string;
  readonly milliseconds: number;
  /** The most resident memory while it was worked on. */
  readonly kib: number;
  readonly width?: number;
  readonly height?: number;
}

const models = modelFolder(t);
const photos = await hostilePhotos();

t.test('every hostile file has its answer, and takes no more memory than its pixels ask for', async (t) => {
  const folder = t.testdir({});
  for (const { name, bytes } of photos) writeFileSync(join(folder, name), bytes);
  const child = join(packageRoot, 'test', 'fixtures', 'hostile_child.mjs');
  const { code, stdout, stderr } = await runLimited([child, folder, models], limits);
  t.equal(code, 0, `the process lived, and did not hang ${stderr}`);
  const [idle, ...answers] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
  const answerTo = new Map(answers.map((answer) => [answer.name, answer]));

  for (const { name, answers: right, size } of photos) {
    const { answer, width, height, kib, message } = answerTo.get(name) ?? { answer: 'none', kib: 0 };
    t.ok(
      right.includes(answer),
      `${JSON.stringify(name)}: ${answer}, ${right.join(' or ')} ${message ?? ''}`,
    );
    if (answer === decoded && size) t.same({ width, height }, size, `the size of ${name}`);
    const pixels = size ? size.width * size.height : 0;
    const allowed = (idle?.kib ?? 0) * 1024 + slack + bytesPerPixel * pixels;
    t.ok(kib * 1024 <= allowed, `the memory for ${name}: ${kib} KiB`);
  }
  for (const line of table(photos, answerTo)) t.comment(line);
});

/** As docs/reliability.md has it: kind, files, answers, most memory, longest time. */
function table(photos: readonly HostilePhoto[], answerTo: ReadonlyMap<string, Answer>): string[] {
  const kinds = new Map<string, Answer[]>();
  for (const { name, kind } of photos) {
    const answer = answerTo.get(name);
    if (answer) kinds.set(kind, [...(kinds.get(kind) ?? []), answer]);
  }
  return [...kinds].map(([kind, all]) => {
    const codes = [...new Set(all.map(({ answer }) => answer))].sort().join(', ');
    const mebibytes = Math.round(Math.max(...all.map(({ kib }) => kib)) / 1024);
    const milliseconds = Math.ceil(Math.max(...all.map((each) => each.milliseconds)));
    return `| ${kind} | ${all.length} | ${codes} | ${mebibytes} MiB | ${milliseconds} ms |`;
  });
}
