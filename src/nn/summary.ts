/** What a model is made of: layers, shapes, parameters, work and memory, as data and as a table. */

import { inspect } from 'node:util';
import { noGrad } from '../autograd/index.ts';
import type { DType } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';
import { alignColumns } from '../core/table.ts';
import { ConfigError } from '../errors.ts';
import { zeros } from '../ops/index.ts';
import { Tensor } from '../tensor.ts';
import type { Module } from './module.ts';

/** A module that can be run. */
export type Runnable = Module & { forward(...args: never[]): unknown };

/** A module that knows its work: the products it adds up itself, without those of its children. */
export interface CountsWork {
  multiplyAdds(inputs: readonly Shape[], output: Shape): number;
}

export interface SummaryOptions {
  /** What the inputs of the given shapes hold; that of the first parameter by default. */
  dtype?: DType;
}

/** One call of one module, in the order in which they begin. */
export interface SummaryRow {
  /** The module's dotted name; '' of the model itself. */
  readonly name: string;
  readonly type: string;
  /** How many calls it lies within. */
  readonly depth: number;
  readonly inputShapes: readonly Shape[];
  /** Of every tensor in the output. */
  readonly outputShapes: readonly Shape[];
  /** Elements of all parameters of the module and those below it. */
  readonly parameters: number;
  /** Of the module and all that it called. */
  readonly multiplyAdds: number;
  /** Of the output, if the module called no other; of what those gave, if it did. */
  readonly activationBytes: number;
}

export interface SummaryTotals {
  readonly parameters: number;
  /** Those that ask for gradients. */
  readonly trainable: number;
  readonly multiplyAdds: number;
  /** Of parameters and buffers. */
  readonly parameterBytes: number;
  /** Of the outputs of all modules that call no other, which is what a step of training keeps. */
  readonly activationBytes: number;
}

type Row = { -readonly [K in keyof SummaryRow]: SummaryRow[K] };

const bytesOf = (t: Tensor): number => t.data.byteLength;
const showShape = (shape: Shape): string => `[${shape.join(', ')}]`;
const showCount = (n: number): string => n.toLocaleString('en-US');

function showBytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const unit = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, n)) / 10));
  return `${unit === 0 ? n : (n / 1024 ** unit).toFixed(1)} ${units[unit]}`;
}

/** Every tensor in a value: itself, or within arrays and plain objects. */
function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return [];
  return Object.values(value).flatMap(tensorsIn);
}

/** The layers of a model and their sums; printed as a table. */
export class Summary {
  readonly rows: readonly SummaryRow[];
  readonly totals: SummaryTotals;

  constructor(rows: readonly SummaryRow[], totals: SummaryTotals) {
    this.rows = rows;
    this.totals = totals;
  }

