/**
 * Samples out of a seed: logic gates and point sets to see a classifier's border by, and a plane with noise. Inputs are
 * float32 [N, features]; class ids int32 [N], sample i of class i modulo the number of classes.
 */

import { turn } from '../core/elementary.ts';
import type { Generator } from '../core/rng.ts';
import { ConfigError } from '../errors.ts';
import { wrapArray } from '../tensor.ts';
import { TensorDataset } from './dataset.ts';
import { checkCount, drawsFor, seedOf, Use } from './draws.ts';

export interface SyntheticOptions {
  /** The standard deviation of what is added to every coordinate. Default 0. */
  noise?: number;
  /** The default generator's unless given. */
  seed?: number | bigint;
}

/** Whether a gate opens, by how many of its inputs are 1. */
const GATES = {
  and: (ones: number, inputs: number) => ones === inputs,
  or: (ones: number) => ones > 0,
  nand: (ones: number, inputs: number) => ones < inputs,
  nor: (ones: number) => ones === 0,
  xor: (ones: number) => ones % 2 === 1,
  xnor: (ones: number) => ones % 2 === 0,
} as const;

export type Gate = keyof typeof GATES;

function classified(points: Float32Array, labels: Int32Array): TensorDataset {
  const features = labels.length === 0 ? 2 : points.length / labels.length;
  return new TensorDataset(
    wrapArray(points, [labels.length, features], 'float32'),
    wrapArray(labels, [labels.length], 'int32'),
  );
}

function checkNoise(op: string, noise: number): number {
  if (noise >= 0 && noise < Infinity) return noise;
  throw new ConfigError({ op, problem: 'the noise is out of range', got: noise, expected: '0 or more' });
}

/** `n` points in the plane of `classes` classes in turn, each from its place in its class, with noise. */
function plane(
  op: string,
  n: number,
  classes: number,
  { noise = 0, seed }: SyntheticOptions,
  place: (label: number, nth: number, of: number, draws: Generator) => readonly [number, number],
): TensorDataset {
  checkCount(op, 'the number of samples', n, 1);
  checkNoise(op, noise);
  const draws = drawsFor(Use.synthetic, seedOf(seed));
  const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
  const points = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    const label = labels[i];
    const [x, y] = place(label, Math.floor(i / classes), Math.ceil((n - label) / classes), draws);
    const [dx, dy] = noise === 0 ? [0, 0] : draws.normal(2);
    points[2 * i] = x + noise * dx;
    points[2 * i + 1] = y + noise * dy;
  }
  return classified(points, labels);
}

/**
 * All inputs of a logic gate in the order of binary numbers, and what it answers.
 *
 * @throws ConfigError  if there is no such gate, or `inputs` is none of 1 to 16
 * @example
 * const [x, y] = gate('xor').tensors;
 * [x.toArray(), y.toArray()]; // => [ [ [ 0, 0 ], [ 0, 1 ], [ 1, 0 ], [ 1, 1 ] ], [ 0, 1, 1, 0 ] ]
 */
export function gate(name: Gate, { inputs = 2 }: { inputs?: number } = {}): TensorDataset {
  const op = 'gate';
  if (!Object.hasOwn(GATES, name)) {
    throw new ConfigError({ op, problem: 'no such gate', got: name, expected: Object.keys(GATES).join(' | ') });
  }
  const rows = 2 ** checkCount(op, 'inputs', inputs, 1, 16);
  const points = new Float32Array(rows * inputs);
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let ones = 0;
    for (let j = 0; j < inputs; j++) ones += points[row * inputs + j] = (row >> (inputs - 1 - j)) & 1;
    labels[row] = Number(GATES[name](ones, inputs));
  }
  return classified(points, labels);
}

/** Points around the four corners of the unit square; those of a diagonal are of one class. @throws ConfigError as `moons` */
export function xor(n: number, { noise = 0.1, seed }: SyntheticOptions = {}): TensorDataset {
  return plane('xor', n, 2, { noise, seed }, (label, nth) => [nth % 2, (nth + label) % 2]);
}

/**
 * Arms of a spiral about the origin, out to radius 1.
 *
 * @throws ConfigError  if an option is out of range
 */
