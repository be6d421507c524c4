/** Products of tensors, as sums over every assignment of the indices. */

import { at, axisOf, build, common, type Dims, Illegal, measured, total, tuples, type Value } from './value.ts';

/** A sum of products with the bound of floats: so many roundings of the sum of the magnitudes as there are terms and factors. */
export function sumOf(products: readonly (readonly number[])[]): { sum: number; bound: number } {
  const terms = products.map((factors) => factors.reduce((a, b) => a * b, 1));
  const factors = products[0]?.length ?? 0;
  return {
    sum: total(terms).sum,
    bound: (terms.length + factors) * terms.reduce((a, b) => a + Math.abs(b), 0),
  };
}

/** Σ over the labels the output does not have of the products of the operands; axes of length 1 are repeated. */
export function contract(terms: readonly { x: Value; labels: readonly string[] }[], output: readonly string[]): Value {
  const lengths = new Map<string, number>();
  for (const { x, labels } of terms)
    labels.forEach((label, i) => {
      if (x.shape[i] !== 1 || !lengths.has(label)) lengths.set(label, x.shape[i]);
    });
  const summed = [...lengths.keys()].filter((label) => !output.includes(label));
  const assignments = tuples(summed.map((label) => lengths.get(label)!));
  return measured(
    output.map((label) => lengths.get(label)!),
    (index) =>
      sumOf(
        assignments.map((inner) => {
          const place = (label: string): number =>
            output.includes(label) ? index[output.indexOf(label)] : inner[summed.indexOf(label)];
          return terms.map(({ x, labels }) =>
            at(
              x,
              labels.map((label, i) => (x.shape[i] === 1 ? 0 : place(label))),
            ),
          );
        }),
      ),
  );
}

/** With the last two axes exchanged. */
function turned(x: Value): Value {
  const lead = x.shape.slice(0, -2);
  const [m, n] = x.shape.slice(-2);
  return build([...lead, n, m], (index) => {
    const [i, j] = index.slice(-2);
    return at(x, [...index.slice(0, -2), j, i]);
  });
}

export function matmul(a: Value, b: Value, transA = false, transB = false): Value | Illegal {
  if (a.shape.length === 0 || b.shape.length === 0) return new Illegal();
  const [row, column] = [a.shape.length === 1, b.shape.length === 1];
  let x: Value = row ? { ...a, shape: [1, ...a.shape] } : a;
  let y: Value = column ? { ...b, shape: [...b.shape, 1] } : b;
  if (transA && !row) x = turned(x);
  if (transB && !column) y = turned(y);
  const [m, k] = x.shape.slice(-2);
  const [k2, n] = y.shape.slice(-2);
  const lead = common(x.shape.slice(0, -2), y.shape.slice(0, -2));
  if (k !== k2) return new Illegal([a.shape, b.shape]);
  if (lead === null) return new Illegal([x.shape.slice(0, -2), y.shape.slice(0, -2)]);
  const head = (v: Value, index: Dims): number[] => {
    const own = v.shape.length - 2;
    return v.shape.slice(0, own).map((d, i) => (d === 1 ? 0 : index[lead.length - own + i]));
  };
  const whole = measured([...lead, m, n], (index) => {
    const [i, j] = index.slice(-2);
    return sumOf(
      Array.from({ length: k }, (_, p) => [at(x, [...head(x, index), i, p]), at(y, [...head(y, index), p, j])]),
    );
  });
  return { ...whole, shape: [...lead, ...(row ? [] : [m]), ...(column ? [] : [n])] };
}

/** β·x + α·y, x broadcast to y. */
export function scaled(x: Value, y: Value | Illegal, beta: number, alpha: number): Value | Illegal {
  if (y instanceof Illegal) return y;
  const shape = common(x.shape, y.shape);
  if (shape === null || shape.join() !== y.shape.join()) return new Illegal([x.shape, y.shape]);
  return measured(shape, (index) => {
    const own = at(
      x,
      x.shape.map((d, i) => (d === 1 ? 0 : index[index.length - x.shape.length + i])),
    );
    const product = alpha * at(y, index);
    const carried = Math.abs(alpha) * y.bound![tuplePlace(y.shape, index)];
    const sum = beta === 0 ? product : beta * own + product;
    return { sum, bound: carried + 2 * (Math.abs(product) + Math.abs(beta * own)) + 2 * Math.abs(sum) };
  });
}

function tuplePlace(shape: Dims, index: Dims): number {
  return shape.reduce((place, d, i) => place * d + index[i], 0);
}

export function linear(x: Value, weight: Value, bias: Value | null): Value | Illegal {
  if (weight.shape.length !== 2) return new Illegal([weight.shape]);
  const [outputs, inputs] = weight.shape;
  if (x.shape.length === 0 || x.shape[x.shape.length - 1] !== inputs) return new Illegal([x.shape, weight.shape]);
  if (bias !== null && (bias.shape.length !== 1 || bias.shape[0] !== outputs))
    return new Illegal([bias.shape, [outputs]]);
  return measured([...x.shape.slice(0, -1), outputs], (index) => {
    const o = index[index.length - 1];
    const products = Array.from({ length: inputs }, (_, i) => [at(x, [...index.slice(0, -1), i]), at(weight, [o, i])]);
    return sumOf(bias === null ? products : [...products, [bias.data[o], 1]]);
  });
}

const letters = 'abcdefghijklmnopqrstuvwxyz';

