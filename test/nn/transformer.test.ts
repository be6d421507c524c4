/** Attention, the layers of Transformers, and positions. PyTorch's figures are the fixtures'. */

import { describe, expect, test } from 'vitest';
import { Generator } from '../../src/core/rng.ts';
import { ConfigError, DTypeError, ShapeError } from '../../src/errors.ts';
import {
  LayerNorm,
  LearnedPositionalEncoding,
  MultiheadAttention,
  SinusoidalPositionalEncoding,
  sinusoidalPositions,
  TransformerDecoder,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
} from '../../src/nn/index.ts';
import { add, cat, causalMask, flip, gradcheck, narrow, randn, select, tensor, zeros } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const dtype = 'float64';
const draw = (...shape: number[]): Tensor =>
  randn(shape, { dtype, requiresGrad: true, generator: new Generator(shape.length) });

function expectEqual(got: Tensor, want: Tensor, digits = 12): void {
  expect(got.shape).toEqual(want.shape);
  for (const [i, value] of [...want.data].entries()) expect(got.data[i]).toBeCloseTo(value, digits);
}

describe('MultiheadAttention', () => {
  const x = draw(5, 2, 6);

  test('names, shapes and initial values are PyTorch’s', () => {
    const shapes = (m: MultiheadAttention) =>
      Object.entries(m.stateDict()).map(([name, { shape }]) => `${name} ${shape}`);
    const own = ['in_proj_weight 18,6', 'in_proj_bias 18', 'out_proj.weight 6,6', 'out_proj.bias 6'];
    expect(shapes(new MultiheadAttention(6, 2))).toEqual(own);
    expect(shapes(new MultiheadAttention(6, 2, { kdim: 3, vdim: 4, bias: false, addBiasKv: true }))).toEqual([
      'q_proj_weight 6,6',
      'k_proj_weight 6,3',
      'v_proj_weight 6,4',
      'bias_k 1,1,6',
      'bias_v 1,1,6',
      'out_proj.weight 6,6',
    ]);
    const attention = new MultiheadAttention(6, 2);
    expect(attention.in_proj_weight!.data.every((w) => Math.abs(w) <= Math.sqrt(6 / 24))).toBe(true);
    expect(attention.out_proj.bias!.data.every((b) => b === 0)).toBe(true);
    expect(String(new MultiheadAttention(6, 2, { dropout: 0.1, batchFirst: true }))).toContain(
      '6, 2, dropout: 0.1, batchFirst: true',
    );
  });

  test('a padded key is as good as none, and a later one as good as none under a causal mask', () => {
    const attention = new MultiheadAttention(6, 3, { dtype });
    const [hidden] = attention.forward(x, x, x, {
      keyPaddingMask: tensor([0, 0, 0, 1, 1, 0, 0, 0, 1, 1], { shape: [2, 5], dtype: 'bool' }),
    });
    const first = narrow(x, 0, 0, 3);
    expectEqual(hidden, attention.forward(x, first, first)[0]);
    const [causal, weights] = attention.forward(x, x, x, { attnMask: causalMask(5), averageAttnWeights: false });
    expectEqual(narrow(causal, 0, 0, 3), attention.forward(first, first, first, { attnMask: causalMask(3) })[0]);
    expect(weights!.shape).toEqual([2, 3, 5, 5]);
    expect([...select(select(select(weights!, 0, 1), 0, 2), 0, 0).data]).toEqual([1, 0, 0, 0, 0]);
  });

  test('inputs that are one tensor are projected in one product, to the same end', () => {
    const attention = new MultiheadAttention(6, 2, { dtype });
    const copy = add(x, 0);
    const want = attention.forward(x, copy, add(x, 0))[0];
    expectEqual(attention.forward(x, x, x)[0], want);
    expectEqual(attention.forward(x, copy, copy)[0], want);
    expect(attention.forward(x, x, x, { needWeights: false })[1]).toBeNull();
  });

  test('boolean and float masks hold together', () => {
    const attention = new MultiheadAttention(6, 2, { dtype, batchFirst: true, addBiasKv: true, addZeroAttn: true });
    const batch = draw(2, 3, 6);
    const padding = tensor([0, 0, 1, 0, 1, 0], { shape: [2, 3], dtype: 'bool' });
    const numbers = tensor([0, 0, -Infinity, 0, -Infinity, 0], { shape: [2, 3], dtype });
    const want = attention.forward(batch, batch, batch, { attnMask: causalMask(3), keyPaddingMask: padding });
    const added = tensor([0, -Infinity, -Infinity, 0, 0, -Infinity, 0, 0, 0], { shape: [3, 3], dtype });
    for (const masks of [
      { attnMask: added, keyPaddingMask: padding },
      { attnMask: added, keyPaddingMask: numbers },
      { attnMask: causalMask(3), keyPaddingMask: numbers },
    ]) {
      const got = attention.forward(batch, batch, batch, masks);
      expectEqual(got[0], want[0]);
      expectEqual(got[1]!, want[1]!);
    }
    expect(want[1]!.shape).toEqual([2, 3, 5]);
  });

  test('gradients', () => {
    const attention = new MultiheadAttention(4, 2, { dtype, kdim: 2, vdim: 3, addBiasKv: true });
    const [q, k, v, mask] = [draw(3, 2, 4), draw(2, 2, 2), draw(2, 2, 3), draw(3, 2)];
    const call = () => attention.forward(q, k, v, { attnMask: mask }) as Tensor[];
    expect(gradcheck(call, [q, k, v, mask, ...attention.parameters()])).toBe(true);
  });

  test('dropout acts in training alone', () => {
    const attention = new MultiheadAttention(6, 2, { dtype, dropout: 0.5 });
    expect([...attention.forward(x, x, x)[0].data]).not.toEqual([...attention.forward(x, x, x)[0].data]);
    attention.eval();
    expect([...attention.forward(x, x, x)[0].data]).toEqual([...attention.forward(x, x, x)[0].data]);
  });

  test('what does not fit is refused', () => {
    expect(() => new MultiheadAttention(6, 4)).toThrow(ConfigError);
    const attention = new MultiheadAttention(6, 2, { dtype });
    expect(() => attention.forward(x, x, narrow(x, 0, 0, 2))).toThrow(ShapeError);
    expect(() => attention.forward(x, select(x, 1, 0), x)).toThrow(ShapeError);
    expect(() => attention.forward(x, x, x, { attnMask: causalMask(4) })).toThrow(/attnMask does not fit/);
    expect(() => attention.forward(x, x, x, { keyPaddingMask: zeros([2, 5]) })).toThrow(DTypeError);
  });
});

