// Many items through few lanes: reads ahead a little, works in batches, yields the results with back-pressure both ways.

import { untilAborted } from './errors.js';

export interface BatchPlan<Item, Result> {
  /** Does a batch's work; one result for each item, in order. A rejection ends everything. */
  readonly work: (batch: readonly Item[]) => Promise<readonly Result[]>;
  /** How many batches are worked on at once. */
  readonly lanes: number;
  /** What is under way in these lanes, of others as well: promises that fulfil when it ends. Default the batches of this run. */
  readonly underWay?: () => ReadonlySet<Promise<undefined>>;
  /** The most items of a batch. */
  readonly batchSize: number;
  /** Whether a lane without work takes a batch that is not full. */
  readonly startEarly: boolean;
  /** Whether results come in the items' order, or as they are ready. */
  readonly ordered: boolean;
  readonly signal: AbortSignal | undefined;
}

/** The next batch of each lane is under way already while it works on one. */
const batchesPerLane = 2;

/**
 * @param source read at most `batchesPerLane` batches a lane ahead of the results taken, and not at all while none is taken.
 * @throws AbortedError at once when the signal fires, and whatever `work` or the source throws.
 */
export async function* runInBatches<Item, Result>(
  source: AsyncIterator<Item>,
  plan: BatchPlan<Item, Result>,
): AsyncGenerator<Result, void, undefined> {
  const { work, lanes, batchSize, startEarly, ordered, signal } = plan;
  const started: Promise<Done<Result>>[] = [];
  const atWork = new Set<Promise<undefined>>();
  const underWay = plan.underWay ?? (() => atWork);
  let batch: Item[] = [];
  let reading: Promise<Read<Item>> | undefined;
  let ended = false;

  const start = () => {
    const working = work(batch);
    const done: Promise<Done<Result>> = working.then((results) => ({ results, done }));
    // Awaited in its turn; until then a failure must not count as unhandled.
    done.catch(() => undefined);
    const end = (): undefined => void atWork.delete(finished);
    const finished = working.then(end, end);
    atWork.add(finished);
    batch = [];
    started.push(done);
  };

  try {
    for (;;) {
      const mayStart = started.length < batchesPerLane * lanes;
      const worthIt =
        batch.length === batchSize ||
        (batch.length > 0 && (ended || (startEarly && underWay().size < lanes)));
      if (mayStart && worthIt) start();
      if (ended && batch.length === 0 && started.length === 0) return;

      if (!ended && batch.length < batchSize) reading ??= source.next().then((item) => ({ item }));
      // Whichever comes first: a source that waits does not keep finished results back.
      const events: Promise<Done<Result> | Read<Item> | undefined>[] = ordered
        ? started.slice(0, 1)
        : [...started];
      if (reading) events.push(reading);
      // A lane that becomes free may take what there is.
      if (batch.length > 0) events.push(...underWay());
      const event = await untilAborted(Promise.race(events), signal);
      if (!event) continue;
      if ('results' in event) {
        void started.splice(started.indexOf(event.done), 1);
        yield* event.results;
      } else {
        reading = undefined;
        ended = event.item.done === true;
        if (!event.item.done) batch.push(event.item.value);
      }
    }
  } finally {
    // A source that is waiting may never answer, so it is told and not waited for.
    if (!ended) void source.return?.().catch(() => undefined);
    reading?.catch(() => undefined);
    // Whoever stops early has the lanes free again when the loop ends; an abort ends it at once.
    if (!signal?.aborted) await Promise.allSettled(started);
  }
}

interface Done<Result> {
  readonly results: readonly Result[];
  readonly done: Promise<Done<Result>>;
}

interface Read<Item> {
  readonly item: IteratorResult<Item, unknown>;
}
