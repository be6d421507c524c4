import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { type Shape, sameShape, sizeOf } from '../core/shape.ts';
import { ConfigError, DTypeError, ShapeError } from '../errors.ts';
import {
  add,
  broadcastTo,
  cat,
  chunk,
  linear,
  logicalNot,
  logicalOr,
  maskedFill,
  mean,
  pad,
  permute,
  reshape,
  scaledDotProductAttention,
  split,
  squeeze,
  to,
  transpose,
  unsqueeze,
  zeros,
} from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Linear } from './linear.ts';
import {
  checkFloatDType,
  checkProbability,
  constantParameter,
  type FloatDType,
  normalParameter,
  uniformParameter,
} from './make-parameter.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

export interface MultiheadAttentionOptions {
  /** In training, the probability of dropping an attention weight. Default 0. */
  dropout?: number;
  bias?: boolean;
  /** Append a learned key and value that every query may attend to. */
  addBiasKv?: boolean;
  /** Append a key and value of zeros. */
  addZeroAttn?: boolean;
  /** Features of the keys and of the values; `embedDim` unless given. */
  kdim?: number | null;
  vdim?: number | null;
  /** Inputs and output are [B, L, E] instead of [L, B, E]. */
  batchFirst?: boolean;
  dtype?: FloatDType;
}

const OPTIONS: OptionNames<MultiheadAttentionOptions> = {
  dropout: true,
  bias: true,
  addBiasKv: true,
  addZeroAttn: true,
  kdim: true,
  vdim: true,
  batchFirst: true,
  dtype: true,
};

export interface MultiheadAttentionCall {
  /** [B, S], or [S] without a batch: bool, true where a key is padding, or floats that are added to the scores. */
  keyPaddingMask?: Tensor | null;
  /** [L, S] or [B·heads, L, S]: bool, true where a query may not attend, or floats that are added to the scores. */
  attnMask?: Tensor | null;
  /** Return the weights too. Default true. */
  needWeights?: boolean;
  /** The mean of the weights over the heads instead of each. Default true. */
  averageAttnWeights?: boolean;
}

const OP = 'MultiheadAttention';

/** Glorot's uniform bound for a matrix [rows, columns]. */
function glorot(rows: number, columns: number, dtype: FloatDType): Parameter {
  return uniformParameter([rows, columns], Math.sqrt(6 / (rows + columns)), dtype);
}

/** Glorot's normal values for the extra key and value: both fans of [1, 1, E] are E, as PyTorch counts them. */
function extraRow(features: number, dtype: FloatDType): Parameter {
  return normalParameter([1, 1, features], dtype, Math.sqrt(1 / features));
}

/** A mask as what may not attend (bool) or as what is added (floats). */
function checkMask(name: string, mask: Tensor, dtype: string, shapes: readonly Shape[]): Tensor {
  if (mask.dtype !== 'bool' && mask.dtype !== 'uint8' && mask.dtype !== dtype) {
    throw new DTypeError({
      op: OP,
      problem: `${name} is bool or of the inputs’ type`,
      got: mask.dtype,
      expected: dtype,
    });
  }
  if (!shapes.some((shape) => sameShape(shape, mask.shape))) {
    throw new ShapeError({ op: OP, problem: `${name} does not fit`, got: mask.shape, expected: shapes });
  }
  return mask.dtype === 'uint8' ? to(mask, 'bool') : mask;
}

/** Two masks that hold at once. */
function bothMasks(a: Tensor | null, b: Tensor | null): Tensor | null {
  if (a === null || b === null) return a ?? b;
  if (a.dtype === 'bool' && b.dtype === 'bool') return logicalOr(a, b);
  if (a.dtype !== 'bool' && b.dtype !== 'bool') return add(a, b);
  const [hidden, added] = a.dtype === 'bool' ? [a, b] : [b, a];
  const shape = hidden.shape.map((n, i) => Math.max(n, added.shape[i]));
  return maskedFill(broadcastTo(added, shape), hidden, -Infinity);
}

/**
 * Attention by several heads at once, each over its share of the features. Names, layouts and initial values are those of
 * torch.nn.MultiheadAttention: projections by Glorot's uniform, biases 0.
 *
 * Boolean masks say what may not be attended to. A query that may attend to nothing gives NaN.
 *
 * Shapes: query [L, B, E], key [S, B, kdim], value [S, B, vdim] → y [L, B, E], weights [B, L, S] (mean of the heads) or
 *         [B, heads, L, S]; [B, L, E] … with `batchFirst`; all without B for single sequences.
 *         in_proj_weight [3E, E], or q_proj_weight [E, E], k_proj_weight [E, kdim] and v_proj_weight [E, vdim] where the
 *         features differ; in_proj_bias [3E]; bias_k, bias_v [1, 1, E]; out_proj.weight [E, E], out_proj.bias [E]
 * Source: Vaswani et al., Attention is all you need, 2017.
 *
 * @throws ConfigError  if `embedDim` is no multiple of `numHeads`
 * @throws ShapeError   from `forward` if the inputs or masks do not fit
 * @example
 * const attention = new MultiheadAttention(32, 4, { batchFirst: true });
 * const x = randn([8, 10, 32]);
 * const [y, weights] = attention.forward(x, x, x, { attnMask: causalMask(10) });
 * weights?.shape; // => [ 8, 10, 10 ]
 */
