/** One layer of a Transformer's encoder or decoder: attention and a feed-forward net, each with a residual path. */

import { checkOptions, type OptionNames } from '../core/options.ts';
import { ConfigError } from '../errors.ts';
import { add, gelu, relu } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Dropout } from './dropout.ts';
import { LayerNorm } from './layer-norm.ts';
import { Linear } from './linear.ts';
import type { FloatDType } from './make-parameter.ts';
import { Module } from './module.ts';
import { MultiheadAttention } from './multihead-attention.ts';

export interface TransformerLayerOptions {
  /** Units of the feed-forward net. Default 2048. */
  dimFeedforward?: number;
  /** Default 0.1. */
  dropout?: number;
  /** Of the feed-forward net: 'relu' (default), 'gelu', or a function. */
  activation?: 'relu' | 'gelu' | ((x: Tensor) => Tensor);
  /** Default 1e-5. */
  layerNormEps?: number;
  /** Inputs and output are [B, T, E] instead of [T, B, E]. */
  batchFirst?: boolean;
  /** Normalise in front of each part, and not behind its residual sum. */
  normFirst?: boolean;
  dtype?: FloatDType;
}

const OPTIONS: OptionNames<TransformerLayerOptions> = {
  dimFeedforward: true,
  dropout: true,
  activation: true,
  layerNormEps: true,
  batchFirst: true,
  normFirst: true,
  dtype: true,
};

/** Masks as `MultiheadAttention` takes them: bool, true where it may not attend, or floats that are added. */
export interface EncoderMasks {
  /** [T, T] or [B·heads, T, T] */
  srcMask?: Tensor | null;
  /** [B, T], or [T] without a batch */
  srcKeyPaddingMask?: Tensor | null;
}

export interface DecoderMasks {
  /** [T, T] or [B·heads, T, T]; `causalMask(T)` for a target that is written from left to right. */
  tgtMask?: Tensor | null;
  /** [T, S] or [B·heads, T, S] */
  memoryMask?: Tensor | null;
  /** [B, T], or [T] without a batch */
  tgtKeyPaddingMask?: Tensor | null;
  /** [B, S], or [S] without a batch */
  memoryKeyPaddingMask?: Tensor | null;
}

const activations = { relu, gelu: (x: Tensor): Tensor => gelu(x) };

/** A part of a layer: what it adds to its input. */
type Part = (x: Tensor) => Tensor;

type Settings = readonly [dModel: number, nhead: number, options: TransformerLayerOptions];

/** What both kinds of layer share. */
abstract class TransformerLayer extends Module {
  readonly normFirst: boolean;
  readonly self_attn: MultiheadAttention;
  readonly #activation: (x: Tensor) => Tensor;
  readonly #settings: Settings;

  protected constructor(op: string, dModel: number, nhead: number, options: TransformerLayerOptions) {
    super();
    checkOptions(op, options, OPTIONS);
    const { activation = 'relu', normFirst = false } = options;
    const known = typeof activation === 'function' ? activation : activations[activation];
    if (known === undefined) {
      const expected = "'relu', 'gelu' or a function";
      throw new ConfigError({ op, problem: 'unknown activation', got: activation, expected });
    }
    this.#activation = known;
    this.#settings = [dModel, nhead, options];
    this.normFirst = normFirst;
    this.self_attn = this.attention();
  }

  protected attention(): MultiheadAttention {
    const [dModel, nhead, { dropout = 0.1, batchFirst, dtype }] = this.#settings;
    return new MultiheadAttention(dModel, nhead, { dropout, batchFirst, dtype });
  }

  protected norm(): LayerNorm {
    const [dModel, , { layerNormEps: eps, dtype }] = this.#settings;
    return new LayerNorm(dModel, { eps, dtype });
  }

  /** Dropout by the layer's probability. */
  protected drop(): Dropout {
    const { dropout = 0.1, batchFirst = false } = this.#settings[2];
    return new Dropout(dropout, { sampleAxis: batchFirst ? 0 : 1 });
  }

  /** The feed-forward net's first map (`in`) or second. */
  protected map(which: 'in' | 'out'): Linear {
    const [dModel, , { dimFeedforward = 2048, dtype }] = this.#settings;
    return which === 'in'
      ? new Linear(dModel, dimFeedforward, { dtype })
      : new Linear(dimFeedforward, dModel, { dtype });
  }