describe('Transformer layers', () => {
  const options = { dimFeedforward: 7, dropout: 0, batchFirst: true, dtype } as const;

  test('names are PyTorch’s', () => {
    const encoder = new TransformerEncoderLayer(4, 2, { dimFeedforward: 3 });
    expect(Object.keys(encoder.stateDict())).toEqual([
      'self_attn.in_proj_weight',
      'self_attn.in_proj_bias',
      'self_attn.out_proj.weight',
      'self_attn.out_proj.bias',
      ...['linear1', 'linear2', 'norm1', 'norm2'].flatMap((name) => [`${name}.weight`, `${name}.bias`]),
    ]);
    const decoder = new TransformerDecoder(new TransformerDecoderLayer(4, 2, { dimFeedforward: 3 }), 2, {
      norm: new LayerNorm(4),
    });
    const names = Object.keys(decoder.stateDict());
    expect(names).toContain('layers.1.multihead_attn.in_proj_weight');
    expect(names).toContain('layers.0.norm3.bias');
    expect(names.slice(-2)).toEqual(['norm.weight', 'norm.bias']);
  });

  test('a decoder that sees the past only does not change it when the future changes', () => {
    const layer = new TransformerDecoderLayer(4, 2, { ...options, activation: 'gelu', normFirst: true });
    const [target, memory] = [draw(2, 5, 4), draw(2, 3, 4)];
    const masks = { tgtMask: causalMask(5) };
    const changed = cat([narrow(target, 1, 0, 3), add(narrow(target, 1, 3, 2), 1)], 1);
    const [before, after] = [target, changed].map((t) => layer.forward(t, memory, masks));
    expectEqual(narrow(after, 1, 0, 3), narrow(before, 1, 0, 3));
    expect([...select(after, 1, 4).data]).not.toEqual([...select(before, 1, 4).data]);
  });

  test('an encoder does not know the order of its input until positions are added', () => {
    const encoder = new TransformerEncoder(new TransformerEncoderLayer(4, 2, options), 2);
    const x = draw(2, 5, 4);
    expectEqual(flip(encoder.forward(flip(x, 1)), 1), encoder.forward(x));
    const placed = new SinusoidalPositionalEncoding(4, { batchFirst: true });
    const y = encoder.forward(placed.forward(x));
    expect([...flip(encoder.forward(placed.forward(flip(x, 1))), 1).data]).not.toEqual([...y.data]);
  });

  test('a stack begins with copies that learn apart from the layer given', () => {
    const layer = new TransformerEncoderLayer(4, 2, options);
    const encoder = new TransformerEncoder(layer, 2, { norm: new LayerNorm(4, { dtype }) });
    const [first, second] = encoder.layers;
    expect([...first.linear1.weight.data]).toEqual([...second.linear1.weight.data]);
    expect(new Set([layer, first, second].map(({ linear1 }) => linear1.weight.storage)).size).toBe(3);
    const x = draw(2, 3, 4);
    expectEqual(encoder.forward(x), encoder.norm!.forward(layer.forward(layer.forward(x))));
    expect(gradcheck(() => encoder.forward(x), [x])).toBe(true);
    expect(() => new TransformerEncoder(layer, 0)).toThrow(ConfigError);
    expect(() => new TransformerEncoderLayer(4, 2, { activation: 'sin' as 'relu' })).toThrow(ConfigError);
  });

  test('dropout acts in training alone', () => {
    const layer = new TransformerEncoderLayer(4, 2, { dimFeedforward: 7 });
    const x = randn([3, 2, 4]);
    expect([...layer.forward(x).data]).not.toEqual([...layer.forward(x).data]);
    layer.eval();
    expect([...layer.forward(x).data]).toEqual([...layer.forward(x).data]);
  });
});

