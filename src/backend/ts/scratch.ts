/** The largest scratch kept between calls: 2²⁰ doubles, 8 MB. */
const KEPT = 2 ** 20;

/**
 * Float64 working memory of one kernel, kept from call to call so that a training loop feeds no garbage to the
 * collector. What `take` gives holds garbage, is at least as long as asked, and is valid until the next `take`.
 */
export class Scratch {
  #buffer = new Float64Array(0);

  take(n: number): Float64Array {
    if (n > KEPT) return new Float64Array(n);
    if (this.#buffer.length < n) {
      let capacity = 256;
      while (capacity < n) capacity *= 2;
      this.#buffer = new Float64Array(capacity);
    }
    return this.#buffer;
  }
}
