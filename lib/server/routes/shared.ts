// What several routes do alike.

import type { FastifyReply } from 'fastify';
import type { NewDecision, ReviewSet } from '../../store/index.js';
import type { ApiDecision, ApiPage } from '../api.js';
import type { ServerContext } from '../context.js';

export interface SetParams {
  readonly set: string;
}

export interface RunParams extends SetParams {
  readonly run: string;
}

export interface Range {
  readonly offset: number;
  readonly limit: number;
}

/** Fires when the client goes away before it has its answer. */
export function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  const tell = () => {
    if (!raw.writableFinished) gone.abort(new Error('the client has gone'));
  };
  if (raw.destroyed) tell();
  else raw.once('close', tell);
  return gone.signal;
}

/** A set that is there; the one that the server was started for always is. @throws FaceStoreError `FACE_STORE_MISSING` */
export async function setNamed({ store, defaultSet }: ServerContext, name: string): Promise<ReviewSet> {
  return name === defaultSet ? store.set(name) : store.existingSet(name);
}

/** @returns the number of a run that is there. @throws FaceStoreError `FACE_STORE_MISSING` */
export async function runNamed(set: ReviewSet, run: string): Promise<number> {
  return (await set.runs.facts(run === 'latest' ? undefined : Number(run))).run;
}

/** Kept, and told whether the set has both that it names. */
export async function decide({ decisions }: ReviewSet, decision: NewDecision): Promise<ApiDecision> {
  return { ...(await decisions.decide(decision)), isKnown: await decisions.isKnown(decision) };
}

/** The part of a whole list that was asked for. */
export function pageOfAll<Item>(all: readonly Item[], { offset, limit }: Range): ApiPage<Item> {
  return { total: all.length, offset, items: all.slice(offset, offset + limit) };
}