describe('positions', () => {
  test('sinusoids by their formula', () => {
    const table = sinusoidalPositions(50, 5, dtype);
    for (let t = 0; t < 50; t++) {
      for (let j = 0; j < 5; j++) {
        const angle = t / 10000 ** ((j - (j % 2)) / 5);
        expect(table.data[t * 5 + j]).toBeCloseTo(j % 2 === 0 ? Math.sin(angle) : Math.cos(angle), 12);
      }
    }
  });

  test('are added along the steps, in both layouts and without a batch', () => {
    const table = sinusoidalPositions(3, 4, dtype);
    const plain = new SinusoidalPositionalEncoding(4);
    for (const b of [0, 1]) expectEqual(select(plain.forward(zeros([3, 2, 4], { dtype })), 1, b), table);
    const turned = new SinusoidalPositionalEncoding(4, { batchFirst: true });
    expectEqual(select(turned.forward(zeros([2, 3, 4], { dtype })), 0, 1), table);
    expectEqual(turned.forward(zeros([3, 4], { dtype })), table);
    expect(plain.forward(zeros([3, 4])).dtype).toBe('float32');
    expect(Object.keys(plain.stateDict())).toEqual([]);
    expect(() => plain.forward(zeros([3, 2, 5]))).toThrow(ShapeError);
  });

  test('can be learned, up to a length', () => {
    const learned = new LearnedPositionalEncoding(5, 4, { dtype });
    const x = draw(3, 2, 4);
    expect(gradcheck(() => learned.forward(x), [x, learned.weight])).toBe(true);
    expect(() => learned.forward(zeros([6, 2, 4], { dtype }))).toThrow(ConfigError);
    expect(Object.keys(learned.stateDict())).toEqual(['weight']);
  });
});
