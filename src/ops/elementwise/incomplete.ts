/** The regularised incomplete gamma and beta functions and their quantiles, with gradients in all arguments. */

import { betaSlope, betaTail, gammaSlope, gammaTail, NODES, type Tail, WEIGHTS } from '../../core/implicit.ts';
import {
  logitBetaQuantile as betaQuantileOf,
  betaTails,
  logGammaQuantile as gammaQuantileOf,
  gammaTails,
} from '../../core/incomplete.ts';
import { emptyTensor, type Tensor, wrapArray } from '../../tensor.ts';
import { defineOp, type Op, type Sampler } from '../define.ts';
import { unsqueeze } from '../movement/movement.ts';
import { broadcastTogether, sum } from '../reduction/broadcast.ts';
import { add, div, mul, sub } from './arithmetic.ts';
import { to } from './cast.ts';
import { gt, lt, where } from './compare.ts';
import { digamma, lbeta, lgamma } from './gamma.ts';
import { exp, log, log1p, logsigmoid, neg } from './unary.ts';

/** Past this the exponential of a logarithm is near the end of the numbers, and what is integrated is 0 already. */
const LARGEST_LOG = 650;

/** The points and weights of the integrals from each v, as constants [..., nodes]; direction and width are in them. */
function rule(v: Tensor, tailOf: (i: number) => Tail): { steps: Tensor; weights: Tensor } {
  const count = NODES.length;
  const [steps, weights] = [new Float64Array(v.size * count), new Float64Array(v.size * count)];
  for (let i = 0; i < v.size; i++) {
    const { direction, width } = tailOf(i);
    for (let j = 0; j < count; j++) {
      const step = direction * width * NODES[j];
      if (Math.abs(v.data[i] + step) > LARGEST_LOG) continue;
      steps[i * count + j] = step;
      weights[i * count + j] = direction * width * WEIGHTS[j];
    }
  }
  const shape = [...v.shape, count];
  return { steps: wrapArray(steps, shape, 'float64'), weights: wrapArray(weights, shape, 'float64') };
}

/** d log x/da of the quantile x = e^v of the gamma distribution: a fixed share lies below. */
const gammaSlopeOp: Op<undefined> = defineOp({
  name: 'gammaSlope',
  tolerance: 0,
  forward(node, [a, v]) {
    const y = emptyTensor(a!.shape, a!.dtype);
    for (let i = 0; i < y.size; i++) y.data[i] = gammaSlope(a!.data[i], v!.data[i]);
    node.save(a, v);
    return y;
  },
  twin([a, v]) {
    const [wideA, wideV] = [to(a!, 'float64'), to(v!, 'float64')];
    const { steps, weights } = rule(wideV, (i) => gammaTail(wideA.data[i], wideV.data[i]));
    const [each, from] = [unsqueeze(wideA, -1), unsqueeze(wideV, -1)];
    const t = add(from, steps);
    const exponent = sub(mul(each, steps), sub(exp(t), exp(from)));
    const terms = mul(mul(exp(exponent), weights), sub(t, digamma(each)));
    return [to(sum(terms, -1), a!.dtype)];
  },
  cases: [
    (s) => ({
      inputs: [s.uniform([3, 4], 0.3, 6), s.uniform([3, 4], -3, 2.5)],
      call: (a, v) => gammaSlopeOp.run([a, v], undefined),
    }),
  ],
});

/** dv/da of the log-odds v of a quantile of the beta distribution. */
const betaSlopeOp: Op<undefined> = defineOp({
  name: 'betaSlope',
  tolerance: 0,
  forward(node, [a, b, v]) {
    const y = emptyTensor(a!.shape, a!.dtype);
    for (let i = 0; i < y.size; i++) y.data[i] = betaSlope(a!.data[i], b!.data[i], v!.data[i]);
    node.save(a, b, v);
    return y;
  },
  twin([a, b, v]) {
    const [wideA, wideB, wideV] = [a!, b!, v!].map((x) => to(x, 'float64'));
    const { steps, weights } = rule(wideV, (i) => betaTail(wideA.data[i], wideB.data[i], wideV.data[i]));
    const [first, second, from] = [wideA, wideB, wideV].map((x) => unsqueeze(x, -1));
    const t = add(from, steps);
    const [logT, logRest] = [logsigmoid(t), logsigmoid(neg(t))];
    const rise = mul(first, sub(logT, logsigmoid(from)));
    const fall = mul(second, sub(logRest, logsigmoid(neg(from))));
    const middle = sub(digamma(first), digamma(add(first, second)));
    const terms = mul(mul(exp(add(rise, fall)), weights), sub(logT, middle));
    return [to(sum(terms, -1), a!.dtype)];
  },
  cases: [
    (s) => ({
      inputs: [s.uniform([3, 4], 0.3, 6), s.uniform([3, 4], 0.3, 6), s.uniform([3, 4], -3, 3)],
      call: (a, b, v) => betaSlopeOp.run([a, b, v], undefined),
    }),
  ],
});

