// Runs the fuzz targets that scripts/fuzz has built and prints one table: [SECONDS] [TARGET…].
// What a target has learned stays in build/fuzz/corpus; a crash leaves its input in build/fuzz/crashes.

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { availableParallelism } from 'node:os';
import { printTable } from './bench/table.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** The longest input of each: more only makes a run slower. */
const programs = {
  photo: 16384,
  raw_pixels: 4096,
  prototxt: 4096,
  caffemodel: 1024,
  landmark_model: 4096,
  encoder_model: 12288,
  mmod_model: 4096,
};
const readers = ['npy', 'csv', 'json_lines', 'manifest', 'calibration', 'config'];
const work = join('build', 'fuzz');
const crashes = join(work, 'crashes');

const { seconds, targets } = readArguments(process.argv.slice(2));
mkdirSync(crashes, { recursive: true });
const rows = await runAll(targets, availableParallelism());
printTable(['target', 'executions', 'a second', 'coverage', 'crashes'], rows);
process.exitCode = rows.some((row) => row.at(-1) !== 0) ? 1 : 0;

function readArguments(given) {
  const known = [...Object.keys(programs), ...readers];
  const [first = '60', ...rest] = given;
  const isTime = /^[1-9]\d*$/.test(first);
  const named = isTime ? rest : given;
  const unknown = named.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    console.error(`There is no target '${unknown}'. There are ${known.join(', ')}.`);
    process.exit(2);
  }
  return { seconds: isTime ? Number(first) : 60, targets: named.length > 0 ? named : known };
}

async function runAll(names, atOnce) {
  const waiting = [...names.entries()];
  const results = [];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [place, name] = next;
      results[place] = await (name in programs ? runProgram(name) : runReader(name));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

async function runProgram(name) {
  const corpus = join(work, 'corpus', name);
  mkdirSync(corpus, { recursive: true });
  const { output, code } = await run(join('build', 'address', 'native', 'fuzz', `fuzz_${name}`), [
    `-max_total_time=${seconds}`,
    // 0 is libFuzzer's word for another seed every time.
    `-seed=${process.env['FACEDEDUP_TEST_SEED'] ?? 0}`,
    `-max_len=${programs[name]}`,
    '-timeout=30',
    '-rss_limit_mb=3072',
    '-malloc_limit_mb=2048',
    '-print_final_stats=1',
    `-artifact_prefix=${join(crashes, `${name}-`)}`,
    corpus,
    join(work, 'seeds', name),
  ]);
  const executions = Number(/stat::number_of_executed_units:\s*(\d+)/.exec(output)?.[1] ?? 0);
  const edges = Number(/Loaded 1 modules\s+\((\d+) inline/.exec(output)?.[1] ?? 0);
  const { cov, ft } = [...output.matchAll(/cov: (?<cov>\d+) ft: (?<ft>\d+)/g)].at(-1)?.groups ?? {};
  if (code !== 0) report(name, output);
  const coverage = `${cov ?? '?'} of ${edges} edges, ${ft ?? '?'} features`;
  return [name, executions, Math.round(executions / seconds), coverage, code === 0 ? 0 : 1];
}

async function runReader(name) {
  const { output, code } = await run(process.execPath, [join(work, 'readers.mjs'), name, String(seconds)]);
  const value = (label) => new RegExp(`^${label}: (.*)$`, 'm').exec(output)?.[1];
  if (code !== 0) report(name, output);
  return [
    name,
    Number(value('executions') ?? 0),
    Number(value('per second') ?? 0),
    value('coverage') ?? '?',
    code === 0 ? 0 : 1,
  ];
}

/** What a target says about its crash: the last lines that it printed. */
function report(name, output) {
  const said = output.split('\n').filter((line) => !/^#\d+\s/.test(line));
  console.error(`${name} crashed:\n${said.slice(-60).join('\n')}\n`);
}

function run(command, options) {
  const environment = {
    ...process.env,
    // A file may ask for any size: the answer is "not enough memory", as on a real machine, and not the end.
    ASAN_OPTIONS: 'allocator_may_return_null=1:max_allocation_size_mb=1024:detect_leaks=1',
    LSAN_OPTIONS: `suppressions=${join('native', 'test', 'leaks_suppressed.txt')}:print_suppressions=0`,
    UBSAN_OPTIONS: 'print_stacktrace=1',
    OPENBLAS_NUM_THREADS: '1',
  };
  return new Promise((resolve, reject) => {
    const child = spawn(command, options, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ output, code }));
  });
}
