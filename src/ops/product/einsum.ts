/** Einstein's summation convention. */

import { type DType, isFloat, promote } from '../../core/dtype.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import type { Tensor } from '../../tensor.ts';
import { checkTensor, registerOp, type Sampler } from '../define.ts';
import { to } from '../elementwise/cast.ts';
import { permute, reshape, slice } from '../movement/movement.ts';
import { contract, type Term } from './contraction.ts';

/** The names of one term's axes as they are written; `null` stands for the ellipsis. */
type Subscripts = readonly (string | null)[];

interface Equation {
  readonly inputs: readonly Subscripts[];
  /** Null where the equation has no arrow. */
  readonly output: Subscripts | null;
  /** The terms as they are written, for messages. */
  readonly written: readonly string[];
}

function refuse(problem: string, got: unknown, hint?: string): never {
  throw new ConfigError({ op: 'einsum', problem, got, hint });
}

function readTerm(text: string, equation: string): Subscripts {
  const labels: (string | null)[] = [];
  for (const [part] of text.matchAll(/\.\.\.|\s|./gsu)) {
    if (/^\s$/.test(part)) continue;
    if (part !== '...' && !/^[a-zA-Z]$/.test(part)) {
      refuse(`'${part}' is no subscript`, equation, 'letters, "...", commas, and one "->"');
    }
    if (part === '...' && labels.includes(null)) refuse('a term has one ellipsis at most', equation);
    labels.push(part === '...' ? null : part);
  }
  return labels;
}

/** As many equations as a model has; a training loop asks for the same ones at every step. */
const KEPT_EQUATIONS = 64;
const equations = new Map<string, Equation>();

function keptEquation(equation: string): Equation {
  const found = equations.get(equation);
  if (found !== undefined) return found;
  const read = readEquation(equation);
  if (equations.size >= KEPT_EQUATIONS) equations.delete(equations.keys().next().value!);
  equations.set(equation, read);
  return read;
}

function readEquation(equation: string): Equation {
  if (typeof equation !== 'string') refuse('the equation must be a string', equation);
  const sides = equation.split('->');
  if (sides.length > 2) refuse('an equation has one arrow at most', equation);
  const written = sides[0].split(',').map((text) => text.trim());
  const inputs = written.map((text) => readTerm(text, equation));
  const output = sides.length === 2 ? readTerm(sides[1], equation) : null;
  for (const label of output ?? []) {
    if (label === null) continue;
    if (output!.indexOf(label) !== output!.lastIndexOf(label)) {
      refuse(`the output names ${label} twice`, equation);
    }
    if (!inputs.some((labels) => labels.includes(label))) {
      refuse(`the output names ${label}, which no term has`, equation);
    }
  }
  return { inputs, output, written };
}

/** Names for the last `count` axes that an ellipsis stands for, counted from the back, where they are aligned. */
function ellipsisLabels(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `...${count - i}`);
}

/** The names of a term whose ellipsis, where it has one, stands for `count` axes. */
function withEllipsis(labels: Subscripts, count: number): string[] {
  const named: string[] = [];
  for (const label of labels) {
    if (label === null) named.push(...ellipsisLabels(count));
    else named.push(label);
  }
  return named;
}

/** A name for every axis of every operand. @throws ShapeError if an operand has another number of axes */
function nameAxes({ inputs, written }: Equation, operands: readonly Tensor[]): string[][] {
  return inputs.map((labels, t) => {
    const { rank, shape } = operands[t];
    const named = labels.filter((label) => label !== null).length;
    if (labels.includes(null) ? rank < named : rank !== named) {
      throw new ShapeError({
        op: 'einsum',
        problem: `term ${t + 1} ("${written[t]}") does not fit its operand`,
        got: shape,
        expected: `${named} axes${labels.includes(null) ? ' or more' : ''}`,
      });
    }
    return withEllipsis(labels, rank - named);
  });
}

/** The elements of x whose places along axes i < j agree; the common axis stands at the end. */
function diagonalOf(x: Tensor, i: number, j: number): Tensor {
  const n = x.shape[i];
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== i && axis !== j);
  const lead = others.map((axis) => x.shape[axis]);
  return slice(reshape(permute(x, [...others, i, j]), [...lead, n * n]), -1, 0, null, n + 1);
}

/** The term with axes of one name taken as their diagonal. @throws ShapeError if their lengths differ */
function withoutRepeats(x: Tensor, labels: readonly string[], t: number, written: string): Term {
  const j = labels.findIndex((label, at) => labels.indexOf(label) < at);
  if (j < 0) return { x, labels };
  const i = labels.indexOf(labels[j]);
  if (x.shape[i] !== x.shape[j]) {
    throw new ShapeError({
      op: 'einsum',
      problem: `term ${t + 1} ("${written}") repeats ${labels[j]}, but the lengths differ`,
      got: x.shape,
      hint: `${x.shape[i]} ≠ ${x.shape[j]}`,
    });
  }
  const rest = [...labels.filter((_, at) => at !== i && at !== j), labels[j]];
  return withoutRepeats(diagonalOf(x, i, j), rest, t, written);
}

