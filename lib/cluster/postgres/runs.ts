// Runs and their jobs: what is to be done, what is done, and how a run goes from stage to stage. The truth is here.

import { randomUUID } from 'node:crypto';
import { ClusterError, type FaceDedupError } from '../../errors.js';
import type { References } from '../../runs/encode_photos.js';
import { requireSetName } from '../../store/face_store.js';
import { partsOf } from '../parts.js';
import { absoluteName, type RunRequest } from '../run_request.js';
import { isOfOneJob, nextStage, type RunJob, type Stage, stages } from '../stages.js';
import type { Sql, SqlDatabase, SqlRow } from './database.js';
import type { Sealing } from './sealing.js';

/** failed: jobs of it are put aside, and it goes on when they are tried again. */
export type RunState = 'running' | 'finished' | 'failed' | 'cancelled';

/** A job that failed at every attempt. */
export interface DeadJob extends RunJob {
  readonly attempts: number;
  /** Of the last error. */
  readonly code: string;
  readonly message: string;
}

/** How far a stage is. */
export interface StageProgress {
  readonly stage: Stage;
  readonly jobs: number;
  readonly done: number;
  readonly dead: number;
  /** Photos in encode, pairs of faces in match, jobs elsewhere. */
  readonly units: number;
  readonly unitsDone: number;
}

/** A run without what it found. */
export interface RunFacts {
  readonly run: number;
  readonly set: string;
  readonly state: RunState;
  readonly stage: Stage;
  readonly request: RunRequest;
  readonly submittedAt: Date;
  readonly stageStartedAt: Date;
  readonly endedAt: Date | undefined;
  /** Why it failed. */
  readonly code?: string;
  readonly message?: string;
}

/** A job that a worker has begun. */
export interface BegunJob {
  readonly facts: RunFacts;
  readonly setId: number;
  /** This one among them. */
  readonly attempts: number;
  /** As in StageProgress. */
  readonly units: number;
  /** How the run encodes, by the number and the digest of its origin, once a worker has said so. */
  readonly origin: { readonly id: number; readonly digest: string } | undefined;
}

/** Attempts of a job after which it is put aside, with its error, for a person to look at. */
export const mostAttempts = 5;
const referencesTogether = 5000;
const factColumns = `runs.id, sets.name AS set_name, runs.set_id, runs.state, stage, request, submitted_at,
  stage_started_at, ended_at, runs.code, runs.message`;
const fromRuns = 'FROM facededup.runs JOIN facededup.sets ON sets.id = runs.set_id';

export class Runs {
  readonly #database: SqlDatabase;
  readonly #sealing: Sealing;

  constructor(database: SqlDatabase, sealing: Sealing) {
    this.#database = database;
    this.#sealing = sealing;
  }

