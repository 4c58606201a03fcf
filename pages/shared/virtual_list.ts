// A list of thousands of items of which only those in sight are in the document.

import { element } from './dom.js';

export interface VirtualListOptions {
  /** What the list holds, for a screen reader. */
  readonly label: string;
  /** An article with a label of its own; built anew whenever it comes into sight. */
  readonly render: (index: number) => HTMLElement;
  /** Pixels that an item is likely to take; it is measured once it is in sight. */
  readonly estimate: (index: number) => number;
  /** Items side by side in a list of this width in pixels; default one. */
  readonly columns?: ((width: number) => number) | undefined;
  /** Enter on an item, or a click on it that no control in it took. */
  readonly onOpen?: ((index: number) => void) | undefined;
  /** What scrolls; default the page. */
  readonly scroller?: HTMLElement | undefined;
  /** Pixels at the top of the scroller that something else covers, such as a toolbar that stays. Default 0. */
  readonly covered?: (() => number) | undefined;
}

/** Pixels beyond what is in sight that are kept ready. */
const overscan = 600;

/**
 * A feed (WAI-ARIA): items can be focused, one of them at a time by Tab, the others by `move`, the arrow keys, Home and
 * End. Items are laid out in rows as high as their highest item.
 */
export class VirtualList {
  readonly element: HTMLElement;
  readonly #options: VirtualListOptions;
  readonly #rows = new Map<number, HTMLElement>();
  readonly #closing = new AbortController();
  readonly #widths = new ResizeObserver(() => this.#onWidth());
  #count = 0;
  #columns = 1;
  #width = 0;
  #heights: number[] = [];
  /** #tops[row] pixels lie above a row; the last is the height of all. */
  #tops: number[] = [0];
  #active = 0;
  #isDrawing = false;