export class MultiheadAttention extends Module {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly dropout: number;
  readonly addZeroAttn: boolean;
  readonly batchFirst: boolean;
  q_proj_weight: Parameter | null = null;
  k_proj_weight: Parameter | null = null;
  v_proj_weight: Parameter | null = null;
  in_proj_weight: Parameter | null = null;
  in_proj_bias: Parameter | null;
  bias_k: Parameter | null;
  bias_v: Parameter | null;
  readonly out_proj: Linear;

  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    super();
    checkOptions(OP, options, OPTIONS);
    const { dropout = 0, bias = true, addBiasKv = false, addZeroAttn = false, batchFirst = false } = options;
    const { dtype = 'float32' } = options;
    this.embedDim = checkPositiveInteger(OP, 'embedDim', embedDim);
    this.numHeads = checkPositiveInteger(OP, 'numHeads', numHeads);
    if (embedDim % numHeads !== 0) {
      throw new ConfigError({ op: OP, problem: 'embedDim must be a multiple of numHeads', got: [embedDim, numHeads] });
    }
    this.kdim = checkPositiveInteger(OP, 'kdim', options.kdim ?? embedDim);
    this.vdim = checkPositiveInteger(OP, 'vdim', options.vdim ?? embedDim);
    this.dropout = checkProbability(OP, 'dropout', dropout);
    checkFloatDType(OP, dtype);
    this.addZeroAttn = addZeroAttn;
    this.batchFirst = batchFirst;
    if (this.kdim === embedDim && this.vdim === embedDim) {
      this.in_proj_weight = glorot(3 * embedDim, embedDim, dtype);
    } else {
      this.q_proj_weight = glorot(embedDim, embedDim, dtype);
      this.k_proj_weight = glorot(embedDim, this.kdim, dtype);
      this.v_proj_weight = glorot(embedDim, this.vdim, dtype);
    }
    this.in_proj_bias = bias ? constantParameter([3 * embedDim], 0, dtype) : null;
    this.bias_k = addBiasKv ? extraRow(embedDim, dtype) : null;
    this.bias_v = addBiasKv ? extraRow(embedDim, dtype) : null;
    this.out_proj = new Linear(embedDim, embedDim, { bias, dtype });
    if (bias) this.out_proj.bias = constantParameter([embedDim], 0, dtype);
  }

  /** Lets `query` attend to `key`; the weights are null unless `needWeights`. */
  forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    {
      keyPaddingMask = null,
      attnMask = null,
      needWeights = true,
      averageAttnWeights = true,
    }: MultiheadAttentionCall = {},
  ): [y: Tensor, weights: Tensor | null] {
    const single = query.rank === 2;
    this.#checkInputs(query, key, value);
    // [B, L, E] from here on: heads then come in front of the steps by one copy.
    const inward = (x: Tensor): Tensor => (single ? unsqueeze(x, 0) : this.batchFirst ? x : transpose(x, 0, 1));
    let [q, k, v] = this.#project(query, key, value).map(inward);
    const [batch, length, keys] = [q.shape[0], q.shape[1], k.shape[1]];
    let mask = this.#mask(keyPaddingMask, attnMask, { single, batch, length, keys, dtype: q.dtype });
    if (this.bias_k !== null && this.bias_v !== null) {
      k = cat([k, broadcastTo(this.bias_k, [batch, 1, this.embedDim])], 1);
      v = cat([v, broadcastTo(this.bias_v, [batch, 1, this.embedDim])], 1);
    }
    if (this.addZeroAttn) {
      const nothing = zeros([batch, 1, this.embedDim], { dtype: q.dtype });
      k = cat([k, nothing], 1);
      v = cat([v, nothing], 1);
    }
    const appended = k.shape[1] - keys;
    if (mask !== null && appended > 0) mask = pad(mask, [0, appended]);
    const heads = (x: Tensor): Tensor =>
      permute(reshape(x, [batch, x.shape[1], this.numHeads, this.embedDim / this.numHeads]), [0, 2, 1, 3]);
    const [mixed, weights] = scaledDotProductAttention(heads(q), heads(k), heads(v), {
      attnMask: mask?.dtype === 'bool' ? logicalNot(mask) : mask,
      dropoutP: this.training ? this.dropout : 0,
      needWeights: true,
    });
    const [outer, inner] = this.batchFirst || single ? [batch, length] : [length, batch];
    const joined = permute(mixed, this.batchFirst || single ? [0, 2, 1, 3] : [2, 0, 1, 3]);
    const y = this.out_proj.forward(reshape(joined, [outer, inner, this.embedDim]));
    const shown = !needWeights ? null : averageAttnWeights ? mean(weights, 1) : weights;
    return single ? [squeeze(y, 0), shown && squeeze(shown, 0)] : [y, shown];
  }

  /** The three projections, the scores and what they mix; the output's projection is a layer of its own. */
  multiplyAdds([query, key, value]: readonly Shape[]): number {
    const extra = (this.bias_k === null ? 0 : 1) + (this.addZeroAttn ? 1 : 0);
    const keys = key[key.length === 3 && this.batchFirst ? 1 : 0] + extra;
    return (sizeOf(query) + sizeOf(key) + sizeOf(value)) * this.embedDim + 2 * sizeOf(query) * keys;
  }

  #checkInputs(query: Tensor, key: Tensor, value: Tensor): void {
    const sequence = this.batchFirst ? 1 : 0;
    const { rank } = query;
    const batch = query.shape[1 - sequence];
    const fits =
      (rank === 2 || rank === 3) &&
      [query, key, value].every((x) => x.rank === rank && (rank === 2 || x.shape[1 - sequence] === batch)) &&
      [this.embedDim, this.kdim, this.vdim].every((n, i) => [query, key, value][i].shape[rank - 1] === n) &&
      (rank === 2 ? key.shape[0] === value.shape[0] : key.shape[sequence] === value.shape[sequence]);
    if (fits) return;
    const lead = this.batchFirst ? ['[B, L', '[B, S'] : ['[L, B', '[S, B'];
    throw new ShapeError({
      op: OP,
      problem: 'query, key and value do not fit',
      got: [query.shape, key.shape, value.shape],
      expected: `${lead[0]}, ${this.embedDim}], ${lead[1]}, ${this.kdim}], ${lead[1]}, ${this.vdim}], or all without B`,
    });
  }

  /** The inputs by their projections: as one product where they are the same tensor, or two of them are. */
  #project(query: Tensor, key: Tensor, value: Tensor): readonly Tensor[] {
    const { embedDim, in_proj_weight: whole, in_proj_bias: bias } = this;
    if (whole === null) {
      const biases = bias === null ? [null, null, null] : chunk(bias, 3, 0);
      const weights = [this.q_proj_weight!, this.k_proj_weight!, this.v_proj_weight!];
      return [query, key, value].map((x, i) => linear(x, weights[i], biases[i]));
    }
    if (query === key && key === value) return chunk(linear(query, whole, bias), 3, -1);
    const sizes = key === value ? [embedDim, 2 * embedDim] : [embedDim, embedDim, embedDim];
    const weights = split(whole, sizes, 0);
    const biases = bias === null ? [null, null, null] : split(bias, sizes, 0);
    const q = linear(query, weights[0], biases[0]);
    if (key === value) return [q, ...chunk(linear(key, weights[1], biases[1]), 2, -1)];
    return [q, linear(key, weights[1], biases[1]), linear(value, weights[2], biases[2])];
  }

  /** Both masks as one that broadcasts to [B, heads, L, S]. */
  #mask(
    padding: Tensor | null,
    attention: Tensor | null,
    {
      single,
      batch,
      length,
      keys,
      dtype,
    }: { single: boolean; batch: number; length: number; keys: number; dtype: string },
  ): Tensor | null {
    let [hidden, mask]: (Tensor | null)[] = [null, null];
    if (padding !== null) {
      hidden = checkMask('keyPaddingMask', padding, dtype, [single ? [keys] : [batch, keys]]);
      hidden = reshape(hidden, [batch, 1, 1, keys]);
    }
    if (attention !== null) {
      const each: Shape = [batch * this.numHeads, length, keys];
      mask = checkMask('attnMask', attention, dtype, [[length, keys], each]);
      mask = reshape(mask, mask.rank === 2 ? [1, 1, length, keys] : [batch, this.numHeads, length, keys]);
    }
    return bothMasks(mask, hidden);
  }

  override extraRepr(): string {
    const options = [
      this.in_proj_bias === null ? 'bias: false' : '',
      this.dropout > 0 ? `dropout: ${this.dropout}` : '',
      this.kdim === this.embedDim ? '' : `kdim: ${this.kdim}`,
      this.vdim === this.embedDim ? '' : `vdim: ${this.vdim}`,
      this.bias_k === null ? '' : 'addBiasKv: true',
      this.addZeroAttn ? 'addZeroAttn: true' : '',
      this.batchFirst ? 'batchFirst: true' : '',
    ];
    return [this.embedDim, this.numHeads, ...options.filter(Boolean)].join(', ');
  }
}
