/** Curriculum E1 to E6, E10 and E11: descent and what it is mended by, with figures. */

import { describe, expect, test } from 'vitest';
import {
  add,
  backward,
  hessian,
  mean,
  mul,
  nn,
  ones,
  optim,
  pow,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
} from '../../src/index.ts';

const wide = (values: number[] | number): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const close = (values: readonly number[], digits = 8): unknown[] => values.map((x) => expect.closeTo(x, digits));

/** Where one weight, from 0, stands after each of the gradients. */
function path(
  gradients: readonly number[],
  make: (w: Tensor) => optim.Optimizer,
  schedule?: (optimizer: optim.Optimizer) => optim.LRScheduler,
): number[] {
  const w = wide([0]);
  const optimizer = make(w);
  const rates = schedule?.(optimizer);
  return gradients.map((gradient) => {
    w.grad = tensor([gradient], { dtype: 'float64' });
    optimizer.step();
    rates?.step();
    return w.item();
  });
}

test('E1: 50 samples and 5 epochs give 5, 250 and, in 10 batches, 50 updates', () => {
  const samples = Array.from({ length: 50 }, (_, i) => i / 50);
  const updates = [50, 1, 5].map((batchSize) => {
    const w = wide(0);
    const optimizer = new optim.SGD([w], { lr: 1e-3 });
    let count = 0;
    for (let epoch = 0; epoch < 5; epoch++) {
      for (let from = 0; from < samples.length; from += batchSize) {
        const x = tensor(samples.slice(from, from + batchSize), { dtype: 'float64' });
        optimizer.zeroGrad();
        backward(mean(square(sub(mul(w, x), x))));
        optimizer.step();
        count++;
      }
    }
    return count;
  });
  expect(updates).toEqual([5, 250, 50]);
});

test('E2: momentum', () => {
  const weights = path([0.5, 0.4, -0.2], (w) => new optim.SGD([w], { lr: 0.1, momentum: 0.9 }));
  expect(weights).toEqual(close([-0.05, -0.135, -0.1915], 12));
});

test('E3: the rate η/√t', () => {
  const weights = path(
    [0.2, 0.4, 0.1],
    (w) => new optim.SGD([w], { lr: 0.1 }),
    (optimizer) => new optim.InverseSqrtLR(optimizer),
  );
  expect(weights).toEqual(close([-0.02, -0.0482843, -0.0540578], 7));
});

test('E4: Adam', () => {
  const weights = path([0.3, 0.2, 0.1], (w) => new optim.Adam([w], { lr: 0.01 }));
  const steps = weights.map((w, i) => (i === 0 ? 0 : weights[i - 1]) - w);
  expect(steps).toEqual(close([0.01, 0.00970352, 0.00893621], 7));
  expect(weights[2]).toBeCloseTo(-0.02863973, 7);
});

test('E11: AdaGrad and RMSProp by hand, and the running mean as a sum', () => {
  const gradients = [0.3, 0.2, 0.1];
  expect(path(gradients, (w) => new optim.Adagrad([w], { lr: 0.01 }))[2]).toBeCloseTo(-0.01821961, 7);
  let rmsprop: optim.RMSprop | undefined;
  const weights = path(gradients, (w) => {
    rmsprop = new optim.RMSprop([w], { lr: 0.01, alpha: 0.9 });
    return rmsprop;
  });
  expect(weights[2]).toBeCloseTo(-0.05897543, 7);
  const r = (rmsprop!.stateDict().state[0].square_avg as Tensor).item();
  expect(r).toBeCloseTo(0.01189, 12);
  expect(r).toBeCloseTo(
    gradients.reduce((total, g, i) => total + 0.1 * 0.9 ** (2 - i) * g ** 2, 0),
    15,
  );
});

describe('E5: the rate', () => {
  /** Losses of w² from 1, until the change of the loss stays under the threshold for three steps. */
  function descend(lr: number, threshold: number, most: number): number[] {
    const w = wide(1);
    const optimizer = new optim.SGD([w], { lr });
    const losses: number[] = [];
    for (let quiet = 0; losses.length < most && quiet < 3; ) {
      optimizer.zeroGrad();
      const loss = square(w);
      backward(loss);
      optimizer.step();
      quiet = Math.abs(loss.item() - (losses.at(-1) ?? Infinity)) < threshold ? quiet + 1 : 0;
      losses.push(loss.item());
    }
    return losses;
  }

  test('too large diverges, too small crawls, between them descent ends by its threshold', () => {
    expect(descend(1.1, 1e-9, 50).at(-1)).toBeGreaterThan(1e6);
    const crawl = descend(1e-4, 1e-9, 50);
    expect([crawl.length, crawl.at(-1)]).toEqual([50, expect.closeTo(0.98, 2)]);
    const settled = descend(0.3, 1e-9, 50);
    expect(settled.length).toBeLessThan(25);
    expect(settled.at(-1)).toBeLessThan(1e-9);
  });

  test('every optimizer descends along a quadratic', () => {
    const start = [1, -2];
    const optimizers: ((params: Tensor[]) => optim.Optimizer)[] = [
      (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9 }),
      (p) => new optim.Adagrad(p, { lr: 0.5 }),
      (p) => new optim.RMSprop(p, { lr: 0.02 }),
      (p) => new optim.Adadelta(p, { lr: 10 }),
      (p) => new optim.Adam(p, { lr: 0.05 }),
      (p) => new optim.Adam(p, { lr: 0.05, amsgrad: true }),
      (p) => new optim.AdamW(p, { lr: 0.05 }),
      (p) => new optim.Adamax(p, { lr: 0.05 }),
      (p) => new optim.NAdam(p, { lr: 0.05 }),
      (p) => new optim.RAdam(p, { lr: 0.05 }),
      (p) => new optim.Rprop(p),
      (p) => new optim.ASGD(p, { lr: 0.1 }),
      (p) => new optim.LBFGS(p, { maxIter: 1 }),
    ];
    for (const make of optimizers) {
      const w = wide(start);
      const optimizer = make([w]);
      const curvature = tensor([1, 4], { dtype: 'float64' });
      const closure = (): Tensor => {
        optimizer.zeroGrad();
        const loss = sum(mul(curvature, square(w)));
        backward(loss);
        return loss;
      };
      const first = closure().item();
      for (let t = 0; t < 200; t++) optimizer.step(closure);
      expect(closure().item(), optimizer.constructor.name).toBeLessThan(first / 100);
    }
  });
});

