/** unary against one formula an element. */

import { describe, test } from 'vitest';
import { UnaryOp } from '../../../src/backend/opcodes.ts';
import { expectExact, expectWithin, type Harness, Random, SIZES, SPECIALS } from './harness.ts';
import { erf, erfc, gelu } from './normal-reference.ts';

function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (!Number.isFinite(x) || rest === 0) return x;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  const rounded = up ? below + 1 : below;
  return rounded === 0 && x < 0 ? -0 : rounded;
}

interface UnaryRule {
  f(x: number, p0: number, p1: number): number;
  /** The correctly rounded result; the rest is within the backend's units in the last place. */
  exact?: true;
  /** Both zeros are right. */
  eitherZero?: true;
  parameters?: [number, number];
  /** Units in the last place of a double by which the formula here errs itself. */
  formula?: number;
}

/** `h.round` appears where a formula has two roundings in the class under test. */
function unaryRules(h: Harness): Record<keyof typeof UnaryOp, UnaryRule> {
  return {
    neg: { f: (x) => -x, exact: true },
    abs: { f: (x) => (Object.is(x, -0) ? 0 : x < 0 ? -x : x), exact: true },
    sign: { f: (x) => (x > 0 ? 1 : x < 0 ? -1 : x), exact: true, eitherZero: true },
    square: { f: (x) => x * x, exact: true },
    sqrt: { f: (x) => Math.sqrt(x), exact: true },
    rsqrt: { f: (x) => 1 / Math.sqrt(x) },
    reciprocal: { f: (x) => 1 / x, exact: true },
    exp: { f: (x) => Math.exp(x) },
    expm1: { f: (x) => Math.expm1(x) },
    log: { f: (x) => Math.log(x) },
    log1p: { f: (x) => Math.log1p(x) },
    tanh: { f: (x) => Math.tanh(x) },
    sigmoid: { f: (x) => (x > 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))) },
    relu: { f: (x) => (Number.isNaN(x) ? x : x > 0 ? x : 0), exact: true, eitherZero: true },
    softplus: { f: (x) => (x > 30 ? x + Math.exp(-x) : Math.log1p(Math.exp(x))) },
    logsigmoid: { f: (x) => (x < -30 ? x - Math.exp(x) : -Math.log1p(Math.exp(-x))) },
    selu: { f: (x, alpha, scale) => scale * (x > 0 ? x : alpha * Math.expm1(x)), parameters: [1.67, 1.05] },
    clamp: {
      f: (x, low, high) => (x < low ? low : x > high ? high : x),
      exact: true,
      eitherZero: true,
      parameters: [-0.3, 1.7],
    },
    affine: { f: (x, factor, shift) => h.round(factor * x) + shift, exact: true, parameters: [0.1, -0.7] },
    leakyRelu: { f: (x, slope) => (x > 0 ? x : slope * x), exact: true, parameters: [0.01, 0] },
    threshold: { f: (x, limit, value) => (x >= limit ? value : 0), exact: true, parameters: [0.3, 1 / 0.7] },
    floor: { f: (x) => Math.floor(x), exact: true },
    ceil: { f: (x) => Math.ceil(x), exact: true },
    round: { f: roundHalfToEven, exact: true },
    trunc: { f: (x) => Math.trunc(x), exact: true },
    frac: { f: (x) => x - Math.trunc(x), exact: true },
    erf: { f: erf, formula: 4 },
    gelu: { f: gelu, formula: 8 },
    sin: { f: (x) => Math.sin(x) },
    cos: { f: (x) => Math.cos(x) },
    tan: { f: (x) => Math.tan(x) },
    asin: { f: (x) => Math.asin(x) },
    acos: { f: (x) => Math.acos(x) },
    atan: { f: (x) => Math.atan(x) },
    sinh: { f: (x) => Math.sinh(x) },
    cosh: { f: (x) => Math.cosh(x) },
    asinh: { f: (x) => Math.asinh(x) },
    acosh: { f: (x) => Math.acosh(x) },
    atanh: { f: (x) => Math.atanh(x) },
    exp2: { f: (x) => 2 ** x },
    log2: { f: (x) => Math.log2(x) },
    log10: { f: (x) => Math.log10(x) },
    erfc: { f: erfc, formula: 16 },
    silu: { f: (x) => (x < -745 ? -0 : x / (1 + Math.exp(-x))), formula: 4 },
    mish: { f: (x) => (x < -745 ? -0 : x * Math.tanh(Math.log1p(Math.exp(x)))), formula: 8 },
    elu: { f: (x, alpha, scale) => (x > 0 ? x : alpha * Math.expm1(scale * x)), parameters: [0.5, 2] },
    hardsigmoid: { f: (x) => (x >= 3 ? 1 : x <= -3 ? 0 : (x + 3) / 6) },
    hardswish: { f: (x) => (x >= 3 ? x : x <= -3 ? -0 : x * ((x + 3) / 6)) },
    softsign: { f: (x) => (Number.isFinite(x) ? x / (1 + Math.abs(x)) : Math.sign(x)) },
    softshrink: {
      f: (x, limit) => (x > limit ? x - limit : x < -limit ? x + limit : x - x),
      exact: true,
      parameters: [0.5, 0],
    },
    hardshrink: { f: (x, limit) => (x >= -limit && x <= limit ? 0 : x), exact: true, parameters: [0.5, 0] },
    huber: {
      f: (x, delta, scale) => {
        const bent = Math.min(Math.abs(x), delta);
        return bent * (Math.abs(x) - 0.5 * bent) * scale;
      },
      parameters: [0.7, 1.5],
    },
    nanToNum: {
      f: (x, above, below) => (Number.isNaN(x) ? 0 : x === Infinity ? above : x === -Infinity ? below : x),
      exact: true,
      parameters: [7.5, -1e30],
    },
  };
}

export function unaryBlock(h: Harness): void {
  const rules = unaryRules(h);
  describe.each(Object.keys(rules) as (keyof typeof UnaryOp)[])('%s', (name) => {
    const { f, exact, eitherZero, parameters = [0, 0], formula = 0 } = rules[name];
    const [p0, p1] = parameters;
    const allowed = h.tolerance.ulps + (h.tolerance.array === Float64Array ? formula : 0);

    const check = (label: string, values: ArrayLike<number>, inPlace: boolean) => {
      const x = h.floats(values);
      const y = inPlace ? x : h.out(x.length);
      const want = Array.from(x, (v) => h.round(f(v, h.round(p0), h.round(p1))));
      h.backend.unary(UnaryOp[name], x, y, p0, p1);
      if (exact) expectExact(label, y, want, { zeros: !eitherZero });
      else expectWithin(label, y, want, (i) => allowed * h.ulp(want[i]));
    };

    test('special values and the numbers around them', () => {
      const around = SPECIALS.flatMap((x) => [x, x * (1 + 2 ** -20), x * (1 - 2 ** -20)]);
      check('specials', [...around, p0, p1], false);
    });

    test('every length, also in place', () => {
      const random = new Random(1);
      for (const n of SIZES) {
        const values = Float64Array.from({ length: n }, () => random.between(-4, 4));
        check(`n = ${n}`, values, false);
        check(`n = ${n} in place`, values, true);
      }
    });

    test('magnitudes from 2⁻³⁰ to 2¹⁰, both signs', () => {
      const random = new Random(2);
      const values = Float64Array.from({ length: 3000 }, () => 2 ** random.between(-30, 10) * (random.next() - 0.5));
      check('magnitudes', values, false);
    });
  });
}