export function tensordot(
  a: Value,
  b: Value,
  axes: number | readonly [readonly number[], readonly number[]],
): Value | Illegal {
  const [ra, rb] = [a.shape.length, b.shape.length];
  let [first, second] = [[] as (number | null)[], [] as (number | null)[]];
  if (typeof axes === 'number') {
    if (axes > ra || axes > rb) return new Illegal([a.shape, b.shape]);
    first = Array.from({ length: axes }, (_, i) => ra - axes + i);
    second = Array.from({ length: axes }, (_, i) => i);
  } else {
    [first, second] = [axes[0].map((x) => axisOf(x, ra)), axes[1].map((x) => axisOf(x, rb))];
    const twice = new Set(first).size < first.length || new Set(second).size < second.length;
    if (first.length !== second.length || first.includes(null) || second.includes(null) || twice) return new Illegal();
  }
  const labelsA = [...letters.slice(0, ra)];
  const labelsB = [...letters.slice(10, 10 + rb)];
  for (const [i, axis] of first.entries()) {
    const [m, n] = [a.shape[axis!], b.shape[second[i]!]];
    if (m !== n && m !== 1 && n !== 1) return new Illegal([a.shape, b.shape]);
    labelsA[axis!] = labelsB[second[i]!] = letters[20 + i];
  }
  const output = [...labelsA.filter((_, i) => !first.includes(i)), ...labelsB.filter((_, i) => !second.includes(i))];
  return contract(
    [
      { x: a, labels: labelsA },
      { x: b, labels: labelsB },
    ],
    output,
  );
}

export function kron(a: Value, b: Value): Value {
  const rank = Math.max(a.shape.length, b.shape.length);
  const padded = (x: Value): Value => ({
    ...x,
    shape: [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape],
  });
  const [x, y] = [padded(a), padded(b)];
  return build(
    x.shape.map((d, i) => d * y.shape[i]),
    (index) =>
      at(
        x,
        index.map((v, i) => Math.floor(v / y.shape[i])),
      ) *
      at(
        y,
        index.map((v, i) => v % y.shape[i]),
      ),
  );
}

export function cross(a: Value, b: Value, axis: number | null): Value | Illegal {
  const rank = a.shape.length;
  if (rank !== b.shape.length) return new Illegal([a.shape, b.shape]);
  const found = axis === null ? a.shape.indexOf(3) : axisOf(axis, rank);
  if (found === null) return new Illegal();
  if (found < 0 || a.shape[found] !== 3 || b.shape[found] !== 3) return new Illegal([a.shape, b.shape]);
  const shape = common(a.shape, b.shape);
  if (shape === null) return new Illegal([a.shape, b.shape]);
  const element = (x: Value, index: Dims, place: number): number =>
    at(
      x,
      x.shape.map((d, i) => (i === found ? place : d === 1 ? 0 : index[i])),
    );
  return measured(shape, (index) => {
    const [i, j] = [(index[found] + 1) % 3, (index[found] + 2) % 3];
    const [p, q] = [element(a, index, i) * element(b, index, j), element(a, index, j) * element(b, index, i)];
    return { sum: p - q, bound: 3 * (Math.abs(p) + Math.abs(q)) };
  });
}

/** The chain from the left: errors grow with every product. */
export function chain(factors: readonly Value[]): Value | Illegal {
  let [y] = factors;
  let magnitude: Value = { ...y, data: y.data.map(Math.abs) };
  let roundings = 0;
  for (const x of factors.slice(1)) {
    const next = matmul(y, x);
    if (next instanceof Illegal) return new Illegal();
    const sizes = matmul(magnitude, { ...x, data: x.data.map(Math.abs) }) as Value;
    roundings += x.shape[0] + 2;
    [y, magnitude] = [next, sizes];
  }
  // Any order of the products stays within the roundings of all of them, of the product of the magnitudes.
  return { ...y, bound: magnitude.data.map((v) => 2 * roundings * v) };
}

/** An equation as it was drawn: labels by operand, `...` among them, and the output or null. */
export interface Equation {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[] | null;
}

export function einsum({ inputs, output }: Equation, operands: readonly Value[]): Value | Illegal {
  const spans = inputs.map((labels, t) =>
    labels.includes('...') ? operands[t].shape.length - labels.length + 1 : operands[t].shape.length - labels.length,
  );
  if (inputs.some((labels, t) => (labels.includes('...') ? spans[t] < 0 : spans[t] !== 0))) return new Illegal();
  // The axes of an ellipsis are numbered from the back, where they meet.
  const dots = (n: number): string[] => Array.from({ length: n }, (_, i) => `.${n - i}`);
  const named = inputs.map((labels, t) => labels.flatMap((label) => (label === '...' ? dots(spans[t]) : [label])));
  const lengths = new Map<string, number>();
  for (const [t, labels] of named.entries()) {
    const own = new Map<string, number>();
    for (const [i, label] of labels.entries()) {
      const d = operands[t].shape[i];
      if (own.has(label) && own.get(label) !== d) return new Illegal();
      own.set(label, d);
      const before = lengths.get(label) ?? 1;
      if (before !== 1 && d !== 1 && before !== d) return new Illegal();
      if (d !== 1 || !lengths.has(label)) lengths.set(label, d);
    }
  }
  const most = Math.max(0, ...inputs.map((labels, t) => (labels.includes('...') ? spans[t] : 0)));
  const letterList = inputs.flat().filter((label) => label !== '...');
  const once = letterList.filter((label) => letterList.filter((other) => other === label).length === 1).sort();
  const out = output === null ? [...dots(most), ...once] : output.flatMap((l) => (l === '...' ? dots(most) : [l]));
  return contract(
    named.map((labels, t) => ({ x: operands[t], labels })),
    out,
  );
}
