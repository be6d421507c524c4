/** Leaving the thread to others: long work that runs in steps lets timers, signals and servers have their turn. */

import { setImmediate } from 'node:timers/promises';

/** Others wait at most so many milliseconds, and one step. */
const TURN_MS = 10;

export class Turns {
  #since = performance.now();

  /** Whether others have waited long enough. */
  get isDue(): boolean {
    return performance.now() - this.#since >= TURN_MS;
  }

  /** Lets everything run that waits for the event loop. */
  async give(): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
  }
}
