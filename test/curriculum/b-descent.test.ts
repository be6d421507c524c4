/** Curriculum B7 to B9: batch, stochastic and mini-batch descent, as by hand. */

import { expect, test } from 'vitest';
import { add, backward, mean, mul, optim, square, sub, sum, type Tensor, tensor } from '../../src/index.ts';

const wide = (values: number[] | number, requiresGrad = false): Tensor =>
  tensor(values, { dtype: 'float64', requiresGrad });

type Pair = readonly [x: number, y: number];

/** Descends once along the loss over each of the parts, and tells every loss. */
function descend(
  parts: readonly (readonly Pair[])[],
  rate: number,
  [w, b]: readonly [Tensor, Tensor],
  params: readonly Tensor[],
  lossOf: (squares: Tensor) => Tensor,
): number[] {
  const optimizer = new optim.SGD([...params], { lr: rate });
  return parts.map((part) => {
    optimizer.zeroGrad();
    const [x, y] = [wide(part.map(([xi]) => xi)), wide(part.map(([, yi]) => yi))];
    const loss = lossOf(square(sub(add(mul(w, x), b), y)));
    backward(loss);
    optimizer.step();
    return loss.item();
  });
}

test('B7: one batch step and one stochastic pass over ŷ = wx', () => {
  const pairs: Pair[] = [
    [1, 2],
    [2, 4],
    [3, 6],
  ];
  const half = (squares: Tensor): Tensor => mul(mean(squares), 0.5);
  const ends = [[pairs], pairs.map((pair) => [pair])].map((parts) => {
    const w = wide(0, true);
    descend(parts, 0.1, [w, wide(0)], [w], half);
    return w.item();
  });
  expect(ends).toEqual([expect.closeTo(0.933333, 6), expect.closeTo(1.892, 12)]);
});

test('B8: mini-batches of two over ŷ = wx + b', () => {
  const pairs: Pair[] = [
    [1, 2],
    [2, 4],
    [3, 6],
    [4, 8],
  ];
  const [w, b] = [wide(0, true), wide(0, true)];
  const overTwice = (squares: Tensor): Tensor => mul(sum(squares), 1 / (2 * squares.size));
  const lossNow = (): number => {
    const x = wide(pairs.map(([xi]) => xi));
    return overTwice(square(sub(add(mul(w, x), b), wide(pairs.map(([, y]) => y))))).item();
  };
  expect(lossNow()).toBe(15);
  descend([pairs.slice(0, 2), pairs.slice(2)], 0.1, [w, b], [w, b], overTwice);
  expect([w.item(), b.item(), lossNow()]).toEqual([
    expect.closeTo(2.27, 12),
    expect.closeTo(0.795, 12),
    expect.closeTo(1.126, 4),
  ]);
});

test('B9: two epochs of the mean squared error, by batch and by sample', () => {
  const pairs: Pair[] = [
    [1, 4],
    [2, 3],
    [3, 5],
  ];
  const walk = (parts: readonly (readonly Pair[])[]): number[][] => {
    const [w, b] = [wide(0, true), wide(0, true)];
    return [1, 2].map(() => {
      descend(parts, 0.1, [w, b], [w, b], mean);
      return [w.item(), b.item()];
    });
  };
  const close = (rows: number[][]) => rows.map((row) => row.map((value) => expect.closeTo(value, 6)));
  expect(walk([pairs])).toEqual(
    close([
      [1.6666667, 0.8],
      [1.4577778, 0.7733333],
    ]),
  );
  expect(walk(pairs.map((pair) => [pair]))).toEqual(
    close([
      [1.616, 1.112],
      [1.611008, 1.139456],
    ]),
  );
});
