// What a person sees first: help, colour, and completion in their shell.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { facededup, run } from '../fixtures/command_line.js';

async function helpOf(...path: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await facededup([...path, '--help']);
  t.equal(code, 0, stderr);
  return stdout;
}

/** The names of the commands in a help, from their own lines. */
function commandsIn(help: string): string[] {
  const usual = [...help.matchAll(/^ {2}([a-z]+)(?: \[?<?[a-z]| {2,})/gm)].map(([, name = '']) => name);
  return usual.filter((name) => name !== 'help' && name !== 'facededup');
}

t.test('commands stand in groups, and each has examples of its own', async (t) => {
  const help = await helpOf();
  t.match(help, /\nFind people:\n {2}find .*\n {2}compare .*\n {2}identify .*\n {2}unique /);
  t.match(help, /\nSet up:\n {2}models /);
  t.match(help, /\nExamples:\n {2}facededup models fetch\n/);
  t.match(help, /\nExit codes: 0 done/);
  const names = commandsIn(help);
  t.ok(names.length >= 11, names.join(' '));
  for (const name of names) {
    const text = await helpOf(name);
    t.match(text, new RegExp(`\nExamples:\n {2}.*facededup ${name}`), name);
    t.match(text, /--config <file>/, name);
  }
  for (const below of ['fetch', 'update', 'rollback', 'history', 'prune'])
    t.match(await helpOf('models', below), new RegExp(`\nExamples:\n {2}facededup models ${below}`), below);
  for (const below of ['add', 'import', 'undo'])
    t.match(
      await helpOf('decisions', below),
      new RegExp(`\nExamples:\n {2}facededup decisions ${below}`),
      below,
    );
});

t.test('every command that answers has --json', async (t) => {
  for (const name of commandsIn(await helpOf())) t.match(await helpOf(name), /--json +print JSON/, name);
});

const escape = '\u001b[';

t.test('a pipe has no colour, unless it is forced; JSON never has any', async (t) => {
  const plain = { NO_COLOR: '', FORCE_COLOR: '' };
  const run = (args: string[], environment: NodeJS.ProcessEnv) =>
    facededup(args, { ...plain, ...environment });
  for (const args of [['--help'], ['models'], ['config']]) {
    t.notOk((await run(args, {})).stdout.includes(escape), args.join(' '));
    t.ok((await run(args, { FORCE_COLOR: '1' })).stdout.includes(escape), `${args.join(' ')}, forced`);
    t.notOk((await run(args, { FORCE_COLOR: '1', NO_COLOR: '1' })).stdout.includes(escape), 'NO_COLOR');
  }
  for (const args of [['models'], ['config'], ['doctor']])
    t.notOk((await run([...args, '--json'], { FORCE_COLOR: '1' })).stdout.includes(escape), args.join(' '));
});

t.test('columns stand where they stand without colour', async (t) => {
  const run = async (force: string) =>
    (
      await facededup(['models'], {
        FORCE_COLOR: force,
        NO_COLOR: '',
        FACEDEDUP_MODELS: '',
        XDG_CACHE_HOME: '/x',
      })
    ).stdout;
  const coloured = await run('1');
  t.equal(coloured.replaceAll(/\u001b\[\d+m/g, ''), await run(''));
});

const lines: readonly (readonly [words: readonly string[], expected: readonly string[]])[] = [
  [['fi'], ['find']],
  [
    ['models', ''],
    ['fetch', 'update', 'rollback', 'history', 'prune'],
  ],
  [['models', 'fe'], ['fetch']],
  [
    ['--config', 'models', 'com'],
    ['compare', 'completion'],
  ],
  [
    ['find', '--faces', ''],
    ['all', 'largest', 'reject'],
  ],
  [['find', '--faces', '=', 'l'], ['largest']],
  [
    ['find', '--faces', '='],
    ['all', 'largest', 'reject'],
  ],
  [
    ['find', '--detector', ''],
    ['ssd', 'hog', 'mmod'],
  ],
  [['find', '--thr'], ['--threshold']],
  [['find', '--threshold', ''], []],
  [['models', 'update', '--set', 'ss'], ['ssd']],
  [['decisions', 'add', '--verdict', 'd'], ['different']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [
    ['find', 'some'],
    ['some photos', 'some.jpg'],
  ],
  [['unique', '--out', 'models', 'some.'], ['some.jpg']],
];

async function scriptFor(
  shell: string,
  t: Test,
): Promise<{ readonly folder: string; readonly script: string }> {
  const folder = t.testdir({ 'some photos': {}, 'some.jpg': '' });
  const { code, stdout, stderr } = await facededup(['completion', shell]);
  t.match({ code, stderr }, { code: 0, stderr: '' });
  writeFileSync(join(folder, `.${shell}`), stdout);
  return { folder, script: join(folder, `.${shell}`) };
}

t.test('bash completes commands, flags, choices and files', async (t) => {
  const { folder, script } = await scriptFor('bash', t);
  // What bash does when Tab is pressed, and then an answer a line.
  const press =
    'source "$0"; COMP_WORDS=(facededup "$@"); COMP_CWORD=$#; _facededup; printf "%s\\n" "${COMPREPLY[@]}"';
  for (const [words, expected] of lines) {
    const { stdout, stderr } = await run('bash', ['--norc', '-c', press, script, ...words], { cwd: folder });
    t.same(stdout.split('\n').filter(Boolean).sort(), [...expected].sort(), words.join(' '));
    t.equal(stderr, '');
  }
});

function isHere(shell: string): boolean {
  return spawnSync(shell, ['--version']).status === 0;
}

t.test('zsh can read its script', { skip: isHere('zsh') ? false : 'zsh is not here' }, async (t) => {
  const { script } = await scriptFor('zsh', t);
  t.match(await run('zsh', ['-n', script]), { code: 0, stderr: '' });
});

t.test('fish completes the same', { skip: isHere('fish') ? false : 'fish is not here' }, async (t) => {
  const { folder, script } = await scriptFor('fish', t);
  // fish completes files with a slash where they are folders, and takes --flag=value for one word.
  const asFishSays = (word: string) => (word === 'some photos' ? 'some photos/' : word);
  for (const [words, expected] of lines.filter(([each]) => !each.includes('='))) {
    const line = ['facededup', ...words].join(' ');
    const { stdout } = await run(
      'fish',
      ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', script, line],
      {
        cwd: folder,
      },
    );
    const found = stdout.split('\n').filter(Boolean);
    t.same(found.map((each) => each.split('\t')[0]).sort(), expected.map(asFishSays).sort(), line);
  }
});

t.test('a script for each shell, and for no other', async (t) => {
  t.match(await facededup(['completion', 'zsh']), { code: 0, stdout: /^#compdef facededup\n/ });
  const { stdout } = await facededup(['completion', 'zsh', '--json']);
  t.match(JSON.parse(stdout), { shell: 'zsh', script: /^#compdef facededup\n/ });
  t.match(await facededup(['completion', 'fish']), { code: 0, stdout: /\ncomplete -c facededup / });
  t.match(await facededup(['completion', 'tcsh']), {
    code: 2,
    stderr: /Allowed choices are bash, zsh, fish/,
  });
});
