// node scripts/test-install.mjs [--only CASE,…] [--keep]
// Packs the package and installs it in every way a user might: in clean Debian roots without compiler and OpenCV, and, where it
// has to be built, in a fresh folder on this machine. Needs root, debootstrap, scripts/prebuild's addon, dist/ and the npm
// registry; takes minutes for each build from source, and so is no part of npm test.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const base = join(root, 'build', 'test-install', 'base');
const suite = 'bookworm';
const { values } = parseArgs({
  options: { only: { type: 'string' }, keep: { type: 'boolean', default: false } },
});

/** What a user's first program does; HOG needs no model. */
const program = `
import { availableBackends, detectFaces } from 'facededup';
const grey = { data: new Uint8Array(6400).fill(90), width: 80, height: 80, channels: 1 };
console.log('works', JSON.stringify([availableBackends(), await detectFaces(grey, { detector: 'hog' })]));
`;
const works = /^works \[\[.*"backend":"opencv","target":"cpu".*\],\[\]\]$/m;
const missing = /NATIVE_ADDON_MISSING[\s\S]*libopencv-dev[\s\S]*npm rebuild facededup/;
const noBuild = /facededup: the addon could not be built\. It needs CMake, .*libopencv-dev/;
const rebuild = 'npm rebuild facededup --foreground-scripts';
const withoutPrebuilds = 'rm -r node_modules/facededup/prebuilds';

/** Shell commands, what the last of them must print, and whether they run in a clean root. */
const cases = {
  prebuilt: { clean: true, commands: ['npm install $TARBALL', 'node program.mjs'], prints: works },
  'prebuilt, install scripts run': {
    clean: true,
    commands: ['npm install $TARBALL', rebuild, 'node program.mjs'],
    prints: works,
  },
  'prebuilt, install scripts off': {
    clean: true,
    commands: ['npm install --ignore-scripts $TARBALL', 'node program.mjs'],
    prints: works,
  },
  'nothing fits: at run time': {
    clean: true,
    commands: ['npm install --ignore-scripts $TARBALL', withoutPrebuilds, 'node program.mjs'],
    prints: missing,
    fails: true,
  },
  'nothing fits: at install time': {
    clean: true,
    commands: ['npm install --ignore-scripts $TARBALL', withoutPrebuilds, rebuild],
    prints: noBuild,
    fails: true,
  },
  'FACEDEDUP_BUILD misspelt': {
    commands: ['npm install --ignore-scripts $TARBALL', `FACEDEDUP_BUILD=sauce ${rebuild}`],
    prints: /FACEDEDUP_BUILD is 'sauce'; it can be source or cuda/,
    fails: true,
  },
  'FACEDEDUP_BUILD=cuda without CUDA': {
    commands: ['npm install --ignore-scripts $TARBALL', `FACEDEDUP_BUILD=cuda ${rebuild}`],
    prints: /was built without CUDA/,
    fails: true,
  },
  'another OpenCV that is not there': {
    commands: [
      'npm install --ignore-scripts $TARBALL',
      `FACEDEDUP_BUILD=source OpenCV_DIR=/nowhere ${rebuild}`,
    ],
    prints: /no OpenCVConfig\.cmake in \/nowhere/,
    fails: true,
  },
  'source, with the OpenCV that OpenCV_DIR names': {
    commands: [
      'npm install --ignore-scripts $TARBALL',
      `FACEDEDUP_BUILD=source OpenCV_DIR=$(dirname "$(find /usr/lib -name OpenCVConfig.cmake | head -n 1)") ${rebuild}`,
      'test -f node_modules/facededup/build/Release/facededup.node',
      'ldd node_modules/facededup/build/Release/facededup.node | grep libopencv_core >&2',
      'node program.mjs',
    ],
    prints: works,
  },
};

const tarball = pack();
let failures = 0;
for (const [name, one] of Object.entries(cases)) {
  if (values.only && !values.only.split(',').some((word) => name.includes(word.trim()))) continue;
  const place = one.clean ? cleanRoot() : freshFolder();
  try {
    const fault = check(one, place);
    console.log(fault ? `not ok - ${name}: ${fault}` : `ok - ${name}`);
    if (fault) failures++;
  } finally {
    place.remove();
  }
}
if (!values.keep) rmSync(dirname(tarball), { recursive: true });
process.exitCode = failures > 0 ? 1 : 0;

