/**
 * Convolutions and max pooling: each product of the usual shapes as a fraction of the peak, pooling as a fraction of the
 * bandwidth, and one training step of a small network of convolutions (forward, cross entropy, backward, Adam).
 *
 * npx tsx --import ./bench/compiled.ts bench/conv.ts [--json] [--ts]
 */

import { scope } from '../src/autograd/index.ts';
import type { ConvDims, PoolDims } from '../src/backend/arguments.ts';
import { backendInfo, kernelsFor, setBackend, setNumThreads } from '../src/backend/select.ts';
import { manualSeed } from '../src/core/rng.ts';
import { conv2d, crossEntropy, linear, maxPool2d, randint, randn, relu } from '../src/ops/index.ts';
import { Adam } from '../src/optim/index.ts';
import { floats } from './arrays.ts';
import { interleaved, report, timeColumns } from './harness.ts';
import { significant } from './statistics.ts';
import { copyBandwidth, fmaPeak } from './yardstick.ts';

interface Shape {
  readonly name: string;
  readonly batch: number;
  readonly channels: readonly [inputs: number, outputs: number];
  readonly size: readonly [height: number, width: number];
  readonly kernel: readonly [height: number, width: number];
  readonly stride?: number;
  readonly groups?: number;
}

const shapes: readonly Shape[] = [
  { name: '5×5, 1 → 16, 28×28', batch: 64, channels: [1, 16], size: [28, 28], kernel: [5, 5] },
  { name: '5×5, 16 → 32, 14×14', batch: 64, channels: [16, 32], size: [14, 14], kernel: [5, 5] },
  { name: '3×3, 64 → 64, 56×56', batch: 4, channels: [64, 64], size: [56, 56], kernel: [3, 3] },
  {
    name: '3×3, 128 → 128, 28×28, stride 2',
    batch: 4,
    channels: [128, 128],
    size: [28, 28],
    kernel: [3, 3],
    stride: 2,
  },
  { name: '1×1, 256 → 64, 28×28', batch: 4, channels: [256, 64], size: [28, 28], kernel: [1, 1] },
  { name: '3×3 depthwise, 64, 56×56', batch: 4, channels: [64, 64], size: [56, 56], kernel: [3, 3], groups: 64 },
  { name: 'conv1d 3, 64 → 128, 1024', batch: 4, channels: [64, 128], size: [1, 1024], kernel: [1, 3] },
];

/** Padded so that stride 1 keeps the size. */
function dimsOf({ batch, channels, size, kernel, stride = 1, groups = 1 }: Shape): ConvDims {
  const pad = kernel.map((k) => (k - 1) / 2);
  const out = size.map((n) => Math.floor((n - 1) / stride) + 1);
  return {
    batch,
    groups,
    inChannels: channels[0],
    outChannels: channels[1],
    inHeight: size[0],
    inWidth: size[1],
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    outHeight: out[0],
    outWidth: out[1],
    strideY: stride,
    strideX: stride,
    padTop: pad[0],
    padLeft: pad[1],
    dilationY: 1,
    dilationX: 1,
  };
}

const onTs = process.argv.includes('--ts');
if (onTs) setBackend('ts');
const rounds = onTs ? 1 : 15;
const warmup = onTs ? 1 : 3;
const threads = backendInfo().backend === 'native' ? [1, 2] : [1];
const filled = (n: number): Float32Array => floats(n, (i) => ((i * 37) % 61) / 64 - 0.4);

function productRows(shape: Shape, count: number): Record<string, unknown>[] {
  const d = dimsOf(shape);
  const kernels = kernelsFor('float32');
  const places = d.batch * d.outHeight * d.outWidth;
  const depth = (d.inChannels / d.groups) * d.kernelHeight * d.kernelWidth;
  const flops = 2 * places * d.outChannels * depth;
  const [x, y] = [filled(d.batch * d.inChannels * d.inHeight * d.inWidth), filled(places * d.outChannels)];
  const [w, bias] = [filled(d.outChannels * depth), filled(d.outChannels)];
  const [out, dx, dw, db] = [y.slice(), x.slice(), w.slice(), bias.slice()];
  setNumThreads(count);
  const subjects = [
    { name: 'forward', run: () => kernels.conv2d(d, x, w, bias, out) },
    { name: 'data', run: () => kernels.conv2dBackwardData(d, w, y, dx) },
    { name: 'weight', run: () => kernels.conv2dBackwardWeight(d, x, y, dw, db) },
  ];
  const peak = fmaPeak(count);
  return interleaved(subjects, { rounds, warmup }).map((timing) => ({
    work: `${shape.name}: ${timing.name}`,
    threads: count,
    ...timeColumns(timing, 'ms'),
    'GF/s': significant(flops / timing.median / 1e9, 3),
    'of peak': significant(flops / timing.median / peak, 3),
  }));
}

