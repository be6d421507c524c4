/**
 * The names of PyTorch that the fixtures' expressions use, each as the library's counterpart. A name without a row is
 * an operation the library does not have; nothing that it lacks is emulated here.
 */

import type { Operand } from '../../src/ops/index.ts';
import * as ops from '../../src/ops/index.ts';
import { Tensor } from '../../src/tensor.ts';
import { type Callable, type Expr, type Host, Slice, type Value, walkExpr } from './python.ts';
import { elementwise } from './torch-elementwise.ts';
import { Linalg, linalgFields, linalgFunctions } from './torch-linalg.ts';
import { losses } from './torch-losses.ts';
import { indexParts, moving } from './torch-moving.ts';
import { binary, orDefault, row, unary } from './torch-rows.ts';
import { spatial } from './torch-spatial.ts';
import { statistics } from './torch-statistics.ts';

const functions: Record<string, Callable> = {
  ...elementwise,
  ...spatial,
  ...linalgFunctions,
  ...moving,
  ...losses,
  ...statistics,
  abs: unary(ops.abs),
  add: row('input other alpha', (a: Tensor, b: Operand, alpha?: number) => ops.add(a, b, { alpha })),
  cat: row('tensors dim', ops.cat),
  ceil: unary(ops.ceil),
  clamp: row('input min max', ops.clamp),
  detach: row('input', (x: Tensor) => x.detach()),
  div: row('input other rounding_mode', (a: Tensor, b: Operand, roundingMode?: 'floor' | 'trunc' | null) =>
    ops.div(a, b, { roundingMode }),
  ),
  einsum: row('equation *operands', (equation: string, operands: Tensor[]) => ops.einsum(equation, ...operands.flat())),
  embedding: row('input weight padding_idx', (ids: Tensor, weight: Tensor, paddingIdx?: number) =>
    ops.embedding(ids, weight, { paddingIdx }),
  ),
  eq: binary(ops.eq),
  erf: unary(ops.erf),
  exp: unary(ops.exp),
  expm1: unary(ops.expm1),
  eye: row('n dtype', (n: number, dtype: Tensor['dtype']) => ops.eye(n, n, { dtype })),
  flatten: row('input start_dim end_dim', ops.flatten),
  floor: unary(ops.floor),
  ge: binary(ops.ge),
  gelu: row('input approximate', (x: Tensor, approximate?: 'none' | 'tanh') => ops.gelu(x, { approximate })),
  gt: binary(ops.gt),
  layer_norm: row('input normalized_shape weight bias eps', ops.layerNorm),
  le: binary(ops.le),
  leaky_relu: row('input negative_slope', ops.leakyRelu),
  linear: row('input weight bias', ops.linear),
  log: unary(ops.log),
  log1p: unary(ops.log1p),
  log_softmax: row('input dim', ops.logSoftmax),
  logsigmoid: unary(ops.logsigmoid),
  lt: binary(ops.lt),
  masked_fill: row('input mask value', ops.maskedFill),
  maximum: binary(ops.maximum),
  minimum: binary(ops.minimum),
  mul: binary(ops.mul),
  narrow: row('input dim start length', ops.narrow),
  ne: binary(ops.ne),
  neg: unary(ops.neg),
  one_hot: row('input num_classes', ops.oneHot),
  permute: row('input *dims', (x: Tensor, dims: number[]) => ops.permute(x, dims)),
  pow: row('input exponent', ops.pow),
  reciprocal: unary(ops.reciprocal),
  relu: unary(ops.relu),
  reshape: row('input shape', ops.reshape),
  round: unary(ops.round),
  rsqrt: unary(ops.rsqrt),
  rsub: row('input other alpha', (x: Tensor, other: Operand, alpha = 1) =>
    ops.sub(other, alpha === 1 ? x : x.mul(alpha)),
  ),
  select: row('input dim index', ops.select),
  sigmoid: unary(ops.sigmoid),
  sign: unary(ops.sign),
  softmax: row('input dim', ops.softmax),
  softplus: row('input beta threshold', (x: Tensor, beta?: number, threshold?: number) =>
    ops.softplus(x, { beta, threshold }),
  ),
  sqrt: unary(ops.sqrt),
  square: unary(ops.square),
  squeeze: row('input dim', (x: Tensor, dim?: number | null) => ops.squeeze(x, orDefault(dim))),
  stack: row('tensors dim', ops.stack),
  sub: row('input other alpha', (a: Tensor, b: Operand, alpha?: number) => ops.sub(a, b, { alpha })),
  t: row('input', (x: Tensor) => ops.transpose(x, 0, 1)),
  tanh: unary(ops.tanh),
  transpose: row('input dim0 dim1', ops.transpose),
  trunc: unary(ops.trunc),
  unsqueeze: row('input dim', ops.unsqueeze),
  view: row('input *shape', (x: Tensor, shape: number[]) => ops.reshape(x, shape)),
};

