/** Stacks of Transformer layers. */

import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import type { Tensor } from '../tensor.ts';
import { ModuleList } from './containers.ts';
import type { LayerNorm } from './layer-norm.ts';
import { Module } from './module.ts';
import type {
  DecoderMasks,
  EncoderMasks,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
} from './transformer-layer.ts';

export interface TransformerOptions {
  /** Applied behind the last layer; wanted where the layers are `normFirst`. */
  norm?: LayerNorm | null;
}

/** `count` copies of a layer, as PyTorch makes them: all begin with its values. */
function copies<L extends Module & { copy(): L }>(op: string, layer: L, count: number): ModuleList<L> {
  checkPositiveInteger(op, 'numLayers', count);
  return new ModuleList(Array.from({ length: count }, () => layer.copy()));
}

/**
 * Encoder layers one after the other. Names are those of torch.nn.TransformerEncoder (`layers.0.self_attn…`, `norm…`); each
 * layer is a copy of the one given, which is itself not kept.
 *
 * Shapes: x [T, B, E] → y [T, B, E], or as the layer takes them
 *
 * @example
 * const layer = new TransformerEncoderLayer(32, 4, { dimFeedforward: 64, batchFirst: true });
 * const encoder = new TransformerEncoder(layer, 2);
 * encoder.forward(randn([8, 10, 32])).shape; // => [ 8, 10, 32 ]
 */
export class TransformerEncoder extends Module {
  readonly layers: ModuleList<TransformerEncoderLayer>;
  readonly norm: LayerNorm | null;

  constructor(encoderLayer: TransformerEncoderLayer, numLayers: number, options: TransformerOptions = {}) {
    super();
    checkOptions(new.target.name, options, { norm: true } satisfies OptionNames<TransformerOptions>);
    const { norm = null } = options;
    this.layers = copies('TransformerEncoder', encoderLayer, numLayers);
    this.norm = norm;
  }

  forward(x: Tensor, masks: EncoderMasks = {}): Tensor {
    let y = x;
    for (const layer of this.layers) y = layer.forward(y, masks);
    return this.norm === null ? y : this.norm.forward(y);
  }
}

/**
 * Decoder layers one after the other, all attending to the same memory. Names are those of torch.nn.TransformerDecoder; each
 * layer is a copy of the one given, which is itself not kept.
 *
 * Shapes: target [T, B, E], memory [S, B, E] → y [T, B, E], or as the layer takes them
 */
export class TransformerDecoder extends Module {
  readonly layers: ModuleList<TransformerDecoderLayer>;
  readonly norm: LayerNorm | null;

  constructor(decoderLayer: TransformerDecoderLayer, numLayers: number, options: TransformerOptions = {}) {
    super();
    checkOptions(new.target.name, options, { norm: true } satisfies OptionNames<TransformerOptions>);
    const { norm = null } = options;
    this.layers = copies('TransformerDecoder', decoderLayer, numLayers);
    this.norm = norm;
  }

  forward(target: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    let y = target;
    for (const layer of this.layers) y = layer.forward(y, memory, masks);
    return this.norm === null ? y : this.norm.forward(y);
  }
}