describe('E6: cures of overfitting, by their figures', () => {
  test('w = (1, 2), λ = .1: the penalty and its gradient, and weight decay 2λ', () => {
    const w = wide([1, 2]);
    const penalty = optim.l2Penalty(w, 0.1);
    backward(penalty);
    expect([penalty.item(), ...w.grad!.data]).toEqual(close([0.5, 0.2, 0.4], 14));
    w.grad = tensor([0, 0], { dtype: 'float64' });
    new optim.SGD([w], { lr: 1, weightDecay: 0.2 }).step();
    expect([...w.data]).toEqual(close([0.8, 1.6], 14));
  });

  test('L1 by a proximal step gives exact zeros, by a subgradient none', () => {
    const target = tensor([2, 0.05, -0.02], { dtype: 'float64' });
    const [proximal, plain] = [wide([1, 1, 1]), wide([1, 1, 1])];
    const [first, second] = [new optim.SGD([proximal], { lr: 0.13 }), new optim.SGD([plain], { lr: 0.13 })];
    for (let t = 0; t < 200; t++) {
      first.zeroGrad();
      second.zeroGrad();
      backward(sum(square(sub(proximal, target))));
      backward(add(sum(square(sub(plain, target))), optim.l1Penalty(plain, 0.5)));
      first.step();
      optim.proximalL1_(proximal, 0.13 * 0.5);
      second.step();
    }
    expect([...proximal.data]).toEqual([expect.closeTo(1.75, 10), 0, 0]);
    expect([...plain.data].filter((w) => w === 0)).toEqual([]);
  });

  test('dropout scaled in training by 1/(1 − p) agrees in expectation with scaling by 1 − p at test', () => {
    const n = 200_000;
    const dropout = new nn.Dropout(0.25);
    const trained = mean(dropout.forward(ones([n]))).item();
    // Six standard deviations of the mean of n draws of 0 or 4/3.
    expect(Math.abs(trained - 1)).toBeLessThan(6 * Math.sqrt(0.25 / 0.75 / n));
    expect(mean(dropout.eval().forward(ones([n]))).item()).toBe(1);
  });
});

describe('E10: w⁴ − 3w² + w', () => {
  const f = (w: Tensor): Tensor => add(sub(pow(w, 4), mul(square(w), 3)), w);

  function minimumFrom(start: number): Tensor {
    const w = wide(start);
    const optimizer = new optim.LBFGS([w], { lineSearchFn: 'strong_wolfe', maxIter: 100, toleranceChange: 0 });
    optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = f(w);
      backward(loss);
      return loss;
    });
    return w;
  }

  test.each([
    [-2, -1.30084, -3.513905, 14.3062],
    [2, 1.130901, -1.07023, 9.3472],
  ])('from %d descent ends at %d', (start, at, value, curvature) => {
    const w = wide(start);
    const optimizer = new optim.SGD([w], { lr: 0.01 });
    for (let t = 0; t < 500; t++) {
      optimizer.zeroGrad();
      backward(f(w));
      optimizer.step();
    }
    for (const end of [w, minimumFrom(start)]) {
      expect([end.item(), f(end).item(), hessian(f, [end])[0][0].item()]).toEqual([
        expect.closeTo(at, 6),
        expect.closeTo(value, 6),
        expect.closeTo(curvature, 3),
      ]);
    }
  });

  test('the maximum is where ascent ends', () => {
    const w = wide(0);
    const optimizer = new optim.SGD([w], { lr: 0.05, maximize: true });
    for (let t = 0; t < 200; t++) {
      optimizer.zeroGrad();
      backward(f(w));
      optimizer.step();
    }
    expect([w.item(), hessian(f, [w])[0][0].item()]).toEqual([expect.closeTo(0.169938, 6), expect.closeTo(-5.6535, 4)]);
  });

  test('a plateau is crossed by momentum and Adam, on which plain descent stays', () => {
    // Flat around 0 with slopes of 3w²/100, and a valley beyond.
    const plateau = (w: Tensor): Tensor => sub(mul(pow(w, 4), 0.0025), mul(pow(w, 3), 0.01));
    const endOf = (make: (p: Tensor[]) => optim.Optimizer): number => {
      const w = wide(0.05);
      const optimizer = make([w]);
      for (let t = 0; t < 800; t++) {
        optimizer.zeroGrad();
        backward(plateau(w));
        optimizer.step();
      }
      return w.item();
    };
    expect(endOf((p) => new optim.SGD(p, { lr: 0.1 }))).toBeLessThan(0.1);
    expect(endOf((p) => new optim.SGD(p, { lr: 0.1, momentum: 0.99 }))).toBeGreaterThan(2);
    expect(endOf((p) => new optim.Adam(p, { lr: 0.1 }))).toBeCloseTo(3, 2);
  });
});
