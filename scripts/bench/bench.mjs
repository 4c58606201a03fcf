// npm run bench [-- --photos DIR] [--count N] [--rounds N] [--sizes 2000,20000,100000]
// Everything that is claimed to be fast against what others use for it: one table, each row a ratio of one run.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { matchingRows } from './matching.mjs';
import { pipelineRows, columns } from './pipeline.mjs';
import { benchPhotos } from './places.mjs';
import { printTable } from './table.mjs';

const { values } = parseArgs({
  options: {
    photos: { type: 'string' },
    count: { type: 'string', default: '60' },
    rounds: { type: 'string', default: '3' },
    sizes: { type: 'string', default: '2000,20000,100000' },
  },
});
const rounds = Number(values.rounds);
const photos = await benchPhotos(values.photos, Number(values.count));
console.log(
  `${availableParallelism()} cores; ${photos.length} photos; medians of ${rounds} rounds in which all take turns\n`,
);
const pipeline = await pipelineRows({ photos, rounds });
const matching = await matchingRows({
  sizes: values.sizes.split(',').map(Number),
  thresholds: [0.4, 0.6],
  rounds,
  threads: availableParallelism(),
});
console.log();
printTable(columns, [...pipeline, ...ratiosOf(matching)]);

/** Of the matcher's table, where every contestant has a row, one row for each rival: millions of pairs a second. */
function ratiosOf(rows) {
  const searchOf = ([size, threshold]) => `match ${size} at ${threshold}`;
  const ours = new Map(
    rows.filter(([, , , name]) => name.startsWith('facededup')).map((row) => [searchOf(row), row]),
  );
  return rows.flatMap((row) => {
    const [, , , rival, , perSecond, ratio, spread] = row;
    const [, , , name, , ownPerSecond] = ours.get(searchOf(row));
    if (rival === name) return [];
    return [[searchOf(row), name, rival, `${ownPerSecond} M`, '', `${perSecond} M`, ratio, spread]];
  });
}
