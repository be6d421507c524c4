/** Sums of products over named axes, pair by pair, each pair as one product of matrices: what `einsum` runs on. */

import { sizeOf } from '../../core/shape.ts';
import type { Tensor } from '../../tensor.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { permute, reshape } from '../movement/movement.ts';
import { sum } from '../reduction/broadcast.ts';
import { matmul } from './matmul.ts';

/** A factor: a tensor whose axes have names, none of them twice. Axes of one name have one length. */
export interface Term {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

type Labels = readonly string[];

function sameOrder(a: Labels, b: Labels): boolean {
  return a.length === b.length && a.every((label, i) => label === b[i]);
}

/** The tensor with its axes in the order of `labels`, which are its own. */
function inOrder({ x, labels }: Term, order: Labels): Tensor {
  return permute(
    x,
    order.map((label) => labels.indexOf(label)),
  );
}

function lengthOf({ x, labels }: Term, label: string): number {
  return x.shape[labels.indexOf(label)];
}

function lengthsOf(term: Term, labels: Labels): number[] {
  return labels.map((label) => lengthOf(term, label));
}

/** Summed over the axes that `keep` does not hold. */
function sumOut(term: Term, keep: ReadonlySet<string>): Term {
  const axes = term.labels.flatMap((label, i) => (keep.has(label) ? [] : [i]));
  if (axes.length === 0) return term;
  return { x: sum(term.x, axes), labels: term.labels.filter((label) => keep.has(label)) };
}

/** A factor as a batch of matrices, and whether they are stored the other way round; a copy only where neither way fits. */
function asMatrices(term: Term, batch: Labels, rows: Labels, columns: Labels): [x: Tensor, transposed: boolean] {
  const across = [...batch, ...columns, ...rows];
  const transposed = sameOrder(term.labels, across);
  const x = inOrder(term, transposed ? across : [...batch, ...rows, ...columns]);
  const [b, m, n] = [batch, rows, columns].map((labels) => sizeOf(lengthsOf(term, labels)));
  const matrix = transposed ? [n, m] : [m, n];
  return [reshape(x, batch.length === 0 ? matrix : [b, ...matrix]), transposed];
}

/** Both with the axes of `order`, of length 1 where they have none, multiplied elementwise. */
function multiplied(a: Term, b: Term, order: Labels): Tensor {
  const spread = (term: Term): Tensor => {
    const own = order.filter((label) => term.labels.includes(label));
    return reshape(
      inOrder(term, own),
      order.map((label) => (own.includes(label) ? lengthOf(term, label) : 1)),
    );
  };
  return mul(spread(a), spread(b));
}

/**
 * Σ a·b over the axes that `wanted` does not hold. Axes that both have and that stay make a batch; those that one has
 * are rows and columns of a product of matrices, so that the outer product never exists.
 */
function contractPair(first: Term, second: Term, wanted: ReadonlySet<string>, output: Labels): Term {
  const a = sumOut(first, new Set([...wanted, ...second.labels]));
  const b = sumOut(second, new Set([...wanted, ...first.labels]));
  // The larger of the two keeps its order.
  const leader = a.x.size >= b.x.size ? a : b;
  const shared = leader.labels.filter((label) => a.labels.includes(label) && b.labels.includes(label));
  const batch = shared.filter((label) => wanted.has(label));
  const summed = shared.filter((label) => !wanted.has(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  if (summed.length === 0) {
    const labels = [...batch, ...rows, ...columns];
    const order = sameOrder([...labels].sort(), [...output].sort()) ? output : labels;
    return { x: multiplied(a, b, order), labels: order };
  }
  if (rows.length === 0 && columns.length === 0 && batch.length > 0) {
    // A batch of inner products: one elementwise product, no larger than its factors, takes less than many tiny ones.
    return { x: sum(multiplied(a, b, [...batch, ...summed]), range(batch.length, shared.length)), labels: batch };
  }
  // Rows and columns change places where the result then lies as the output has it; a vector goes in front.
  const swapped = columns.length === 0 || sameOrder([...batch, ...columns, ...rows], output);
  const [left, right, outer, inner] = swapped ? [b, a, columns, rows] : [a, b, rows, columns];
  const [ml, transA] = asMatrices(left, batch, outer, summed);
  const [mr, transB] = asMatrices(right, batch, summed, inner);
  const y = matmul(ml, mr, { transA, transB });
  const labels = [...batch, ...outer, ...inner];
  const shape = [...lengthsOf(leader, batch), ...lengthsOf(left, outer), ...lengthsOf(right, inner)];
  return { x: reshape(y, shape), labels };
}

function range(from: number, until: number): number[] {
  return Array.from({ length: until - from }, (_, i) => from + i);
}

/** The names that anything but terms i and j asks for. */
function wantedBeside(terms: readonly Term[], i: number, j: number, output: Labels): Set<string> {
  const wanted = new Set(output);
  terms.forEach((term, at) => {
    if (at !== i && at !== j) for (const label of term.labels) wanted.add(label);
  });
  return wanted;
}

/** What a pair costs: how much larger its result is than the two, and where that is equal the multiplications. */
function costOf(a: Term, b: Term, wanted: ReadonlySet<string>): [growth: number, work: number] {
  let [result, work] = [1, 1];
  for (const label of new Set([...a.labels, ...b.labels])) {
    const length = lengthOf(a.labels.includes(label) ? a : b, label);
    work *= length;
    if (wanted.has(label)) result *= length;
  }
  return [result - a.x.size - b.x.size, work];
}

/** The pair whose contraction shrinks what is left the most. */
function cheapestPair(terms: readonly Term[], output: Labels): [number, number] {
  let best: [number, number] = [0, 1];
  if (terms.length === 2) return best;
  let [least, leastWork] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < terms.length; i++) {
    for (let j = i + 1; j < terms.length; j++) {
      const [growth, work] = costOf(terms[i], terms[j], wantedBeside(terms, i, j, output));
      if (growth < least || (growth === least && work < leastWork)) [best, least, leastWork] = [[i, j], growth, work];
    }
  }
  return best;
}

/** Σ over all names but those of `output` of the product of the terms, its axes in the order of `output`. */
export function contract(terms: readonly Term[], output: Labels): Tensor {
  let left = [...terms];
  while (left.length > 1) {
    const [i, j] = cheapestPair(left, output);
    const pair = contractPair(left[i], left[j], wantedBeside(left, i, j, output), output);
    left = [...left.filter((_, at) => at !== i && at !== j), pair];
  }
  return inOrder(sumOut(left[0], new Set(output)), output);
}
