// Builds and packs the commit at hand twice, from two fresh checkouts in folders of different names, and compares: whoever
// does the same must get the same bytes. Prints the digest that the registry will show.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const place = mkdtempSync(join(tmpdir(), 'facededup-reproducible-'));

function pack(name) {
  const folder = join(place, name);
  const tell = (command, options, cwd = folder) =>
    execFileSync(command, options, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  tell('git', ['clone', '--quiet', '--no-hardlinks', root, folder], place);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  // A release has put the repository's address into it.
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  // Made by scripts/prebuild, which checks them by itself.
  if (existsSync(join(root, 'prebuilds')))
    cpSync(join(root, 'prebuilds'), join(folder, 'prebuilds'), { recursive: true });
  tell('npm', ['run', '--silent', 'build:js']);
  const [{ filename, integrity }] = JSON.parse(tell('npm', ['pack', '--json', '--ignore-scripts']));
  const tarball = readFileSync(join(folder, filename));
  return { filename, integrity, sha256: createHash('sha256').update(tarball).digest('hex') };
}

try {
  const [first, second] = [pack('one'), pack('another-one')];
  const same = first.sha256 === second.sha256;
  console.log(`${first.filename} sha256 ${first.sha256}\n${first.filename} ${first.integrity}`);
  if (!same) console.error(`The second build differs: sha256 ${second.sha256}`);
  process.exitCode = same ? 0 : 1;
} finally {
  rmSync(place, { recursive: true });
}
