// Long lists a part at a time: what one statement or command is given stays small.

/** The items in order, so many in each part, and what is left in the last. */
export function* partsOf<Item>(
  items: readonly Item[],
  most: number,
): Generator<readonly Item[], void, undefined> {
  for (let from = 0; from < items.length; from += most) yield items.slice(from, from + most);
}
