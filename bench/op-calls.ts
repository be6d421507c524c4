/** What `bench/ops` calls: every public function on operands of one size, and what its time is held against. */

import * as ops from '../src/ops/index.ts';
import type { Tensor } from '../src/tensor.ts';

/** Tensors of one size, n elements each but for those that say otherwise. */
export interface Operands {
  readonly n: number;
  /** [n], normal. */
  readonly x: Tensor;
  readonly y: Tensor;
  readonly z: Tensor;
  /** [n], above 0. */
  readonly positive: Tensor;
  /** [n], inside (−1, 1). */
  readonly inside: Tensor;
  /** [n], whole numbers as floats. */
  readonly whole: Tensor;
  /** [n], bool. */
  readonly mask: Tensor;
  /** [n], int32: every place once, in random order. */
  readonly ids: Tensor;
  /** [n], int32, below the number of columns. */
  readonly classes: Tensor;
  /** [rows, columns] */
  readonly matrix: Tensor;
  /** [columns] */
  readonly row: Tensor;
  /** [columns], int32, below the number of rows, which are no more than the columns. */
  readonly order: Tensor;
  /** [1, channels, height, width] */
  readonly image: Tensor;
  /** [channels, channels, 3, 3] */
  readonly kernel: Tensor;
  /** Two square matrices of at most 64 rows. */
  readonly a: Tensor;
  readonly b: Tensor;
}

function values(n: number, f: (i: number) => number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => f(i));
}

/** Numbers of no pattern that a branch could learn. */
function noise(i: number): number {
  let t = Math.imul(i + 0x9e3779b9, 0x85ebca6b);
  t = Math.imul(t ^ (t >>> 13), 0xc2b2ae35);
  return ((t ^ (t >>> 16)) >>> 0) / 2 ** 32;
}

/** Normal enough: the sum of four uniforms, of variance 1. */
const bell = (i: number): number =>
  Math.sqrt(3) * (noise(4 * i) + noise(4 * i + 1) + noise(4 * i + 2) + noise(4 * i + 3) - 2);

export function operandsOf(n: number): Operands {
  const small = n < 64;
  const columns = small ? 4 : 1024;
  const rows = n / columns;
  const side = small ? 3 : 64;
  const channels = small ? 1 : 16;
  const height = small ? 4 : 256;
  const vector = (f: (i: number) => number): Tensor => ops.tensor(values(n, f));
  const order = Int32Array.from({ length: n }, (_, i) => i).sort((i, j) => noise(i) - noise(j));
  return {
    n,
    x: vector(bell),
    y: vector((i) => bell(i + n)),
    z: vector((i) => bell(i + 2 * n)),
    positive: vector((i) => 0.3 + 3 * noise(i)),
    inside: vector((i) => 1.8 * noise(i) - 0.9),
    whole: vector((i) => Math.floor(1000 * noise(i))),
    mask: ops.tensor(
      values(n, (i) => Number(noise(i) < 0.5)),
      { dtype: 'bool' },
    ),
    ids: ops.tensor(order),
    classes: ops.tensor(Int32Array.from({ length: n }, (_, i) => Math.floor(columns * noise(i)))),
    matrix: ops.tensor(values(n, bell), { shape: [rows, columns] }),
    row: ops.tensor(values(columns, bell)),
    order: ops.tensor(Int32Array.from({ length: columns }, (_, i) => (i * 7) % rows)),
    image: ops.tensor(values(channels * height * (n / channels / height), bell), {
      shape: [1, channels, height, n / channels / height],
    }),
    kernel: ops.tensor(values(channels * channels * 9, bell), { shape: [channels, channels, 3, 3] }),
    a: ops.tensor(values(side * side, bell), { shape: [side, side] }),
    b: ops.tensor(
      values(side * side, (i) => bell(i + side)),
      { shape: [side, side] },
    ),
  };
}

/** What a time at a million elements is held against. */
export type Against = 'bandwidth' | 'exp' | 'sort' | 'nothing';

export interface Call {
  readonly op: string;
  readonly run: (o: Operands) => unknown;
  /** The same on elements a, b, c of the first operands, as an expression of JavaScript. */
  readonly script?: string;
  /** The operands that the script reads. */
  readonly reads: readonly (keyof Operands)[];
  readonly against: Against;
  /** Bytes read and written an element, at least. */
  readonly bytes: number;
  /** Nothing is written that counts. */
  readonly reading: boolean;
}

type Unary = (x: Tensor) => unknown;
const library = ops as unknown as Record<string, (...args: unknown[]) => unknown>;

/** Functions of one tensor: name → expression over a. */
function unaries(of: keyof Operands, against: Against, table: Readonly<Record<string, string>>): Call[] {
  return Object.entries(table).map(([op, script]) => {
    const fn = library[op] as Unary;
    const run = (o: Operands): unknown => fn(o[of] as Tensor);
    return { op, run, script, reads: [of], against, bytes: 8, reading: false };
  });
}