/** [64, 16, 28, 28] in windows of 2 by 2: bytes read and written. */
function poolRows(count: number): Record<string, unknown>[] {
  const size = 28;
  const half = size / 2;
  const d: PoolDims = {
    planes: 64 * 16,
    inHeight: size,
    inWidth: size,
    kernelHeight: 2,
    kernelWidth: 2,
    outHeight: half,
    outWidth: half,
    strideY: 2,
    strideX: 2,
    padTop: 0,
    padLeft: 0,
    dilationY: 1,
    dilationX: 1,
  };
  const kernels = kernelsFor('float32');
  const x = filled(d.planes * size * size);
  const y = floats(d.planes * half * half);
  const indices = new Int32Array(y.length);
  const bytes = 4 * (x.length + 2 * y.length);
  const bandwidth = copyBandwidth(bytes / 2, count);
  setNumThreads(count);
  const subjects = [
    { name: 'forward', run: () => kernels.maxPool2d(d, x, y, indices) },
    { name: 'backward', run: () => kernels.maxPool2dBackward(d, y, indices, x) },
  ];
  return interleaved(subjects, { rounds, warmup }).map((timing) => ({
    work: `max pooling 2×2, [64, 16, 28, 28]: ${timing.name}`,
    threads: count,
    ...timeColumns(timing, 'ms'),
    'GB/s': significant(bytes / timing.median / 1e9, 3),
    'of bandwidth': significant(bytes / timing.median / bandwidth, 3),
  }));
}

/** 28×28 → conv 5×5×16, ReLU, pool 2 → conv 5×5×32, ReLU, pool 2 → linear 10; batch 64, padding `pad`. */
function stepRow(pad: number, count: number): Record<string, unknown> {
  manualSeed(1);
  const [batch, classes] = [64, 10];
  const side = (((28 + 2 * pad - 4) / 2 + 2 * pad - 4) / 2) ** 2 * 32;
  const weights = [[16, 1, 5, 5], [16], [32, 16, 5, 5], [32], [classes, side], [classes]];
  const parameters = weights.map((shape) => {
    const w = randn(shape);
    for (let i = 0; i < w.size; i++) w.data[i] *= 0.05;
    w.requiresGrad = true;
    return w;
  });
  const [w1, b1, w2, b2, w3, b3] = parameters;
  const adam = new Adam(parameters, { lr: 1e-3 });
  const [x, targets] = [randn([batch, 1, 28, 28]), randint(0, classes, [batch])];
  const step = (): void => {
    scope(() => {
      adam.zeroGrad();
      const first = maxPool2d(relu(conv2d(x, w1, b1, { padding: pad })), 2);
      const second = maxPool2d(relu(conv2d(first, w2, b2, { padding: pad })), 2);
      crossEntropy(linear(second.reshape([batch, side]), w3, b3), targets).backward();
      adam.step();
    });
  };
  setNumThreads(count);
  const [timing] = interleaved([{ name: 'step', run: step }], { rounds: onTs ? 1 : 40, warmup: onTs ? 1 : 10 });
  const places = [(28 + 2 * pad - 4) ** 2 * 16 * 25, ((28 + 2 * pad - 4) / 2 + 2 * pad - 4) ** 2 * 32 * 400];
  // The first layer's input wants no gradient.
  const flops = 2 * batch * (2 * places[0] + 3 * places[1] + 3 * side * classes);
  const peak = fmaPeak(count);
  return {
    work: `training step, padding ${pad}`,
    threads: count,
    ...timeColumns(timing, 'ms'),
    'GF/s': significant(flops / timing.median / 1e9, 3),
    'of peak': significant(flops / timing.median / peak, 3),
  };
}

const rows = threads.flatMap((count) => [
  ...[2, 0].map((pad) => stepRow(pad, count)),
  ...shapes.flatMap((shape) => productRows(shape, count)),
  ...poolRows(count),
]);
report('conv', rows, { by: ['work', 'threads'], time: 'ms', ratios: ['of peak', 'of bandwidth'] });