/** The length behind every name; a length of 1 is repeated. @throws ShapeError if two others differ */
function lengthsOf(terms: readonly Term[], written: readonly string[]): Map<string, number> {
  const lengths = new Map<string, number>();
  const owner = new Map<string, number>();
  terms.forEach(({ x, labels }, t) => {
    labels.forEach((label, axis) => {
      const [before = 1, length] = [lengths.get(label), x.shape[axis]];
      if (before !== length && before !== 1 && length !== 1) {
        const other = owner.get(label)!;
        throw new ShapeError({
          op: 'einsum',
          problem: `${label.startsWith('.') ? 'the ellipsis' : label} has ${before} places in term ${other + 1} ("${written[other]}") and ${length} in term ${t + 1} ("${written[t]}")`,
          got: [terms[other].x.shape, x.shape],
        });
      }
      if (length !== 1 || !lengths.has(label)) {
        lengths.set(label, length);
        owner.set(label, t);
      }
    });
  });
  return lengths;
}

/** Without the axes of length 1 that another term has in full. */
function withoutRepeated({ x, labels }: Term, lengths: ReadonlyMap<string, number>): Term {
  const stays = labels.map((label, axis) => x.shape[axis] === lengths.get(label));
  return {
    x: reshape(
      x,
      x.shape.filter((_, axis) => stays[axis]),
    ),
    labels: labels.filter((_, axis) => stays[axis]),
  };
}

/** The names of the output: those written; without an arrow the ellipsis and, in ASCII's order, what occurs once. */
function outputLabels({ inputs, output }: Equation, named: readonly (readonly string[])[]): string[] {
  const most = Math.max(0, ...named.map((labels) => labels.filter((label) => label.startsWith('.')).length));
  if (output !== null) return withEllipsis(output, most);
  const letters = inputs.flat().filter((label) => label !== null);
  const once = letters.filter((label) => letters.indexOf(label) === letters.lastIndexOf(label));
  return [...ellipsisLabels(most), ...once.sort((a, b) => (a < b ? -1 : 1))];
}

/**
 * Sums of products by Einstein's convention: each operand's axes are named by letters; axes of one name are walked
 * together, and summed if the output does not name them. A name twice in a term takes the diagonal, `...` stands for
 * any number of axes, which broadcast, and an axis of length 1 is repeated. Without `->` the output holds the names that
 * occur once, in alphabetical order (capitals first), behind the ellipsis. Pairs are contracted by products of
 * matrices, those first that shrink what is left the most.
 *
 * Shapes:   as the equation says: `einsum('bij,bjk->bik', a, b)` is a batch of products of matrices
 * Gradient: to any order, by the products themselves
 * @throws ConfigError  if the equation cannot be read, or its terms are not as many as the operands
 * @throws ShapeError   if an operand does not fit its term, or lengths of one name differ
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  const read = keptEquation(equation);
  if (read.inputs.length !== operands.length) {
    refuse(`the equation has ${read.inputs.length} terms for ${operands.length} operands`, equation);
  }
  for (const x of operands) checkTensor('einsum', x);
  const named = nameAxes(read, operands);
  const [factors, back] = meet(operands);
  const terms = factors.map((x, t) => withoutRepeats(x, named[t], t, read.written[t]));
  const lengths = lengthsOf(terms, read.written);
  const y = contract(
    terms.map((term) => withoutRepeated(term, lengths)),
    outputLabels(read, named),
  );
  return back === null ? y : to(y, back);
}

/** All in one dtype, and the one to come back to: bools and bytes are multiplied and counted in int32. */
function meet(operands: readonly Tensor[]): [factors: readonly Tensor[], back: DType | null] {
  if (operands.length === 1) return [operands, null];
  const dtype = operands.map((x) => x.dtype).reduce(promote);
  const inner = isFloat(dtype) ? dtype : 'int32';
  return [operands.map((x) => to(x, inner)), inner === dtype ? null : dtype];
}

registerOp({
  name: 'einsum',
  tolerance: 4e-6,
  cases: (
    [
      ['ij,jk->ik', [3, 4], [4, 5]],
      ['ij,jk', [3, 1], [4, 5]],
      ['bij,ij->b', [2, 3, 4], [3, 4]],
      ['bqhd,bkhd->bhqk', [2, 3, 2, 4], [2, 5, 2, 4]],
      ['ij,ij->i', [3, 4], [3, 4]],
      ['i,j->ji', [3], [4]],
      ['ii->i', [3, 3]],
      ['iij,kj->ki', [3, 3, 2], [4, 2]],
      ['ijij->', [2, 3, 2, 3]],
      ['...ij,...jk->...ik', [2, 1, 2, 3], [4, 3, 2]],
      ['i...->...', [3, 2, 2]],
      ['aB,Bc,cd', [2, 3], [3, 4], [4, 2]],
      ['ij,kj,lj->ikl', [2, 3], [2, 3], [4, 3]],
      [',i->i', [], [3]],
      ['ij,jk->ik', [2, 0], [0, 3]],
    ] as const
  ).map(([equation, ...shapes]) => (s: Sampler) => ({
    inputs: shapes.map((shape) => s.normal(shape)),
    call: (...operands: Tensor[]) => einsum(equation, ...operands),
  })),
});
