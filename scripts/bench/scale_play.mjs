// A run's matching played through: workers of four cores that take one job after the other, each with its cache of blocks, and one
// database that hands out blocks and ends jobs, one thing at a time.

const coresOfWorker = 4;
const blockRows = 8192;
const mostBlockRowsOfList = 24_576;
const side = 8;
/** Of a worker, for blocks as they come. */
const cacheBytes = 2 ** 28;
/** A second's bytes from the database to all machines together: 10 Gbit/s. */
const storeBytes = 1.25e9;
/** Of the database for a job that begins and ends: 500 of them a second. */
const storeJobSeconds = 0.002;
const [fewestPairs, mostPairs, jobsOfARun] = [1e9, 2e10, 256];
/** Jobs that are played through; more go on as these did. */
const mostPlayed = 50_000;

/**
 * @param wanted `faces` in all, of which `newer` are new; `lists` that they are dealt to, 1 when the search is exact;
 *   `share` what two lists take of the time of exact tiles.
 * @returns {{ pairs: number, coreSeconds: number, seconds: number, busy: number, bytesRead: number, jobs: number, tiles: number }}
 *   `busy`: the share of the cores' time that goes into comparing.
 */
export function playMatch({ faces, newer, cores, lists, share, rates, byLists }) {
  const pairs = newer * (faces - newer / 2);
  const perList = faces / lists;
  const rows = byLists
    ? perList / Math.ceil(perList / mostBlockRowsOfList)
    : Math.min(blockRows, Math.max(1024, Math.ceil(faces / 16)));
  const newBlocks = Math.max(byLists ? lists : 1, Math.ceil(newer / rows));
  const oldBlocks = Math.ceil((faces - newer) / rows);
  // Lists have their new faces in blocks of their own, however few those are.
  const newRows = newer / newBlocks;
  // Pairs within one list are all compared.
  const factor = byLists ? 1 / lists + (1 - 1 / lists) * share : 1;
  const tiles = newBlocks * ((newBlocks + 1) / 2 + oldBlocks);
  const pairsOfTile = pairs / tiles;
  const tileSeconds = pairsOfTile * rates.exactPair * factor;
  const most = Math.min((byLists ? 10 : 1) * mostPairs, Math.max(fewestPairs, pairs / jobsOfARun));
  const tilesOfJob = Math.max(1, Math.floor(most / pairsOfTile));
  const jobs = Math.ceil(tiles / tilesOfJob);
  const machines = Math.max(1, Math.round(cores / coresOfWorker));
  const threads = cores / machines;
  const bytesOf = (isOld) => (isOld ? rows : newRows) * rates.rowBytes;
  const readySeconds = (isOld) => (isOld ? rows : newRows) * rates.readyRow;
  const workers = Array.from({ length: machines }, () => ({ free: 0, cache: new Map(), bytes: 0 }));
  const heap = new Heap(workers);
  const state = { store: 0, bytesRead: 0, compared: 0, ready: 0, played: 0 };
  for (const { tiles: count, blocks } of jobsIn(newBlocks, oldBlocks, tilesOfJob)) {
    if (state.played === mostPlayed) break;
    state.played++;
    const worker = heap.least();
    let [wanted, making] = [0, 0];
    for (const block of blocks) {
      const isOld = block >= newBlocks;
      if (worker.cache.delete(block)) {
        worker.cache.set(block, bytesOf(isOld));
        continue;
      }
      wanted += bytesOf(isOld);
      making += readySeconds(isOld);
      worker.cache.set(block, bytesOf(isOld));
      worker.bytes += bytesOf(isOld);
      for (const [old, size] of worker.cache) {
        if (worker.bytes <= cacheBytes) break;
        worker.cache.delete(old);
        worker.bytes -= size;
      }
    }
    state.store = Math.max(state.store, worker.free) + wanted / storeBytes + storeJobSeconds;
    state.bytesRead += wanted;
    // Each thread makes its own sketches, of the blocks that its tiles need.
    const tilesOfThread = Math.ceil(count / threads);
    making *= Math.min(1, (2 * tilesOfThread) / blocks.size);
    const work = making + tilesOfThread * tileSeconds;
    state.compared += count * tileSeconds;
    state.ready += making * threads;
    worker.free = state.store + rates.jobSeconds + work;
    heap.sink();
  }
  const scale = jobs / state.played;
  const end = Math.max(...workers.map(({ free }) => free));
  const coreSeconds = (state.compared + state.ready) * scale;
  return {
    pairs,
    jobs,
    tiles,
    coreSeconds,
    seconds: end * scale,
    busy: state.compared / end / cores,
    bytesRead: state.bytesRead * scale,
  };
}

/** Tiles in squares, as planTiles lists them, cut into jobs; and the blocks that each job needs. */
function* jobsIn(newBlocks, oldBlocks, tilesOfJob) {
  let [tiles, blocks] = [0, new Set()];
  for (let top = 0; top < newBlocks; top += side) {
    for (let left = top; left < newBlocks + oldBlocks; left += side) {
      for (let a = top; a < Math.min(top + side, newBlocks); a++) {
        for (let b = Math.max(a, left); b < Math.min(left + side, newBlocks + oldBlocks); b++) {
          blocks.add(a).add(b);
          if (++tiles < tilesOfJob) continue;
          yield { tiles, blocks };
          [tiles, blocks] = [0, new Set()];
        }
      }
    }
  }
  if (tiles > 0) yield { tiles, blocks };
}

/** The worker that is free first on top. */
class Heap {
  constructor(workers) {
    this.workers = workers;
  }

  least() {
    return this.workers[0];
  }

  /** After the time of the one on top has changed. */
  sink() {
    const { workers } = this;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let next = at;
      if (left < workers.length && workers[left].free < workers[next].free) next = left;
      if (right < workers.length && workers[right].free < workers[next].free) next = right;
      if (next === at) return;
      [workers[at], workers[next]] = [workers[next], workers[at]];
      at = next;
    }
  }
}
