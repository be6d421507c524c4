/**
 * Augmentation: samples changed at random, a function of seed, epoch and the sample's index alone, so that neither the
 * order of the samples nor who computes them makes a difference.
 */

import type { DataArray } from '../../core/dtype.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { ConfigError, DTypeError, ShapeError } from '../../errors.ts';
import { Tensor } from '../../tensor.ts';
import { drawsFor, Use } from '../draws.ts';
import { emptyBatch } from '../rows.ts';
import { type BatchContext, ModuleTransform, type Transform } from '../transform.ts';
import { imageSteps } from './image.ts';
import { sequenceSteps } from './sequence.ts';
import type { Augmentation, Step } from './step.ts';

export interface AugmentOptions {
  /** Which tensor of a batch is augmented. Default 0, the inputs. */
  column?: number;
}

interface Made extends Required<AugmentOptions> {
  readonly steps: readonly Augmentation[];
}

const MAKERS = { ...imageSteps, ...sequenceSteps } as Readonly<Record<string, (options: never) => Step>>;

/** What a value becomes in an array of integers; arrays of floats round by themselves. */
function store(from: Float64Array, out: DataArray, at: number): void {
  if (out instanceof Float32Array || out instanceof Float64Array) {
    out.set(from, at);
    return;
  }
  const [low, high] = out instanceof Uint8Array ? [0, 255] : [-(2 ** 31), 2 ** 31 - 1];
  for (let i = 0; i < from.length; i++) out[at + i] = Math.min(high, Math.max(low, Math.round(from[i])));
}

/** The rows of `x` through all steps. */
function augmentRows(x: Tensor, steps: readonly Step[], { epoch, indices, seed }: BatchContext): Tensor {
  const shapes: Shape[] = [x.shape.slice(1)];
  for (const step of steps) shapes.push(step.shape(shapes[shapes.length - 1]));
  const scratch = shapes.map((shape) => new Float64Array(sizeOf(shape)));
  const [width, last] = [scratch[0].length, scratch[scratch.length - 1]];
  const out = emptyBatch([indices.length, ...shapes[shapes.length - 1]], x.dtype);
  const { data } = x;
  for (let row = 0; row < indices.length; row++) {
    const draws = drawsFor(Use.augmentation, seed, epoch, indices[row]);
    scratch[0].set(data.subarray(row * width, (row + 1) * width));
    steps.forEach((step, i) => {
      step.apply(scratch[i], shapes[i], scratch[i + 1], draws);
    });
    store(last, out.data, row * last.length);
  }
  return out;
}

/** The work of `augment`, on the thread that calls it. */
export function makeAugmentation({ steps, column }: Made): Transform<Tensor[], Tensor[]> {
  const op = 'augment';
  const made = steps.map(({ kind, options }) => MAKERS[kind](options as never));
  return (batch, context) => {
    const x = Array.isArray(batch) ? batch[column] : undefined;
    if (!(x instanceof Tensor) || x.shape[0] !== context.indices.length) {
      const expected = `a list of tensors whose number ${column} has ${context.indices.length} rows`;
      throw new ShapeError({ op, problem: 'the batch has no such tensor', got: x?.shape, expected });
    }
    if (x.dtype === 'bool') throw new DTypeError({ op, problem: 'booleans are not augmented', got: x.dtype });
    return batch.map((part, i) => (i === column ? augmentRows(x, made, context) : part));
  };
}

/**
 * A loader's transform that takes each sample through these steps, one after another. With `prefetch` it runs on a
 * thread of its own.
 *
 * @throws ConfigError  if a step is none, or `column` no place
 * @example
 * const images = new TensorDataset(rand([4, 1, 8, 8]), arange(4));
 * const steps = [randomCrop(6), randomHorizontalFlip(), gaussianNoise(0.1)];
 * const loader = new DataLoader(images, { batchSize: 2, transform: augment(steps), seed: 1 });
 * const shapes: unknown[] = [];
 * for await (const [x] of loader) shapes.push(x.shape);
 * shapes; // => [ [ 2, 1, 6, 6 ], [ 2, 1, 6, 6 ] ]
 */
export function augment(steps: readonly Augmentation[], { column = 0 }: AugmentOptions = {}): ModuleTransform {
  const op = 'augment';
  const wrong = steps.find((step) => !Object.hasOwn(MAKERS, step?.kind));
  if (wrong !== undefined) {
    throw new ConfigError({
      op,
      problem: 'not a step',
      got: wrong?.kind ?? wrong,
      expected: Object.keys(MAKERS).join(' | '),
    });
  }
  if (!Number.isInteger(column) || column < 0) {
    throw new ConfigError({ op, problem: 'the column is out of range', got: column, expected: 'an integer from 0' });
  }
  const made: Made = { steps: steps.map(({ kind, options }) => ({ kind, options })), column };
  return new AugmentTransform(made);
}

/** On this thread the function is at hand, also in a bundle, which has no modules to load. */
class AugmentTransform extends ModuleTransform {
  readonly #made: Made;

  constructor(made: Made) {
    super(import.meta.url, 'makeAugmentation', made);
    this.#made = made;
  }

  override async make(): Promise<Transform<unknown, unknown>> {
    return makeAugmentation(this.#made) as Transform<unknown, unknown>;
  }
}