/** Functions of two tensors: name → expression over a and b. */
function binaries(
  of: readonly [keyof Operands, keyof Operands],
  against: Against,
  bytes: number,
  table: Readonly<Record<string, string>>,
): Call[] {
  return Object.entries(table).map(([op, script]) => {
    const fn = library[op] as (a: Tensor, b: Tensor) => unknown;
    const run = (o: Operands): unknown => fn(o[of[0]] as Tensor, o[of[1]] as Tensor);
    return { op, run, script, reads: of, against, bytes, reading: false };
  });
}

interface Other {
  readonly run: (o: Operands) => unknown;
  readonly script?: string;
  readonly reads?: readonly (keyof Operands)[];
  readonly against?: Against;
  readonly bytes?: number;
  readonly reading?: boolean;
}

function others(table: Readonly<Record<string, Other>>, shared: Partial<Other> = {}): Call[] {
  return Object.entries(table).map(([op, row]) => ({
    op,
    reads: ['x'],
    against: 'nothing',
    bytes: 8,
    reading: false,
    ...shared,
    ...row,
  }));
}

const { floor, ceil, trunc, sign } = {
  floor: 'Math.floor(a)',
  ceil: 'Math.ceil(a)',
  trunc: 'Math.trunc(a)',
  sign: 'Math.sign(a)',
};

