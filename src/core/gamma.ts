/** The logarithm of the gamma function and its derivatives in float64, and the quantiles of the normal distribution. */

/** ζ(k) − 1 from k = 2 on. */
const ZETA_LESS_1 = [
  0.6449340668482264, 0.2020569031595943, 0.08232323371113819, 0.03692775514336993, 0.01734306198444914,
  0.008349277381922827, 0.00407735619794434, 0.0020083928260822143, 0.0009945751278180853, 0.0004941886041194645,
  0.0002460865533080483, 0.00012271334757848915, 6.124813505870483e-5, 3.058823630702049e-5, 1.528225940865187e-5,
  7.637197637899763e-6, 3.81729326499984e-6, 1.908212716553939e-6, 9.539620338727962e-7, 4.769329867878064e-7,
  2.38450502727733e-7, 1.1921992596531106e-7, 5.960818905125948e-8, 2.980350351465228e-8, 1.4901554828365043e-8,
] as const;

/** 1 − γ, by Euler and Mascheroni. */
const GAMMA_REST = 0.42278433509846713;
const HALF_LOG_2PI = 0.9189385332046728;
/** From here on the asymptotic series are good to the last digit. */
const SERIES_FROM = 10;

/** Bernoulli's numbers B₂, B₄, … */
const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6] as const;

/** log Γ(2 + z) for |z| ≤ ½: its zero at z = 0 is exact. */
function logGammaNear2(z: number): number {
  let sum = 0;
  for (let k = ZETA_LESS_1.length + 1; k >= 2; k--) sum = sum * -z + ZETA_LESS_1[k - 2] / k;
  return z * (GAMMA_REST + z * sum);
}

/** sin πx and cos πx to the last digits at any x. */
function sinPi(x: number): number {
  const whole = Math.round(x);
  const s = Math.sin(Math.PI * (x - whole));
  return whole % 2 === 0 ? s : -s;
}

/** log|Γ(x)|; ∞ at 0 and the negative integers. */
export function logGamma(x: number): number {
  if (!(x > 0)) {
    if (x === -Infinity || Number.isInteger(x)) return Infinity;
    if (Number.isNaN(x)) return NaN;
    return Math.log(Math.PI / Math.abs(sinPi(x))) - logGamma(1 - x);
  }
  if (x < 0.5) return logGamma(x + 1) - Math.log(x);
  if (x < 1.5) return logGammaNear2(x - 1) - Math.log1p(x - 1);
  if (x <= 2.5) return logGammaNear2(x - 2);
  if (x === Infinity) return Infinity;
  let product = 1;
  while (x < SERIES_FROM) product *= x++;
  const x2 = 1 / (x * x);
  let tail = 0;
  for (let j = BERNOULLI.length; j >= 1; j--) tail = tail * x2 + BERNOULLI[j - 1] / (2 * j * (2 * j - 1));
  return (x - 0.5) * Math.log(x) - x + HALF_LOG_2PI + tail / x - Math.log(product);
}

/** Γ′(x)/Γ(x); ∓∞ at ±0 and NaN at the negative integers, as in PyTorch. */
export function digamma(x: number): number {
  if (x === 0) return -1 / x;
  if (!(x > 0)) {
    if (!Number.isFinite(x) || Number.isInteger(x)) return NaN;
    return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  }
  let below = 0;
  while (x < SERIES_FROM) below += 1 / x++;
  const x2 = 1 / (x * x);
  let tail = 0;
  for (let j = BERNOULLI.length; j >= 1; j--) tail = (tail + BERNOULLI[j - 1] / (2 * j)) * x2;
  return Math.log(x) - 0.5 / x - tail - below;
}

/** x⁻ˢ for an integer s ≥ 1, by squares: a general power takes many times as long. */
function inversePower(x: number, s: number): number {
  let product = 1;
  for (let square = x, left = s; ; square *= square) {
    if (left % 2 === 1) product *= square;
    left = Math.floor(left / 2);
    if (left === 0) return 1 / product;
  }
}

