/** What is drawn for a sample is the same however its batch is cut. */

import { describe, expect, test } from 'vitest';
import {
  backward,
  cat,
  checkpoint,
  dropout,
  Generator,
  manualSeed,
  nn,
  ones,
  rand,
  randn,
  StepDraws,
  type Tensor,
  withSamples,
} from '../../src/index.ts';

const BATCH = 6;
/** Every way to cut six samples into shares, by the sizes of the shares. */
const cuts = [[6], [1, 5], [2, 4], [3, 3], [2, 2, 2], [1, 2, 3], [4, 0, 2], [1, 1, 1, 1, 1, 1]];

/** Runs `fn` for each share, all of one step, and gives what came of them. */
function byShares<T>(sizes: readonly number[], fn: (first: number, count: number) => T): T[] {
  manualSeed(5);
  const draws = new StepDraws();
  let first = 0;
  return sizes.map((count) => {
    const result = withSamples({ first, count, draws }, () => fn(first, count));
    first += count;
    return result;
  });
}

describe('dropout within withSamples', () => {
  test.each([
    ['[B, 5]', (b: number) => [b, 5], 0],
    ['[B]', (b: number) => [b], 0],
    ['[B·3, 5], three rows a sample', (b: number) => [b * 3, 5], 0],
    ['[B, 2, 3, 3]', (b: number) => [b, 2, 3, 3], 0],
    ['[4, B, 5]', (b: number) => [4, b, 5], 1],
    ['[4, B·2, 3]', (b: number) => [4, b * 2, 3], 1],
    ['[3, 4, B], the axis counted from the end', (b: number) => [3, 4, b], -1],
  ] as const)('%s: the same elements however the batch is cut', (_, shape, sampleAxis) => {
    const masks = cuts.map((sizes) => {
      const shares = byShares(sizes, (_first, count) =>
        [0, 1].map(() => dropout(ones(shape(count)), 0.4, { sampleAxis })),
      );
      return [0, 1].map((draw) =>
        cat(
          shares.map((share) => share[draw]),
          sampleAxis,
        ).toArray(),
      );
    });
    for (const mask of masks) expect(mask).toEqual(masks[0]);
    expect(masks[0][0]).not.toEqual(masks[0][1]);
  });

  test('float64 drops the same elements', () => {
    const [a, b] = (['float32', 'float64'] as const).map((dtype) =>
      byShares([2, 4], () => dropout(ones([4, 7], { dtype }), 0.5).toArray()),
    );
    expect(a).toEqual(b);
  });

  test('samples, draws and steps differ, and the rate is kept', () => {
    manualSeed(1);
    const masks: number[][] = [];
    for (let step = 0; step < 3; step++) {
      const rows = withSamples({ first: 0, count: 20 }, () => [
        dropout(ones([20, 1000]), 0.3),
        dropout(ones([20, 1000]), 0.3),
      ]);
      for (const x of rows) masks.push(...(x.toArray() as number[][]));
    }
    for (const mask of masks) {
      const kept = mask.filter((value) => value > 0).length / mask.length;
      // Five standard deviations.
      expect(Math.abs(kept - 0.7)).toBeLessThan(5 * Math.sqrt((0.7 * 0.3) / 1000));
    }
    const agreement = (a: number[], b: number[]) => a.filter((value, i) => value > 0 === b[i] > 0).length / a.length;
    const expected = 0.7 ** 2 + 0.3 ** 2;
    for (let i = 1; i < masks.length; i++) {
      expect(Math.abs(agreement(masks[0], masks[i]) - expected)).toBeLessThan(5 * Math.sqrt(0.25 / 1000));
    }
  });

  test('the generator moves on by the same, whatever is drawn', () => {
    const states = [0, 1, 3, 50].map((n) => {
      const generator = new Generator(3);
      const draws = new StepDraws(generator);
      withSamples({ first: 0, count: n, draws }, () => {
        for (let i = 0; i < n; i++) dropout(ones([n, 9]), 0.5, { generator });
      });
      return generator.getState();
    });
    expect(new Set(states.map((state) => state.block))).toEqual(new Set([1]));
  });

  test('what all samples share is dropped alike in every share', () => {
    const [a, b] = byShares([2, 4], () => dropout(ones([8, 4]), 0.5, { sampleAxis: null }).toArray());
    expect(a).toEqual(b);
    const [c, d] = byShares([2, 4], () => dropout(ones([]), 0.5).toArray());
    expect(c).toEqual(d);
  });

  test('rows that are no multiple of the samples: drawn for in a whole batch, refused in a share', () => {
    const drop = () => dropout(ones([7, 3]), 0.5);
    const draws = () => new StepDraws(new Generator(3));
    const whole = withSamples({ first: 0, count: 4, total: 4, draws: draws() }, drop);
    expect(withSamples({ first: 0, count: 7, total: 7, draws: draws() }, drop).toArray()).not.toEqual(whole.toArray());
    expect(new Set(whole.data)).toEqual(new Set([0, 2]));
    expect(() => withSamples({ first: 0, count: 4 }, drop)).not.toThrow();
    for (const share of [
      { first: 0, count: 4, draws: draws() },
      { first: 0, count: 4, total: 6, draws: draws() },
      { first: 6, count: 0, total: 6, draws: draws() },
    ]) {
      expect(() => withSamples(share, drop)).toThrow(/axis 0 cannot be told apart .* got \[7, 3\].*`sampleAxis`/);
      expect(() => withSamples(share, () => dropout(ones([0, 3]), 0.5))).not.toThrow();
    }
  });

  test('refuses what are no samples of a batch', () => {
    const run = (samples: object) => () => withSamples(samples as never, () => 0);
    expect(run({ first: -1, count: 2 })).toThrow(/first must be an integer from 0 on: got -1/);
    expect(run({ first: 0, count: 1.5 })).toThrow(/count must be an integer/);
    expect(run({ first: 0, count: 1, total: Number.NaN })).toThrow(/total must be an integer/);
    expect(run({ first: 3, count: 3, total: 5 })).toThrow(/fewer samples: got 6, expected at most 5/);
    expect(run({ first: 2 ** 25, count: 1 })).toThrow(/expected at most 33554432/);
    expect(run({ first: 2 ** 25 - 1, count: 1 })).not.toThrow();
  });

  test('outside it, draws go on in the sequence of the generator', () => {
    const draw = () => dropout(ones([5, 3]), 0.5).toArray();
    manualSeed(9);
    const before = [draw(), draw()];
    manualSeed(9);
    const kept = rand([5, 3]).toArray() as number[][];
    expect(before[0]).toEqual(kept.map((row) => row.map((u) => (u >= 0.5 ? 2 : 0))));
    manualSeed(9);
    expect([draw(), draw()]).toEqual(before);
  });

  test('a checkpointed part drops the same elements again, also where the walk back comes later', () => {
    const gradients = [false, true].map((recompute) => {
      manualSeed(2);
      const x = rand([4, 6], { requiresGrad: true });
      const other = new Generator(8);
      const block = (a: Tensor) => {
        const noise = dropout(a.exp(), 0.5, { generator: other });
        return dropout(noise, 0.5)
          .mul(rand([4, 6], { generator: other }))
          .square();
      };
      const y = withSamples({ first: 2, count: 4 }, () => {
        dropout(x, 0.5);
        return (recompute ? checkpoint(block, x) : block(x)).sum();
      });
      backward(y);
      return x.grad!.toArray();
    });
    expect(gradients[1]).toEqual(gradients[0]);
  });

  test.each([true, false])('a recurrent layer with dropout, batchFirst %s', (batchFirst) => {
    manualSeed(4);
    const layer = new nn.LSTM(3, 4, { numLayers: 3, dropout: 0.5, batchFirst });
    const axis = batchFirst ? 0 : 1;
    const x = randn(batchFirst ? [BATCH, 5, 3] : [5, BATCH, 3]);
    const outputs = cuts
      .filter((sizes) => !sizes.includes(0))
      .map((sizes) =>
        cat(
          byShares(sizes, (first, count) => layer.forward(x.narrow(axis, first, count))[0]),
          axis,
        ).toArray(),
      );
    for (const output of outputs) expect(output).toEqual(outputs[0]);
  });

  test('a recurrent layer over padded sequences, each share padded as it needs', () => {
    manualSeed(6);
    const layer = new nn.GRU(3, 4, { numLayers: 2, dropout: 0.5 });
    const lengths = [4, 2, 5, 3, 3, 1];
    const x = randn([5, BATCH, 3]);
    const ends = cuts
      .filter((sizes) => !sizes.includes(0))
      .map((sizes) =>
        byShares(sizes, (first, count) => {
          const own = lengths.slice(first, first + count);
          const share = x.narrow(1, first, count).narrow(0, 0, Math.max(...own));
          return layer.forward(share, undefined, { lengths: own })[1].transpose(0, 1).toArray() as number[][];
        }).flat(),
      );
    for (const [i, end] of ends.entries()) expect(end, String(cuts[i])).toEqual(ends[0]);
  });

  test.each([true, false])('a transformer layer, batchFirst %s', (batchFirst) => {
    manualSeed(4);
    const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 8, dropout: 0.5, batchFirst });
    const places = new nn.SinusoidalPositionalEncoding(8, { dropout: 0.5, batchFirst });
    const axis = batchFirst ? 0 : 1;
    const x = randn(batchFirst ? [BATCH, 5, 8] : [5, BATCH, 8]);
    // Not to the bit: products of one row are summed in another order than those of many.
    const outputs = cuts
      .filter((sizes) => !sizes.includes(0))
      .map((sizes) => {
        const shares = byShares(sizes, (first, count) => layer.forward(places.forward(x.narrow(axis, first, count))));
        return cat(shares, axis).toArray() as number[][][];
      });
    for (const y of outputs) {
      for (const [i, rows] of y.entries()) {
        for (const [j, row] of rows.entries()) {
          for (const [k, value] of row.entries()) expect(value).toBeCloseTo(outputs[0][i][j][k], 4);
        }
      }
    }
  });

  test('refusals', () => {
    expect(() => withSamples({ first: -1, count: 2 }, () => 0)).toThrow(/withSamples: first must be an integer/);
    expect(() => withSamples({ first: 0, count: 1.5 }, () => 0)).toThrow(/count must be an integer/);
    expect(() => withSamples({ first: 0, count: 1 }, async () => 0)).toThrow(/synchronous/);
    expect(() => withSamples({ first: 0, count: 1 }, () => dropout(ones([2]), 0.5, { sampleAxis: 1 }))).toThrow(/axis/);
  });
});
