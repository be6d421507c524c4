/**
 * Initial values, as `nn.init`: each fills a tensor in place, outside the graph, and returns it. Variances follow
 * torch.nn.init; draws come from the default generator unless another is given.
 */

import { noGrad } from '../autograd/index.ts';
import { defaultGenerator, type Generator } from '../core/rng.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import { qr } from '../linalg/index.ts';
import { erfc, fill_, ndtri, normal_ as normalDraw, uniform_ as uniformDraw, written, zero_ } from '../ops/index.ts';
import { emptyTensor, type Tensor } from '../tensor.ts';
import type { Module } from './module.ts';

/** What the layer's output goes through. */
export type GainOf =
  | 'linear'
  | 'conv1d'
  | 'conv2d'
  | 'convTranspose1d'
  | 'convTranspose2d'
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  | 'leakyRelu'
  | 'selu';

/** The side whose variance is kept: of values on the way forward, or of gradients on the way back. */
export type FanMode = 'fanIn' | 'fanOut';

export interface DrawOptions {
  generator?: Generator;
}

export interface XavierOptions extends DrawOptions {
  /** Default 1; see `calculateGain`. */
  gain?: number;
}

export interface KaimingOptions extends DrawOptions {
  /** The slope below 0, for leakyRelu. Default 0. */
  a?: number;
  /** Default fanIn. */
  mode?: FanMode;
  /** Default leakyRelu, which with a = 0 is relu. */
  nonlinearity?: GainOf;
}

export interface TruncNormalOptions extends DrawOptions {
  mean?: number;
  std?: number;
  /** Where the normal distribution is cut off, as values and not as deviations. Default −2. */
  low?: number;
  /** Default 2. */
  high?: number;
}

/** The numbers of inputs and outputs that meet in one element: of [out, in, ...kernel]. */
function fansOf(op: string, shape: Shape): Record<FanMode, number> {
  if (shape.length < 2) {
    throw new ShapeError({ op, problem: 'fans need two axes', got: shape, expected: '[out, in, …]' });
  }
  const field = sizeOf(shape.slice(2));
  return { fanIn: shape[1] * field, fanOut: shape[0] * field };
}

/**
 * The factor by which standard deviations are raised to make up for what a non-linearity takes away: √2 of relu, 5/3 of
 * tanh, √(2/(1 + slope²)) of leakyRelu, ¾ of selu, 1 of the rest.
 *
 * @throws ConfigError  if it is none of them
 */
export function calculateGain(nonlinearity: GainOf, slope = 0.01): number {
  switch (nonlinearity) {
    case 'linear':
    case 'conv1d':
    case 'conv2d':
    case 'convTranspose1d':
    case 'convTranspose2d':
    case 'sigmoid':
      return 1;
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.SQRT2;
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + slope * slope));
    case 'selu':
      return 3 / 4;
    default:
      throw new ConfigError({ op: 'calculateGain', problem: 'no gain is known of it', got: nonlinearity });
  }
}

/** All elements 0. */
export function zeros_(x: Tensor): Tensor {
  return noGrad(() => zero_(x));
}

/** All elements 1. */
export function ones_(x: Tensor): Tensor {
  return constant_(x, 1);
}

/** All elements `value`. */
export function constant_(x: Tensor, value: number): Tensor {
  return noGrad(() => fill_(x, value));
}

/** From U(low, high). */
export function uniform_(x: Tensor, low = 0, high = 1, { generator = defaultGenerator }: DrawOptions = {}): Tensor {
  return noGrad(() => uniformDraw(x, low, high, generator));
}

/** From N(mean, std²). */
export function normal_(x: Tensor, mean = 0, std = 1, { generator = defaultGenerator }: DrawOptions = {}): Tensor {
  return noGrad(() => normalDraw(x, mean, std, generator));
}

/**
 * From N(mean, std²) cut off at `low` and `high`.
 *
 * @throws ConfigError  if nothing lies between the two, or std is not positive
 */
