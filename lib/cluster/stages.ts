// The stages of a run, in order, and the jobs in them.

/** list: which photos; encode: in chunks; plan: blocks and tiles; match: tile by tile; then pairs, groups and the summary. */
export type Stage = 'list' | 'encode' | 'plan' | 'match' | 'merge' | 'group' | 'report';

/** In order. */
export const stages: readonly Stage[] = ['list', 'encode', 'plan', 'match', 'merge', 'group', 'report'];

/** One piece of a run's work. */
export interface RunJob {
  readonly run: number;
  readonly stage: Stage;
  /** 0 and up within the stage. */
  readonly number: number;
}

export function nextStage(stage: Stage): Stage | undefined {
  return stages[stages.indexOf(stage) + 1];
}

/** Stages of one job; the jobs of the others are made by the stage before. */
export function isOfOneJob(stage: Stage): boolean {
  return stage !== 'encode' && stage !== 'match';
}

export function jobName({ run, stage, number }: RunJob): string {
  return `${run}-${stage}-${number}`;
}
