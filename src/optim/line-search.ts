/** A step length along a line that meets the strong Wolfe conditions, as PyTorch's LBFGS seeks it. */

/** A point of the line: the step to it, the loss there, the gradient, and the slope along the line. */
export interface LinePoint {
  readonly t: number;
  readonly loss: number;
  readonly gradient: Float64Array;
  readonly slope: number;
}

export interface LineResult {
  readonly point: LinePoint;
  readonly evaluations: number;
}

/** What the loss must fall by, as a share of what the slope promises. */
const DECREASE = 1e-4;
/** What must be left of the slope at most. */
const CURVATURE = 0.9;
const MAX_EVALUATIONS = 25;

/** Where the cubic through two points and their slopes is least, between the bounds; their middle where there is none. */
function cubicMinimum(a: LinePoint, b: LinePoint, low = Math.min(a.t, b.t), high = Math.max(a.t, b.t)): number {
  const [left, right] = a.t <= b.t ? [a, b] : [b, a];
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t);
  const square = d1 ** 2 - a.slope * b.slope;
  const d2 = Math.sqrt(square);
  const share = (right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2);
  if (!Number.isFinite(share)) return (low + high) / 2;
  return Math.min(Math.max(right.t - (right.t - left.t) * share, low), high);
}

/**
 * Source: Nocedal, Wright, Numerical optimization, algorithms 3.5 and 3.6; the interpolations and their bounds are those of
 * Schmidt's minFunc.
 *
 * @param evaluate  the point at step t
 * @param start     the point at step 0
 * @param reach     the largest element of the direction: below `tolerance` of a move the search ends
 */
export function strongWolfe(
  evaluate: (t: number) => LinePoint,
  start: LinePoint,
  t: number,
  reach: number,
  tolerance: number,
): LineResult {
  const isTooHigh = (point: LinePoint): boolean => point.loss > start.loss + DECREASE * point.t * start.slope;
  const isFlat = (point: LinePoint): boolean => Math.abs(point.slope) <= -CURVATURE * start.slope;

  // Walk outwards until an interval must hold a point that meets the conditions.
  let previous = start;
  let point = evaluate(t);
  let evaluations = 1;
  let steps = 0;
  let bracket: [LinePoint, LinePoint] | null = null;
  while (steps < MAX_EVALUATIONS) {
    if (isTooHigh(point) || (steps > 1 && point.loss >= previous.loss)) {
      bracket = [previous, point];
      break;
    }
    if (isFlat(point)) return { point, evaluations };
    if (point.slope >= 0) {
      bracket = [previous, point];
      break;
    }
    const low = point.t + 0.01 * (point.t - previous.t);
    const next = cubicMinimum(previous, point, low, point.t * 10);
    previous = point;
    point = evaluate(next);
    evaluations++;
    steps++;
  }
  bracket ??= [start, point];

  // Narrow the interval down to such a point.
  let hasStalled = false;
  const lowestOf = ([a, b]: readonly [LinePoint, LinePoint]): 0 | 1 => (a.loss <= b.loss ? 0 : 1);
  let lowest = lowestOf(bracket);
  while (steps < MAX_EVALUATIONS) {
    const [low, high] = [Math.min(bracket[0].t, bracket[1].t), Math.max(bracket[0].t, bracket[1].t)];
    if ((high - low) * reach < tolerance) break;
    let at = cubicMinimum(bracket[0], bracket[1]);
    // A second try close to an end, or one at it, gets nowhere: go a tenth of the interval inwards.
    const margin = 0.1 * (high - low);
    if (Math.min(high - at, at - low) < margin) {
      if (hasStalled || at >= high || at <= low) {
        at = Math.abs(at - high) < Math.abs(at - low) ? high - margin : low + margin;
        hasStalled = false;
      } else hasStalled = true;
    } else hasStalled = false;
    point = evaluate(at);
    evaluations++;
    steps++;
    const highest = lowest === 0 ? 1 : 0;
    if (isTooHigh(point) || point.loss >= bracket[lowest].loss) {
      bracket[highest] = point;
      lowest = lowestOf(bracket);
    } else {
      if (isFlat(point)) return { point, evaluations };
      if (point.slope * (bracket[highest].t - bracket[lowest].t) >= 0) bracket[highest] = bracket[lowest];
      bracket[lowest] = point;
    }
  }
  return { point: bracket[lowest], evaluations };
}