/** x·f(x) of the gamma distribution at x = e^v. */
function gammaDensityOfLog(a: Tensor, v: Tensor): Tensor {
  return exp(sub(sub(mul(a, v), exp(v)), lgamma(a)));
}

/** x(1 − x)·f(x) of the beta distribution at x = σ(v). */
function betaDensityOfLogit(a: Tensor, b: Tensor, v: Tensor): Tensor {
  return exp(sub(add(mul(a, logsigmoid(v)), mul(b, logsigmoid(neg(v)))), lbeta(a, b)));
}

type Side = 'lower' | 'upper';
const SIGN: Readonly<Record<Side, 1 | -1>> = { lower: 1, upper: -1 };

const gammaincCases = (call: (a: Tensor, x: Tensor) => Tensor) => [
  (s: Sampler) => ({ inputs: [s.uniform([3, 4], 0.3, 6), s.uniform([3, 4], 0.1, 9)], call }),
  (s: Sampler) => ({ inputs: [s.uniform([3, 1], 0.3, 6), s.uniform([4], 0.1, 9)], call }),
  (s: Sampler) => ({ inputs: [s.uniform([], 20, 30), s.uniform([5], 5, 60)], call }),
];

function defineGammainc(name: string, side: Side, call: (a: Tensor, x: Tensor) => Tensor): Op<undefined> {
  return defineOp({
    name,
    tolerance: 0,
    forward(node, [a, x]) {
      const y = emptyTensor(a!.shape, a!.dtype);
      const place = side === 'lower' ? 0 : 1;
      for (let i = 0; i < y.size; i++) y.data[i] = gammaTails(a!.data[i], x!.data[i])[place];
      node.save(a, x);
      return y;
    },
    backward(node, [dy]) {
      const [a, x] = node.saved() as [Tensor, Tensor];
      // The function is constant up to 0.
      const inside = gt(x, 0);
      const safe = where(inside, x, 1);
      const v = log(safe);
      const rate = where(inside, mul(gammaDensityOfLog(a, v), SIGN[side]), 0);
      const da = node.needs(0) ? neg(mul(mul(dy!, rate), gammaSlopeOp.run([a, v], undefined))) : null;
      return [da, node.needs(1) ? mul(dy!, div(rate, safe)) : null];
    },
    cases: gammaincCases(call),
  });
}

const gammaincOp = defineGammainc('gammainc', 'lower', gammainc);
/**
 * P(a, x) = 1/Γ(a)·∫₀ˣ t^(a−1) e^(−t) dt: what lies below x of the gamma distribution of concentration a and rate 1.
 *
 * Shapes:   broadcast
 * Gradient: dx = dy·x^(a−1) e^(−x)/Γ(a); da by quadrature
 */
export function gammainc(a: Tensor, x: Tensor): Tensor {
  return gammaincOp.run(broadcastTogether('gammainc', a, x), undefined);
}

const gammainccOp = defineGammainc('gammaincc', 'upper', gammaincc);
/** 1 − P(a, x), to the last digits where that is small. Shapes and gradient: see `gammainc`. */
export function gammaincc(a: Tensor, x: Tensor): Tensor {
  return gammainccOp.run(broadcastTogether('gammaincc', a, x), undefined);
}

const betaincOp: Op<undefined> = defineOp({
  name: 'betainc',
  tolerance: 0,
  forward(node, [a, b, x]) {
    const y = emptyTensor(a!.shape, a!.dtype);
    for (let i = 0; i < y.size; i++) {
      y.data[i] = betaTails(a!.data[i], b!.data[i], x!.data[i], 1 - x!.data[i])[0];
    }
    node.save(a, b, x);
    return y;
  },
  backward(node, [dy]) {
    const [a, b, x] = node.saved() as [Tensor, Tensor, Tensor];
    const inside = mul(gt(x, 0), lt(x, 1));
    const safe = where(inside, x, 0.5);
    const v = sub(log(safe), log1p(neg(safe)));
    const rate = where(inside, mul(dy!, betaDensityOfLogit(a, b, v)), 0);
    const slopes = [
      node.needs(0) ? neg(mul(rate, betaSlopeOp.run([a, b, v], undefined))) : null,
      node.needs(1) ? mul(rate, betaSlopeOp.run([b, a, neg(v)], undefined)) : null,
    ];
    return [...slopes, node.needs(2) ? div(rate, mul(safe, sub(1, safe))) : null];
  },
  cases: [
    (s) => ({
      inputs: [s.uniform([3, 4], 0.3, 6), s.uniform([3, 4], 0.3, 6), s.uniform([3, 4], 0.05, 0.95)],
      call: betainc,
    }),
    (s) => ({ inputs: [s.uniform([3, 1], 0.3, 6), s.uniform([4], 3, 6), s.uniform([], 0.2, 0.5)], call: betainc }),
  ],
});
/**
 * I_x(a, b) = 1/B(a, b)·∫₀ˣ t^(a−1) (1 − t)^(b−1) dt: what lies below x of the beta distribution.
 *
 * Shapes:   broadcast
 * Gradient: dx = dy·x^(a−1) (1 − x)^(b−1)/B(a, b); da and db by quadrature
 */
