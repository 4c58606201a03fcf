// Isotonic regression: the best fit among all that never rise.

/**
 * Weighted least squares under the condition that values never rise, by pooling adjacent violators (Ayer and others,
 * Annals of Mathematical Statistics 26, 1955; Barlow and others, Statistical Inference under Order Restrictions, 1972,
 * section 1.2). Of parts of successes it is the fit of greatest likelihood, too.
 *
 * @param weights above 0, as many as values.
 * @returns as many as were given.
 */
export function isotonicFit(values: readonly number[], weights: readonly number[]): number[] {
  interface Block {
    readonly value: number;
    readonly weight: number;
    readonly length: number;
  }
  const blocks: Block[] = [];
  values.forEach((value, index) => {
    let block: Block = { value, weight: weights[index] ?? 1, length: 1 };
    for (let last = blocks.at(-1); last && last.value <= block.value; last = blocks.at(-1)) {
      blocks.pop();
      const weight = last.weight + block.weight;
      block = {
        value: (last.value * last.weight + block.value * block.weight) / weight,
        weight,
        length: last.length + block.length,
      };
    }
    blocks.push(block);
  });
  return blocks.flatMap(({ value, length }) => new Array<number>(length).fill(value));
}
