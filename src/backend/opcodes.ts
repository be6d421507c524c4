/**
 * The opcodes of the elementwise and reduction families, the one source for both languages: `scripts/opcodes.ts`
 * writes `native/core/opcodes.h` from these tables, and a test fails when the two differ. Append only: a number is part
 * of the contract with a compiled addon.
 */

/** y = f(x), with up to two parameters p0 and p1. */
export const UnaryOp = {
  neg: 0,
  abs: 1,
  sign: 2,
  square: 3,
  sqrt: 4,
  rsqrt: 5,
  reciprocal: 6,
  exp: 7,
  expm1: 8,
  log: 9,
  log1p: 10,
  tanh: 11,
  sigmoid: 12,
  relu: 13,
  /** log(1 + exp(x)), computed as max(x, 0) + log1p(exp(−|x|)). */
  softplus: 14,
  /** min(max(x, p0), p1); NaN stays NaN. */
  clamp: 15,
  /** p0 · x + p1, two roundings. */
  affine: 16,
  /** x > 0 ? x : p0 · x */
  leakyRelu: 17,
  /** x ≥ p0 ? p1 : 0; NaN gives 0. Makes a dropout mask out of uniforms. */
  threshold: 18,
  floor: 19,
  ceil: 20,
  /** Half to even. */
  round: 21,
  trunc: 22,
  erf: 23,
  /** x·Φ(x), where Φ is the distribution function of the standard normal; −0 of −∞. */
  gelu: 24,
} as const;
export type UnaryOp = (typeof UnaryOp)[keyof typeof UnaryOp];

/** y = f(a, b) under a broadcast plan. */
export const BinaryOp = {
  add: 0,
  sub: 1,
  mul: 2,
  div: 3,
  /** max(a, b); NaN if either is NaN. */
  maximum: 4,
  minimum: 5,
  pow: 6,
  /** b > 0 ? a : 0: the gradient a of a ReLU whose output is b. */
  gate: 7,
} as const;
export type BinaryOp = (typeof BinaryOp)[keyof typeof BinaryOp];

/** y = a ? b, as 0 or 1. */
export const CompareOp = { eq: 0, ne: 1, lt: 2, le: 3, gt: 4, ge: 5 } as const;
export type CompareOp = (typeof CompareOp)[keyof typeof CompareOp];

/** [outer, n, inner] → [outer, inner]. */
export const ReduceOp = {
  sum: 0,
  /** The largest; NaN if any is NaN. n must not be 0. */
  max: 1,
  min: 2,
  /** Sum of squares, each product rounded into the sum by one fused multiply-add. */
  sumSquares: 3,
  prod: 4,
} as const;
export type ReduceOp = (typeof ReduceOp)[keyof typeof ReduceOp];

/** [outer, n, inner] → index along n; the first of equals, the first NaN if there is one. */
export const ArgReduceOp = { argmax: 0, argmin: 1 } as const;
export type ArgReduceOp = (typeof ArgReduceOp)[keyof typeof ArgReduceOp];

/** The tables by the name they carry in `native/core/opcodes.h`. */
export const opcodeTables = { UnaryOp, BinaryOp, CompareOp, ReduceOp, ArgReduceOp } as const;
