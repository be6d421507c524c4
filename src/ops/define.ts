/** defineOp: an operation's forward, its backward, and the cases that prove it, in one place; and the registry of all. */

import { anomalyMode, inspectForward } from '../autograd/anomaly.ts';
import { nodeOf } from '../autograd/graph-end.ts';
import { isGradEnabled } from '../autograd/mode.ts';
import { type BackwardRule, type DifferentiableOp, type MaybeTensor, Node, printable } from '../autograd/node.ts';
import { kernelsFor } from '../backend/select.ts';
import { type DType, isFloat } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';
import { DTypeError } from '../errors.ts';
import { Tensor } from '../tensor.ts';

/** Makes the inputs of a case: seeded, of the dtype under test, away from the kinks of the operation. */
export interface Sampler {
  readonly dtype: 'float32' | 'float64';
  /** Standard normal. */
  normal(shape: Shape): Tensor;
  /** Uniform in [low, high). */
  uniform(shape: Shape, low: number, high: number): Tensor;
  /** Distinct values in random order, at least `gap` apart and from 0: no ties, no kinks. */
  distinct(shape: Shape, gap?: number): Tensor;
  /** Integers in [0, high), as int32. */
  ids(shape: Shape, high: number): Tensor;
  bool(shape: Shape): Tensor;
}

/** One case: the call, and the float inputs whose gradients are checked. */
export interface OpCase {
  readonly inputs: readonly Tensor[];
  readonly call: (...inputs: Tensor[]) => Tensor | readonly Tensor[];
}

export interface OpProof {
  readonly name: string;
  /** At least one; `ops.test` and `parity.test` run them all. */
  readonly cases: readonly ((s: Sampler) => OpCase)[];
  /** Values for parity alone: NaN, infinities, signed zeros, the ends of the range. */
  readonly edges?: readonly number[];
  /** False for an operation without a gradient (comparisons, argmax). */
  readonly differentiable?: boolean;
  /**
   * Allowed difference between the backends in float32, relative to 1 + |value|; 0 asks for the same bits.
   * Default 2e-6.
   */
  readonly tolerance?: number;
}

export interface OpDefinition<P> extends OpProof {
  /** Computes the outputs; `node` gives kernels and memory, and keeps what the gradient will need. */
  readonly forward: (node: Node<P>, inputs: readonly MaybeTensor[], params: P) => Tensor | readonly Tensor[];
  /** Over tensors, so that it can be differentiated in its turn. Missing where there is no gradient. */
  readonly backward?: BackwardRule<P>;
  readonly twin?: (inputs: readonly MaybeTensor[], params: P) => readonly Tensor[];
}

/** An operation that can be applied: one output through `run`, several through `runAll`. */
export interface Op<P> extends DifferentiableOp<P> {
  run(inputs: readonly MaybeTensor[], params: P): Tensor;
  runAll(inputs: readonly MaybeTensor[], params: P): readonly Tensor[];
}

const registry = new Map<string, OpProof>();

/** Every operation there is, with its cases; what the tests walk. */
export function registeredOps(): readonly OpProof[] {
  return [...registry.values()];
}

/**
 * Registers the cases that prove an operation. `defineOp` does it for its own; one composed of others, which needs no
 * rule of its own, calls it itself.
 */
export function registerOp(proof: OpProof): void {
  if (registry.has(proof.name)) throw new Error(`the operation ${proof.name} is defined twice`);
  registry.set(proof.name, proof);
}

/** The dtype that chooses the kernels: that of the first float input, else of the first input. */
function kernelDType(inputs: readonly MaybeTensor[]): DType {
  let first: DType | null = null;
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i];
    if (input === null) continue;
    if (isFloat(input.dtype)) return input.dtype;
    first ??= input.dtype;
  }
  return first ?? 'float32';
}

function isDifferentiable<P>(op: DifferentiableOp<P>): boolean {
  return op.backward !== undefined || op.twin !== undefined;
}

/** Before the forward, so that it can ask `node.needs(i)` and save no more than the gradient takes. */
function link<P>(node: Node<P>, inputs: readonly MaybeTensor[]): void {
  if (!isGradEnabled() || !isDifferentiable(node.op!)) return;
  let edges: (Node | null)[] | null = null;
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i];
    if (input === null || !input.requiresGrad) continue;
    edges ??= new Array<Node | null>(inputs.length).fill(null);
    edges[i] = nodeOf(input);
  }
  if (edges !== null) node.connect(inputs, edges);
}

/** Defines an operation and registers the cases that prove it. */
export function defineOp<P = undefined>(definition: OpDefinition<P>): Op<P> {
  registerOp(definition);
  return makeOp(definition);
}

/** What an operation computes, without what proves it. */
export type OpRules<P> = Pick<OpDefinition<P>, 'name' | 'forward' | 'backward' | 'twin'>;

/** An operation that the registry does not know: of a user's own. */
export function makeOp<P>(definition: OpRules<P>): Op<P> {
  const begin = (inputs: readonly MaybeTensor[], params: P): Node<P> => {
    const node = new Node<P>(op, params, kernelsFor(kernelDType(inputs)), false);
    link(node, inputs);
    return node;
  };
  const op: Op<P> = {
    name: definition.name,
    backward: definition.backward,
    twin: definition.twin,
    run(inputs, params) {
      const node = begin(inputs, params);
      const output = definition.forward(node, inputs, params) as Tensor;
      if (!node.recorded) node.dropScratch();
      else if (isFloat(output.dtype)) {
        output.attach(node, 0);
        node.values = printable(output);
      }
      if (anomalyMode) inspectForward(node as Node, inputs, [output]);
      return output;
    },
    runAll(inputs, params) {
      const node = begin(inputs, params);
      const outputs = definition.forward(node, inputs, params) as readonly Tensor[];
      node.outputCount = outputs.length;
      if (!node.recorded) node.dropScratch();
      else {
        for (let i = 0; i < outputs.length; i++) if (isFloat(outputs[i].dtype)) outputs[i].attach(node, i);
        node.values = outputs.map(printable);
      }
      if (anomalyMode) inspectForward(node as Node, inputs, outputs);
      return outputs;
    },
  };
  return op;
}

/** @throws DTypeError  if `x` is not a tensor of floats */
export function checkFloat(op: string, x: Tensor): Tensor {
  checkTensor(op, x);
  if (isFloat(x.dtype)) return x;
  throw new DTypeError({ op, problem: 'this operation takes floats', got: x.dtype, expected: 'float32 | float64' });
}

/** @throws DTypeError  if `x` is no tensor */
export function checkTensor(op: string, x: unknown): Tensor {
  if (x instanceof Tensor) return x;
  throw new DTypeError({ op, problem: 'expected a tensor', got: x, hint: 'tensor(value) makes one' });
}

/** @throws DTypeError  if the dtypes differ */
export function checkSameDType(op: string, ...tensors: readonly (Tensor | null | undefined)[]): void {
  const given = tensors.filter((t) => t != null);
  for (const t of given) {
    if (t.dtype !== given[0].dtype) {
      throw new DTypeError({
        op,
        problem: 'dtypes differ',
        got: given.map((g) => g.dtype),
        hint: 'convert with to(dtype)',
      });
    }
  }
}