export function truncNormal_(x: Tensor, options: TruncNormalOptions = {}): Tensor {
  const { mean = 0, std = 1, low = -2, high = 2, generator = defaultGenerator } = options;
  if (!(std > 0) || !(low < high)) {
    const problem = 'std must be positive and low below high';
    throw new ConfigError({ op: 'truncNormal_', problem, got: { std, low, high } });
  }
  // By the quantile function, in the lower tail, where probabilities keep their digits.
  const upper = low > mean;
  const ends = [(low - mean) / std, (high - mean) / std].map((z) => (upper ? -z : z)).sort((a, b) => a - b);
  const z = emptyTensor([2], 'float64');
  z.data.set(ends);
  return noGrad(() => {
    const [from, to] = erfc(z.mul(-Math.SQRT1_2)).mul(0.5).data;
    const draws = ndtri(uniformDraw(emptyTensor([x.size], 'float64'), from, to, generator)).data;
    return written('truncNormal_', x, () => {
      for (let i = 0; i < draws.length; i++) {
        const value = mean + std * (upper ? -draws[i] : draws[i]);
        x.data[i] = Math.min(high, Math.max(low, value));
      }
    });
  });
}

function byDeviation(x: Tensor, std: number, shape: 'uniform' | 'normal', { generator }: DrawOptions): Tensor {
  const bound = Math.sqrt(3) * std;
  return shape === 'normal' ? normal_(x, 0, std, { generator }) : uniform_(x, -bound, bound, { generator });
}

function xavier(x: Tensor, shape: 'uniform' | 'normal', { gain = 1, generator }: XavierOptions): Tensor {
  const { fanIn, fanOut } = fansOf(`xavier${shape === 'normal' ? 'Normal' : 'Uniform'}_`, x.shape);
  return byDeviation(x, gain * Math.sqrt(2 / (fanIn + fanOut)), shape, { generator });
}

/**
 * From U(±gain·√(6/(fan-in + fan-out))): a compromise between values forward and gradients backward.
 *
 * Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010
 * @throws ShapeError  if x has fewer than two axes
 */
export function xavierUniform_(x: Tensor, options: XavierOptions = {}): Tensor {
  return xavier(x, 'uniform', options);
}

/** From N(0, gain²·2/(fan-in + fan-out)): see `xavierUniform_`. */
export function xavierNormal_(x: Tensor, options: XavierOptions = {}): Tensor {
  return xavier(x, 'normal', options);
}