  /** @throws ClusterError `CLUSTER_SET_BUSY`; StoreKeyError where the store has another key by now. */
  async submit(set: string, request: RunRequest, references: References): Promise<number> {
    const token = randomUUID();
    return this.#database.transaction(async (sql) => {
      // No change of the key begins while a run is under way.
      await this.#sealing.requireSame(sql);
      const setId = await setNamed(sql, set);
      const other = await sql.row(
        `SELECT id FROM facededup.runs WHERE set_id = $1 AND state = 'running' AND token <> $2 FOR SHARE`,
        [setId, token],
      );
      if (other) throw busy(set, Number(other['id']));
      await sql.run(
        'INSERT INTO facededup.runs (set_id, token, request) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
        [setId, token, JSON.stringify(request)],
      );
      const row = await sql.row('SELECT id FROM facededup.runs WHERE token = $1', [token]);
      // Somebody else began one at the same moment.
      if (!row) throw busy(set, undefined);
      const run = Number(row['id']);
      await keepReferences(sql, run, references);
      await addJobs(sql, run, 'list', [1]);
      return run;
    });
  }

  /** @throws ClusterError `CLUSTER_RUN_MISSING` */
  async facts(run: number): Promise<RunFacts> {
    const row = await this.#database.row(`SELECT ${factColumns} ${fromRuns} WHERE runs.id = $1`, [run]);
    if (!row) throw missing(run);
    return factsOf(row);
  }

  /** Newest first. @param running whether those alone that are not over. */
  async list({ running = false, limit = 30 } = {}): Promise<RunFacts[]> {
    const rows = await this.#database.rows(
      `SELECT ${factColumns} ${fromRuns} ${running ? `WHERE runs.state = 'running'` : ''} ORDER BY runs.id DESC LIMIT $1`,
      [limit],
    );
    return rows.map(factsOf);
  }

  /**
   * Takes a job up.
   *
   * @returns undefined when nothing is left to do of it: it is done, or put aside, or its run is over.
   * @throws StoreKeyError where the store has another key by now.
   */
  async begin({ run, stage, number }: RunJob, worker: string): Promise<BegunJob | undefined> {
    return this.#database.transaction(async (sql) => {
      const row = await sql.row(
        `SELECT ${factColumns}, origins.id AS origin_id, origins.digest AS origin_digest ${fromRuns}
           LEFT JOIN facededup.origins ON origins.id = runs.origin_id WHERE runs.id = $1`,
        [run],
      );
      if (!row || row['state'] !== 'running') return undefined;
      await this.#sealing.requireSame(sql);
      const begun = await sql.row(
        `UPDATE facededup.run_jobs SET attempts = attempts + 1, worker = $4
         WHERE run_id = $1 AND stage = $2 AND number = $3 AND state = 'waiting' RETURNING attempts, units`,
        [run, stage, number, worker],
      );
      if (!begun) return undefined;
      const attempts = Number(begun['attempts']);
      if (attempts <= mostAttempts)
        return {
          facts: factsOf(row),
          setId: Number(row['set_id']),
          attempts,
          units: Number(begun['units']),
          origin:
            row['origin_id'] === null
              ? undefined
              : { id: Number(row['origin_id']), digest: String(row['origin_digest']) },
        };
      // Nobody came back to say what became of the attempts before.
      await sql.run(
        `UPDATE facededup.run_jobs SET state = 'dead', attempts = $4, code = coalesce(code, 'CLUSTER_JOB_CRASHES'),
           message = coalesce(message, 'Whoever took this job up did not live to end it.')
         WHERE run_id = $1 AND stage = $2 AND number = $3`,
        [run, stage, number, mostAttempts],
      );
      return undefined;
    });
  }

  /** That an attempt was broken off without a fault of the job. */
  async giveBack({ run, stage, number }: RunJob): Promise<void> {
    await this.#database.run(
      `UPDATE facededup.run_jobs SET attempts = greatest(attempts - 1, 0)
       WHERE run_id = $1 AND stage = $2 AND number = $3 AND state = 'waiting'`,
      [run, stage, number],
    );
  }

  /** @param isFinal whether trying again changes nothing. @returns whether it is put aside. */
  async failed({ run, stage, number }: RunJob, error: FaceDedupError, isFinal: boolean): Promise<boolean> {
    const row = await this.#database.row(
      `UPDATE facededup.run_jobs SET code = $4, message = $5,
         state = CASE WHEN $6 OR attempts >= ${mostAttempts} THEN 'dead' ELSE state END
       WHERE run_id = $1 AND stage = $2 AND number = $3 AND state = 'waiting' RETURNING state`,
      [run, stage, number, error.code, error.message, isFinal],
    );
    return row?.['state'] !== 'waiting';
  }

  /**
   * Writes what a job made, and that it is done: both or neither, and once, however often the job is run.
   *
   * @throws ClusterError `CLUSTER_RUN_CANCELLED` when the run is over meanwhile.
   */
  async complete({ run, stage, number }: RunJob, write: (sql: Sql) => Promise<void>): Promise<void> {
    await this.#database.transaction(async (sql) => {
      await requireRunning(sql, run);
      const job = await sql.row(
        `SELECT state FROM facededup.run_jobs WHERE run_id = $1 AND stage = $2 AND number = $3 FOR UPDATE`,
        [run, stage, number],
      );
      if (job?.['state'] !== 'waiting') return;
      await write(sql);
      await sql.run(
        `UPDATE facededup.run_jobs SET state = 'done', done_at = clock_timestamp(), code = NULL, message = NULL
         WHERE run_id = $1 AND stage = $2 AND number = $3`,
        [run, stage, number],
      );
    });
  }

  /** Writes a part of what a job makes, which must be the same twice. @throws as complete */
  async during<Result>(run: number, write: (sql: Sql) => Promise<Result>): Promise<Result> {
    return this.#database.transaction(async (sql) => {
      await requireRunning(sql, run);
      return write(sql);
    });
  }

  /** Goes to the next stage when all of this one is done. @returns the jobs that are to be handed out. */
  async advance(run: number): Promise<RunJob[]> {
    // Asked after each job: without a lock, and without looking at all that wait. Whoever ends the last one sees none.
    const waiting = await this.#database.row(
      `SELECT 1 FROM facededup.runs JOIN facededup.run_jobs ON run_id = runs.id AND run_jobs.stage = runs.stage
       WHERE runs.id = $1 AND runs.state = 'running' AND run_jobs.state = 'waiting' LIMIT 1`,
      [run],
    );
    if (waiting) return [];
    return this.#database.transaction(async (sql) => {
      const row = await sql.row('SELECT state, stage FROM facededup.runs WHERE id = $1 FOR UPDATE', [run]);
      if (row?.['state'] !== 'running') return [];
      for (let stage: Stage | undefined = row['stage'] as Stage, isNext = false; stage; isNext = true) {
        if (isNext && isOfOneJob(stage)) await addJobs(sql, run, stage, [1]);
        const { waiting, dead } = await openJobs(sql, run, stage);
        if (isNext)
          await sql.run(
            'UPDATE facededup.runs SET stage = $2, stage_started_at = clock_timestamp() WHERE id = $1',
            [run, stage],
          );
        if (waiting.length > 0)
          return isNext ? waiting.map((number) => ({ run, stage: stage as Stage, number })) : [];
        if (dead) {
          await endRun(sql, run, 'failed', dead);
          return [];
        }
        stage = nextStage(stage);
      }
      await endRun(sql, run, 'finished');
      return [];
    });
  }

  /** Jobs that wait, of all runs that go on: what must be in the queue. */
  async waitingJobs(): Promise<RunJob[]> {
    const rows = await this.#database.rows(
      `SELECT run_id, run_jobs.stage, number FROM facededup.run_jobs JOIN facededup.runs ON runs.id = run_id
       WHERE runs.state = 'running' AND run_jobs.state = 'waiting' AND run_jobs.stage = runs.stage
       ORDER BY run_id, number`,
    );
    return rows.map((row) => ({
      run: Number(row['run_id']),
      stage: row['stage'] as Stage,
      number: Number(row['number']),
    }));
  }

  /** How many jobs wait, of all runs that go on. */
  async waitingCount(): Promise<number> {
    const row = await this.#database.row(
      `SELECT count(*) AS jobs FROM facededup.run_jobs JOIN facededup.runs ON runs.id = run_id
       WHERE runs.state = 'running' AND run_jobs.state = 'waiting' AND run_jobs.stage = runs.stage`,
    );
    return Number(row?.['jobs']);
  }

  /** Which of these runs go on. */
  async running(runs: readonly number[]): Promise<ReadonlySet<number>> {
    const rows = await this.#database.rows(
      `SELECT id FROM facededup.runs WHERE id = ANY ($1::bigint[]) AND state = 'running'`,
      [runs],
    );
    return new Set(rows.map(({ id }) => Number(id)));
  }

  /** @throws ClusterError `CLUSTER_RUN_MISSING`, `CLUSTER_RUN_OVER` */
  async cancel(run: number): Promise<void> {
    await this.facts(run);
    const cancelled = await this.#database.transaction(async (sql) => {
      const count = await sql.run(
        `UPDATE facededup.runs SET state = 'cancelled', ended_at = clock_timestamp()
         WHERE id = $1 AND state IN ('running', 'failed')`,
        [run],
      );
      if (count > 0) await forgetWork(sql, run);
      return count > 0;
    });
    if (!cancelled && (await this.facts(run)).state !== 'cancelled')
      throw new ClusterError(
        'CLUSTER_RUN_OVER',
        `Run ${run} is over: there is nothing of it left to cancel.`,
      );
  }

  /**
   * Has the jobs that were put aside tried again.
   *
   * @returns how many.
   * @throws ClusterError `CLUSTER_RUN_MISSING`, `CLUSTER_RUN_OVER`, `CLUSTER_SET_BUSY`
   */
  async retry(run: number): Promise<number> {
    const { state, set } = await this.facts(run);
    if (state !== 'running' && state !== 'failed') throw over(run);
    return this.#database.transaction(async (sql) => {
      await this.#sealing.requireSame(sql);
      const other = await sql.row(
        `SELECT id FROM facededup.runs WHERE state = 'running' AND id <> $1
           AND set_id = (SELECT set_id FROM facededup.runs WHERE id = $1)`,
        [run],
      );
      if (other) throw busy(set, Number(other['id']));
      const isOpen = await sql.run(
        `UPDATE facededup.runs SET state = 'running', code = NULL, message = NULL, ended_at = NULL
         WHERE id = $1 AND state IN ('running', 'failed')`,
        [run],
      );
      // Ended by somebody else meanwhile, as an erasure does.
      if (isOpen === 0) throw over(run);
      return sql.run(
        `UPDATE facededup.run_jobs SET state = 'waiting', attempts = 0, code = NULL, message = NULL
         WHERE run_id = $1 AND state = 'dead'`,
        [run],
      );
    });
  }

  async dead(run: number): Promise<DeadJob[]> {
    const rows = await this.#database.rows(
      `SELECT stage, number, attempts, code, message FROM facededup.run_jobs
       WHERE run_id = $1 AND state = 'dead' ORDER BY stage, number`,
      [run],
    );
    return rows.map((row) => ({
      run,
      stage: row['stage'] as Stage,
      number: Number(row['number']),
      attempts: Number(row['attempts']),
      code: String(row['code']),
      message: String(row['message']),
    }));
  }

  /** Photos of a run that failed; of one that is over those that its results name. */
  async failedPhotos(run: number): Promise<number> {
    const row = await this.#database.row(
      `SELECT coalesce((SELECT (facts::jsonb #>> '{summary,failed}')::bigint FROM facededup.runs WHERE id = $1),
         (SELECT count(*) FROM facededup.run_photos WHERE run_id = $1 AND state = 'failed')) AS failed`,
      [run],
    );
    return Number(row?.['failed']);
  }

  async progress(run: number): Promise<StageProgress[]> {
    const rows = await this.#database.rows(
      `SELECT stage, count(*) AS jobs, count(*) FILTER (WHERE state = 'done') AS done,
         count(*) FILTER (WHERE state = 'dead') AS dead, sum(units) AS units,
         coalesce(sum(units) FILTER (WHERE state = 'done'), 0) AS units_done
       FROM facededup.run_jobs WHERE run_id = $1 GROUP BY stage`,
      [run],
    );
    const byStage = new Map(rows.map((row) => [row['stage'], row]));
    return stages.map((stage) => {
      const row = byStage.get(stage);
      const number = (name: string) => Number(row?.[name] ?? 0);
      return {
        stage,
        jobs: number('jobs'),
        done: number('done'),
        dead: number('dead'),
        units: number('units'),
        unitsDone: number('units_done'),
      };
    });
  }
}

