// What a set knows of those who are to be erased, and how it is told, whatever the store.

import type { SubjectKind } from './decisions.js';

/** What goes, or went, of one set. */
export interface ErasedFromSet {
  readonly set: string;
  /** Their encodings and boxes go with them. */
  readonly photos: readonly string[];
  /** Lines of the log of decisions, those that were withdrawn among them. */
  readonly decisions: number;
  /** Pairs in the runs that are kept. */
  readonly pairs: number;
  /** Places in the groups, and in the lists of photos without a face, rejected and failed, of the runs that are kept. */
  readonly listed: number;
}

/** What was found of a photo or record, and whether it is gone. */
export interface Erasure {
  readonly id: string;
  readonly by: SubjectKind;
  readonly sets: readonly ErasedFromSet[];
  /** Photos that are not erased and have the same content as one that is: its encodings stay for them. */
  readonly copies: readonly { readonly set: string; readonly photo: string; readonly reference?: string }[];
  /** Of a cluster's store: runs that had failed, and cannot be tried again without what went. */
  readonly cancelledRuns?: readonly number[];
  /** False of a dry run. */
  readonly isErased: boolean;
}

export interface NamedRow {
  readonly id: number;
  readonly name: string;
}

/** In a run that is kept. */
export interface PlaceInRun {
  readonly run: number;
  readonly position: number;
}

/** A run whose lists of photos name them, and how often. */
export interface Listing {
  readonly run: number;
  readonly times: number;
}

/** What one set knows of them. */
export interface SetTraces {
  readonly set: NamedRow;
  readonly photos: readonly (NamedRow & { readonly digest: string })[];
  readonly decisions: readonly number[];
  readonly pairs: readonly PlaceInRun[];
  readonly members: readonly (PlaceInRun & { readonly place: number })[];
  readonly listings: readonly Listing[];
}

export function inNumbers({ set, photos, decisions, pairs, members, listings }: SetTraces): ErasedFromSet {
  return {
    set: set.name,
    photos: photos.map(({ name }) => name),
    decisions: decisions.length,
    pairs: pairs.length,
    listed: members.length + listings.reduce((sum, { times }) => sum + times, 0),
  };
}

/** Of a row with the columns set, photo and reference. */
export function copyIn({
  set,
  photo,
  reference,
}: Readonly<Record<string, unknown>>): Erasure['copies'][number] {
  return {
    set: String(set),
    photo: String(photo),
    ...(reference === null ? {} : { reference: reference as string }),
  };
}

/** Places run by run, in the order they come in. */
export function byRun<Each extends PlaceInRun>(places: readonly Each[]): Map<number, Each[]> {
  const runs = new Map<number, Each[]>();
  for (const each of places) {
    const known = runs.get(each.run);
    if (known) known.push(each);
    else runs.set(each.run, [each]);
  }
  return runs;
}
