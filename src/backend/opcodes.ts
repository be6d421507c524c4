/**
 * The opcodes of the elementwise and reduction families and the rules of optimizers, the one source for both languages: `scripts/opcodes.ts`
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
  sin: 25,
  cos: 26,
  tan: 27,
  asin: 28,
  acos: 29,
  atan: 30,
  sinh: 31,
  cosh: 32,
  asinh: 33,
  acosh: 34,
  atanh: 35,
  exp2: 36,
  log2: 37,
  log10: 38,
  erfc: 39,
  /** x·σ(x); −0 of −∞. */
  silu: 40,
  /** x·tanh(log(1 + exp(x))); −0 of −∞. */
  mish: 41,
  /** x > 0 ? x : p0 · expm1(p1 · x) */
  elu: 42,
  /** min(max(x + 3, 0), 6) / 6 */
  hardsigmoid: 43,
  /** x from 3 on, −0 up to −3, between them x · (x + 3) / 6. */
  hardswish: 44,
  /** x / (1 + |x|); ±1 of ±∞. */
  softsign: 45,
  /** x > p0 ? x − p0 : x < −p0 ? x + p0 : 0; NaN stays NaN. */
  softshrink: 46,
  /** |x| ≤ p0 ? 0 : x */
  hardshrink: 47,
  /** p0 of ∞, p1 of −∞, 0 of NaN, else x. */
  nanToNum: 48,
  /** x − trunc(x); NaN of ±∞. */
  frac: 49,
  /** p1·c·(|x| − c/2) for c = min(|x|, p0): a parabola up to p0, straight from there on. */
  huber: 50,
  /** log(1/(1 + exp(−x))), which is −softplus(−x). */
  logsigmoid: 51,
  /** p1 · (x > 0 ? x : p0 · expm1(x)) */
  selu: 52,
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
  /** The angle of the point (b, a) in (−π, π]. */
  atan2: 8,
  /** a − b·trunc(a/b), exactly: the sign of a. Integers: b must not be 0. */
  fmod: 9,
  /** a − b·floor(a/b): the sign of b. Integers: b must not be 0. */
  remainder: 10,
  /** floor(a/b) of the exact quotient, as Python's `//`. Integers: b must not be 0. */
  floorDivide: 11,
  /** trunc(a/b). Integers: b must not be 0. */
  truncDivide: 12,
  /** √(a² + b²) without overflow on the way. */
  hypot: 13,
  /** |a| with the sign of b. */
  copysign: 14,
  /** a·log b; 0 where a is 0 and b no NaN. */
  xlogy: 15,
  /** log(exp(a) + exp(b)) */
  logaddexp: 16,
  /** a > 0 ? a : b · a */
  prelu: 17,
  /** −(b·log a + (1 − b)·log(1 − a)), the logarithms not below −100. */
  binaryCrossEntropy: 18,
  /** −(b·log σ(a) + (1 − b)·log σ(−a)), computed as a·((a > 0) − b) + log1p(exp(−|a|)). */
  logitCrossEntropy: 19,
} as const;
export type BinaryOp = (typeof BinaryOp)[keyof typeof BinaryOp];

/** y = a ? b, as 0 or 1. */
export const CompareOp = {
  eq: 0,
  ne: 1,
  lt: 2,
  le: 3,
  gt: 4,
  ge: 5,
  /** a ≠ 0 and b ≠ 0, and so on; NaN is not 0. */
  and: 6,
  or: 7,
  xor: 8,
  /** |a| < b */
  within: 9,
  /** |a| ≥ b */
  beyond: 10,
} as const;
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
  /** Sum of |x|. */
  sumAbs: 5,
  /** The largest |x|; NaN if any is NaN. n must not be 0. */
  maxAbs: 6,
  minAbs: 7,
  /** 1 if any is not 0 (a NaN is not), else 0. */
  any: 8,
  /** 1 if none is 0, else 0. */
  all: 9,
  /** Sum of those that are no NaN. */
  nanSum: 10,
} as const;
export type ReduceOp = (typeof ReduceOp)[keyof typeof ReduceOp];

/** [outer, n, inner] → index along n; the first of equals, the first NaN if there is one. */
export const ArgReduceOp = { argmax: 0, argmin: 1 } as const;
export type ArgReduceOp = (typeof ArgReduceOp)[keyof typeof ArgReduceOp];

/** [outer, n, inner] → the same shape: what the elements up to each place along n come to. */
export const ScanOp = {
  sum: 0,
  prod: 1,
  /** log Σ eˣ, without overflow. */
  logsumexp: 2,
} as const;
export type ScanOp = (typeof ScanOp)[keyof typeof ScanOp];

/**
 * How an optimizer moves a parameter p by its gradient g; the numbers are those of `UpdateStep`, u, v, w the states in
 * their order. Here m ← β1·m + (1 − β1)·g is written mean(m), v ← β2·v + (1 − β2)·g² square(v).
 */
export const UpdateRule = {
  /** u ← u + g²; p ← p − rate·g/(√u + eps) */
  adagrad: 0,
  /**
   * square(u), with v the mean of g under β2; d = g/(√(u − v²) + eps), √u without v; w ← momentum·w + d;
   * p ← p − rate·w, or rate·d without w.
   */
  rmsprop: 1,
  /** square(u); d = g·√(v + eps)/√(u + eps); v ← β2·v + (1 − β2)·d²; p ← p − rate·d */
  adadelta: 2,
  /** mean(u); v ← max(β2·v, |g| + eps); p ← p − rate·u/v */
  adamax: 3,
  /** mean(u), square(v); p ← keep·p − (rate·g + momentum·u)/(correction·√v + eps) */
  nadam: 4,
  /** mean(u), square(v); p ← keep·p − rate·u/(√v + eps), or rate·u where the step is not `adaptive`. */
  radam: 5,
  /**
   * v, the size of the element's step, grows where g and the last gradient u agree in sign, shrinks where they differ (and
   * g then counts as 0), within [low, high]; p ← p − v·sign(g); u ← g.
   */
  rprop: 6,
  /** p ← keep·p − rate·g; u ← u + average·(p − u) */
  asgd: 7,
} as const;
export type UpdateRule = (typeof UpdateRule)[keyof typeof UpdateRule];

/** The tables by the name they carry in `native/core/opcodes.h`. */
export const opcodeTables = { UnaryOp, BinaryOp, CompareOp, ReduceOp, ArgReduceOp, ScanOp, UpdateRule } as const;
