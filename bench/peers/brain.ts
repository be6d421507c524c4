/** brain.js: its LSTM reads as many characters as a training step of ours, one at a time, in a cell without state. */

import { createRequire } from 'node:module';
import { serve } from './serve.ts';

interface Brain {
  readonly recurrent: {
    readonly LSTM: new (options: object) => { train(texts: readonly string[], options: object): unknown };
  };
}

const brain = createRequire(import.meta.url)('brain.js') as Brain;

serve({
  prepare(work) {
    if (work.kind !== 'train') throw new Error('not asked');
    const net = new brain.recurrent.LSTM({ hiddenLayers: Array.from({ length: work.layers }, () => work.hidden) });
    // The characters of the first text are its vocabulary: all 65 occur.
    const texts = Array.from({ length: work.batch }, (_, row) =>
      Array.from({ length: work.steps }, (_, i) => String.fromCharCode(32 + ((row * work.steps + i) % 65))).join(''),
    );
    return { run: () => void net.train(texts, { iterations: 1 }) };
  },
});
