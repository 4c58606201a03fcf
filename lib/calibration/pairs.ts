// Labelled pairs: distances of faces, and whether they show one person.

import { count } from '../count.js';
import { CalibrationError } from '../errors.js';

/** Two faces of which somebody knows whether they are of one person. */
export interface LabelledPair {
  /** Euclidean distance of the two encodings, 0 and up. */
  readonly distance: number;
  /** Whether both faces are of one person. */
  readonly same: boolean;
  /**
   * Names of the two photos, or of whatever several pairs may have in common; without them the pair counts as
   * independent of all others.
   */
  readonly first?: string | undefined;
  readonly second?: string | undefined;
  /** By column: the group that the pair belongs to, such as `{ sex: 'f', age: '60+' }`. */
  readonly groups?: Readonly<Record<string, string>> | undefined;
}

/** A pair whose ends are people, by number; a pair without names is one of its own. */
export interface PairOfPeople {
  readonly distance: number;
  readonly same: boolean;
  readonly a: number;
  readonly b: number;
  readonly groups: Readonly<Record<string, string>>;
}

export interface Population {
  /** Closest first; the order in which they were given changes nothing. */
  readonly pairs: readonly PairOfPeople[];
  /** Numbers in use: people, and pairs without names. */
  readonly units: number;
  readonly photos: number;
  readonly people: number;
}

/** Fewer of a kind say next to nothing. */
export const leastPairs = 20;

/**
 * Who is who: photos that pairs call the same are of one person, and so is a chain of them.
 *
 * @throws CalibrationError `CALIBRATION_DATA`
 */
export function populationOf(given: readonly LabelledPair[]): Population {
  requireUsable(given);
  const pairs = [...given].sort(inOrder);
  const photos = new UnionFind();
  for (const { same, first, second } of pairs)
    if (first !== undefined && second !== undefined) {
      const [a, b] = [photos.numberOf(first), photos.numberOf(second)];
      if (same) photos.join(a, b);
    }
  const numbers = new Map<number, number>();
  let units = 0;
  const personOf = (name: string) => {
    const root = photos.find(photos.numberOf(name));
    const known = numbers.get(root) ?? units++;
    numbers.set(root, known);
    return known;
  };
  const numbered = pairs.map(({ distance, same, first, second, groups = {} }): PairOfPeople => {
    if (first === undefined || second === undefined) {
      const own = units++;
      return { distance, same, a: own, b: own, groups };
    }
    const [a, b] = [personOf(first), personOf(second)];
    if (!same && a === b) throw contradiction(first, second);
    return { distance, same, a, b, groups };
  });
  return { pairs: numbered, units, photos: photos.size, people: numbers.size };
}

function inOrder(one: LabelledPair, other: LabelledPair): number {
  if (one.distance !== other.distance) return one.distance - other.distance;
  if (one.same !== other.same) return one.same ? -1 : 1;
  const [a, b] = [nameOf(one), nameOf(other)];
  return a < b ? -1 : Number(a > b);
}

function nameOf({ first = '', second = '' }: LabelledPair): string {
  return first < second ? `${first}\n${second}` : `${second}\n${first}`;
}

function contradiction(first: string, second: string): CalibrationError {
  const what =
    first === second
      ? `'${first}' is said to be of another person than itself`
      : `'${first}' and '${second}' are said to be of different people, and by other pairs of one`;
  return new CalibrationError(
    'CALIBRATION_DATA',
    `The labels contradict each other: ${what}. Correct one of them.`,
  );
}

function requireUsable(pairs: readonly LabelledPair[]): void {
  const unusable = (sentence: string) => new CalibrationError('CALIBRATION_DATA', sentence);
  const wrong = pairs.findIndex(({ distance }) => !(Number.isFinite(distance) && distance >= 0));
  if (wrong >= 0)
    throw unusable(
      `The distance of pair ${wrong + 1} is ${pairs[wrong]?.distance}, where a finite number from 0 up is needed.`,
    );
  const [same, different] = [pairs.filter((pair) => pair.same), pairs.filter((pair) => !pair.same)];
  if (Math.min(same.length, different.length) < leastPairs)
    throw unusable(
      `The list has ${count(same.length, 'pair')} of one person and ${different.length} of different people; a calibration needs at ` +
        `least ${leastPairs} of each, and thousands of different people for a rate of 0.001. Label more pairs.`,
    );
  const mean = (list: readonly LabelledPair[]) =>
    list.reduce((sum, { distance }) => sum + distance, 0) / list.length;
  if (mean(same) >= mean(different))
    throw unusable(
      'Pairs of one person are on average no closer than pairs of different people: are the labels swapped?',
    );
}

class UnionFind {
  readonly #numbers = new Map<string, number>();
  readonly #parents: number[] = [];

  get size(): number {
    return this.#parents.length;
  }

  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#parents.length;
    this.#numbers.set(name, number);
    this.#parents.push(number);
    return number;
  }

  find(number: number): number {
    let root = number;
    for (
      let parent = this.#parents[root];
      parent !== undefined && parent !== root;
      parent = this.#parents[root]
    ) {
      // Halves the way for those who come after.
      this.#parents[root] = this.#parents[parent] ?? parent;
      root = parent;
    }
    return root;
  }

  join(a: number, b: number): void {
    this.#parents[this.find(a)] = this.find(b);
  }
}
