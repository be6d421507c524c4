/** Anomaly mode: where a NaN or an infinity first appeared, by the operation and by the line that called it. */

import { isFloat } from '../core/dtype.ts';
import { placeOf } from '../core/shape.ts';
import { AutogradError } from '../errors.ts';
import { Tensor } from '../tensor.ts';
import { type CallSite, callSite } from './call-site.ts';
import { checkSynchronous } from './mode.ts';
import type { MaybeTensor, Node } from './node.ts';

export interface AnomalyOptions {
  /** Stop where an infinity appears too, and not at NaN alone. Default true; one that went in, as in a mask, is let through. */
  infinity?: boolean;
}

/** Whether every operation is inspected: read at each, so it costs one comparison while it is off. */
export let anomalyMode = false;
let stopAtInfinity = true;

/** Where each operation was called, of those that ran while the mode was on. */
const sites = new WeakMap<Node, CallSite>();
/** The operations whose rules run, the innermost last: what they compute on the way is theirs, and judged by its end. */
const rules: Node[] = [];

/** Turns the inspection on or off from here on. */
export function setAnomalyMode(on: boolean, { infinity = true }: AnomalyOptions = {}): void {
  anomalyMode = on;
  stopAtInfinity = infinity;
}

/**
 * Runs `fn`, forward and backward, with every result and every gradient inspected: the first that holds a NaN or an
 * infinity is an error that names the operation and the line of the program that called it. Made for searching: it is
 * many times slower, and it sees what an operation composed of others computes on the way, too.
 *
 * @throws AutogradError  at the first value that is not finite, with the code ERR_NOT_FINITE
 * @throws ConfigError    if `fn` returns a promise
 */
export function detectAnomaly<T>(fn: () => T, options: AnomalyOptions = {}): T {
  const [on, infinity] = [anomalyMode, stopAtInfinity];
  setAnomalyMode(true, options);
  try {
    return checkSynchronous('detectAnomaly', fn());
  } finally {
    setAnomalyMode(on, { infinity });
  }
}

interface Fault {
  /** Which of the tensors. */
  readonly place: number;
  readonly text: string;
}

/** The first element that is NaN or, if they count, infinite. */
function firstFault(tensors: readonly MaybeTensor[], infinity: boolean): Fault | null {
  for (const [place, tensor] of tensors.entries()) {
    if (tensor === null || !isFloat(tensor.dtype)) continue;
    const { data, shape } = tensor;
    for (let i = 0; i < data.length; i++) {
      if (Number.isFinite(data[i]) || (!infinity && !Number.isNaN(data[i]))) continue;
      return { place, text: `${data[i]} at [${placeOf(i, shape).join(', ')}] of [${shape.join(', ')}]` };
    }
  }
  return null;
}

/**
 * The first fault in what was computed, and in what it was computed from. An infinity that comes out where one went in is
 * none: it was given on purpose, as masks are, since one that was computed would have been stopped where it was.
 */
function judge(from: readonly MaybeTensor[], result: readonly MaybeTensor[]): [Fault, before: Fault | null] | null {
  const found = firstFault(result, stopAtInfinity);
  if (found === null) return null;
  const before = firstFault(from, true);
  if (before === null) return [found, null];
  const nan = firstFault(result, false);
  return nan === null ? null : [nan, before];
}

/** Notes where an operation was called, and looks at what it gave. */
export function inspectForward(node: Node, inputs: readonly MaybeTensor[], outputs: readonly Tensor[]): void {
  const rule = rules.at(-1);
  if (rule !== undefined) {
    const site = sites.get(rule);
    if (site !== undefined) sites.set(node, site);
    return;
  }
  const site = callSite(inspectForward);
  sites.set(node, site);
  const judged = judge(inputs, outputs);
  if (judged === null) return;
  const [found, before] = judged;
  throw new AutogradError({
    op: node.opName,
    problem:
      before === null
        ? 'its result is not finite, though its operands are'
        : `its result is not finite, as its operand ${before.place} was not: ${before.text}`,
    got: found.text,
    hint: `called ${site.describe(node.opName)}`,
    code: 'ERR_NOT_FINITE',
    cause: site.error,
  });
}

/** Runs the backward rule of `node`, and looks at the gradients it gave. */
export function inspectBackward(
  node: Node,
  dys: readonly MaybeTensor[],
  rule: () => readonly MaybeTensor[],
): readonly MaybeTensor[] {
  rules.push(node);
  let gradients: readonly MaybeTensor[];
  try {
    gradients = rule();
  } finally {
    rules.pop();
  }
  if (!Array.isArray(gradients)) return gradients; // the engine will say so
  const judged = judge(
    dys,
    gradients.map((gradient, i) => (node.needs(i) && gradient instanceof Tensor ? gradient : null)),
  );
  if (judged === null) return gradients;
  const [found, before] = judged;
  const site = sites.get(node);
  throw new AutogradError({
    op: node.opName,
    problem:
      before === null
        ? `the gradient of its operand ${found.place} is not finite, though the gradient that reached it is`
        : `the gradient of its operand ${found.place} is not finite, as the gradient that reached it was not: ${before.text}`,
    got: found.text,
    hint:
      site === undefined
        ? 'run the forward pass inside detectAnomaly too, to see its line'
        : `called ${site.describe(node.opName)}`,
    code: 'ERR_NOT_FINITE',
    cause: site?.error,
  });
}
