import { describe, expect, test } from 'vitest';
import { enableGrad, grad, isGradEnabled, noGrad } from '../../src/autograd/index.ts';
import { AutogradError, ConfigError, DTypeError, ShapeError } from '../../src/errors.ts';
import { add, copy_, defineOp, exp, matmul, mul, ones, sum, tensor, zeros } from '../../src/ops/index.ts';
import { SGD } from '../../src/optim/index.ts';
import { emptyTensor, type Tensor } from '../../src/tensor.ts';

const leaf = (values: number[] | number[][]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const list = (t: Tensor | null): number[] => [...(t?.data ?? [])];

describe('backward', () => {
  test('adds up where paths meet, and over calls', () => {
    const x = leaf([3]);
    const y = x.mul(x).add(x);
    y.sum().backward();
    expect(list(x.grad)).toEqual([7]);
    x.mul(2).sum().backward();
    expect(list(x.grad)).toEqual([9]);
  });

  test('leaves that receive one and the same gradient own it separately', () => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    a.add(b).sum().backward();
    expect(a.grad?.storage).not.toBe(b.grad?.storage);
    a.grad?.mul_(10);
    expect(list(b.grad)).toEqual([1, 1]);
  });

  test('the seed is not handed to a leaf', () => {
    const x = leaf([1, 2]);
    const seed = ones([2], { dtype: 'float64' });
    x.add(0).backward(seed);
    x.grad?.mul_(5);
    expect(list(seed)).toEqual([1, 1]);
  });

  test('a root that is a leaf receives its seed', () => {
    const x = leaf([1, 2]);
    x.backward(ones([2], { dtype: 'float64' }));
    expect(list(x.grad)).toEqual([1, 1]);
  });

  test('without a seed only a single value', () => {
    const x = leaf([1, 2]);
    expect(() => x.mul(2).backward()).toThrow(AutogradError);
    expect(() => x.mul(2).backward(ones([3], { dtype: 'float64' }))).toThrow(ShapeError);
    expect(() => x.mul(2).backward(ones([2]))).toThrow(DTypeError);
  });

  test('of nothing recorded', () => {
    expect(() => tensor([1]).sum().backward()).toThrow(/does not depend on any tensor that requires a gradient/);
    const x = leaf([1]);
    expect(() => noGrad(() => x.mul(2)).backward()).toThrow(AutogradError);
  });

  test('twice needs retainGraph', () => {
    const x = leaf([2]);
    const y = x.mul(x).sum();
    y.backward(null, { retainGraph: true });
    y.backward();
    expect(list(x.grad)).toEqual([8]);
    expect(() => y.backward()).toThrow(/retainGraph/);
  });

  test('refuses what was changed in place since', () => {
    const x = leaf([2]);
    const w = tensor([3], { dtype: 'float64' });
    const y = x.mul(w).sum();
    copy_(w, tensor([5], { dtype: 'float64' }));
    expect(() => y.backward()).toThrow(
      /^mul: a tensor it saved for the gradient, \[1\] was changed in place by copy_: got version 1, expected version 0/,
    );
  });

  test('and says who made what was changed, and who changed it last', () => {
    const x = leaf([2]);
    const h = exp(x);
    const y = h.mul(h).sum();
    noGrad(() => h.add_(1).zero_());
    expect(() => y.backward()).toThrow(/^mul: .* \[1\], a result of exp, was changed in place by zero_: got version 2/);
    const w = leaf([1, 2]);
    const loss = w.mul(w).sum();
    w.grad = ones([2], { dtype: 'float64' });
    new SGD([w], { lr: 0.1 }).step();
    expect(() => loss.backward()).toThrow(/changed in place by SGD/);
  });

  test('a view shares the version of what it views', () => {
    const x = leaf([2, 3]);
    const w = zeros([2, 2], { dtype: 'float64' });
    const y = x.mul(w.select(0, 0)).sum();
    w.select(0, 1).fill_(1);
    expect(() => y.backward()).toThrow(AutogradError);
  });

  test('a chain of a million operations', () => {
    const x = leaf([1]);
    let y: Tensor = x;
    for (let i = 0; i < 1_000_000; i++) y = add(y, 1);
    y.sum().backward();
    expect(list(x.grad)).toEqual([1]);
    expect(y.item()).toBe(1_000_001);
  }, 60_000);

  test('a graph of a hundred thousand nodes that all meet', () => {
    const x = leaf([1]);
    const parts = Array.from({ length: 100_000 }, () => mul(x, 1));
    for (let i = 0; i + 1 < parts.length; i += 2) parts.push(add(parts[i], parts[i + 1]));
    (parts.at(-1) as Tensor).sum().backward();
    expect(list(x.grad)).toEqual([100_000]);
  }, 60_000);

  test('a hook may walk another graph over the same nodes and leaves', () => {
    const [a, b] = [leaf([2]), leaf([3])];
    const square = a.mul(a);
    const other = b.mul(square).mul(5).sum();
    const walks: number[] = [];
    // Whichever leaf comes first, the gradient of the other one is still waiting.
    const once = (): void => {
      walks.push(walks.length);
      if (walks.length === 1) other.backward(null, { retainGraph: true });
    };
    a.registerPostAccumulateGradHook(once);
    b.registerPostAccumulateGradHook(once);
    square.mul(b).sum().backward(null, { retainGraph: true });
    expect(walks.length).toBe(4);
    expect([list(a.grad), list(b.grad)]).toEqual([[6 * 12], [6 * 4]]);
  });

  test('a rule may walk another graph over the same nodes', () => {
    const a = leaf([2]);
    const shared = a.mul(a);
    const walking = defineOp({
      name: 'test:walking',
      forward: (node, [x]) => {
        node.save(x);
        return exp(x as Tensor).detach();
      },
      // The gradient of exp by way of a walk that passes `shared` too.
      backward: (node, [dy]) => {
        const [x] = node.saved() as [Tensor];
        const [dx] = enableGrad(() => grad(exp(x).mul(dy as Tensor), [x], { retainGraph: true }));
        return [dx];
      },
      cases: [],
    });
    walking.run([shared], undefined).add(shared).sum().backward(null, { retainGraph: true });
    expect(list(a.grad)[0]).toBeCloseTo(4 * Math.exp(4) + 4, 9);
  });

  test('a rule whose gradient does not fit is caught', () => {
    const wrong = defineOp({
      name: 'test:wrong',
      forward: (_, [x]) => exp(x as Tensor).detach(),
      backward: () => [zeros([9], { dtype: 'float64' })],
      cases: [],
    });
    expect(() =>
      wrong
        .run([leaf([1])], undefined)
        .sum()
        .backward(),
    ).toThrow(/does not fit input 0/);
  });
});

