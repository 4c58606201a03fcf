// What several routes do alike.

import type { FastifyReply } from 'fastify';
import type { NewDecision, PhotoSet } from '../../store/index.js';
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
export function setNamed({ store, defaultSet }: ServerContext, name: string): PhotoSet {
  return name === defaultSet ? store.set(name) : store.existingSet(name);
}

/** @returns the number of a run that is there. @throws FaceStoreError `FACE_STORE_MISSING` */
export function runNamed(set: PhotoSet, run: string): number {
  return set.runs.facts(run === 'latest' ? undefined : Number(run)).run;
}

/** Kept, and told whether the set has both that it names. */
export function decide({ decisions }: PhotoSet, decision: NewDecision): ApiDecision {
  return { ...decisions.decide(decision), isKnown: decisions.isKnown(decision) };
}

/** The part of a whole list that was asked for. */
export function pageOfAll<Item>(all: readonly Item[], { offset, limit }: Range): ApiPage<Item> {
  return { total: all.length, offset, items: all.slice(offset, offset + limit) };
}
