import { checkOptions, type OptionNames } from '../core/options.ts';
import type { Shape } from '../core/shape.ts';
import { ShapeError } from '../errors.ts';
import { add, dropout, mul, ones } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkProbability } from './make-parameter.ts';
import { Module } from './module.ts';

/**
 * In training, sets each element to 0 with probability p and scales the rest by 1/(1 − p); in evaluation, the identity.
 * The draws come from the default generator.
 *
 * Shapes: x [...] → y [...]
 * Source: Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014.
 */
export class Dropout extends Module {
  readonly p: number;
  readonly sampleAxis: number | null;

  /** @param sampleAxis  where the samples lie, for `withSamples`: 0 (default), 1 for [T, B, …], null for none. */
  constructor(p = 0.5, options: { sampleAxis?: number | null } = {}) {
    super();
    checkOptions(new.target.name, options, { sampleAxis: true } satisfies OptionNames<{ sampleAxis?: number | null }>);
    const { sampleAxis = 0 } = options;
    this.p = checkProbability('Dropout', 'p', p);
    this.sampleAxis = sampleAxis;
  }

  forward(x: Tensor): Tensor {
    return dropout(x, this.p, { training: this.training, sampleAxis: this.sampleAxis });
  }

  override extraRepr(): string {
    return `p: ${this.p}`;
  }
}

/** Drops whole channels: neighbouring places tell the same, so that dropping one alone takes nothing away. */
class ChannelDropout extends Dropout {
  /** Ranks of an input with a batch, and of one without, whose channels come first. */
  readonly #batched: readonly number[];
  readonly #single: number | null;

  constructor(p: number, batched: readonly number[], single: number | null) {
    super(p);
    this.#batched = batched;
    this.#single = single;
  }

  override forward(x: Tensor): Tensor {
    const single = x.rank === this.#single;
    if (!single && !this.#batched.includes(x.rank)) {
      const ranks = [...(this.#single === null ? [] : [this.#single]), ...this.#batched];
      const expected = `${ranks.join(' or ')} axes`;
      throw new ShapeError({ op: this.constructor.name, problem: 'the input does not fit', got: x.shape, expected });
    }
    if (!this.training) return x;
    const sampleAxis = single ? null : this.sampleAxis;
    return mul(x, dropout(channelOnes(x, single ? 1 : 2), this.p, { sampleAxis }));
  }
}

/** Ones [N, C, 1, …] or [C, 1, …], of which dropout makes a mask. */
function channelOnes(x: Tensor, lead: number): Tensor {
  const shape: Shape = x.shape.map((d, i) => (i < lead ? d : 1));
  return ones(shape, { dtype: x.dtype });
}

/**
 * In training, sets each channel of each sequence to 0 with probability p and scales the rest by 1/(1 − p); in
 * evaluation, the identity.
 *
 * Shapes: x [N, C, L] or [C, L] → y of the same shape
 */
export class Dropout1d extends ChannelDropout {
  constructor(p = 0.5) {
    super(p, [3], 2);
  }
}

/**
 * In training, sets each channel of each image to 0 with probability p and scales the rest by 1/(1 − p); in evaluation,
 * the identity. Three axes are a batch of sequences, as in torch.nn.Dropout2d, not a single image.
 *
 * Shapes: x [N, C, H, W] or [N, C, L] → y of the same shape
 * Source: Tompson and others, Efficient object localization using convolutional networks, 2015
 */
export class Dropout2d extends ChannelDropout {
  constructor(p = 0.5) {
    super(p, [3, 4], null);
  }
}

/** What SELU gives for −∞: the value that a dropped element takes. */
const SELU_FLOOR = -1.7580993408473766;

/**
 * Dropout that keeps mean 0 and variance 1, for nets of SELU: in training, elements take SELU's lower end with probability
 * p, and all are scaled and shifted to make up for it.
 *
 * Shapes: x [...] → y [...]
 * Source: Klambauer and others, Self-normalizing neural networks, 2017
 */
export class AlphaDropout extends Dropout {
  override forward(x: Tensor): Tensor {
    const { p } = this;
    if (!this.training || p === 0) return x;
    const kept = super.forward(ones(x.shape, { dtype: x.dtype }));
    if (p === 1) return mul(x, kept);
    const keep = 1 - p;
    const scale = 1 / Math.sqrt(keep + SELU_FLOOR ** 2 * keep * p);
    const mask = mul(kept, keep);
    const floor = mul(add(mul(mask, -1), 1), SELU_FLOOR);
    return add(mul(add(mul(x, mask), floor), scale), -scale * SELU_FLOOR * p);
  }
}