describe('grad', () => {
  test('touches no grad, and differentiates intermediate tensors', () => {
    const x = leaf([2]);
    const h = x.mul(3);
    const y = h.mul(h).sum();
    const [dh, dx] = grad(y, [h, x]);
    expect([list(dh), list(dx)]).toEqual([[12], [36]]);
    expect(x.grad).toBeNull();
  });

  test('to any order', () => {
    const x = leaf([1.3]);
    let y: Tensor = exp(x.mul(2)).sum();
    for (let order = 1; order <= 4; order++) {
      [y] = grad(y, [x], { createGraph: true });
      expect(y.data[0]).toBeCloseTo(2 ** order * Math.exp(2.6), 8);
      y = y.sum();
    }
  });

  test('a gradient that is differentiated flows into grad as well', () => {
    const x = leaf([2]);
    const [dx] = grad(x.mul(x).mul(x).sum(), [x], { createGraph: true });
    dx.sum().backward();
    expect(list(x.grad)).toEqual([12]);
  });

  test('backward with createGraph leaves gradients with a graph', () => {
    const x = leaf([2]);
    x.mul(x).mul(x).sum().backward(null, { createGraph: true });
    expect(x.grad?.requiresGrad).toBe(true);
    const [second] = grad((x.grad as Tensor).sum(), [x]);
    expect(list(second)).toEqual([12]);
  });

  test('an input that is not reached', () => {
    const [x, z] = [leaf([1]), leaf([1])];
    expect(() => grad(x.mul(2).sum(), [x, z])).toThrow(/allowUnused/);
    expect(grad(x.mul(2).sum(), [x, z], { allowUnused: true })[1]).toBeNull();
    expect(() => grad(x.mul(2).sum(), [tensor([1])])).toThrow(AutogradError);
  });

  test('several outputs with seeds', () => {
    const x = leaf([1, 2]);
    const seeds = [tensor([1, 0], { dtype: 'float64' }), null];
    const [dx] = grad([x.mul(x), x.sum()], [x], { seeds });
    expect(list(dx)).toEqual([3, 1]);
  });

  test('products and sums: the rule for a matrix', () => {
    const [a, b] = [
      leaf([
        [1, 2],
        [3, 4],
      ]),
      leaf([[5], [6]]),
    ];
    const [da, db] = grad(sum(matmul(a, b)), [a, b]);
    expect([list(da), list(db)]).toEqual([
      [5, 6, 5, 6],
      [4, 6],
    ]);
  });
});

describe('recording', () => {
  test('noGrad and enableGrad nest and end with an exception', () => {
    const x = leaf([1]);
    noGrad(() => {
      expect(x.mul(2).requiresGrad).toBe(false);
      enableGrad(() => expect(x.mul(2).requiresGrad).toBe(true));
      expect(isGradEnabled()).toBe(false);
    });
    expect(() =>
      noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(isGradEnabled()).toBe(true);
  });

  test('writing in place to what requires a gradient', () => {
    const x = leaf([1]);
    expect(() => x.add_(1)).toThrow(AutogradError);
    expect(list(noGrad(() => x.add_(1)))).toEqual([2]);
  });

  test('a function that returns a promise is refused, and its failure is not left to the process', async () => {
    for (const run of [noGrad, enableGrad]) {
      expect(() => run(async () => 1)).toThrow(/must be synchronous: got a promise/);
      expect(() => run(() => Promise.reject(new Error('unheard')))).toThrow(ConfigError);
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(isGradEnabled()).toBe(true);
  });

  test('detach shares the memory and leaves the graph', () => {
    const x = leaf([1]);
    const y = x.mul(2).detach();
    expect([y.requiresGrad, y.isLeaf]).toEqual([false, true]);
    expect(() => x.mul(2).requiresGrad_(false)).toThrow(/detach/);
    expect(() => tensor([1], { dtype: 'int32', requiresGrad: true })).toThrow(DTypeError);
  });

  test('an operation that saves nothing keeps nothing alive', () => {
    const x = emptyTensor([2], 'float64').fill_(1);
    expect(x.add(1).node).toBeNull();
  });
});
