// What Redis and PostgreSQL take, measured on real ones: a worker in this process, tiles so small that jobs are all there is.

import pg from 'pg';
import { Cluster, ClusterWorker } from '../../dist/esm/cluster/index.js';
import { drawEncodings } from './synthetic.mjs';

/**
 * @param {{ cluster: string, store: string, photos?: number }} wanted the store's database should be empty.
 * @returns bytes of a photo in the store, seconds of a photo's plan where all pairs are compared and where its faces are
 *   dealt to lists, and seconds of a job beside its tile.
 */
export async function clusterRates({ cluster: address, store, photos = 20_000 }) {
  const cluster = await Cluster.open({ cluster: address, store });
  const worker = await ClusterWorker.start({ cluster: address, store, engine: { lanes: 1 } });
  const client = new pg.Client(store);
  await client.connect();
  try {
    const drawn = drawEncodings({ count: photos }).encodings;
    const take = (set, count) => cluster.importPhotos(drawn.slice(0, count).map(keptAs(set)), set);
    const run = async (set, sizes) => {
      const number = await cluster.submit({ set, engine: { detector: 'hog' }, threshold: 0.4, ...sizes });
      await cluster.wait(number);
      const { rows } = await client.query(
        `SELECT stage, count(*) AS jobs, extract(epoch FROM max(done_at) - min(done_at)) AS seconds,
           extract(epoch FROM max(done_at)) AS ended
         FROM facededup.run_jobs WHERE run_id = $1 GROUP BY stage`,
        [number],
      );
      return Object.fromEntries(rows.map(({ stage, ...facts }) => [stage, facts]));
    };
    // The first has the worker load its models.
    await take('first', 10);
    await run('first', {});
    await take('large', photos);
    const { rows } = await client.query(
      `SELECT pg_total_relation_size('facededup.contents') + pg_total_relation_size('facededup.photos') AS bytes`,
    );
    const large = await run('large', { blockRows: 8192 });
    await take('listed', photos);
    const listed = await run('listed', { candidates: { reach: 0.2, lists: 8 } });
    await take('small', photos / 10);
    // Blocks of 64 rows: a tile takes less than a tenth of a millisecond, and a job what is around it.
    const small = await run('small', { blockRows: 64, jobPairs: 1 });
    return {
      photoBytes: Number(rows[0].bytes) / (photos + 10),
      jobSeconds: Number(small.match.seconds) / Number(small.match.jobs),
      planRow: planSeconds(large) / photos,
      dealtRow: planSeconds(listed) / photos,
    };
  } finally {
    await client.end();
    await worker.close();
    await cluster.close();
  }
}

/** Listing nothing takes nothing. */
function planSeconds({ plan, list }) {
  return Number(plan.ended) - Number(list.ended);
}

function keptAs(set) {
  const origin = { models: { 'landmarks-small': 'a'.repeat(64) }, options: { detector: 'hog' } };
  return (encoding, i) => ({
    photo: `/registry/${set}/${String(i).padStart(10, '0')}.jpg`,
    digest: `sha256 ${set} ${String(i).padStart(58, '0')}`,
    origin,
    faces: [{ box: { x: 1, y: 2, width: 30, height: 30 }, confidence: 0.9, encoding }],
  });
}
