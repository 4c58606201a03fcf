// A progress bar on a terminal; nothing at all in a pipe.

import { MultiBar, type Options, type Params, SingleBar } from 'cli-progress';
import type { FetchProgress } from '../models/index.js';
import type { UniqueProgress } from '../runs/unique.js';
import { printNote } from './output.js';
import { progressLine, RateMeter } from './progress_line.js';

const look: Options = { stream: process.stderr, hideCursor: true, clearOnComplete: true };

export interface Progress {
  /** Sets how far it is. */
  update(done: number, total?: number): void;
  /** Takes the bar off the screen. */
  stop(): void;
}

/** What cli-progress asks for a line each time it draws. */
function lineMaker(label: string, unit: string, meter: RateMeter) {
  return (_options: Options, { value: done, total }: Params): string => {
    // A terminal breaks the line when its last column is written to.
    const columns = (process.stderr.columns || 80) - 1;
    return progressLine({ label, done, total, unit, rate: meter.rate(performance.now()) }, columns);
  };
}

/** @param unit what is counted, in the plural. */
export function startProgress(label: string, total: number, unit: string): Progress {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const meter = new RateMeter(performance.now());
  const bar = new SingleBar({ ...look, format: lineMaker(label, unit, meter) });
  bar.start(total, 0);
  return {
    update: (done, newTotal) => {
      if (newTotal !== undefined) bar.setTotal(newTotal);
      meter.update(done, performance.now());
      bar.update(done);
    },
    stop: () => bar.stop(),
  };
}

const unitOfStage = { encoding: 'photos', comparing: 'pairs', choosing: 'people' } as const;

/** A bar for each stage of a run. */
export class StageProgress {
  readonly #prefix: string;
  #stage: UniqueProgress['stage'] | undefined;
  #bar: Progress | undefined;

  /** @param prefix stands before the stage, where a run goes through stages more than once. */
  constructor(prefix = '') {
    this.#prefix = prefix;
  }

  readonly update = ({ stage, done, total }: UniqueProgress): void => {
    if (stage !== this.#stage) {
      this.stop();
      this.#stage = stage;
      this.#bar = startProgress(`${this.#prefix}${stage}`, total, unitOfStage[stage]);
    }
    this.#bar?.update(done, total);
  };

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

interface Download {
  readonly bar: SingleBar;
  readonly meter: RateMeter;
}

/** A bar for each download on a terminal; in a pipe one line when a download begins. */
export function startDownloads(): {
  readonly update: (progress: FetchProgress) => void;
  readonly stop: () => void;
} {
  const begun = new Map<string, Download | undefined>();
  const bars = process.stderr.isTTY ? new MultiBar(look) : undefined;
  const begin = (label: string, file: string, total: number): Download | undefined => {
    if (!bars) {
      printNote(`${label} …`);
      return undefined;
    }
    bars.log(`${label} …\n`);
    const meter = new RateMeter(performance.now());
    const format = lineMaker(file.length > 32 ? `${file.slice(0, 31)}…` : file, 'bytes', meter);
    return { bar: bars.create(total, 0, {}, { format }), meter };
  };
  return {
    update: ({ file, source, receivedBytes, totalBytes }) => {
      const label = `${file} from ${source}`;
      if (!begun.has(label)) begun.set(label, begin(label, file, totalBytes));
      const download = begun.get(label);
      download?.bar.setTotal(totalBytes);
      download?.meter.update(receivedBytes, performance.now());
      download?.bar.update(receivedBytes);
    },
    stop: () => bars?.stop(),
  };
}
