/** Batches whose gradients are summed, in one process or in several. */

import { describe, expect, test } from 'vitest';
import {
  backward,
  crossEntropy,
  dropout,
  fit,
  manualSeed,
  mseLoss,
  nn,
  ones,
  optim,
  StepDraws,
  scope,
  type Tensor,
  withSamples,
  zeros,
} from '../../src/index.ts';
import { adam, base, bitsOf, ToyLoader, toyModel } from './toy.ts';

describe('accumulated batches', () => {
  test('one step of the mean over all of them', async () => {
    const [whole, parts] = [toyModel(0), toyModel(0)];
    // Seven batches of unequal size, by threes: three steps.
    const loader = new ToyLoader(50, 8);
    const optimizer = (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0.1 });
    const history = await fit(parts, loader, { ...base, optimizer, accumulate: 3 });
    expect(history.steps).toBe(3);
    const large = new ToyLoader(50, 24);
    const same = await fit(whole, large, { ...base, optimizer });
    expect(same.steps).toBe(3);
    expect(history.epochs[0].trainLoss).toBeCloseTo(same.epochs[0].trainLoss, 6);
    const [a, b] = [whole, parts].map((model) => model.parameters().flatMap(({ data }) => [...data]));
    for (const [i, w] of a.entries()) expect(b[i]).toBeCloseTo(w, 6);
  });

  test('drop the elements that the whole batch drops', async () => {
    const masks: number[][] = [];
    class Mask extends nn.Module {
      readonly w = new nn.Parameter(ones([1]));

      forward(x: Tensor): Tensor {
        const kept = dropout(x, 0.5);
        masks.push(...(kept.toArray() as number[][]));
        return kept.mul(this.w).sum([1]);
      }
    }
    const batch = (n: number) => [ones([n, 6]), zeros([n])];
    const optimizer = (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0 });
    const draw = async (sizes: number[], accumulate: number) => {
      masks.length = 0;
      await fit(new Mask(), sizes.map(batch), { loss: mseLoss, optimizer, seed: 4, accumulate });
      return masks.map(String);
    };
    const whole = await draw([7, 7], 1);
    expect(new Set(whole).size).toBeGreaterThan(7);
    expect(await draw([4, 3, 2, 5], 2)).toEqual(whole);
    expect(await draw([1, 1, 5, 5, 1, 1], 3)).toEqual(whole);
  });

  test('two processes with a share each, summed in their order, have the bits of one that accumulates', async () => {
    const epochs = 2;
    const loader = new ToyLoader(44, 4);
    const options = { ...base, epochs, accumulate: 2, clipGradNorm: 0.5 };
    const one = toyModel(0.4);
    await fit(one, loader, options);

    // What a later data-parallel run does: each rank computes the gradient of its own batch alone.
    const ranks = [0, 1].map(() => {
      const model = toyModel(0.4);
      return { model, optimizer: adam(model) };
    });
    const gradientsOf = ({ model }: (typeof ranks)[0], rank: number, batches: Tensor[][]): Tensor[] => {
      const counts = batches.map(([x]) => x.shape[0]);
      const total = counts.reduce((a, b) => a + b, 0);
      const draws = new StepDraws();
      if (rank >= batches.length) return model.parameters().map(({ shape }) => zeros(shape));
      model.zeroGrad();
      const [x, y] = batches[rank];
      const samples = { first: rank * counts[0], count: counts[rank], draws };
      scope(() => {
        const loss = withSamples(samples, () => crossEntropy(model.forward(x), y));
        backward(counts[rank] === total ? loss : loss.mul(counts[rank] / total));
      });
      return model.parameters().map(({ grad }) => grad!.mul(1));
    };
    const states = [manualSeed(9).getState(), manualSeed(9).getState()];
    for (let epoch = 0; epoch < epochs; epoch++) {
      const batches: Tensor[][] = [];
      for await (const batch of loader.epoch(epoch)) batches.push(batch);
      for (let i = 0; i < batches.length; i += 2) {
        const gradients = ranks.map((rank, r) => {
          const generator = manualSeed(0).setState(states[r]);
          const found = gradientsOf(rank, r, batches.slice(i, i + 2));
          states[r] = generator.getState();
          return found;
        });
        const summed = gradients[0].map((g, p) => g.add(gradients[1][p]));
        for (const { model, optimizer } of ranks) {
          for (const [p, parameter] of model.parameters().entries()) parameter.grad = summed[p].mul(1);
          optim.clipGradNorm_(model.parameters(), 0.5);
          optimizer.step();
        }
      }
    }
    expect(states[1]).toEqual(states[0]);
    expect(bitsOf(ranks[0].model)).toBe(bitsOf(one));
    expect(bitsOf(ranks[1].model)).toBe(bitsOf(one));
  });
});