/** Names of Python itself, and the two libraries. */
const builtins: Record<string, Value> = {
  torch: new (class Torch {})(),
  linalg: new Linalg(),
  F: new (class Functional {})(),
  tuple: row('items', (items: Value[]) => items),
  slice: row('start stop step', (...bounds: (number | null)[]) => new Slice(bounds)),
  range: row('n', (n: number) => Array.from({ length: n }, (_, i) => i)),
  float32: 'float32',
  float64: 'float64',
  double: 'float64',
  int32: 'int32',
  int64: 'int32',
  bool: 'bool',
  float: row('value', (value: number | string) =>
    value === '-inf' ? -Infinity : value === 'inf' ? Infinity : Number(value),
  ),
  min: row('a b', Math.min),
  max: row('a b', Math.max),
  sqrt: row('x', Math.sqrt),
  __import__: row('name', () => new (class Module {})()),
  reduce: row('fn items start', (fn: Callable, items: Value[], start: Value) =>
    items.reduce((total: Value, item) => fn([total, item], {}), start),
  ),
};

const OPERATORS: Record<string, (a: never, b: never) => Value> = {
  '+': ops.add,
  '-': ops.sub,
  '*': ops.mul,
  '/': ops.div,
  '**': ops.pow,
  '@': ops.matmul,
  '==': ops.eq,
  '!=': ops.ne,
  '<': ops.lt,
  '<=': ops.le,
  '>': ops.gt,
  '>=': ops.ge,
};

const ARITHMETIC: Record<string, (a: number, b: number) => Value> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '**': (a, b) => a ** b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** The parts of results in pairs, by their places. */
const RESULTS: readonly string[] = ['values', 'indices', 'hist', 'bin_edges'];

export const torchHost: Host = {
  global(name) {
    const found = Object.hasOwn(builtins, name) ? builtins[name] : functions[name];
    if (found === undefined) throw new ReferenceError(`${name} is not defined`);
    return found;
  },
  attribute(object, name) {
    if (object instanceof Tensor) {
      if (name === 'dtype') return object.dtype;
      if (name === 'T') return ops.transpose(object, 0, 1);
      if (name === 'mT' || name === 'mH') return ops.transpose(object, -2, -1);
      const fn = functions[name];
      return ((args, keywords) => fn([object, ...args], keywords)) satisfies Callable;
    }
    if (object instanceof Linalg) return functions[`linalg.${name}`];
    if (object === builtins.F && OWN_OF_F.includes(name)) return functions[`F.${name}`];
    if (Array.isArray(object) && RESULTS.includes(name)) return object[RESULTS.indexOf(name) % 2] as Value;
    if (Array.isArray(object)) return (object as unknown as Record<string, Value>)[name];
    return Object.hasOwn(functions, name) ? functions[name] : builtins[name];
  },
  subscript(object, index) {
    return object instanceof Tensor ? ops.at(object, ...indexParts(index)) : (object as Value[])[index as number];
  },
  unary(op, operand) {
    if (op === '+') return operand;
    return operand instanceof Tensor ? ops.neg(operand) : -(operand as number);
  },
  binary(op, left, right) {
    if (left instanceof Tensor || right instanceof Tensor) return OPERATORS[op](left as never, right as never);
    if (op === 'in') return (right as Value[]).includes(left);
    return ARITHMETIC[op](left as number, right as number);
  },
};

/** Fields of tensors and of results, which are no operations. */
const FIELDS: readonly string[] = ['T', 'dtype', 'mT', 'mH', ...RESULTS, ...linalgFields];

/** Names that mean another function in `torch.nn.functional` than as a method; the table has them as `F.name`. */
const OWN_OF_F: readonly string[] = ['fold', 'unfold'];

/** The dotted name of `torch.linalg.inv` or `x.norm` without its root: 'linalg.inv', 'norm'. */
function pathOf(expr: Expr): string {
  if (expr.kind !== 'attribute') return '';
  const { object } = expr;
  const before = object.kind === 'attribute' && !FIELDS.includes(object.name) ? pathOf(object) : '';
  const ofF = expr.object.kind === 'name' && expr.object.name === 'F' && OWN_OF_F.includes(expr.name);
  if (ofF) return `F.${expr.name}`;
  return before === '' ? expr.name : `${before}.${expr.name}`;
}

/** The names in an expression that the library has no counterpart of, as PyTorch calls them. */
export function missingNames(expr: Expr): string[] {
  const missing = new Set<string>();
  const inner = new Set<Expr>();
  for (const part of walkExpr(expr)) {
    if (part.kind === 'attribute' && !inner.has(part)) {
      const path = pathOf(part);
      for (let at = part.object; at.kind === 'attribute'; at = at.object) inner.add(at);
      const known = Object.hasOwn(functions, path) || Object.hasOwn(builtins, path) || FIELDS.includes(path);
      if (!known) missing.add(path);
    }
  }
  return [...missing];
}