/** @param units of each of the jobs, in the order of their numbers. */
export async function addJobs(sql: Sql, run: number, stage: Stage, units: readonly number[]): Promise<void> {
  await sql.run(
    `INSERT INTO facededup.run_jobs (run_id, stage, number, units)
     SELECT $1, $2, ordinality - 1, units FROM unnest($3::bigint[]) WITH ORDINALITY AS given (units, ordinality)
     ON CONFLICT DO NOTHING`,
    [run, stage, units],
  );
}

/** Begins the set where it is not there. @throws InvalidOptionError `ARGUMENT_INVALID` */
export async function setNamed(sql: Sql, name: string): Promise<number> {
  requireSetName(name);
  await sql.run('INSERT INTO facededup.sets (name) VALUES ($1) ON CONFLICT DO NOTHING', [name]);
  return Number((await sql.row('SELECT id FROM facededup.sets WHERE name = $1', [name]))?.['id']);
}

async function keepReferences(sql: Sql, run: number, references: References): Promise<void> {
  const entries = [...references].map(([photo, reference]) => [absoluteName(photo), reference] as const);
  for (const some of partsOf(entries, referencesTogether)) {
    await sql.run(
      `INSERT INTO facededup.run_references (run_id, photo, reference)
       SELECT $1, photo, reference FROM unnest($2::text[], $3::text[]) AS given (photo, reference)
       ON CONFLICT (run_id, photo) DO NOTHING`,
      [run, some.map(([photo]) => photo), some.map(([, reference]) => reference)],
    );
  }
}