function kaiming(x: Tensor, shape: 'uniform' | 'normal', options: KaimingOptions): Tensor {
  const { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu', generator } = options;
  const op = `kaiming${shape === 'normal' ? 'Normal' : 'Uniform'}_`;
  if (mode !== 'fanIn' && mode !== 'fanOut') {
    throw new ConfigError({ op, problem: 'there is no such mode', got: mode, expected: 'fanIn | fanOut' });
  }
  const fan = fansOf(op, x.shape)[mode];
  return byDeviation(x, calculateGain(nonlinearity, a) / Math.sqrt(fan), shape, { generator });
}

/**
 * From U(±gain·√(3/fan)): variance 2/fan for relu, which lets half of it pass.
 *
 * Source: He and others, Delving deep into rectifiers, 2015
 * @throws ShapeError   if x has fewer than two axes
 * @throws ConfigError  if the mode or the non-linearity is unknown
 */
export function kaimingUniform_(x: Tensor, options: KaimingOptions = {}): Tensor {
  return kaiming(x, 'uniform', options);
}

/** From N(0, gain²/fan): see `kaimingUniform_`. */
export function kaimingNormal_(x: Tensor, options: KaimingOptions = {}): Tensor {
  return kaiming(x, 'normal', options);
}

/**
 * From U(±√(3/fan-in)): variance 1/fan-in, which a linear net keeps.
 *
 * Source: LeCun, Bottou, Orr and Müller, Efficient backprop, 1998
 * @throws ShapeError  if x has fewer than two axes
 */
export function lecunUniform_(x: Tensor, options: DrawOptions = {}): Tensor {
  return byDeviation(x, 1 / Math.sqrt(fansOf('lecunUniform_', x.shape).fanIn), 'uniform', options);
}

/** From N(0, 1/fan-in): see `lecunUniform_`. */
export function lecunNormal_(x: Tensor, options: DrawOptions = {}): Tensor {
  return byDeviation(x, 1 / Math.sqrt(fansOf('lecunNormal_', x.shape).fanIn), 'normal', options);
}

/**
 * Orthonormal rows or columns, whichever are fewer, times gain, uniformly distributed; axes behind the first as one.
 *
 * Source: Saxe, McClelland and Ganguli, Exact solutions to the nonlinear dynamics of learning, 2013
 * @throws ShapeError  if x has fewer than two axes
 */
export function orthogonal_(x: Tensor, { gain = 1, generator = defaultGenerator }: XavierOptions = {}): Tensor {
  fansOf('orthogonal_', x.shape);
  if (x.size === 0) return x;
  const rows = x.shape[0];
  const columns = x.size / rows;
  const [long, short] = [Math.max(rows, columns), Math.min(rows, columns)];
  return noGrad(() => {
    const { q, r } = qr(normalDraw(emptyTensor([long, short], 'float64'), 0, 1, generator));
    return written('orthogonal_', x, () => {
      for (let i = 0; i < long; i++) {
        for (let j = 0; j < short; j++) {
          // With a positive diagonal in R, Q is uniform over all of its kind.
          const value = gain * Math.sign(r.data[j * short + j]) * q.data[i * short + j];
          x.data[rows < columns ? j * columns + i : i * columns + j] = value;
        }
      }
    });
  });
}

/** Ones on the diagonal, zeros elsewhere. @throws ShapeError if x is no matrix */
export function eye_(x: Tensor): Tensor {
  if (x.rank !== 2) throw new ShapeError({ op: 'eye_', problem: 'expected a matrix', got: x.shape });
  zeros_(x);
  const [rows, columns] = x.shape;
  for (let i = 0; i < Math.min(rows, columns); i++) x.data[i * columns + i] = 1;
  return x;
}

/**
 * Kernels of a convolution that give each channel through as it is, as many as there are; in every group.
 *
 * @throws ShapeError   if x is no weight of a convolution
 * @throws ConfigError  if the groups do not divide its first axis
 */
export function dirac_(x: Tensor, { groups = 1 }: { groups?: number } = {}): Tensor {
  const [out, inputs, ...kernel] = x.shape;
  if (x.rank < 3 || x.rank > 5) {
    throw new ShapeError({ op: 'dirac_', problem: 'expected the weight of a convolution', got: x.shape });
  }
  if (!(Number.isInteger(groups) && groups > 0 && out % groups === 0)) {
    throw new ConfigError({ op: 'dirac_', problem: 'groups must divide the output channels', got: groups });
  }
  zeros_(x);
  const centre = kernel.reduce((at, length) => at * length + Math.floor(length / 2), 0);
  const field = sizeOf(kernel);
  for (let o = 0; o < out; o++) {
    const channel = o % (out / groups);
    if (channel < inputs) x.data[(o * inputs + channel) * field + centre] = 1;
  }
  return x;
}

/**
 * Sets what an LSTM (or its cell) adds in its forget gates to `value`: 1 or 2 makes it remember from the start. The
 * input's bias takes all of it, and the state's is 0.
 *
 * Source: Gers, Schmidhuber and Cummins, Learning to forget, 2000
 * @throws ConfigError  if the module has no biases of four gates
 */
export function forgetGateBias_<M extends Module & { readonly hiddenSize: number }>(lstm: M, value = 1): M {
  const hidden = lstm.hiddenSize;
  const biases = lstm.namedParameters().filter(([name]) => /^bias_(ih|hh)(_|$)/.test(name));
  if (biases.length === 0 || biases.some(([, bias]) => bias.size !== 4 * hidden)) {
    throw new ConfigError({ op: 'forgetGateBias_', problem: 'this module has no forget gates with biases', got: lstm });
  }
  noGrad(() => {
    for (const [name, bias] of biases) {
      written('forgetGateBias_', bias, () =>
        bias.data.fill(name.startsWith('bias_ih') ? value : 0, hidden, 2 * hidden),
      );
    }
  });
  return lstm;
}
