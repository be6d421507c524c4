import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { checkpoint, grad, noGrad, scope } from '../../src/autograd/index.ts';
import { Generator, manualSeed } from '../../src/core/rng.ts';
import { AutogradError, ConfigError } from '../../src/errors.ts';
import { Linear, LSTM } from '../../src/nn/index.ts';
import {
  crossEntropy,
  dropout,
  gradcheck,
  gradgradcheck,
  layerNorm,
  ones,
  randn,
  tanh,
  tensor,
} from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const leaf = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const list = (t: Tensor | null): number[] => [...(t?.data ?? [])];

/** The gradients of every leaf, with the blocks as they are and checkpointed, from the same random numbers. */
function bothWays(leaves: readonly Tensor[], run: (block: typeof checkpoint) => Tensor): [number[][], number[][]] {
  const gradients = (block: typeof checkpoint): number[][] => {
    manualSeed(5);
    for (const x of leaves) x.grad = null;
    run(block).backward();
    return leaves.map((x) => list(x.grad));
  };
  return [gradients((fn, ...inputs) => fn(...inputs)), gradients(checkpoint)];
}

describe('the same gradients, bit for bit', () => {
  test('of inputs and of weights that the function closes over', () => {
    const [first, second] = [new Linear(6, 8), new Linear(8, 3)];
    const x = randn([4, 6], { requiresGrad: true });
    const leaves = [x, ...first.parameters(), ...second.parameters()];
    const [plain, checked] = bothWays(leaves, (block) =>
      block((a: Tensor) => second.forward(tanh(first.forward(a))), x)
        .square()
        .sum(),
    );
    expect(checked).toEqual(plain);
    expect(plain.flat().some((v) => v !== 0)).toBe(true);
  });

  test('with scratch of a kernel in it: LSTM, layer norm, cross-entropy', () => {
    const lstm = new LSTM(3, 4);
    const x = randn([5, 2, 3], { requiresGrad: true });
    const targets = tensor([0, 1, 2, 3, 0, 1, 2, 3, 0, 1], { dtype: 'int32' });
    const [plain, checked] = bothWays([x, ...lstm.parameters()], (block) =>
      block((a: Tensor) => crossEntropy(layerNorm(lstm.forward(a)[0], [4]).reshape([10, 4]), targets), x),
    );
    expect(checked).toEqual(plain);
  });

  test('dropout drops the same elements again', () => {
    const x = randn([40], { requiresGrad: true });
    const [plain, checked] = bothWays([x], (block) => {
      const y = block((a: Tensor) => dropout(a.exp(), 0.5).square(), x);
      return y.mul(dropout(ones([40]), 0.5)).sum();
    });
    expect(checked).toEqual(plain);
    expect(plain[0].filter((v) => v === 0).length).toBeGreaterThan(5);
  });

  test('every generator that is drawn from, each left where it stood', () => {
    const x = randn([40], { requiresGrad: true });
    const generator = new Generator(9);
    const before = generator.getState();
    const fn = (a: Tensor): Tensor => dropout(a.exp(), 0.5, { generator }).square().sum();
    const y = checkpoint(fn, x);
    const after = generator.getState();
    const [recomputed] = grad(y, [x]);
    expect(generator.getState()).toEqual(after);
    generator.setState(before);
    expect(list(recomputed)).toEqual(list(grad(fn(x), [x])[0]));
  });

  test('nested, several outputs, arguments that are no tensors, and a part that is used twice', () => {
    const [x, w] = [leaf([0.3, -0.7]), leaf([1.5, 0.2])];
    const inner = (block: typeof checkpoint) => (a: Tensor, power: number) => {
      const b = block((c: Tensor) => c.exp().mul(w).tanh(), a);
      return [b.pow(power), block((c: Tensor) => c.sigmoid().mul(c), b)];
    };
    const [plain, checked] = bothWays([x, w], (block) => {
      const [p, q] = block(inner(block), x.mul(w), 3);
      return p.mul(q).add(p).sum();
    });
    expect(checked).toEqual(plain);
  });

  test('in a scope around the whole step', () => {
    const x = leaf([0.5, 2]);
    const step = (block: typeof checkpoint): number[] => {
      x.grad = null;
      scope(() =>
        block((a: Tensor) => a.exp().tanh().square(), x)
          .sum()
          .backward(),
      );
      return list(x.grad);
    };
    expect(step(checkpoint)).toEqual(step((fn, ...inputs) => fn(...inputs)));
  });
});