const elementwise: readonly Call[] = [
  ...unaries('x', 'bandwidth', {
    neg: '-a',
    abs: 'Math.abs(a)',
    sign,
    square: 'a * a',
    floor,
    ceil,
    trunc,
    round: 'Math.round(a)',
    relu: 'a > 0 ? a : 0',
    leakyRelu: 'a > 0 ? a : 0.01 * a',
    relu6: 'Math.min(Math.max(a, 0), 6)',
    hardsigmoid: 'Math.min(Math.max(a + 3, 0), 6) / 6',
    hardswish: 'a * Math.min(Math.max(a + 3, 0), 6) / 6',
    hardtanh: 'Math.min(Math.max(a, -1), 1)',
    softshrink: 'a > 0.5 ? a - 0.5 : a < -0.5 ? a + 0.5 : 0',
    hardshrink: 'Math.abs(a) > 0.5 ? a : 0',
    softsign: 'a / (1 + Math.abs(a))',
    nanToNum: 'a === a ? a : 0',
  }),
  ...unaries('positive', 'bandwidth', { sqrt: 'Math.sqrt(a)', rsqrt: '1 / Math.sqrt(a)', reciprocal: '1 / a' }),
  ...unaries('x', 'exp', {
    exp: 'Math.exp(a)',
    exp2: '2 ** a',
    expm1: 'Math.expm1(a)',
    tanh: 'Math.tanh(a)',
    sigmoid: '1 / (1 + Math.exp(-a))',
    erf: 'Math.tanh(1.2 * a)',
    erfc: '1 - Math.tanh(1.2 * a)',
    gelu: '0.5 * a * (1 + Math.tanh(0.8 * a))',
    softplus: 'Math.log1p(Math.exp(a))',
    logsigmoid: '-Math.log1p(Math.exp(-a))',
    silu: 'a / (1 + Math.exp(-a))',
    mish: 'a * Math.tanh(Math.log1p(Math.exp(a)))',
    elu: 'a > 0 ? a : Math.expm1(a)',
    celu: 'a > 0 ? a : Math.expm1(a)',
    selu: '1.05 * (a > 0 ? a : 1.67 * Math.expm1(a))',
    tanhshrink: 'a - Math.tanh(a)',
    sin: 'Math.sin(a)',
    cos: 'Math.cos(a)',
    tan: 'Math.tan(a)',
    atan: 'Math.atan(a)',
    sinh: 'Math.sinh(a)',
    cosh: 'Math.cosh(a)',
    asinh: 'Math.asinh(a)',
  }),
  ...unaries('positive', 'exp', {
    log: 'Math.log(a)',
    log2: 'Math.log2(a)',
    log10: 'Math.log10(a)',
    log1p: 'Math.log1p(a)',
  }),
  ...unaries('inside', 'exp', { asin: 'Math.asin(a)', acos: 'Math.acos(a)', atanh: 'Math.atanh(a)' }),
  ...others({
    acosh: { run: (o) => ops.acosh(o.whole), script: 'Math.acosh(a)', reads: ['whole'], against: 'exp' },
    clamp: { run: (o) => ops.clamp(o.x, -0.5, 0.8), script: 'Math.min(Math.max(a, -0.5), 0.8)', against: 'bandwidth' },
    threshold: { run: (o) => ops.threshold(o.x, 0.5, 2), script: 'a >= 0.5 ? 2 : 0', against: 'bandwidth' },
    lgamma: { run: (o) => ops.lgamma(o.positive) },
    digamma: { run: (o) => ops.digamma(o.positive) },
    polygamma: { run: (o) => ops.polygamma(1, o.positive) },
    erfinv: { run: (o) => ops.erfinv(o.inside) },
    ndtri: { run: (o) => ops.ndtri(ops.abs(o.inside)) },
    isnan: { run: (o) => ops.isnan(o.x), against: 'bandwidth', bytes: 5 },
    isfinite: { run: (o) => ops.isfinite(o.x), against: 'bandwidth', bytes: 5 },
    isinf: { run: (o) => ops.isinf(o.x), against: 'bandwidth', bytes: 5 },
    logicalNot: { run: (o) => ops.logicalNot(o.x), against: 'bandwidth', bytes: 5 },
    to: { run: (o) => ops.to(o.x, 'int32'), script: 'a | 0', against: 'bandwidth' },
    glu: { run: (o) => ops.glu(o.matrix), against: 'exp', bytes: 6 },
    prelu: { run: (o) => ops.prelu(o.matrix, o.row), against: 'bandwidth' },
    dropout: { run: (o) => ops.dropout(o.x, 0.5) },
  }),
  ...binaries(['x', 'y'], 'bandwidth', 12, {
    add: 'a + b',
    sub: 'a - b',
    mul: 'a * b',
    maximum: 'Math.max(a, b)',
    minimum: 'Math.min(a, b)',
    copysign: 'b < 0 ? -Math.abs(a) : Math.abs(a)',
  }),
  ...binaries(['x', 'positive'], 'bandwidth', 12, { div: 'a / b' }),
  ...binaries(['x', 'positive'], 'nothing', 12, {
    floorDivide: 'Math.floor(a / b)',
    fmod: 'a % b',
    remainder: 'a - b * Math.floor(a / b)',
    xlogy: 'a * Math.log(b)',
    atan2: 'Math.atan2(a, b)',
    hypot: 'Math.hypot(a, b)',
  }),
  ...binaries(['positive', 'x'], 'nothing', 12, { pow: 'a ** b' }),
  ...binaries(['x', 'y'], 'nothing', 12, { logaddexp: 'Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)))' }),
  ...binaries(['x', 'y'], 'bandwidth', 9, {
    eq: 'a === b ? 1 : 0',
    ne: 'a !== b ? 1 : 0',
    lt: 'a < b ? 1 : 0',
    le: 'a <= b ? 1 : 0',
    gt: 'a > b ? 1 : 0',
    ge: 'a >= b ? 1 : 0',
    logicalAnd: 'a !== 0 && b !== 0 ? 1 : 0',
    logicalOr: 'a !== 0 || b !== 0 ? 1 : 0',
    logicalXor: '(a !== 0) !== (b !== 0) ? 1 : 0',
  }),
  ...others({
    isclose: { run: (o) => ops.isclose(o.x, o.y), bytes: 9 },
    allclose: { run: (o) => ops.allclose(o.x, o.x), bytes: 8, reading: true },
    equal: { run: (o) => ops.equal(o.x, o.x), bytes: 8, reading: true },
    where: {
      run: (o) => ops.where(o.mask, o.x, o.y),
      script: 'a ? b : c',
      reads: ['mask', 'x', 'y'],
      against: 'bandwidth',
      bytes: 13,
    },
    maskedFill: {
      run: (o) => ops.maskedFill(o.x, o.mask, 0),
      script: 'b ? 0 : a',
      reads: ['x', 'mask'],
      against: 'bandwidth',
      bytes: 9,
    },
    addcmul: { run: (o) => ops.addcmul(o.x, o.y, o.z), script: 'a + b * c', reads: ['x', 'y', 'z'], bytes: 16 },
    addcdiv: {
      run: (o) => ops.addcdiv(o.x, o.y, o.positive),
      script: 'a + b / c',
      reads: ['x', 'y', 'positive'],
      bytes: 16,
    },
    lerp: { run: (o) => ops.lerp(o.x, o.y, 0.3), script: 'a + 0.3 * (b - a)', reads: ['x', 'y'], bytes: 12 },
  }),
];

const inPlace = others(
  {
    add_: { run: (o) => ops.add_(o.z, o.y), bytes: 12 },
    sub_: { run: (o) => ops.sub_(o.z, o.y), bytes: 12 },
    mul_: { run: (o) => ops.mul_(o.z, o.inside), bytes: 12 },
    div_: { run: (o) => ops.div_(o.z, o.positive), bytes: 12 },
    copy_: { run: (o) => ops.copy_(o.z, o.y), bytes: 8 },
    fill_: { run: (o) => ops.fill_(o.z, 1), bytes: 4 },
    zero_: { run: (o) => ops.zero_(o.z), bytes: 4 },
  },
  { against: 'bandwidth' },
);

export { elementwise, inPlace, others };