export function betainc(a: Tensor, b: Tensor, x: Tensor): Tensor {
  return betaincOp.run(broadcastTogether('betainc', a, b, x), undefined);
}

/** Quantiles that were found otherwise: draws, whose share below them stays as it is. */
interface QuantileParams {
  readonly draws: Float64Array | null;
}

const gammaQuantileOp: Op<QuantileParams> = defineOp<QuantileParams>({
  name: 'logGammaQuantile',
  tolerance: 0,
  forward(node, [a, p], { draws }) {
    const y = emptyTensor(a!.shape, a!.dtype);
    for (let i = 0; i < y.size; i++) y.data[i] = draws === null ? gammaQuantileOf(a!.data[i], p!.data[i]) : draws[i];
    node.save(a, y);
    return y;
  },
  backward(node, [dy]) {
    const [a, v] = node.saved() as [Tensor, Tensor];
    return [
      node.needs(0) ? mul(dy!, gammaSlopeOp.run([a, v], undefined)) : null,
      node.needs(1) ? div(dy!, gammaDensityOfLog(a, v)) : null,
    ];
  },
  cases: [
    (s) => ({ inputs: [s.uniform([3, 4], 0.3, 6), s.uniform([3, 4], 0.1, 0.9)], call: logGammaQuantile }),
    (s) => ({ inputs: [s.uniform([2, 1], 0.3, 6), s.uniform([3], 0.1, 0.9)], call: logGammaQuantile }),
  ],
});

/**
 * The logarithm of the value below which a share p of the gamma distribution of concentration a and rate 1 lies.
 *
 * Shapes:   broadcast
 * Gradient: dp = dy/(x·f(x)); da by quadrature
 */
export function logGammaQuantile(a: Tensor, p: Tensor): Tensor {
  return gammaQuantileOp.run(broadcastTogether('logGammaQuantile', a, p), { draws: null });
}

/** Logarithms of draws from the gamma distribution, as a function of its concentrations, one a draw. */
export function logGammaSamples(a: Tensor, draws: Float64Array): Tensor {
  return gammaQuantileOp.run([a, null], { draws });
}

const betaQuantileOp: Op<undefined> = defineOp({
  name: 'logitBetaQuantile',
  tolerance: 0,
  forward(node, [a, b, p]) {
    const y = emptyTensor(a!.shape, a!.dtype);
    for (let i = 0; i < y.size; i++) y.data[i] = betaQuantileOf(a!.data[i], b!.data[i], p!.data[i]);
    node.save(a, b, y);
    return y;
  },
  backward(node, [dy]) {
    const [a, b, v] = node.saved() as [Tensor, Tensor, Tensor];
    return [
      node.needs(0) ? mul(dy!, betaSlopeOp.run([a, b, v], undefined)) : null,
      node.needs(1) ? neg(mul(dy!, betaSlopeOp.run([b, a, neg(v)], undefined))) : null,
      node.needs(2) ? div(dy!, betaDensityOfLogit(a, b, v)) : null,
    ];
  },
  cases: [
    (s) => ({
      inputs: [s.uniform([3, 4], 0.3, 6), s.uniform([3, 4], 0.3, 6), s.uniform([3, 4], 0.1, 0.9)],
      call: logitBetaQuantile,
    }),
  ],
});

/**
 * The log-odds of the value below which a share p of the beta distribution lies.
 *
 * Shapes:   broadcast
 * Gradient: dp = dy/(x(1 − x)·f(x)); da and db by quadrature
 */
export function logitBetaQuantile(a: Tensor, b: Tensor, p: Tensor): Tensor {
  return betaQuantileOp.run(broadcastTogether('logitBetaQuantile', a, b, p), undefined);
}
