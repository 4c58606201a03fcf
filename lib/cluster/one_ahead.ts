// Work on what follows, begun while what is there is used.

/** In order; of the works two are under way at most. */
export async function* oneAhead<Item, Result>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  let before: Promise<Result> | undefined;
  for (const item of items) {
    const next = work(item);
    // Whoever waits for it is told; one that nobody waits for any more has failed for nobody.
    next.catch(() => undefined);
    if (before) yield await before;
    before = next;
  }
  if (before) yield await before;
}
