// npm run bench:scale [-- --list-faces 2000000] [--cluster redis://… --store postgres://…] [--rates FILE] [--save-rates FILE]
//   [--sizes 1e6,1e7,1e8,1e9] [--cores 100,1000] [--reach 0.2] [--new-share 0.01] [--core-hour 0.04] [--gb-month 0.115]
// What a set costs, exactly and by candidates: rates are measured on this machine (or read with --rates), and a cluster is
// played through job by job with them. docs/scale.md explains the tables and says what is assumed.

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { clusterRates } from './scale_cluster.mjs';
import { exactRates, listRates } from './scale_rates.mjs';
import { playMatch } from './scale_play.mjs';
import { printTable } from './table.mjs';

const { values } = parseArgs({
  options: {
    'list-faces': { type: 'string', default: '2000000' },
    cluster: { type: 'string' },
    store: { type: 'string' },
    rates: { type: 'string' },
    'save-rates': { type: 'string' },
    sizes: { type: 'string', default: '1e6,1e7,1e8,1e9' },
    cores: { type: 'string', default: '100,1000' },
    reach: { type: 'string', default: '0.2' },
    'new-share': { type: 'string', default: '0.01' },
    'core-hour': { type: 'string', default: '0.04' },
    'gb-month': { type: 'string', default: '0.115' },
  },
});
const numbers = (text) => text.split(',').map(Number);
const reaches = [0.15, 0.2, 0.25];
const facesOfList = 12_288;
const mostLists = 4096;

/** Where nothing measures them: of docs/performance.md (photos), and of a run of scale_cluster.mjs (the others). */
const stated = {
  photosPerCore: 30.25,
  photoBytes: 1324,
  jobSeconds: 3.9e-3,
  planRow: 23e-6,
  dealtRow: 91e-6,
};

const rates = values.rates === undefined ? await measured() : JSON.parse(readFileSync(values.rates, 'utf8'));
if (values['save-rates'] !== undefined)
  writeFileSync(values['save-rates'], `${JSON.stringify(rates, undefined, 2)}\n`);

async function measured() {
  const exact = await exactRates();
  const faces = Number(values['list-faces']);
  const lists = Math.min(mostLists, Math.ceil(faces / facesOfList));
  const listed = await listRates({ faces, lists, reaches, exactPair: exact.exactPair });
  const cluster =
    values.cluster === undefined || values.store === undefined
      ? {}
      : await clusterRates({ cluster: values.cluster, store: values.store });
  return { ...stated, ...exact, ...listed, listFaces: faces, lists, ...cluster };
}

const reach = Number(values.reach);
const share = rates.shares[reaches.indexOf(reach)];
if (share === undefined) throw new Error(`Of the reaches ${reaches.join(', ')} one must be named.`);

console.log('Rates, of one core:\n');
printTable(
  ['what', 'rate'],
  [
    ['photos encoded a second', rates.photosPerCore],
    ['exact: million pairs a second', (1e-6 / rates.exactPair).toFixed(0)],
    ['a row of a block made ready, µs', (rates.readyRow * 1e6).toFixed(1)],
    ['bytes of a face in a block', rates.rowBytes.toFixed(0)],
    ['bytes of a photo in PostgreSQL', rates.photoBytes.toFixed(0)],
    ['a face in the plan, all pairs, µs', (rates.planRow * 1e6).toFixed(0)],
    ['a face dealt to lists by the plan, µs', (rates.dealtRow * 1e6).toFixed(0)],
    ['a job beside its tiles, ms', (rates.jobSeconds * 1e3).toFixed(1)],
    ['a face and list, to find its home, ns', (rates.home * 1e9).toFixed(1)],
    ...reaches.map((each, i) => [
      `two lists of ${rates.lists}, reach ${each}: of the time of an exact tile`,
      `${(100 * rates.shares[i]).toFixed(1)} %`,
    ]),
  ],
);

const columns = [
  'faces',
  'new',
  'way',
  'pairs',
  'encode core-h',
  'plan h',
  'match core-h',
  ...numbers(values.cores).flatMap((cores) => [`match h, ${cores} cores`, 'busy']),
  'read from the store',
  'kept',
  'tiles',
  'jobs',
  '$',
];

/** Tables for a first run, or for one in which a part is new. */
function tableOf(isNewShare) {
  return numbers(values.sizes).flatMap((faces) => {
    const newer = Math.round(faces * isNewShare);
    return ['exact', 'candidates'].map((way) => costOf(faces, newer, way));
  });
}

function costOf(faces, newer, way) {
  const wanted = Math.min(mostLists, Math.ceil(faces / facesOfList));
  // As lib/cluster/steps/deal.ts decides it.
  const pays = newer * (faces - newer / 2) >= 5e11 && newer >= wanted * 5000;
  const byLists = way === 'candidates' && pays;
  const lists = byLists ? wanted : 1;
  const plays = numbers(values.cores).map((cores) =>
    playMatch({ faces, newer, cores, lists, share, rates, byLists }),
  );
  const [{ pairs, coreSeconds, jobs, tiles }] = plays;
  const encode = newer / rates.photosPerCore / 3600;
  const plan = (faces * (byLists ? rates.dealtRow + lists * rates.home : rates.planRow)) / 3600;
  const match = coreSeconds / 3600;
  const kept = faces * rates.photoBytes;
  const working = faces * rates.rowBytes * (byLists ? 2 : 1);
  const hours = encode + plan + match;
  const dollars = hours * Number(values['core-hour']) + ((kept + working) / 1e9) * Number(values['gb-month']);
  return [
    short(faces),
    short(newer),
    byLists || way === 'exact' ? way : 'candidates: exact',
    pairs.toExponential(1),
    amount(encode),
    amount(plan),
    amount(match),
    ...plays.flatMap(({ seconds, busy }) => [amount(seconds / 3600), `${(100 * busy).toFixed(0)} %`]),
    bytes(plays.at(-1).bytesRead),
    bytes(kept),
    short(Math.round(tiles)),
    short(jobs),
    amount(dollars),
  ];
}

console.log(`\nA first run, all new; candidates with a reach of ${reach}:\n`);
printTable(columns, tableOf(1));
console.log(`\nA run in which ${100 * Number(values['new-share'])} % are new:\n`);
printTable(columns, tableOf(Number(values['new-share'])));

function short(count) {
  if (count >= 1e9) return `${Number((count / 1e9).toPrecision(3))} B`;
  if (count >= 1e6) return `${Number((count / 1e6).toPrecision(3))} M`;
  return count >= 1e3 ? `${Number((count / 1e3).toPrecision(3))} k` : String(count);
}

function amount(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(2)));
}

function bytes(count) {
  return count >= 1e12 ? `${amount(count / 1e12)} TB` : `${amount(count / 1e9)} GB`;
}
