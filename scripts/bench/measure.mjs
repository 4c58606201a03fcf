// How contestants are timed against each other: in turns, so that a busy machine slows them all alike.

/**
 * Runs every contestant once a round, in turn, after one round that does not count.
 *
 * @param {{ name: string, run: () => unknown }[]} contestants `run` may return its own seconds, as programs that time
 *   themselves do, or a promise of them; anything else it returns is passed over, and the clock on the wall counts.
 * @param {number} rounds how often each is timed, 1 and up.
 * @returns {Promise<Map<string, { seconds: number, spread: number, all: number[] }>>} by name: the median, (slowest −
 *   fastest) / median, and the seconds of each round.
 */
export async function interleaved(contestants, rounds, { warmUp = true } = {}) {
  const times = new Map(contestants.map(({ name }) => [name, []]));
  for (let round = warmUp ? -1 : 0; round < rounds; round++) {
    for (const { name, run } of contestants) {
      const seconds = await timed(run);
      if (round >= 0) times.get(name).push(seconds);
    }
  }
  return new Map([...times].map(([name, all]) => [name, { seconds: median(all), spread: spread(all), all }]));
}

async function timed(run) {
  const started = performance.now();
  const own = await run();
  return typeof own === 'number' ? own : (performance.now() - started) / 1000;
}

/** The middle one of the numbers, or the mean of the middle two. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function spread(numbers) {
  return (Math.max(...numbers) - Math.min(...numbers)) / median(numbers);
}
