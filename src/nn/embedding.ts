import { noGrad } from '../autograd/index.ts';
import { checkOptions, checkPositiveInteger, type OptionNames } from '../core/options.ts';
import { ConfigError } from '../errors.ts';
import { embedding, written } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkFloatDType, type FloatDType, normalParameter } from './make-parameter.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

export interface EmbeddingOptions {
  /** The id whose row starts at zero and gets no gradient; negative ones count from the end. */
  paddingIdx?: number | null;
  /** Rows that are looked up and whose norm passes it are scaled down to it first, in place. */
  maxNorm?: number | null;
  /** The p of that norm. Default 2. */
  normType?: number;
  /** Divide the gradient of a row by how often its id stands in the batch. Default false. */
  scaleGradByFreq?: boolean;
  dtype?: FloatDType;
}

const OPTIONS: OptionNames<EmbeddingOptions> = {
  paddingIdx: true,
  maxNorm: true,
  normType: true,
  scaleGradByFreq: true,
  dtype: true,
};

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
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    super();
    checkOptions('Embedding', options, OPTIONS);
    const { paddingIdx = null, maxNorm = null, normType = 2, scaleGradByFreq = false, dtype = 'float32' } = options;
    this.numEmbeddings = checkPositiveInteger('Embedding', 'numEmbeddings', numEmbeddings);
    this.embeddingDim = checkPositiveInteger('Embedding', 'embeddingDim', embeddingDim);
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
    if ((maxNorm !== null && !(maxNorm > 0)) || !(normType > 0)) {
      throw new ConfigError({ op: 'Embedding', problem: 'norms are positive', got: [maxNorm, normType] });
    }
    this.maxNorm = maxNorm;
    this.normType = normType;
    this.scaleGradByFreq = scaleGradByFreq;
    this.weight = normalParameter([numEmbeddings, embeddingDim], dtype);
    if (this.paddingIdx !== null) {
      this.weight.data.fill(0, this.paddingIdx * embeddingDim, (this.paddingIdx + 1) * embeddingDim);
    }
  }

  forward(ids: Tensor): Tensor {
    const { paddingIdx, scaleGradByFreq } = this;
    if (this.maxNorm !== null) this.#shorten(ids, this.maxNorm);
    return embedding(ids, this.weight, { paddingIdx, scaleGradByFreq });
  }

  /** Ids out of range are left to the operation, which says so. */
  #shorten(ids: Tensor, maxNorm: number): void {
    const { embeddingDim, normType, weight } = this;
    noGrad(() =>
      written('Embedding', weight, () => {
        for (const id of new Set(ids.data)) {
          const row = weight.data.subarray(id * embeddingDim, (id + 1) * embeddingDim);
          const norm = [...row].reduce((sum, w) => sum + Math.abs(w) ** normType, 0) ** (1 / normType);
          // PyTorch's 1e-7 keeps a row that was just scaled from passing by rounding.
          if (norm > maxNorm) for (let i = 0; i < row.length; i++) row[i] *= maxNorm / (norm + 1e-7);
        }
      }),
    );
  }

  override extraRepr(): string {
    const padding = this.paddingIdx === null ? '' : `, paddingIdx: ${this.paddingIdx}`;
    const most = this.maxNorm === null ? '' : `, maxNorm: ${this.maxNorm}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}${most}`;
  }
}
