// How Stryker mutates: what is the same for every module. scripts/mutate.mjs says which modules there are, and with
// which tests.

// Read by tap in the processes that Stryker starts: tests that run on a build of their own, or for seconds, are left out.
process.env['TAP_GREP'] = '/^(five thousand encodings|a process that is killed)/';
process.env['TAP_INVERT'] = '1';

/** Of the copy that is mutated; tap's own loader would take seconds for each mutant. */
const sources = ['lib', 'test/unit/duplicates', 'test/unit/store', 'test/fixtures'];

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  testRunner: 'tap',
  plugins: ['@stryker-mutator/tap-runner'],
  // Built beside the sources, so that the paths in them lead to the same places.
  buildCommand: `esbuild ${sources.map((folder) => `${folder}/**/*.ts`).join(' ')} --format=esm --platform=node --outbase=. --outdir=. --log-level=warning`,
  ignorePatterns: [
    '**',
    ...sources.map((folder) => `!/${folder}/**`),
    '!/package.json',
    '!/models/manifest.json',
  ],
  tap: {
    // A test is named as it is here, for Stryker to know when it has changed, and run as it was built.
    nodeArgs: [
      '-r',
      '{{hookFile}}',
      '--eval',
      "import(require('path').resolve(process.argv[1].replace(/ts$/, 'js')))",
      '{{testFile}}',
    ],
  },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  timeoutMS: 3000,
  incremental: true,
  tempDirName: 'mutation-output/sandbox',
  reporters: ['clear-text', 'html', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: false },
  allowConsoleColors: false,
};
