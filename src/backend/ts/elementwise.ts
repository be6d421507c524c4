/**
 * Elementwise functions of one operand.
 *
 * Every function has a loop of its own: a loop that called a function passed to it would box each double it returns,
 * which costs more than most of the functions themselves.
 */

import type { FloatArray } from '../../core/dtype.ts';
import { UnaryOp } from '../opcodes.ts';
import { erf, gelu } from './normal.ts';

type UnaryLoop = (x: FloatArray, y: FloatArray, p0: number, p1: number) => void;

/** 2⁵²: adding and subtracting it leaves a smaller positive double rounded to an integer, half to even. */
const ROUNDER = 2 ** 52;

function roundHalfToEven(x: number): number {
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
    for (let i = 0; i < x.length; i++) y[i] = Math.max(x[i], 0) + Math.log1p(Math.exp(-Math.abs(x[i])));
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
  [UnaryOp.erf](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = erf(x[i]);
  },
  [UnaryOp.gelu](x, y) {
    for (let i = 0; i < x.length; i++) y[i] = gelu(x[i]);
  },
};

export function unary(op: UnaryOp, x: FloatArray, y: FloatArray, p0: number, p1: number): void {
  // Parameters have the precision of the data: 0.3 as a threshold means the float32 nearest to 0.3.
  if (x instanceof Float32Array) loops[op](x, y, Math.fround(p0), Math.fround(p1));
  else loops[op](x, y, p0, p1);
}
