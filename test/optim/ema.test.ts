import { describe, expect, test } from 'vitest';
import { ConfigError, StateDictError } from '../../src/errors.ts';
import { Linear, Module, Parameter } from '../../src/nn/index.ts';
import { ones, tensor } from '../../src/ops/index.ts';
import { EMA } from '../../src/optim/index.ts';

class Net extends Module {
  readonly weight = new Parameter(tensor([0, 0, 0]));
  readonly wide = new Parameter(tensor([0], { dtype: 'float64' }));
  readonly mean = ones([2]);
  readonly count = tensor([0], { dtype: 'int32' });

  set(value: number): this {
    for (const x of [this.weight, this.wide, this.mean, this.count]) x.data.fill(value);
    return this;
  }
  get values(): number[] {
    return [this.weight, this.wide, this.mean, this.count].map(({ data }) => data[0]);
  }
}

describe('averages', () => {
  test.each([
    ['exponential', { decay: 0.75 }, [3.875, 3.875, 8, 8]],
    ['exponential, of buffers too', { decay: 0.75, useBuffers: true }, [3.875, 3.875, 3.875, 8]],
    ['plain mean', { decay: null }, [14 / 3, 14 / 3, 8, 8]],
  ])('%s', (_, options, want) => {
    const net = new Net();
    const ema = new EMA(net, options);
    for (const value of [2, 4, 8]) {
      net.set(value);
      ema.update();
    }
    expect(net.values).toEqual([8, 8, 8, 8]);
    ema.swap();
    expect(net.values).toEqual(want.map((x) => expect.closeTo(x, 6)));
    expect(() => ema.update()).toThrow(ConfigError);
    ema.swap();
    expect([net.values, ema.steps]).toEqual([[8, 8, 8, 8], 3]);
  });

  test('are there while something is evaluated, and gone even where that fails', async () => {
    const net = new Net();
    const ema = new EMA(net);
    net.set(1);
    ema.update();
    net.set(5);
    expect(await ema.using(() => net.values[0])).toBe(1);
    await expect(
      ema.using(() => {
        throw new Error('in between');
      }),
    ).rejects.toThrow('in between');
    expect(net.values[0]).toBe(5);
  });
});

test('goes on bit for bit from its state, also from one taken while the averages were in place', () => {
  const [net, other] = [new Linear(3, 2), new Linear(3, 2)];
  const ema = new EMA(net, { decay: 0.9 });
  const resumed = new EMA(other, { decay: 0.9 });
  const set = (value: number): void => {
    for (const linear of [net, other]) linear.weight.data.fill(Math.sin(value));
  };
  for (let t = 0; t < 3; t++) {
    set(t);
    ema.update();
  }
  const weights = new Map(Object.entries(net.stateDict()));
  ema.swap();
  resumed.loadStateDict(ema.stateDict());
  ema.swap();
  other.loadStateDict(Object.fromEntries(weights));
  for (let t = 3; t < 6; t++) {
    set(t);
    ema.update();
    resumed.update();
  }
  const values = (average: EMA): number[][] => Object.values(average.stateDict().tensors).map(({ data }) => [...data]);
  expect(values(resumed)).toEqual(values(ema));
  expect(resumed.steps).toBe(6);
});

test('refuses a decay outside [0, 1] and a state of another module', () => {
  expect(() => new EMA(new Net(), { decay: 1.5 })).toThrow(ConfigError);
  const ema = new EMA(new Net());
  expect(() => ema.loadStateDict(new EMA(new Linear(2, 1)).stateDict())).toThrow(StateDictError);
  expect(() => ema.loadStateDict({ ...ema.stateDict(), steps: -1 })).toThrow(/steps is no count/);
});
