/** A small classification task with everything that a resumed training must carry: dropout, momentum, a shuffled order. */

import type { BatchSource } from '../../src/data/index.ts';
import { crossEntropy, Generator, manualSeed, nn, optim, type Tensor, tensor } from '../../src/index.ts';
import type { FitOptions } from '../../src/train/index.ts';

/** Points in the plane, by the quadrant's parity: [N, 2] and [N]. */
export function quadrants(n: number, seed = 3): { x: number[][]; y: number[] } {
  const u = new Generator(seed).uniform53(2 * n);
  const x = Array.from({ length: n }, (_, i) => [2 * u[2 * i] - 1, 2 * u[2 * i + 1] - 1]);
  return { x, y: x.map(([a, b]) => (a * b > 0 ? 1 : 0)) };
}

/** Batches in an order that is a function of the seed and the epoch, as a loader's. */
export class ToyLoader implements BatchSource<Tensor[]> {
  readonly length: number;
  /** Every batch that was asked for, as [epoch, batch]. */
  readonly asked: [number, number][] = [];
  readonly #samples: { x: number[][]; y: number[] };
  readonly #size: number;

  constructor(n: number, size: number, seed = 3) {
    this.#samples = quadrants(n, seed);
    this.#size = size;
    this.length = Math.ceil(n / size);
  }

  async *epoch(n: number, from = 0): AsyncGenerator<Tensor[]> {
    const { x, y } = this.#samples;
    const order = new Generator(11, n).permutation(x.length);
    for (let batch = from; batch < this.length; batch++) {
      const rows = [...order.slice(batch * this.#size, (batch + 1) * this.#size)];
      this.asked.push([n, batch]);
      yield [
        tensor(rows.map((i) => x[i])),
        tensor(
          rows.map((i) => y[i]),
          { dtype: 'int32' },
        ),
      ];
    }
  }
}

export function toyModel(dropout = 0.2): nn.Sequential {
  manualSeed(5);
  return new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Dropout(dropout), new nn.Linear(16, 2));
}

export const adam = (model: nn.Module) => new optim.Adam(model.parameters(), { lr: 0.02 });

/** The weights as bytes. */
export function bitsOf(model: nn.Module): string {
  return Object.entries(model.stateDict())
    .map(([name, { data }]) => `${name} ${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')}`)
    .join('\n');
}

export type ToyOptions = FitOptions<Tensor, Tensor[]>;
export const base: ToyOptions = { loss: crossEntropy, optimizer: adam, seed: 9 };
