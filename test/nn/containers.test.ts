import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { Dropout, Linear, Module, ModuleDict, ModuleList, ReLU, Sequential, Tanh } from '../../src/nn/index.ts';
import { ones, randn } from '../../src/ops/index.ts';

describe('Sequential', () => {
  test('applies its layers in order', () => {
    const [first, second] = [new Linear(2, 3), new Linear(3, 1)];
    const net = new Sequential(first, new Tanh(), second);
    const x = randn([5, 2]);
    const want = second.forward(new Tanh().forward(first.forward(x)));
    expect([...net.forward(x).data]).toEqual([...want.data]);
    expect(net).toHaveLength(3);
    expect([...net]).toEqual([first, net[1], second]);
    expect(net.at(-1)).toBe(second);
  });

  test('names its layers by index alone, and a layer can be replaced', () => {
    const net = new Sequential(new Linear(1, 2), new ReLU()).append(new Linear(2, 1));
    expect(Object.keys(net.stateDict())).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
    net[1] = new Tanh();
    expect([...net.forward(ones([1, 1])).data]).toEqual([
      ...net[2].forward(new Tanh().forward(net[0].forward(ones([1, 1])))).data,
    ]);
  });

  test('keeps the order of more than ten layers', () => {
    const net = new Sequential(...Array.from({ length: 12 }, () => new Linear(1, 1, { bias: false })));
    expect(net.namedParameters().map(([name]) => name)).toEqual(Array.from({ length: 12 }, (_, i) => `${i}.weight`));
  });

  test('refuses what is no layer', () => {
    expect(() => new Sequential({ forward: () => 0 } as never)).toThrow(ConfigError);
    expect(() => new Sequential(new Module() as never)).toThrow(/no forward/);
  });
});

describe('ModuleList and ModuleDict', () => {
  test('a list names its modules by index', () => {
    const list = new ModuleList([new Linear(1, 1, { bias: false })]);
    list.append(new Linear(1, 2, { bias: false }));
    expect(Object.keys(list.stateDict())).toEqual(['0.weight', '1.weight']);
    expect(list).toHaveLength(2);
    expect(() => list.append(null as never)).toThrow(ConfigError);
  });

  test('a dict names its modules by key', () => {
    const dict = new ModuleDict<Module>({ encode: new Linear(1, 1, { bias: false }) });
    dict.set('drop', new Dropout());
    expect(Object.keys(dict.stateDict())).toEqual(['encode.weight']);
    expect([...dict.keys()]).toEqual(['encode', 'drop']);
    expect([...dict.values()]).toEqual([dict.get('encode'), dict.get('drop')]);
    expect(dict.size).toBe(2);
    expect(dict.delete('drop')).toBe(true);
    expect([dict.has('drop'), dict.delete('drop')]).toEqual([false, false]);
    expect(new ModuleDict([['x', new Tanh()]]).has('x')).toBe(true);
  });

  test('a dict refuses keys that would not be names of their own', () => {
    const dict = new ModuleDict();
    for (const key of ['', 'a.b', 'training', 'forwardless', 'parameters', '__proto__', 'constructor']) {
      if (key === 'forwardless') expect(dict.set(key, new Tanh()).has(key)).toBe(true);
      else expect(() => dict.set(key, new Tanh()), key).toThrow(ConfigError);
    }
    expect(() => dict.set('x', 3 as never)).toThrow(ConfigError);
  });
});