/** Until the transaction ends, nobody else ends the run or takes it to its next stage. */
async function requireRunning(sql: Sql, run: number): Promise<void> {
  const row = await sql.row('SELECT state FROM facededup.runs WHERE id = $1 FOR SHARE', [run]);
  if (row?.['state'] !== 'running') throw cancelled(run);
}

async function openJobs(sql: Sql, run: number, stage: Stage) {
  const rows = await sql.rows(
    `SELECT number, state, code, message FROM facededup.run_jobs
     WHERE run_id = $1 AND stage = $2 AND state <> 'done' ORDER BY number`,
    [run, stage],
  );
  return {
    waiting: rows.filter(({ state }) => state === 'waiting').map(({ number }) => Number(number)),
    dead: rows.find(({ state }) => state === 'dead'),
  };
}

async function endRun(sql: Sql, run: number, state: RunState, dead?: SqlRow): Promise<void> {
  await sql.run(
    `UPDATE facededup.runs SET state = $2, code = $3, message = $4, ended_at = clock_timestamp() WHERE id = $1`,
    [run, state, dead?.['code'] ?? null, dead?.['message'] ?? null],
  );
  // One that failed may be taken up again.
  if (state === 'finished') await forgetWork(sql, run);
}

/** What a run needed on its way, encodings in its blocks among it. */
export async function forgetWork(sql: Sql, run: number): Promise<void> {
  for (const table of [
    'run_blocks',
    'run_axes',
    'run_fragments',
    'run_lists',
    'run_tiles',
    'run_photos',
    'run_references',
  ])
    await sql.run(`DELETE FROM facededup.${table} WHERE run_id = $1`, [run]);
}