test('to the second order, with respect to inputs, weights and results', () => {
  const w = leaf([0.7, -0.4]);
  const nested = (a: Tensor): Tensor =>
    checkpoint((b: Tensor) => checkpoint((c: Tensor) => c.mul(w).tanh(), b.exp()).mul(b), a.mul(w));
  const x = leaf([0.2, 0.9]);
  expect(gradcheck(nested, [x])).toBe(true);
  expect(gradgradcheck(nested, [x])).toBe(true);
  expect(
    gradgradcheck((a, v) => checkpoint((b: Tensor) => b.mul(v).sigmoid(), a), [leaf([1, 2]), leaf([0.1, 0.3])]),
  ).toBe(true);
  // The second derivative passes through a result that its own rule saved.
  const y = checkpoint((a: Tensor) => a.tanh(), x);
  const [first] = grad(y.sum(), [x], { createGraph: true });
  expect(list(grad(first.sum(), [y])[0])).toEqual(list(y).map((v) => -2 * v));
});

test('a retained graph is walked twice; one that was freed is not', () => {
  const x = leaf([1]);
  const y = checkpoint((a: Tensor) => a.exp().mul(a), x).sum();
  y.backward(null, { retainGraph: true });
  y.backward();
  expect(x.grad?.item()).toBeCloseTo(4 * Math.E, 12);
  expect(() => y.backward()).toThrow(/retainGraph/);
});

test('the function runs once more for a walk, and not at all without recording', () => {
  let runs = 0;
  const fn = (a: Tensor): Tensor => {
    runs++;
    return a.exp().tanh().exp();
  };
  const x = leaf([1]);
  noGrad(() => checkpoint(fn, x));
  expect(runs).toBe(1);
  checkpoint(fn, x).sum().backward();
  expect(runs).toBe(3);
});

describe('what is noticed', () => {
  test('an input or a weight that was changed in place since', () => {
    const [x, w] = [leaf([1]), leaf([2])];
    const y = checkpoint((a: Tensor) => a.mul(w).exp(), x).sum();
    noGrad(() => w.add_(1));
    expect(() => y.backward()).toThrow(/checkpoint: .* changed in place by add_/);
    const z = checkpoint((a: Tensor) => a.exp(), x).sum();
    noGrad(() => x.zero_());
    expect(() => z.backward()).toThrow(AutogradError);
  });

  test('a function that does something else the second time', () => {
    const x = leaf([1, 2]);
    const twice = (one: (a: Tensor) => Tensor, two: (a: Tensor) => Tensor) => {
      let runs = 0;
      return checkpoint((a: Tensor) => (runs++ === 0 ? one(a) : two(a)), x).sum();
    };
    expect(() =>
      twice(
        (a) => a.exp(),
        (a) => a.exp().exp(),
      ).backward(),
    ).toThrow(/got 2 operations, expected 1/);
    expect(() =>
      twice(
        (a) => a.exp(),
        (a) => a.tanh(),
      ).backward(),
    ).toThrow(/operation 0: got tanh, expected exp/);
    expect(() =>
      twice(
        (a) => a.exp(),
        (a) => a.slice(0, 0, 1).exp(),
      ).backward(),
    ).toThrow(AutogradError);
  });

  test('a promise, and what is no function', () => {
    expect(() => checkpoint(async () => {})).toThrow(ConfigError);
    expect(() => checkpoint(3 as never)).toThrow(/must be a function/);
  });
});

test('the memory of a deep network: what passes from block to block, not what is inside', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const alive = (): number => {
    // The memory behind an array that one collection finds dead is given back by the next.
    for (let i = 0; i < 3; i++) collect();
    return process.memoryUsage().arrayBuffers / 2 ** 20;
  };
  const [blocks, depth] = [6, 8];
  const block = (a: Tensor): Tensor => {
    let h = a;
    for (let i = 0; i < depth; i++) h = h.tanh();
    return h;
  };
  const held = (inside: boolean, checked: boolean): number => {
    const before = alive();
    const x = randn([256, 1024], { requiresGrad: true }); // 1 MiB
    const forward = (): Tensor => {
      let h = x;
      for (let i = 0; i < blocks; i++) h = checked ? checkpoint(block, h) : block(h);
      return h.sum();
    };
    // A scope holds on to what is allocated in it: the measurement is taken before it ends.
    const measure = (): number => {
      const loss = forward();
      const held = alive() - before;
      loss.backward();
      return held;
    };
    return inside ? scope(measure) : measure();
  };
  for (const inside of [false, true]) {
    const [plain, checked] = [held(inside, false), held(inside, true)];
    // x and 48 results, against x and the 6 that pass between blocks.
    expect(plain).toBeGreaterThan(45);
    expect(checked).toBeLessThan(12);
  }
});
