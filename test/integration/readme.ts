// Every code block of the README runs, and the JavaScript ones print what their comments say.

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../lib/package_root.js';
import { ConfigFile } from '../../lib/settings/index.js';
import { run } from '../fixtures/command_line.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';

const skip = skipWithout.dlib || skipWithout.examples;
const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', code = '']) => ({
  language,
  code,
}));

/** Within the package, so that its own name can be imported. */
function folderWithPhotos(): string {
  mkdirSync(join(packageRoot, '.tap'), { recursive: true });
  const folder = mkdtempSync(join(packageRoot, '.tap', 'readme-'));
  mkdirSync(join(folder, 'photos'));
  const copy = (from: string, to: string) =>
    copyFileSync(join(examplePhotos ?? '', 'johns', from), join(folder, 'photos', to));
  copy('John_Schneider/000288_00925786.jpg', 'anna-1.jpg');
  copy('John_Schneider/000329_00925859.jpg', 'anna-2.jpg');
  copy('John_Simm/000297_00470170.jpg', 'ben.jpg');
  return folder;
}

const folder = skip ? '' : folderWithPhotos();
t.teardown(() => {
  if (folder !== '') rmSync(folder, { recursive: true });
});

t.test('each block has a language that is run', async (t) => {
  t.ok(blocks.length >= 6);
  t.ok(blocks.every(({ language }) => ['js', 'sh', 'json'].includes(language)));
});

t.test('the settings shown are right', async (t) => {
  const folder = t.testdir({});
  for (const { code } of blocks.filter(({ language }) => language === 'json')) {
    writeFileSync(join(folder, 'facededup.config.json'), code);
    t.ok(await ConfigFile.read(join(folder, 'facededup.config.json')));
  }
});

for (const [index, { language, code }] of blocks.entries()) {
  if (language === 'json') continue;
  t.test(`block ${index + 1} (${language}) runs`, { skip }, async (t) => {
    const file = join(folder, `block-${index}.mjs`);
    writeFileSync(file, code);
    const result =
      language === 'js'
        ? await run(process.execPath, [file], { cwd: folder })
        : await run('bash', ['-euo', 'pipefail', '-c', code], { cwd: folder });
    t.equal(result.code, 0, result.stderr);
    if (index === 0) {
      t.match(
        result.stdout,
        /first: 'photos\/anna-1\.jpg',\s+second: 'photos\/anna-2\.jpg',\s+distance: 0\.1[89]/,
      );
    }
    if (code.includes('PhotoFormatError')) t.equal(result.stdout, 'true true\nPHOTO_NOT_AN_IMAGE\n');
    if (code.includes('encodeAll')) t.match(result.stdout, /^photos\/missing\.jpg: PHOTO_NOT_FOUND\n\[\]\n$/);
  });
}

t.test('every error class and code is in its table', async (t) => {
  const errors = readFileSync(join(packageRoot, 'lib', 'errors.ts'), 'utf8');
  for (const [, name = ''] of errors.matchAll(/^export class (\w+)/gm))
    t.ok(readme.includes(`\`${name}\``) || name === 'FaceDedupError', name);
  for (const [, code = ''] of errors.matchAll(/`([A-Z_]{6,})`/g)) t.ok(readme.includes(`\`${code}\``), code);
});
