/**
 * Elementwise functions of one operand.
 *
 * Every function has a loop of its own: a loop that called a function passed to it would box each double it returns,
 * which costs more than most of the functions themselves.
 */

import type { FloatArray } from '../../core/dtype.ts';
import { UnaryOp } from '../opcodes.ts';
import { erf, erfc, gelu } from './normal.ts';

type UnaryLoop = (x: FloatArray, y: FloatArray, p0: number, p1: number) => void;

/** 2⁵²: adding and subtracting it leaves a smaller positive double rounded to an integer, half to even. */
const ROUNDER = 2 ** 52;

export function roundHalfToEven(x: number): number {
  if (x > 0 && x < ROUNDER) return x + ROUNDER - ROUNDER;
  // Written as the negation of a positive sum, so that −0.3 gives −0.
  if (x < 0 && x > -ROUNDER) return -(-x + ROUNDER - ROUNDER);
  return x;
}

/** 1/(1 + exp(−x)), from an exponential that never overflows. */
export function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

/** log(1 + exp(x)), from an exponential that never overflows. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** x·σ(x). The product of −∞ and 0 is its limit. */
function silu(x: number): number {
  return x === -Infinity ? -0 : x * sigmoid(x);
}

/** x·tanh(log(1 + e)) with e = exp(x), of which the quotient needs neither function. */
function mish(x: number): number {
  if (x === -Infinity) return -0;
  if (x > 40) return x;
  const e = Math.exp(x);
  const n = e * (e + 2);
  return (x * n) / (n + 2);
}

/** The products beyond the bounds are left out: they might overflow, or be those of an infinity and 0. */
function hardswish(x: number): number {
  if (x >= 3) return x;
  return x <= -3 ? -0 : (x * (x + 3)) / 6;
}

function softsign(x: number): number {
  return Math.abs(x) === Infinity ? Math.sign(x) : x / (1 + Math.abs(x));
}

function softshrink(x: number, limit: number): number {
  if (x > limit) return x - limit;
  if (x < -limit) return x + limit;
  return Number.isNaN(x) ? x : 0;
}

function huber(x: number, delta: number, scale: number): number {
  const size = Math.abs(x);
  const bent = Math.min(size, delta);
  return bent * (size - 0.5 * bent) * scale;
}

function nanToNum(x: number, above: number, below: number): number {
  if (x === Infinity) return above;
  if (x === -Infinity) return below;
  return Number.isNaN(x) ? 0 : x;
}

