/** A binary heap: the least value first. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #isLess: (a: T, b: T) => boolean;

  constructor(isLess: (a: T, b: T) => boolean) {
    this.#isLess = isLess;
  }

  push(value: T): void {
    const items = this.#items;
    let at = items.length;
    items.push(value);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isLess(value, items[above])) break;
      items[at] = items[above];
      at = above;
    }
    items[at] = value;
  }

  /** The least value, which leaves the heap. */
  pop(): T | undefined {
    const items = this.#items;
    const least = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return least;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && this.#isLess(items[below + 1], items[below])) below++;
      if (!this.#isLess(items[below], last)) break;
      items[at] = items[below];
      at = below;
    }
    items[at] = last;
    return least;
  }
}
