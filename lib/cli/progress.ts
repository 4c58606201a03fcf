// A progress bar on a terminal; nothing at all in a pipe.

import { SingleBar } from 'cli-progress';

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
    stream: process.stderr,
    format: `${label} [{bar}] {percentage}% | {value}/{total} ${unit} | {eta_formatted} left`,
    barCompleteChar: '#',
    barIncompleteChar: '-',
    hideCursor: true,
    clearOnComplete: true,
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
