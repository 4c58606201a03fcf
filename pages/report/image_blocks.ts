// Images that lie in the file as base64 text: a block of them is read when one of it is first shown.

/** Blocks kept as they were read; an image in sight keeps its own address. */
const keptBlocks = 24;

export class ImageBlocks {
  readonly #blocks: readonly { readonly first: number; readonly element: Element }[];
  /** By the blocks' places, in the order of their last use. */
  readonly #read = new Map<number, readonly string[]>();

  constructor(kind: string) {
    this.#blocks = [...document.querySelectorAll(`script.${kind}`)].map((element) => ({
      element,
      first: Number(element.getAttribute('data-first')),
    }));
  }

  addressOf(image: number): string | undefined {
    const place = this.#blocks.findLastIndex(({ first }) => first <= image);
    const block = this.#blocks[place];
    if (!block) return undefined;
    const images = this.#read.get(place) ?? (JSON.parse(block.element.textContent) as string[]);
    this.#read.delete(place);
    this.#read.set(place, images);
    const oldest = this.#read.keys().next().value;
    if (this.#read.size > keptBlocks && oldest !== undefined) this.#read.delete(oldest);
    const base64 = images[image - block.first];
    return base64 === undefined ? undefined : `data:image/jpeg;base64,${base64}`;
  }
}
