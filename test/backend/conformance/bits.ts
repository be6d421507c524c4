/**
 * One digest for each float method of a backend, over fixed inputs large and odd enough to be cut between threads and
 * between vectors. Two configurations that promise the same bits must give the same digests.
 */

import { createHash } from 'node:crypto';
import type { CharSamplerWeights, ConvDims } from '../../../src/backend/arguments.ts';
import type { Backend } from '../../../src/backend/backend.ts';
import { ArgReduceOp, BinaryOp, CompareOp, ReduceOp, UnaryOp, UpdateRule } from '../../../src/backend/opcodes.ts';
import type { DataArray } from '../../../src/core/dtype.ts';
import { planBroadcast } from '../../../src/core/shape.ts';
import { CONVOLUTIONS, POOLS, RESAMPLINGS } from './bits-conv.ts';
import { type Add, draw, drawInts, LENGTHS, wild } from './bits-data.ts';
import { drawTraces, movingTraces } from './bits-moving.ts';
import { normTraces } from './bits-norm.ts';
import { orderTraces } from './bits-order.ts';
import { recurrentTraces } from './bits-recurrent.ts';

type Method = Exclude<keyof Backend, 'name' | 'lstmWorkspaceSize' | 'gruWorkspaceSize'>;

/** Shapes of each kernel class: one row, few rows, many; depths of one block and several. */
const PRODUCTS: [m: number, n: number, k: number][] = [
  [1, 1000, 700],
  [1000, 1, 700],
  [2, 513, 300],
  [7, 65, 513],
  [33, 130, 257],
  [130, 257, 100],
  [400, 300, 300],
];

