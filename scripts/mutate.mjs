// Mutation testing of the matcher and the face store: `npm run mutate`, or `npm run mutate -- search photo_table` for some
// modules. Each is mutated with the tests that are about it, so that a mutant costs a second or less.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stryker } from '@stryker-mutator/core';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/**
 * The tests of each module. Not here: the kernels and what lays out their memory (axes, frame, kernel, layout, rotation,
 * scalar_kernel, sketch, wasm; of the tiles run_axes and sketched_block), most of whose mutants only make the search
 * slower or are bytes that are no program; threads.ts, whose threads get their functions as text, without Stryker's own;
 * schema.ts, which is never changed.
 */
const modules = {
  'duplicates/distance': ['distance'],
  'duplicates/encoding': ['distance'],
  'duplicates/exact': ['exact'],
  'duplicates/search': ['search'],
  'duplicates/scan': ['scan'],
  'duplicates/collector': ['search'],
  'duplicates/squares': ['squares'],
  'duplicates/order': ['order'],
  'duplicates/pair_order': ['pair_order'],
  'duplicates/group_duplicates': ['group_duplicates'],
  'duplicates/ignored_pairs': ['ignored_pairs'],
  'duplicates/found_pairs': ['found_pairs'],
  'duplicates/record_table': ['record_table'],
  'duplicates/answer': ['answer'],
  'duplicates/turns': ['turns'],
  'duplicates/find_duplicates': ['find_duplicates'],
  'duplicates/tiles/face_block': ['tiles/face_block'],
  'duplicates/tiles/kept_blocks': ['tiles/kept_blocks'],
  'duplicates/tiles/match_tile': ['tiles/match_tile'],
  'duplicates/tiles/merge_tiles': ['tiles/merge_tiles'],
  'duplicates/tiles/plan_tiles': ['tiles/plan_tiles'],
  'duplicates/tiles/recently_used': ['tiles/kept_blocks'],
  'duplicates/tiles/sealed': ['tiles/sealed'],
  'store/photo_table': ['photo_table', 'face_store', 'decisions', 'run_table'],
  'store/decisions': ['decision_table', 'decisions'],
  'store/run_table': ['run_table', 'runs'],
  'store/packed_faces': ['packed_faces'],
  'store/face_store': ['sets', 'face_store', 'erase', 'encryption'],
  'store/database': ['database', 'sets', 'face_store', 'erase', 'photo_table'],
  'store/sqlite_errors': ['sqlite_errors', 'database'],
};

const wanted = process.argv.slice(2);
const chosen = Object.entries(modules).filter(
  ([module]) => wanted.length === 0 || wanted.some((name) => module === name || module.endsWith(`/${name}`)),
);
const scores = [];
for (const [module, tests] of chosen) {
  const folder = join('mutation-output', module);
  const stryker = new Stryker({
    mutate: [`lib/${module}.ts`],
    tap: { testFiles: tests.map((test) => `test/unit/${module.split('/')[0]}/${test}.ts`) },
    incrementalFile: join(folder, 'incremental.json'),
    htmlReporter: { fileName: join(folder, 'report.html') },
    jsonReporter: { fileName: join(folder, 'report.json') },
  });
  await stryker.runMutationTest();
  scores.push(scoreOf(module, JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'))));
}
console.table(scores);

function scoreOf(module, { files }) {
  const mutants = Object.values(files).flatMap((file) => file.mutants);
  const count = (...states) => mutants.filter(({ status }) => states.includes(status)).length;
  const [killed, left] = [count('Killed', 'Timeout'), count('Survived', 'NoCoverage')];
  return {
    module,
    mutants: killed + left,
    killed,
    left,
    score: `${((100 * killed) / (killed + left)).toFixed(1)} %`,
  };
}
