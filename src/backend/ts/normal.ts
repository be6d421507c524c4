/**
 * The error function and the distribution of the standard normal, in float64: JavaScript has neither. Each is within a
 * few units in the last place, so that a float32 result is correctly rounded but for a last-bit doubt. The coefficients
 * are our own minimax fits.
 */

/** erf(x)/x − 1 by powers of x², for |x| ≤ 1. */
const ERF = [
  0.1283791670955126, -0.376126389031841, 0.11283791670971098, -0.02686617064803111, 0.005223977652689947,
  -0.0008548328535428138, 0.00012055386169782813, -1.4926880626015042e-5, 1.6481040829053134e-6, -1.6556888428508736e-7,
  1.6011269936345676e-8, -1.6455884753842033e-9, 1.432643622415153e-10,
] as const;

/** (a + 4)·Φ(−a)/exp(−a²/2) by powers of (a − 4)/(a + 4), for 0 ≤ a ≤ 39. */
const TAIL = [
  0.7552851304157515, -0.6078966419718921, 0.38713740074221475, -0.18652185795965723, 0.060396574890923246,
  -0.007540188966734729, -0.0034796923670928057, 0.0016308184578502725, 0.00013334430894393608, -0.00023109493881770288,
  -1.908235405637101e-6, 3.514471390527248e-5, 7.165721259344277e-7, -5.9203020731646735e-6, -6.294570230111218e-7,
  1.021930248710603e-6, 2.714376330419741e-7, -1.5566434567021955e-7, -8.511638378764287e-8, 1.4083164486785767e-8,
  1.9583313481556956e-8, 1.400380167522096e-9, -2.6332150695261954e-9, -5.823457778982784e-10, 5.7896929618254176e-11,
] as const;

/** From here on Φ(−a) is 0. */
const TAIL_END = 39;

function polynomial(coefficients: readonly number[], x: number): number {
  let y = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) y = y * x + coefficients[i];
  return y;
}

/** exp(−a²/2). The rounding of a² would cost up to ten bits: the square of a float32 is exact. */
function gauss(a: number): number {
  const head = Math.fround(a);
  return Math.exp(-0.5 * head * head) * Math.exp(-0.5 * (a - head) * (a + head));
}

/** Φ(−a)/exp(−a²/2) for a ≥ 0. */
function millsRatio(a: number): number {
  return polynomial(TAIL, (a - 4) / (a + 4)) / (a + 4);
}

/** scale·Φ(−a) for a ≥ 0, of which the exponential alone may be subnormal. */
function upperTail(a: number, scale: number): number {
  return scale * millsRatio(a) * gauss(a);
}

export function erf(x: number): number {
  const a = Math.abs(x);
  if (a <= 1) return x + x * polynomial(ERF, x * x);
  const y = 1 - upperTail(Math.min(a * Math.SQRT2, TAIL_END), 2);
  return x < 0 ? -y : y;
}

/** 1 − erf(x), which loses nothing in the upper tail: exp(−x²) is computed from x itself, not from x·√2. */
export function erfc(x: number): number {
  const a = Math.min(Math.abs(x), TAIL_END);
  if (a < 0.5) return 1 - erf(x);
  const head = Math.fround(a);
  const tail = 2 * millsRatio(a * Math.SQRT2) * Math.exp(-head * head) * Math.exp((head - a) * (head + a));
  return x < 0 ? 2 - tail : tail;
}

/** x·Φ(x), which above 0 is x − x·Φ(−x); −0 of −∞. */
export function gelu(x: number): number {
  const a = Math.min(Math.abs(x), TAIL_END);
  if (a < 0.75) return 0.5 * x * (1 + erf(x * Math.SQRT1_2));
  const tail = upperTail(a, a);
  return x > 0 ? x - tail : -tail;
}