function factsOf(row: SqlRow): RunFacts {
  return {
    run: Number(row['id']),
    set: String(row['set_name']),
    state: row['state'] as RunState,
    stage: row['stage'] as Stage,
    request: JSON.parse(String(row['request'])) as RunRequest,
    submittedAt: row['submitted_at'] as Date,
    stageStartedAt: row['stage_started_at'] as Date,
    endedAt: (row['ended_at'] ?? undefined) as Date | undefined,
    ...(row['code'] === null ? {} : { code: String(row['code']), message: String(row['message']) }),
  };
}

function over(run: number): ClusterError {
  return new ClusterError(
    'CLUSTER_RUN_OVER',
    `Run ${run} is over: there is nothing of it left to try again.`,
  );
}

export function missing(run: number): ClusterError {
  return new ClusterError(
    'CLUSTER_RUN_MISSING',
    `There is no run ${run} in this store. \`facededup status\` lists those that there are.`,
  );
}

export function cancelled(run: number): ClusterError {
  return new ClusterError('CLUSTER_RUN_CANCELLED', `Run ${run} was cancelled, or is over.`);
}

export function busy(set: string, run: number | undefined): ClusterError {
  return new ClusterError(
    'CLUSTER_SET_BUSY',
    `Run ${run ?? '(another)'} on the set '${set}' is not over: wait for it, or stop it with \`facededup cancel ${run ?? 'RUN'}\`.`,
  );
}
