import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { backward, scope } from '../../src/autograd/index.ts';
import { AutogradError, ConfigError, StateDictError } from '../../src/errors.ts';
import { Linear, Module, ModuleDict, ModuleList, Parameter, Sequential, Tanh } from '../../src/nn/index.ts';
import { mul, ones, sum, tensor, zeros } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const parameter = (...shape: number[]): Parameter => new Parameter(zeros(shape));

class Leaf extends Module {
  readonly weight = parameter(2, 3);
  readonly running = ones([3]);
}

/** Every kind of field there is. */
class Everything extends Module {
  readonly first = parameter(1);
  readonly nothing: Parameter | null = null;
  readonly size = 3;
  readonly leaf = new Leaf();
  readonly list = [parameter(4), new Leaf(), 'text', null];
  readonly plain = { hidden: parameter(9) };
  readonly #cache = ones([7]);
  readonly last = parameter(5);

  get cache(): Tensor {
    return this.#cache;
  }
}

describe('the walk over fields', () => {
  test('finds parameters in insertion order, through modules and arrays', () => {
    const names = new Everything().namedParameters().map(([name]) => name);
    expect(names).toEqual(['first', 'leaf.weight', 'list.0', 'list.1.weight', 'last']);
  });

  test('takes a tensor that is no parameter for a buffer, and sees no private field', () => {
    const module = new Everything();
    expect(module.namedBuffers().map(([name]) => name)).toEqual(['leaf.running', 'list.1.running']);
    expect(Object.values(module.stateDict()).some((t) => t.storage === module.cache.storage)).toBe(false);
  });

  test('names a state dict as the fields stand', () => {
    expect(Object.keys(new Everything().stateDict())).toEqual([
      'first',
      'leaf.weight',
      'leaf.running',
      'list.0',
      'list.1.weight',
      'list.1.running',
      'last',
    ]);
  });

  test('counts a shared parameter once, and gives it both its names', () => {
    class Tied extends Module {
      readonly encoder = new Linear(3, 3, { bias: false });
      readonly decoder = new Linear(3, 3, { bias: false });

      constructor() {
        super();
        this.decoder.weight = this.encoder.weight;
      }
    }
    const tied = new Tied();
    expect(tied.parameters()).toEqual([tied.encoder.weight]);
    expect(tied.namedParameters().map(([name]) => name)).toEqual(['encoder.weight']);
    expect(Object.keys(tied.stateDict())).toEqual(['encoder.weight', 'decoder.weight']);
    expect(inspect(tied)).toMatch(/\) · 9 parameters$/);
  });

  test('lists each module once, with its first name', () => {
    const shared = new Leaf();
    const module = new ModuleDict({ a: shared, b: new ModuleList([shared, new Leaf()]) });
    expect(module.namedModules().map(([name]) => name)).toEqual(['', 'a', 'b', 'b.1']);
    expect(module.children()).toHaveLength(2);
    expect(module.modules()[1]).toBe(shared);
  });

  test('refuses a module that contains itself', () => {
    class Loop extends Module {
      self: Module | null = null;
    }
    const loop = new Loop();
    loop.self = new ModuleList([loop]);
    expect(() => loop.parameters()).toThrow(ConfigError);
    expect(() => loop.stateDict()).toThrow(/contains itself.*self\.0/);
  });
});

describe('Parameter', () => {
  test('is a leaf that learns, in the memory it is made from', () => {
    const values = tensor([1, 2]);
    const made = new Parameter(values);
    expect(made).toMatchObject({ requiresGrad: true, isLeaf: true });
    expect(made.storage).toBe(values.storage);
    expect(new Parameter(values, { requiresGrad: false }).requiresGrad).toBe(false);
    expect(inspect(made)).toMatch(/^Parameter float32 \[2\] requiresGrad/);
  });

  test('outlives the scope it is made in', () => {
    let made: Linear | null = null;
    scope(() => {
      made = new Linear(64, 64);
    });
    expect(made!.weight.data).toHaveLength(64 * 64);
  });
});

