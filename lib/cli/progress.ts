// A progress bar on a terminal; nothing at all in a pipe.

import { MultiBar, type Options, SingleBar } from 'cli-progress';
import type { FetchProgress } from '../models/index.js';
import { printNote } from './output.js';

const look: Options = {
  stream: process.stderr,
  barCompleteChar: '#',
  barIncompleteChar: '-',
  hideCursor: true,
  clearOnComplete: true,
};

export interface Progress {
  /** Sets how far it is. */
  update(done: number, total?: number): void;
  /** Takes the bar off the screen. */
  stop(): void;
}

/** @param unit what is counted, in the plural. */
export function startProgress(label: string, total: number, unit: string): Progress {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    ...look,
    format: `${label} [{bar}] {percentage}% | {value}/{total} ${unit} | {eta_formatted} left`,
  });
  bar.start(total, 0);
  return {
    update: (done, newTotal) => {
      if (newTotal !== undefined) bar.setTotal(newTotal);
      bar.update(done);
    },
    stop: () => bar.stop(),
  };
}

/** A bar for each download on a terminal; in a pipe one line when a download begins. */
export function startDownloads(): {
  readonly update: (progress: FetchProgress) => void;
  readonly stop: () => void;
} {
  const begun = new Map<string, SingleBar | undefined>();
  const bars = process.stderr.isTTY
    ? new MultiBar({
        ...look,
        format: '{file} [{bar}] {percentage}% | {value}/{total} bytes | {eta_formatted} left',
      })
    : undefined;
  return {
    update: ({ file, source, receivedBytes, totalBytes }) => {
      const label = `${file} from ${source}`;
      if (!begun.has(label)) {
        if (bars) bars.log(`${label} …\n`);
        else printNote(`${label} …`);
        begun.set(label, bars?.create(totalBytes, 0, { file }));
      }
      const bar = begun.get(label);
      bar?.setTotal(totalBytes);
      bar?.update(receivedBytes);
    },
    stop: () => bars?.stop(),
  };
}