  toString(): string {
    const head = ['layer', 'output', 'parameters', 'multiply-adds'];
    const lines = this.rows.map((row) => [
      `${'  '.repeat(row.depth)}${row.name === '' ? row.type : `${row.name.replace(/^.*\./, '')}: ${row.type}`}`,
      row.outputShapes.map(showShape).join(' '),
      row.parameters === 0 ? '–' : showCount(row.parameters),
      row.multiplyAdds === 0 ? '–' : showCount(row.multiplyAdds),
    ]);
    const [heading, ...layers] = alignColumns([head, ...lines], (column) => column < 2).split('\n');
    const rule = '─'.repeat(heading.length);
    const { parameters, trainable, multiplyAdds, parameterBytes, activationBytes } = this.totals;
    const frozen = parameters === trainable ? '' : `, ${showCount(parameters - trainable)} of them frozen`;
    return [
      heading,
      rule,
      ...layers,
      rule,
      `${showCount(parameters)} parameters${frozen}, ${showCount(multiplyAdds)} multiply-adds`,
      `${showBytes(parameterBytes)} of parameters, ${showBytes(activationBytes)} of activations`,
    ].join('\n');
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

function isShape(value: readonly unknown[]): value is Shape {
  return value.every((d) => typeof d === 'number');
}

function inputsOf(
  model: Module,
  input: Shape | readonly Shape[] | Tensor | readonly Tensor[],
  dtype?: DType,
): Tensor[] {
  if (input instanceof Tensor) return [input];
  const list = input as readonly unknown[];
  if (!Array.isArray(input))
    throw new ConfigError({ op: 'summary', problem: 'expected shapes or tensors', got: input });
  if (list.length > 0 && list.every((x) => x instanceof Tensor)) return [...list] as Tensor[];
  const shapes = isShape(list) ? [list] : (list as readonly Shape[]);
  const kind = dtype ?? model.parameters()[0]?.dtype ?? 'float32';
  return shapes.map((shape) => zeros(shape, { dtype: kind }));
}

/**
 * Runs a model once, in evaluation and without gradients, and tells of every module that was called what came out, how
 * many parameters it has and how many products it added up (a multiply-add is two floating-point operations; what is
 * neither a product of matrices, a convolution nor a normalisation counts nothing). The model is left as it was.
 *
 * @param input  the shape of the input, several shapes, or the tensors themselves, for inputs such as ids or states
 * @throws what `forward` throws where the input does not fit
 * @example
 * const net = new Sequential(new Linear(4, 3), new Tanh(), new Linear(3, 2));
 * summary(net, [1, 4]).totals.parameters; // => 23
 */
export function summary(
  model: Runnable,
  input: Shape | readonly Shape[] | Tensor | readonly Tensor[],
  { dtype }: SummaryOptions = {},
): Summary {
  const inputs = inputsOf(model, input, dtype);
  const rows: Row[] = [];
  const open: Row[] = [];
  const restore: (() => void)[] = [];
  for (const [name, module] of model.namedModules()) {
    const { training } = module;
    const own = Object.getOwnPropertyDescriptor(module, 'forward');
    restore.push(() => {
      module.training = training;
      if (own === undefined) Reflect.deleteProperty(module, 'forward');
      else Object.defineProperty(module, 'forward', own);
    });
    module.training = false;
    const { forward } = module as Runnable;
    if (typeof forward !== 'function') continue;
    const value = (...args: never[]): unknown => record(name, module, args, () => forward.apply(module, args));
    // Not enumerable, so that the walk over fields does not meet it.
    Object.defineProperty(module, 'forward', { value, configurable: true, writable: true, enumerable: false });
  }

  function record(name: string, module: Module, args: readonly unknown[], run: () => unknown): unknown {
    const row: Row = {
      name,
      type: module.constructor.name,
      depth: open.length,
      inputShapes: tensorsIn(args).map((t) => t.shape),
      outputShapes: [],
      parameters: module.parameters().reduce((sum, p) => sum + p.size, 0),
      multiplyAdds: 0,
      activationBytes: 0,
    };
    const first = rows.push(row);
    open.push(row);
    const output = run();
    open.pop();
    const tensors = tensorsIn(output);
    row.outputShapes = tensors.map((t) => t.shape);
    if (rows.length === first) row.activationBytes = tensors.reduce((sum, t) => sum + bytesOf(t), 0);
    const { multiplyAdds } = module as Partial<CountsWork>;
    if (multiplyAdds !== undefined && tensors.length > 0) {
      row.multiplyAdds += multiplyAdds.call(module, row.inputShapes, row.outputShapes[0]);
    }
    const above = open[open.length - 1];
    if (above !== undefined) {
      above.multiplyAdds += row.multiplyAdds;
      above.activationBytes += row.activationBytes;
    }
    return output;
  }

  try {
    noGrad(() => model.forward(...(inputs as never[])));
  } finally {
    for (const undo of restore) undo();
  }
  const parameters = model.parameters();
  const total = (list: readonly Tensor[]): number => list.reduce((sum, t) => sum + t.size, 0);
  return new Summary(rows, {
    parameters: total(parameters),
    trainable: total(parameters.filter((p) => p.requiresGrad)),
    multiplyAdds: rows[0]?.multiplyAdds ?? 0,
    parameterBytes: [...parameters, ...model.buffers()].reduce((sum, t) => sum + bytesOf(t), 0),
    activationBytes: rows[0]?.activationBytes ?? 0,
  });
}
