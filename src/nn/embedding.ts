import { ConfigError } from '../errors.ts';
import { embedding } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkFloatDType, checkSize, type FloatDType, normalParameter } from './make-parameter.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

export interface EmbeddingOptions {
  /** The id whose row starts at zero and gets no gradient; negative ones count from the end. */
  paddingIdx?: number | null;
  dtype?: FloatDType;
}

/**
 * A table of vectors, one for each id. Names and initial values are those of torch.nn.Embedding: rows from N(0, 1).
 *
 * Shapes: ids [...] (int32) → y [..., dim]; weight [count, dim]
 *
 * @throws ShapeError  from `forward` if an id is not below `numEmbeddings` (code ERR_INDEX)
 * @example
 * const table = new Embedding(100, 16, { paddingIdx: 0 });
 * table.forward(tensor([[4, 8, 0]], { dtype: 'int32' })).shape; // => [ 1, 3, 16 ]
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  weight: Parameter;

  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    { paddingIdx = null, dtype = 'float32' }: EmbeddingOptions = {},
  ) {
    super();
    this.numEmbeddings = checkSize('Embedding', 'numEmbeddings', numEmbeddings);
    this.embeddingDim = checkSize('Embedding', 'embeddingDim', embeddingDim);
    checkFloatDType('Embedding', dtype);
    if (
      paddingIdx !== null &&
      !(Number.isInteger(paddingIdx) && paddingIdx >= -numEmbeddings && paddingIdx < numEmbeddings)
    ) {
      throw new ConfigError({
        op: 'Embedding',
        problem: 'paddingIdx must be the id of a row',
        got: paddingIdx,
        expected: `${-numEmbeddings} to ${numEmbeddings - 1}`,
      });
    }
    this.paddingIdx = paddingIdx !== null && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    this.weight = normalParameter([numEmbeddings, embeddingDim], dtype);
    if (this.paddingIdx !== null) {
      this.weight.data.fill(0, this.paddingIdx * embeddingDim, (this.paddingIdx + 1) * embeddingDim);
    }
  }

  forward(ids: Tensor): Tensor {
    return embedding(ids, this.weight, { paddingIdx: this.paddingIdx });
  }

  override extraRepr(): string {
    const padding = this.paddingIdx === null ? '' : `, paddingIdx: ${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`;
  }
}