/** @returns what was wrong, or undefined. */
function check({ commands, prints, fails = false }, { folder, run }) {
  writeFileSync(join(folder, 'package.json'), '{ "name": "project", "private": true, "type": "module" }\n');
  writeFileSync(join(folder, 'program.mjs'), program);
  cpSync(tarball, join(folder, basename(tarball)));
  for (const [i, command] of commands.entries()) {
    const last = i === commands.length - 1;
    const { status, output } = run(command.replace('$TARBALL', `./${basename(tarball)}`));
    const expectsFailure = last && fails;
    if ((status !== 0) !== expectsFailure) return `'${command}' ended with ${status}:\n${output}`;
    if (last && !prints.test(output)) return `'${command}' printed\n${output}`;
  }
  return undefined;
}

function pack() {
  const folder = mkdtempSync(join(tmpdir(), 'facededup-install-'));
  const [packed] = JSON.parse(
    sh(`npm pack --json --ignore-scripts --pack-destination '${folder}'`, { cwd: root }),
  );
  if (!packed.files.some(({ path }) => path.startsWith('prebuilds/')))
    throw new Error('The package has no prebuilt addon: run scripts/prebuild first.');
  return join(folder, packed.filename);
}

function freshFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'facededup-install-'));
  return {
    folder,
    run: (command) => attempt('bash', ['-c', command], { cwd: folder }),
    remove: () => values.keep || rmSync(folder, { recursive: true, force: true }),
  };
}

/** A Debian with nothing but its base system, Node and npm; each case gets a copy of its own, made by an overlay. */
function cleanRoot() {
  prepareBase();
  const folder = mkdtempSync(join(tmpdir(), 'facededup-install-'));
  const [upper, work, merged] = ['upper', 'work', 'root'].map((name) => join(folder, name));
  for (const each of [upper, work, merged]) mkdirSync(each);
  sh(`mount -t overlay overlay -o lowerdir='${base}',upperdir='${upper}',workdir='${work}' '${merged}'`);
  sh(`mount -t proc proc '${merged}/proc' && mount --bind /dev '${merged}/dev'`);
  mkdirSync(join(merged, 'project'));
  return {
    folder: join(merged, 'project'),
    run: (command) => attempt('chroot', [merged, 'bash', '-c', `cd /project && ${command}`]),
    remove: () => {
      sh(`umount '${merged}/dev' '${merged}/proc' '${merged}'`);
      if (!values.keep) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function prepareBase() {
  if (!existsSync(join(base, 'bin', 'bash'))) {
    mkdirSync(dirname(base), { recursive: true });
    sh(`debootstrap --variant=minbase ${suite} '${base}' >&2`);
  }
  // The machine's own Node and npm, and what the network needs.
  const npm = dirname(dirname(sh('realpath "$(command -v npm)"').trim()));
  sh(`install -D '${process.execPath}' '${base}/usr/bin/node'
    mkdir -p '${base}/usr/lib/node_modules' '${base}/etc/ssl/certs' && rm -rf '${base}/usr/lib/node_modules/npm'
    cp -R '${npm}' '${base}/usr/lib/node_modules/npm'
    ln -sf ../lib/node_modules/npm/bin/npm-cli.js '${base}/usr/bin/npm'
    cp -L /etc/resolv.conf '${base}/etc/resolv.conf'
    cp -L /etc/ssl/certs/ca-certificates.crt '${base}/etc/ssl/certs/' || true`);
  const tools = attempt('chroot', [
    base,
    'sh',
    '-c',
    'command -v c++ cc cmake make; ls /usr/lib/*/libopencv_core*',
  ]);
  if (tools.status === 0) throw new Error(`${base} is no clean root: ${tools.output}`);
}

function sh(command, options = {}) {
  const { status, stdout, stderr } = spawnSync('sh', ['-e', '-c', command], { encoding: 'utf8', ...options });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
  return stdout;
}

function attempt(command, args, options = {}) {
  const env = { ...process.env, HOME: '/root', npm_config_fund: 'false', npm_config_audit: 'false' };
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env, ...options });
  return { status, output: stdout + stderr };
}