  constructor(options: VirtualListOptions) {
    this.#options = options;
    this.element = element('div', {
      class: 'virtual',
      attributes: { role: 'feed', 'aria-label': options.label, 'aria-busy': 'false' },
      on: {
        keydown: (event) => this.#onKey(event),
        click: (event) => this.#onClick(event),
        focusin: (event) => this.#onFocus(event),
      },
    });
    const { signal } = this.#closing;
    (options.scroller ?? window).addEventListener('scroll', () => this.#draw(), { passive: true, signal });
    window.addEventListener('resize', () => this.#draw(), { signal });
    this.#widths.observe(this.element);
  }

  /** Lets go of the window: to be called before the element is thrown away. */
  close(): void {
    this.#closing.abort();
    this.#widths.disconnect();
  }

  /** The item that keys act on. */
  get active(): number {
    return this.#active;
  }

  get count(): number {
    return this.#count;
  }

  /** Shows another list of items, from its beginning. */
  show(count: number): void {
    this.#count = count;
    this.#active = 0;
    this.#reset();
  }

  /** Builds the items in sight anew: what they show has changed. */
  refresh(): void {
    const hadFocus = this.element.contains(document.activeElement);
    this.#clear();
    this.#draw();
    if (hadFocus) this.#itemAt(this.#active)?.focus({ preventScroll: true });
  }

  /** By items down or up from the active one. */
  move(by: number): void {
    // The first key after the page is loaded, or after a filter, goes to the first item and not past it.
    const isEntered = this.element.contains(document.activeElement);
    this.activate(isEntered ? this.#active + by : this.#active);
  }

  /** Focuses an item and brings it into sight. */
  activate(index: number): void {
    if (this.#count === 0) return;
    this.#active = Math.min(Math.max(index, 0), this.#count - 1);
    // Heights are estimates until rows are drawn: what is in sight after one step may not be after all.
    for (let step = 0; step < 3; step++) {
      this.#bringIntoSight(Math.floor(this.#active / this.#columns));
      this.#draw();
    }
    this.#itemAt(this.#active)?.focus({ preventScroll: true });
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === 'Enter') {
      if (event.target === this.#itemAt(this.#active)) {
        event.preventDefault();
        this.#options.onOpen?.(this.#active);
      }
      return;
    }
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: this.#columns,
      ArrowUp: -this.#columns,
      ...(this.#columns > 1 ? { ArrowRight: 1, ArrowLeft: -1 } : {}),
      Home: -this.#count,
      End: this.#count,
    };
    const by = steps[event.key];
    if (by === undefined || !isItem(event.target)) return;
    event.preventDefault();
    this.activate(this.#active + by);
  }

  #onClick(event: MouseEvent): void {
    const target = event.target as Element;
    if (event.defaultPrevented || target.closest('a, button, input, select, summary')) return;
    // Text that was marked to be copied is no click.
    if (document.getSelection()?.type === 'Range') return;
    const index = indexOf(target);
    if (index !== undefined) this.#options.onOpen?.(index);
  }

  #onFocus(event: FocusEvent): void {
    const index = indexOf(event.target as Element);
    if (index === undefined || index === this.#active) return;
    this.#itemAt(this.#active)?.setAttribute('tabindex', '-1');
    this.#active = index;
    this.#itemAt(index)?.setAttribute('tabindex', '0');
  }

  #onWidth(): void {
    if (this.element.clientWidth === this.#width) return;
    this.#reset();
  }

  #reset(): void {
    this.#width = this.element.clientWidth;
    this.#columns = Math.max(1, this.#options.columns?.(this.#width) ?? 1);
    this.element.style.setProperty('--columns', String(this.#columns));
    const rows = Math.ceil(this.#count / this.#columns);
    this.#heights = Array.from({ length: rows }, (_, row) =>
      Math.max(...this.#itemsOf(row).map((index) => this.#options.estimate(index))),
    );
    this.#clear();
    this.#sum();
    this.#draw();
  }

  #clear(): void {
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
  }

  #sum(): void {
    const tops = [0];
    let top = 0;
    for (const height of this.#heights) tops.push((top += height));
    this.#tops = tops;
    this.element.style.setProperty('height', `${top}px`);
  }

  #draw(): void {
    // Removing the row with the focus, or scrolling, may call this again before it is done.
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    // Rows that turn out lower than estimated bring others into sight.
    for (let step = 0; step < 4; step++) {
      this.#fill();
      if (!this.#measure()) break;
    }
    this.#isDrawing = false;
  }

  #fill(): void {
    const { top, bottom } = this.#sight();
    const [first, last] = [this.#rowAt(top - overscan), this.#rowAt(bottom + overscan)];
    for (const [row, drawn] of this.#rows)
      if ((row < first || row > last) && !drawn.contains(document.activeElement)) {
        drawn.remove();
        this.#rows.delete(row);
      }
    for (let row = first; row <= last && row < this.#heights.length; row++)
      if (!this.#rows.has(row)) this.#insert(row);
    for (const [row, drawn] of this.#rows)
      drawn.style.setProperty('transform', `translateY(${this.#tops[row] ?? 0}px)`);
  }

  /** In the order of the list, which is the order of reading. */
  #insert(row: number): void {
    const drawn = element(
      'div',
      { class: 'virtual-row' },
      ...this.#itemsOf(row).map((index) => this.#item(index)),
    );
    const next = Math.min(...[...this.#rows.keys()].filter((other) => other > row));
    this.element.insertBefore(drawn, this.#rows.get(next) ?? null);
    this.#rows.set(row, drawn);
  }

  #item(index: number): HTMLElement {
    const item = this.#options.render(index);
    item.setAttribute('aria-posinset', String(index + 1));
    item.setAttribute('aria-setsize', String(this.#count));
    item.setAttribute('tabindex', index === this.#active ? '0' : '-1');
    item.dataset['index'] = String(index);
    return item;
  }

  /** @returns whether any row was not as high as it was thought to be. */
  #measure(): boolean {
    if (this.#width === 0) return false;
    const { top } = this.#sight();
    const anchor = this.#rowAt(top);
    const before = this.#tops[anchor] ?? 0;
    let hasChanged = false;
    for (const [row, drawn] of this.#rows) {
      const height = drawn.offsetHeight;
      if (Math.abs(height - (this.#heights[row] ?? 0)) < 1) continue;
      this.#heights[row] = height;
      hasChanged = true;
    }
    if (!hasChanged) return false;
    this.#sum();
    // What is in sight stays where it is when rows above it change.
    const shift = (this.#tops[anchor] ?? 0) - before;
    if (shift !== 0 && top > 0)
      (this.#options.scroller ?? window).scrollBy({ top: shift, behavior: 'instant' });
    return true;
  }

  /** What is in sight of the list, in its own pixels. */
  #sight(): { readonly top: number; readonly bottom: number } {
    const { scroller, covered } = this.#options;
    const above = scroller ? scroller.getBoundingClientRect().top : 0;
    const height = scroller ? scroller.clientHeight : window.innerHeight;
    const start = above - this.element.getBoundingClientRect().top;
    return { top: start + (covered?.() ?? 0), bottom: start + height };
  }

  #bringIntoSight(row: number): void {
    const { top, bottom } = this.#sight();
    const [from, to] = [this.#tops[row] ?? 0, this.#tops[row + 1] ?? 0];
    const by = from < top ? from - top - 8 : to > bottom ? Math.min(to - bottom + 8, from - top - 8) : 0;
    if (by !== 0) (this.#options.scroller ?? window).scrollBy({ top: by, behavior: 'instant' });
  }

  /** The row at this height, the first or the last where there is none. */
  #rowAt(height: number): number {
    let [low, high] = [0, Math.max(0, this.#heights.length - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#tops[middle] ?? 0) <= height) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #itemsOf(row: number): number[] {
    const first = row * this.#columns;
    const length = Math.max(0, Math.min(this.#columns, this.#count - first));
    return Array.from({ length }, (_, index) => first + index);
  }

  #itemAt(index: number): HTMLElement | null {
    return this.element.querySelector<HTMLElement>(`[data-index="${index}"]`);
  }
}

function isItem(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.dataset['index'] !== undefined;
}

function indexOf(target: Element): number | undefined {
  const index = target.closest<HTMLElement>('[data-index]')?.dataset['index'];
  return index === undefined ? undefined : Number(index);
}