const traces: Record<Method, (k: Backend, add: Add) => void> = {
  unary(k, add) {
    for (const op of Object.values(UnaryOp)) {
      for (const n of LENGTHS) {
        const y = new Float32Array(n);
        k.unary(op, wild(n, n), y, 0.3, 0.7);
        add(y);
      }
    }
  },
  binary(k, add) {
    const pairs = [
      ...LENGTHS.map((n) => [[n], [n]]),
      [[300, 301], [301]],
      [
        [65, 1],
        [1, 700],
      ],
      [[40_003], []],
    ];
    for (const op of Object.values(BinaryOp)) {
      for (const [a, b] of pairs) {
        const plan = planBroadcast('bits', a, b);
        const y = new Float32Array(plan.size);
        const size = (shape: number[]) => shape.reduce((p, d) => p * d, 1);
        k.binary(op, plan, wild(1, size(a)), wild(2, size(b)).reverse(), y);
        add(y);
      }
    }
  },
  compare(k, add) {
    for (const op of Object.values(CompareOp)) {
      const y = new Uint8Array(40_003);
      k.compare(op, planBroadcast('bits', [40_003], [40_003]), wild(3, 40_003), wild(3, 40_003).reverse(), y);
      add(y);
    }
  },
  select(k, add) {
    const y = new Float32Array(40_003);
    const mask = Uint8Array.from(drawInts(4, 40_003, 1));
    k.select(mask, wild(5, 40_003), wild(6, 40_003), y);
    add(y);
  },
  lerp(k, add) {
    for (const weight of [0.3, 0.8]) {
      const y = new Float32Array(40_003);
      k.lerp(weight, wild(7, 40_003), wild(8, 40_003), y);
      add(y);
    }
  },
  isclose(k, add) {
    const y = new Uint8Array(40_003);
    k.isclose(0.1, 0.1, true, wild(9, 40_003), wild(9, 40_003).reverse(), y);
    add(y);
  },
  reduce(k, add) {
    for (const op of Object.values(ReduceOp)) {
      for (const [outer, n, inner] of [...LENGTHS.map((n) => [1, n, 1]), [700, 65, 1], [1, 300, 301], [9, 31, 70]]) {
        const y = new Float32Array(outer * inner);
        const [low, high] = op === ReduceOp.prod ? [0.9, 1.1] : [-1, 2];
        k.reduce(op, draw(7, outer * n * inner, low, high), y, outer, n, inner);
        add(y);
      }
    }
  },
  argReduce(k, add) {
    for (const op of Object.values(ArgReduceOp)) {
      for (const [outer, n, inner] of [
        [1, 300_001, 1],
        [1, 40_003, 1],
        [700, 65, 1],
        [9, 31, 70],
      ]) {
        const y = new Int32Array(outer * inner);
        k.argReduce(op, draw(8, outer * n * inner), y, outer, n, inner);
        add(y);
      }
    }
  },
  extremes(k, add) {
    for (const [outer, n, inner] of [
      [1, 300_001, 1],
      [700, 65, 1],
      [9, 31, 70],
    ]) {
      const [low, high] = [new Float32Array(outer * inner), new Float32Array(outer * inner)];
      k.extremes(wild(8, outer * n * inner), low, high, outer, n, inner);
      k.extremes(draw(8, outer * n * inner), low, high, outer, n, inner);
      add(low, high);
    }
  },
  copyStrided(k, add) {
    for (const [rows, columns] of [
      [65, 33],
      [700, 301],
    ]) {
      const y = new Float32Array(rows * columns);
      k.copyStrided(draw(9, rows * columns), 0, y, 0, Int32Array.of(2, rows, columns, 1, rows, columns, 1));
      add(y);
    }
  },
  gemm(k, add) {
    for (const [m, n, depth] of PRODUCTS) {
      for (const transA of [false, true]) {
        for (const transB of [false, true]) {
          const [a, b, bias] = [draw(10, m * depth), draw(11, n * depth), draw(12, n)];
          const c = new Float32Array(m * n);
          k.gemm(transA, transB, m, n, depth, a, b, c, false, bias, 1, 0, 0, 0);
          k.gemm(transA, transB, m, n, depth, a, b, c, true, null, 1, 0, 0, 0);
          add(c);
        }
      }
    }
    const c = new Float32Array(9 * 65 * 33);
    k.gemm(false, false, 65, 33, 20, draw(13, 9 * 65 * 20), draw(14, 20 * 33), c, false, null, 9, 1300, 0, 2145);
    add(c);
  },
  softmax(k, add) {
    for (const [rows, n] of [
      [700, 65],
      [3, 5000],
      [1, 40_003],
    ]) {
      for (const log of [false, true]) {
        const y = new Float32Array(rows * n);
        k.softmax(log, draw(20, rows * n, -9, 9), y, rows, n);
        add(y);
      }
    }
  },
  softmaxBackward(k, add) {
    for (const log of [false, true]) {
      const dx = new Float32Array(700 * 65);
      k.softmaxBackward(log, draw(21, 700 * 65, 0.001, 0.03), draw(22, 700 * 65), dx, 700, 65);
      add(dx);
    }
  },
  crossEntropy(k, add) {
    const [losses, lse] = [new Float32Array(700), new Float32Array(700)];
    k.crossEntropy(draw(23, 700 * 65, -9, 9), drawInts(24, 700, 64), losses, lse, 700, 65, 3);
    add(losses, lse);
  },
  crossEntropyBackward(k, add) {
    const dx = new Float32Array(700 * 65);
    const [x, lse, dLosses] = [draw(25, 700 * 65, -9, 9), draw(26, 700, 8, 12), draw(27, 700)];
    k.crossEntropyBackward(x, drawInts(28, 700, 64), lse, dLosses, dx, 700, 65, 3);
    add(dx);
  },
  ...movingTraces,
  ...drawTraces,
  ...normTraces,
  ...orderTraces,
  ...recurrentTraces,
  conv2d(k, add) {
    for (const d of CONVOLUTIONS) {
      const { x, w, y } = convArrays(d);
      k.conv2d(d, x, w, draw(73, d.outChannels), y);
      add(y);
    }
  },
  conv2dBackwardData(k, add) {
    for (const d of CONVOLUTIONS) {
      const { x, w, y } = convArrays(d);
      k.conv2dBackwardData(d, w, y, x);
      add(x);
    }
  },
  conv2dBackwardWeight(k, add) {
    for (const d of CONVOLUTIONS) {
      const { x, w, y } = convArrays(d);
      const db = new Float32Array(d.outChannels);
      k.conv2dBackwardWeight(d, x, y, w, db);
      add(w, db);
    }
  },
  maxPool2d(k, add) {
    for (const d of POOLS) {
      const outputs = d.planes * d.outHeight * d.outWidth;
      const [y, indices] = [new Float32Array(outputs), new Int32Array(outputs)];
      k.maxPool2d(d, wild(74, d.planes * d.inHeight * d.inWidth), y, indices);
      add(y, indices);
    }
  },
  maxPool2dBackward(k, add) {
    for (const d of POOLS) {
      const [inputs, outputs] = [d.planes * d.inHeight * d.inWidth, d.planes * d.outHeight * d.outWidth];
      const [y, indices, dx] = [new Float32Array(outputs), new Int32Array(outputs), new Float32Array(inputs)];
      k.maxPool2d(d, draw(75, inputs), y, indices);
      k.maxPool2dBackward(d, draw(76, outputs), indices, dx);
      add(dx);
    }
  },
  im2col(k, add) {
    for (const d of POOLS) {
      const columns = new Float32Array(d.planes * 4 * d.outHeight * d.outWidth);
      k.im2col(d, wild(77, d.planes * d.inHeight * d.inWidth), columns);
      add(columns);
    }
  },
  col2im(k, add) {
    for (const d of POOLS) {
      const x = new Float32Array(d.planes * d.inHeight * d.inWidth);
      k.col2im(d, draw(78, d.planes * 4 * d.outHeight * d.outWidth), x);
      add(x);
    }
  },
  resample(k, add) {
    for (const { dims: d, taps, spans } of RESAMPLINGS) {
      const [rows, columns] = [d.outHeight, d.outWidth].map((n, i) => ({
        taps,
        spans: Int32Array.from({ length: 2 * n }, (_, at) => (at < n ? spans(at) : taps)),
        weights: draw(79 + i, taps * n),
      }));
      const y = new Float32Array(d.planes * d.outHeight * d.outWidth);
      k.resample(d, rows, columns, draw(81, d.planes * d.inHeight * d.inWidth), y);
      add(y);
    }
  },
  adam(k, add) {
    const make = (seed: number) => LENGTHS.map((n) => draw(seed, n));
    for (const decoupled of [false, true]) {
      const [p, g, m, v] = [make(50), make(51), make(52), make(53).map((x) => x.map(Math.abs))];
      const vMax = decoupled ? make(54).map((x) => x.map(Math.abs)) : null;
      const rates = {
        lr: 4e-3,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weightDecay: 0.01,
        decoupled,
        maximize: decoupled,
      };
      k.adam(p, g, m, v, vMax, { ...rates, biasCorrection1: 0.3, biasCorrection2: 0.01 });
      add(...p, ...m, ...v, ...(vMax ?? []));
    }
  },
  sgd(k, add) {
    const make = (seed: number) => LENGTHS.map((n) => draw(seed, n));
    const [p, g, momentum] = [make(55), make(56), make(57)];
    const step = { lr: 0.1, momentum: 0.9, dampening: 0.1, weightDecay: 0.01, nesterov: true, maximize: false };
    k.sgd(p, g, momentum, { ...step, first: false });
    k.sgd(p, g, null, { ...step, momentum: 0, nesterov: false, first: false });
    add(...p, ...momentum);
  },
  update(k, add) {
    const make = (seed: number) => LENGTHS.map((n) => draw(seed, n));
    const sizes = (seed: number) => make(seed).map((x) => x.map(Math.abs));
    const numbers = { rate: 0.02, beta1: 0.9, beta2: 0.97, eps: 1e-6, weightDecay: 0.01, keep: 0.99, momentum: 0.6 };
    const others = { correction: 1.7, average: 0.3, grow: 1.2, shrink: 0.5, low: 1e-3, high: 0.7 };
    for (const [rule, second, third] of [
      [UpdateRule.adagrad, null, null],
      [UpdateRule.rmsprop, null, null],
      [UpdateRule.rmsprop, null, sizes(92)],
      [UpdateRule.rmsprop, make(93), null],
      [UpdateRule.rmsprop, make(94), make(95)],
      [UpdateRule.adadelta, sizes(96), null],
      [UpdateRule.adamax, sizes(97), null],
      [UpdateRule.nadam, sizes(98), null],
      [UpdateRule.radam, sizes(99), null],
      [UpdateRule.rprop, sizes(100), null],
      [UpdateRule.asgd, null, null],
    ] as const) {
      const signed = rule === UpdateRule.rprop || rule === UpdateRule.asgd;
      for (const maximize of [false, true]) {
        const [p, g, first] = [make(88), make(89), signed ? make(90) : sizes(91)];
        k.update(rule, p, g, [first, second, third], { ...numbers, ...others, adaptive: !maximize, maximize });
        add(...p, ...first, ...(second ?? []), ...(third ?? []));
      }
    }
  },
  sumSquares(k, add) {
    add(Float64Array.of(k.sumSquares(LENGTHS.map((n) => draw(58, n)))));
  },
  scale(k, add) {
    const arrays = LENGTHS.map((n) => draw(59, n));
    k.scale(arrays, 0.37);
    add(...arrays);
  },
  createCharSampler(k, add) {
    const [vocab, embed, hidden] = [65, 33, 130];
    const layer = (inputs: number) => ({
      wIh: draw(60, 4 * hidden * inputs, -0.2, 0.2),
      wHh: draw(61, 4 * hidden * hidden, -0.2, 0.2),
      bIh: draw(62, 4 * hidden),
      bHh: draw(63, 4 * hidden),
    });
    const weights: CharSamplerWeights = {
      vocab,
      embed,
      hidden,
      embedding: draw(64, vocab * embed),
      layers: [layer(embed), layer(hidden)],
      headWeight: draw(65, vocab * hidden),
      headBias: draw(66, vocab),
    };
    const ids = new Int32Array(201);
    const state = new Float32Array(4 * hidden);
    const draws = Float64Array.from(draw(67, 200, 0, 0.999));
    k.createCharSampler(weights).run(ids, 1, 200, draws, { temperature: 0.8, topK: 20, topP: 0.95 }, state);
    add(ids, state);
  },
};

function convArrays(d: ConvDims): { x: Float32Array; w: Float32Array; y: Float32Array } {
  return {
    x: draw(70, d.batch * d.inChannels * d.inHeight * d.inWidth),
    w: draw(71, ((d.outChannels * d.inChannels) / d.groups) * d.kernelHeight * d.kernelWidth),
    y: draw(72, d.batch * d.outChannels * d.outHeight * d.outWidth),
  };
}

/** The digest of everything that each method writes; every NaN counts as the same one. */
export function bitsOf(k: Backend): Record<Method, string> {
  const digests = Object.entries(traces).map(([method, trace]) => {
    const hash = createHash('sha256');
    trace(k, (...arrays) => {
      for (const array of arrays) hash.update(withOneNaN(array));
    });
    return [method, hash.digest('hex')];
  });
  return Object.fromEntries(digests) as Record<Method, string>;
}

function withOneNaN(array: DataArray): DataArray {
  const copy = array.slice();
  // Storing through JavaScript gives each NaN the engine's one pattern.
  if (copy instanceof Float32Array) {
    for (let i = 0; i < copy.length; i++) if (Number.isNaN(copy[i])) copy[i] = Number.NaN;
  }
  return copy;
}