describe('modes and gradients', () => {
  test('train and eval reach every module', () => {
    const net = new Sequential(new Sequential(new Tanh()), new Linear(1, 1));
    expect(net.eval()).toBe(net);
    expect(net.modules().map((m) => m.training)).toEqual([false, false, false, false]);
    net.train();
    expect(net.modules().every((m) => m.training)).toBe(true);
  });

  test('requiresGrad_ freezes, zeroGrad forgets', () => {
    const linear = new Linear(2, 1);
    backward(sum(linear.forward(ones([1, 2]))));
    expect(linear.weight.grad).not.toBeNull();
    linear.zeroGrad();
    expect(linear.parameters().map(({ grad }) => grad)).toEqual([null, null]);
    linear.requiresGrad_(false);
    expect(linear.forward(ones([1, 2])).requiresGrad).toBe(false);
  });
});

describe('stateDict and loadStateDict', () => {
  test('the dict shares the memory of the module, outside the graph', () => {
    const linear = new Linear(2, 2);
    const { weight } = linear.stateDict();
    expect(weight).not.toBeInstanceOf(Parameter);
    expect(weight).toMatchObject({ requiresGrad: false, storage: linear.weight.storage });
  });

  test('copies values, converts floats, and makes graphs over the old ones refuse', () => {
    const linear = new Linear(2, 1);
    const loss = sum(mul(linear.weight, linear.weight));
    const report = linear.loadStateDict({
      weight: tensor([[0.1, 0.2]], { dtype: 'float64' }),
      bias: tensor([0.5]),
    });
    expect(report).toEqual({ missing: [], unexpected: [] });
    expect([...linear.weight.data]).toEqual([Math.fround(0.1), Math.fround(0.2)]);
    expect(linear.weight.dtype).toBe('float32');
    expect(() => backward(loss)).toThrow(AutogradError);
  });

  test('reports every fault at once and changes nothing', () => {
    const net = new Sequential(new Linear(2, 3), new Tanh(), new Linear(3, 1));
    const before = net.parameters().map(({ data }) => [...data]);
    const dict = {
      '0.weight': ones([3, 2]),
      '0.bias': ones([4]),
      '2.weight': tensor([[1, 2, 3]], { dtype: 'int32' }),
      extra: ones([1]),
    };
    const load = (): unknown => net.loadStateDict(dict);
    expect(load).toThrow(StateDictError);
    expect(load).toThrow(
      'Sequential.loadStateDict: missing 2.bias; unexpected extra; ' +
        'wrong 0.bias ([4], not [3]), 2.weight (int32, not float32) (nothing was changed)',
    );
    expect(net.parameters().map(({ data }) => [...data])).toEqual(before);
    expect(() => net.loadStateDict({ '0.weight': [1] as never }, { strict: false })).toThrow(/0\.weight \(\[1\] is no/);
  });

  test('without strict it takes what is there and reports the rest', () => {
    const linear = new Linear(1, 1);
    const report = linear.loadStateDict({ weight: tensor([[3]]), other: ones([1]) }, { strict: false });
    expect(report).toEqual({ missing: ['bias'], unexpected: ['other'] });
    expect(linear.weight.item()).toBe(3);
  });

  test('names inherited from Object are missing, not found', () => {
    class Odd extends Module {
      override readonly valueOf = parameter(1) as never;
    }
    expect(() => new Odd().loadStateDict({})).toThrow(/missing valueOf/);
  });

  test('a dict of the module itself can be loaded with its names exchanged', () => {
    class Pair extends Module {
      readonly a = new Parameter(tensor([1, 2]));
      readonly b = new Parameter(tensor([3, 4]));
    }
    const pair = new Pair();
    const { a, b } = pair.stateDict();
    pair.loadStateDict({ a: b, b: a });
    expect([[...pair.a.data], [...pair.b.data]]).toEqual([
      [3, 4],
      [1, 2],
    ]);
  });
});

test('printing shows the tree with its parameter counts', () => {
  const net = new Sequential(new Linear(4, 300), new Sequential(new Tanh(), new Linear(300, 1, { bias: false })));
  expect(inspect(net)).toBe(
    [
      'Sequential(',
      '  (0): Linear(4, 300) · 1,500',
      '  (1): Sequential(',
      '    (0): Tanh()',
      '    (1): Linear(300, 1, bias: false) · 300',
      '  ) · 300',
      ') · 1,800 parameters',
    ].join('\n'),
  );
  expect(inspect(new Tanh())).toBe('Tanh()');
  expect(String(new Linear(1, 1, { bias: false }))).toBe('Linear(1, 1, bias: false) · 1 parameter');
});