const loops: Record<UnaryOp, UnaryLoop> = {
  [UnaryOp.neg](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = -x[i];
  },
  [UnaryOp.abs](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.abs(x[i]);
  },
  [UnaryOp.sign](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.sign(x[i]);
  },
  [UnaryOp.square](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = x[i] * x[i];
  },
  [UnaryOp.sqrt](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.sqrt(x[i]);
  },
  [UnaryOp.rsqrt](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = 1 / Math.sqrt(x[i]);
  },
  [UnaryOp.reciprocal](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = 1 / x[i];
  },
  [UnaryOp.exp](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.exp(x[i]);
  },
  [UnaryOp.expm1](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.expm1(x[i]);
  },
  [UnaryOp.log](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.log(x[i]);
  },
  [UnaryOp.log1p](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.log1p(x[i]);
  },
  [UnaryOp.tanh](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.tanh(x[i]);
  },
  [UnaryOp.sigmoid](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = sigmoid(x[i]);
  },
  [UnaryOp.relu](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.max(x[i], 0);
  },
  [UnaryOp.softplus](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = softplus(x[i]);
  },
  [UnaryOp.logsigmoid](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = -softplus(-x[i]);
  },
  [UnaryOp.clamp](x, y, low, high) {
    for (let i = 0; i < x.length; i++) y[i] = Math.min(Math.max(x[i], low), high);
  },
  [UnaryOp.affine](x, y, factor, shift) {
    // A float32 product rounds before the sum: the one place where a double would round once too few.
    if (x instanceof Float32Array) {
      for (let i = 0; i < x.length; i++) y[i] = Math.fround(factor * x[i]) + shift;
    } else {
      for (let i = 0; i < x.length; i++) y[i] = factor * x[i] + shift;
    }
  },
  [UnaryOp.leakyRelu](x, y, slope) {
    for (let i = 0; i < x.length; i++) y[i] = x[i] > 0 ? x[i] : slope * x[i];
  },
  [UnaryOp.threshold](x, y, limit, value) {
    for (let i = 0; i < x.length; i++) y[i] = x[i] >= limit ? value : 0;
  },
  [UnaryOp.floor](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.floor(x[i]);
  },
  [UnaryOp.ceil](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.ceil(x[i]);
  },
  [UnaryOp.round](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = roundHalfToEven(x[i]);
  },
  [UnaryOp.trunc](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.trunc(x[i]);
  },
  [UnaryOp.frac](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = x[i] - Math.trunc(x[i]);
  },
  [UnaryOp.erf](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = erf(x[i]);
  },
  [UnaryOp.gelu](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = gelu(x[i]);
  },
  [UnaryOp.sin](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.sin(x[i]);
  },
  [UnaryOp.cos](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.cos(x[i]);
  },
  [UnaryOp.tan](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.tan(x[i]);
  },
  [UnaryOp.asin](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.asin(x[i]);
  },
  [UnaryOp.acos](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.acos(x[i]);
  },
  [UnaryOp.atan](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.atan(x[i]);
  },
  [UnaryOp.sinh](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.sinh(x[i]);
  },
  [UnaryOp.cosh](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.cosh(x[i]);
  },
  [UnaryOp.asinh](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.asinh(x[i]);
  },
  [UnaryOp.acosh](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.acosh(x[i]);
  },
  [UnaryOp.atanh](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.atanh(x[i]);
  },
  [UnaryOp.exp2](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = 2 ** x[i];
  },
  [UnaryOp.log2](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.log2(x[i]);
  },
  [UnaryOp.log10](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.log10(x[i]);
  },
  [UnaryOp.erfc](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = erfc(x[i]);
  },
  [UnaryOp.silu](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = silu(x[i]);
  },
  [UnaryOp.mish](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = mish(x[i]);
  },
  [UnaryOp.elu](x, y, alpha, scale) {
    for (let i = 0; i < x.length; i++) y[i] = x[i] > 0 ? x[i] : alpha * Math.expm1(scale * x[i]);
  },
  [UnaryOp.selu](x, y, alpha, scale) {
    for (let i = 0; i < x.length; i++) y[i] = scale * (x[i] > 0 ? x[i] : alpha * Math.expm1(x[i]));
  },
  [UnaryOp.hardsigmoid](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = Math.min(Math.max(x[i] + 3, 0), 6) / 6;
  },
  [UnaryOp.hardswish](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = hardswish(x[i]);
  },
  [UnaryOp.softsign](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = softsign(x[i]);
  },
  [UnaryOp.softshrink](x, y, limit) {
    for (let i = 0; i < x.length; i++) y[i] = softshrink(x[i], limit);
  },
  [UnaryOp.hardshrink](x, y, limit) {
    for (let i = 0; i < x.length; i++) y[i] = Math.abs(x[i]) <= limit ? 0 : x[i];
  },
  [UnaryOp.huber](x, y, delta, scale) {
    for (let i = 0; i < x.length; i++) y[i] = huber(x[i], delta, scale);
  },
  [UnaryOp.nanToNum](x, y, above, below) {
    for (let i = 0; i < x.length; i++) y[i] = nanToNum(x[i], above, below);
  },
};

export function unary(op: UnaryOp, x: FloatArray, y: FloatArray, p0: number, p1: number): void {
  // Parameters have the precision of the data: 0.3 as a threshold means the float32 nearest to 0.3.
  if (x instanceof Float32Array) loops[op](x, y, Math.fround(p0), Math.fround(p1));
  else loops[op](x, y, p0, p1);
}