/**
 * The n-th derivative of `digamma`, n ≥ 1: ±n!·ζ(n + 1, x), by Euler and Maclaurin; ∞ (−∞ for even n) at 0 and the
 * negative integers.
 */
export function polygamma(n: number, x: number): number {
  if (Number.isNaN(x) || x === -Infinity) return NaN;
  if (x <= 0 && Number.isInteger(x)) return n % 2 === 1 ? Infinity : -Infinity;
  const s = n + 1;
  let sum = 0;
  while (x < SERIES_FROM + n) sum += inversePower(x++, s);
  if (x === Infinity) return 0;
  sum += inversePower(x, n) / n + 0.5 * inversePower(x, s);
  let factor = s * inversePower(x, s + 1);
  for (let j = 1; j <= BERNOULLI.length; j++) {
    // factor = s(s + 1)…(s + 2j − 2)/(2j)!·x^(−s − 2j + 1)
    if (j === 1) factor /= 2;
    else factor *= ((s + 2 * j - 3) * (s + 2 * j - 2)) / ((2 * j - 1) * (2 * j) * x * x);
    sum += BERNOULLI[j - 1] * factor;
  }
  for (let k = 2; k <= n; k++) sum *= k;
  return n % 2 === 1 ? sum : -sum;
}

function ratio(numerator: readonly number[], denominator: readonly number[], r: number): number {
  let [p, q] = [0, 0];
  for (let i = 0; i < numerator.length; i++) {
    p = p * r + numerator[i];
    q = q * r + denominator[i];
  }
  return p / q;
}

/** Around the median, and on both sides of that. */
const MIDDLE = [
  [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
    133.14166789178438, 3.3871328727963665,
  ],
  [
    5226.495278852546, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
    42.31333070160091, 1,
  ],
] as const;
const SHOULDER = [
  [
    7.745450142783414e-4, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
    5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  [
    1.0507500716444169e-9, 5.475938084995345e-4, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
    1.6763848301838038, 2.053191626637759, 1,
  ],
] as const;
/** Q(z)/φ(z), what lies above z over the density there, by its continued fraction: for z ≥ 6. */
function millsRatio(z: number): number {
  let below = z;
  for (let k = 40; k >= 1; k--) below = z + k / below;
  return 1 / below;
}

/** The value above which `p` of the distribution lies, for the smallest p, by Newton's method for log Q. */
function tailQuantile(p: number): number {
  const twice = -2 * Math.log(p);
  let z = Math.sqrt(twice - Math.log(twice) - 2 * HALF_LOG_2PI);
  for (let step = 0; step < 4; step++) {
    const mills = millsRatio(z);
    z += (twice / 2 - (z * z) / 2 - HALF_LOG_2PI + Math.log(mills)) * mills;
  }
  return z;
}

/**
 * The quantile of the standard normal at ½ + q, where `nearer` is the smaller of what lies below and above it.
 *
 * Source: Wichura, "Algorithm AS 241: The percentage points of the normal distribution", 1988
 */
function normalQuantileFrom(q: number, nearer: number): number {
  if (Math.abs(q) <= 0.425) return q * ratio(MIDDLE[0], MIDDLE[1], 0.180625 - q * q);
  if (nearer === 0) return q < 0 ? -Infinity : Infinity;
  const r = Math.sqrt(-Math.log(nearer));
  const z = r <= 5 ? ratio(SHOULDER[0], SHOULDER[1], r - 1.6) : tailQuantile(nearer);
  return q < 0 ? -z : z;
}

/** The value below which `p` of the standard normal distribution lies; NaN where p is no probability. */
export function normalQuantile(p: number): number {
  return p >= 0 && p <= 1 ? normalQuantileFrom(p - 0.5, Math.min(p, 1 - p)) : NaN;
}

/** The inverse of the error function; NaN outside [−1, 1]. */
export function erfinv(y: number): number {
  if (!(y >= -1 && y <= 1)) return NaN;
  return normalQuantileFrom(y / 2, (1 - Math.abs(y)) / 2) * Math.SQRT1_2;
}