  protected feedForward(x: Tensor, first: Linear, dropout: Dropout, second: Linear): Tensor {
    return second.forward(dropout.forward(this.#activation(first.forward(x))));
  }

  /** x with what `part` adds, normalised in front of the part or behind the sum. */
  protected residual(x: Tensor, norm: LayerNorm, dropout: Dropout, part: Part): Tensor {
    if (this.normFirst) return add(x, dropout.forward(part(norm.forward(x))));
    return norm.forward(add(x, dropout.forward(part(x))));
  }

  /** Another layer with the same options and the same values. */
  copy(): this {
    const Class = this.constructor as new (...settings: Settings) => this;
    const copy = new Class(...this.#settings);
    copy.loadStateDict(this.stateDict());
    return copy.train(this.training);
  }
}

/**
 * Self-attention and a feed-forward net. Names, layouts and initial values are those of torch.nn.TransformerEncoderLayer.
 *
 * Shapes: x [T, B, E] → y [T, B, E]; [B, T, E] with `batchFirst`; [T, E] for a single sequence (E `dModel`)
 * Source: Vaswani et al., Attention is all you need, 2017; `normFirst` by Xiong et al., 2020.
 *
 * @throws ConfigError  if `dModel` is no multiple of `nhead`
 * @throws ShapeError   from `forward` if x or a mask does not fit
 * @example
 * const layer = new TransformerEncoderLayer(32, 4, { dimFeedforward: 64, batchFirst: true });
 * layer.forward(randn([8, 10, 32]), { srcMask: causalMask(10) }).shape; // => [ 8, 10, 32 ]
 */
export class TransformerEncoderLayer extends TransformerLayer {
  readonly linear1 = this.map('in');
  readonly dropout = this.drop();
  readonly linear2 = this.map('out');
  readonly norm1 = this.norm();
  readonly norm2 = this.norm();
  readonly dropout1 = this.drop();
  readonly dropout2 = this.drop();

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super('TransformerEncoderLayer', dModel, nhead, options);
  }

  forward(x: Tensor, { srcMask = null, srcKeyPaddingMask = null }: EncoderMasks = {}): Tensor {
    const masks = { attnMask: srcMask, keyPaddingMask: srcKeyPaddingMask, needWeights: false };
    const y = this.residual(x, this.norm1, this.dropout1, (z) => this.self_attn.forward(z, z, z, masks)[0]);
    return this.residual(y, this.norm2, this.dropout2, (z) =>
      this.feedForward(z, this.linear1, this.dropout, this.linear2),
    );
  }
}

/**
 * Self-attention over the target, attention to the memory, and a feed-forward net. Names, layouts and initial values are
 * those of torch.nn.TransformerDecoderLayer.
 *
 * Shapes: target [T, B, E], memory [S, B, E] → y [T, B, E]; [B, T, E] … with `batchFirst`; without B for single sequences
 * Source: Vaswani et al., Attention is all you need, 2017; `normFirst` by Xiong et al., 2020.
 *
 * @throws ConfigError  if `dModel` is no multiple of `nhead`
 * @throws ShapeError   from `forward` if the inputs or masks do not fit
 */
export class TransformerDecoderLayer extends TransformerLayer {
  readonly multihead_attn = this.attention();
  readonly linear1 = this.map('in');
  readonly dropout = this.drop();
  readonly linear2 = this.map('out');
  readonly norm1 = this.norm();
  readonly norm2 = this.norm();
  readonly norm3 = this.norm();
  readonly dropout1 = this.drop();
  readonly dropout2 = this.drop();
  readonly dropout3 = this.drop();

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super('TransformerDecoderLayer', dModel, nhead, options);
  }

  forward(target: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    const { tgtMask, memoryMask, tgtKeyPaddingMask, memoryKeyPaddingMask } = masks;
    const own = { attnMask: tgtMask, keyPaddingMask: tgtKeyPaddingMask, needWeights: false };
    const other = { attnMask: memoryMask, keyPaddingMask: memoryKeyPaddingMask, needWeights: false };
    const x = this.residual(target, this.norm1, this.dropout1, (z) => this.self_attn.forward(z, z, z, own)[0]);
    const y = this.residual(
      x,
      this.norm2,
      this.dropout2,
      (z) => this.multihead_attn.forward(z, memory, memory, other)[0],
    );
    return this.residual(y, this.norm3, this.dropout3, (z) =>
      this.feedForward(z, this.linear1, this.dropout, this.linear2),
    );
  }
}