export function spirals(
  n: number,
  { classes = 2, turns = 1, ...options }: SyntheticOptions & { classes?: number; turns?: number } = {},
): TensorDataset {
  checkCount('spirals', 'classes', classes, 1);
  if (!Number.isFinite(turns)) throw new ConfigError({ op: 'spirals', problem: 'turns are a number', got: turns });
  return plane('spirals', n, classes, options, (label, nth, of) => {
    const radius = (nth + 1) / of;
    const turned = turns * radius + label / classes;
    const [cos, sin] = turn(turned - Math.floor(turned));
    return [radius * cos, radius * sin];
  });
}

/** The place of the nth of `of` points that are spread evenly from 0 to 1, both included. */
function spread(nth: number, of: number): number {
  return of === 1 ? 0 : nth / (of - 1);
}

/**
 * Two half circles that reach into each other, as scikit-learn's `make_moons`.
 *
 * @throws ConfigError  if there is no sample, or the noise is negative
 */
export function moons(n: number, options: SyntheticOptions = {}): TensorDataset {
  return plane('moons', n, 2, options, (label, nth, of) => {
    const [cos, sin] = turn(spread(nth, of) / 2);
    return label === 0 ? [cos, sin] : [1 - cos, 0.5 - sin];
  });
}

/**
 * Two circles about the origin, the first of radius 1, the second `factor` times as large.
 *
 * @throws ConfigError  if an option is out of range
 */
export function circles(
  n: number,
  { factor = 0.8, ...options }: SyntheticOptions & { factor?: number } = {},
): TensorDataset {
  if (!(factor >= 0 && factor < 1)) {
    throw new ConfigError({
      op: 'circles',
      problem: 'the factor is out of range',
      got: factor,
      expected: '0 to below 1',
    });
  }
  return plane('circles', n, 2, options, (label, nth, of) => {
    const [cos, sin] = turn(nth / of);
    const radius = label === 0 ? 1 : factor;
    return [radius * cos, radius * sin];
  });
}

export interface BlobOptions {
  /** Where the blobs lie, or how many there are; drawn from [−10, 10) then. Default 3. */
  centers?: number | readonly (readonly number[])[];
  /** Coordinates, where centers are drawn. Default 2. */
  features?: number;
  /** The standard deviation of a blob. Default 1. */
  std?: number;
  seed?: number | bigint;
}

/**
 * Normal clouds of points, one a class.
 *
 * @throws ConfigError  if an option is out of range, or the centers have different numbers of coordinates
 */
export function blobs(n: number, { centers = 3, features = 2, std = 1, seed }: BlobOptions = {}): TensorDataset {
  const op = 'blobs';
  checkCount(op, 'the number of samples', n, 1);
  checkNoise(op, std);
  const draws = drawsFor(Use.synthetic, seedOf(seed));
  const places =
    typeof centers === 'number'
      ? Array.from({ length: checkCount(op, 'centers', centers, 1) }, () =>
          Array.from(draws.uniform53(checkCount(op, 'features', features, 1)), (u) => 20 * u - 10),
        )
      : centers;
  const width = places[0]?.length ?? 0;
  if (width === 0 || places.some(({ length }) => length !== width)) {
    throw new ConfigError({ op, problem: 'the centers are points of one space', got: places });
  }
  const labels = Int32Array.from({ length: n }, (_, i) => i % places.length);
  const points = new Float32Array(n * width);
  const normal = draws.normal(points.length);
  for (let at = 0; at < points.length; at++) {
    points[at] = places[labels[Math.floor(at / width)]][at % width] + std * normal[at];
  }
  return classified(points, labels);
}

export interface PlaneOptions extends SyntheticOptions {
  /** One a feature. */
  weights: readonly number[];
  /** Default 0. */
  bias?: number;
}

/**
 * y = Xw + b with noise, X from the standard normal distribution.
 *
 * Shapes: → x [N, features], y [N, 1], both float32
 * @throws ConfigError  if an option is out of range
 */
export function linearRegression(n: number, { weights, bias = 0, noise = 0, seed }: PlaneOptions): TensorDataset {
  const op = 'linearRegression';
  checkCount(op, 'the number of samples', n, 1);
  checkCount(op, 'the number of weights', weights.length, 1);
  checkNoise(op, noise);
  const draws = drawsFor(Use.synthetic, seedOf(seed));
  const features = weights.length;
  const points = Float32Array.from(draws.normal(n * features));
  const errors = draws.normal(n);
  const y = Float32Array.from(errors, (error, i) =>
    weights.reduce((sum, weight, j) => sum + weight * points[i * features + j], bias + noise * error),
  );
  return new TensorDataset(wrapArray(points, [n, features], 'float32'), wrapArray(y, [n, 1], 'float32'));
}
