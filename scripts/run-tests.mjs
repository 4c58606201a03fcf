// Runs tap and closes with one line that any CI can read: N passed, N failed, N skipped.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'facededup-tests-'));
const record = join(folder, 'results.tap');
// tap's reporters draw on a terminal; in a log the results are told afterwards.
const reporter = process.stdout.isTTY ? 'terse' : 'silent';
const options = ['run', `--reporter=${reporter}`, `--output-file=${record}`];
const tap = spawnSync('node_modules/.bin/tap', [...options, ...process.argv.slice(2)], { stdio: 'inherit' });
const results = readFileSync(record, 'utf8');
rmSync(folder, { recursive: true });

if (!process.stdout.isTTY) {
  for (const [line] of results.matchAll(/^(?:not )?ok \d+ - .*$/gm)) console.log(line);
  for (const [failure] of results.matchAll(/^ *not ok \d+ - .*(?:\n *---\n[\s\S]*?\n *\.\.\.$)?/gm))
    console.log(failure);
}
const skipped = [...results.matchAll(/^ *ok \d+ - (.*?) # SKIP ?(.*)$/gm)];
for (const [, name, reason] of skipped) console.log(`skipped: ${name} (${reason})`);
const totals = /^# \{ (.*) \}$/m.exec(results)?.[1] ?? '';
const count = (name) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(totals)?.[1] ?? 0);
console.log(`${count('pass')} passed, ${count('fail')} failed, ${count('skip')} skipped`);
process.exitCode = tap.status === 0 && count('pass') > 0 && count('fail') === 0 ? 0 : 1;
