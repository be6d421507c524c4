import type { CharSamplerWeights } from '../backend/arguments.ts';
import type { CharSampler } from '../backend/backend.ts';
import { kernelsFor } from '../backend/select.ts';
import type { FloatArray } from '../core/dtype.ts';
import { checkPositiveInteger } from '../core/options.ts';
import { defaultGenerator } from '../core/rng.ts';
import { CheckpointError, ConfigError } from '../errors.ts';
import { type Checkpoint, loadCheckpoint } from '../io/checkpoint.ts';
import { Embedding, type FloatDType, Linear, LSTM, type LstmState, Module } from '../nn/index.ts';
import { checkFloatDType, checkProbability } from '../nn/make-parameter.ts';
import { dropout, transpose } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { Vocabulary } from '../text/vocabulary.ts';

export interface CharLSTMOptions {
  /** The characters, or only their number for a model that neither reads nor writes text. */
  vocab: Vocabulary | number;
  /** Size of a character's vector. Default 64. */
  embed?: number;
  /** Hidden units of each layer. Default 256. */
  hidden?: number;
  /** Layers on top of each other. Default 1. */
  layers?: number;
  /** In training, the probability of dropping an output of an LSTM layer on its way up. Default 0. */
  dropout?: number;
  /** ids and logits begin with the axis of the sequences, not that of the steps. Default false, as for LSTM. */
  batchFirst?: boolean;
  dtype?: FloatDType;
}

/** What a checkpoint says of a model beside its weights, as JSON. */
export interface CharLSTMDocuments {
  readonly model: Required<Omit<CharLSTMOptions, 'vocab' | 'dtype'>> & {
    readonly type: 'CharLSTM';
    readonly vocab: number;
  };
  /** Missing if the model was made of a number of characters. */
  readonly vocabulary?: string;
}

/**
 * A character language model: an embedding, an LSTM, and a linear head that gives the logits of the next character.
 *
 * Shapes: ids [T, B] (int32) → logits [T, B, V], state h, c [L, B, H]; [B, T] → [B, T, V] with `batchFirst`;
 *         [T] → [T, V], state [L, H] for a single sequence
 *         (T steps, B sequences, V characters, L layers, H hidden units)
 * State dict: emb.weight, lstm.weight_ih_l0 …, head.weight, head.bias, as in PyTorch
 *
 * @throws ConfigError  if a size is no positive integer
 * @example
 * const model = CharLSTM.load('runs/shakespeare');
 * const ids = tensor(model.vocabulary.encode('To be'));
 * const [logits, state] = model.forward(ids); // logits [5, V]
 */
export class CharLSTM extends Module {
  readonly emb: Embedding;
  readonly lstm: LSTM;
  readonly head: Linear;
  readonly dropout: number;
  readonly batchFirst: boolean;
  readonly #vocabulary: Vocabulary | null;

  constructor(options: CharLSTMOptions) {
    super();
    const { embed = 64, hidden = 256, layers = 1, batchFirst = false, dtype = 'float32' } = options;
    const vocab = options.vocab instanceof Vocabulary ? options.vocab.size : options.vocab;
    for (const [name, size] of Object.entries({ vocab, embed, hidden, layers }))
      checkPositiveInteger('CharLSTM', name, size);
    this.dropout = checkProbability('CharLSTM', 'dropout', options.dropout ?? 0);
    this.batchFirst = batchFirst;
    this.#vocabulary = options.vocab instanceof Vocabulary ? options.vocab : null;
    this.emb = new Embedding(vocab, embed, { dtype });
    this.lstm = new LSTM(embed, hidden, { numLayers: layers, dropout: this.dropout, dtype });
    this.head = new Linear(hidden, vocab, { dtype });
  }

  /** The characters of the model. @throws ConfigError if it was made of their number alone */
  get vocabulary(): Vocabulary {
    if (this.#vocabulary !== null) return this.#vocabulary;
    throw new ConfigError({
      op: 'CharLSTM',
      problem: 'this model knows no characters, only ids',
      hint: 'pass a Vocabulary',
    });
  }

  /** The state before the first character: zeros, for `batch` sequences, or for a single one without a batch axis. */
  initHidden(batch?: number): LstmState {
    return this.lstm.initHidden(batch);
  }

  /** Reads characters and gives, after each, the logits of the next; the state at the end goes into the next call. */
  forward(ids: Tensor, state?: LstmState): [logits: Tensor, state: LstmState] {
    // The LSTM walks steps; with the batch first it is ids and logits that are turned, which are small.
    const turned = this.batchFirst && ids.rank === 2;
    const [hidden, end] = this.lstm.forward(this.emb.forward(turned ? transpose(ids, 0, 1) : ids), state);
    const kept = this.dropout > 0 ? dropout(hidden, this.dropout, { training: this.training, sampleAxis: 1 }) : hidden;
    const logits = this.head.forward(kept);
    return [turned ? transpose(logits, 0, 1) : logits, end];
  }

  /** A snapshot of the model as it is now that walks one character a step: what text is written with. */
  sampler(): CharSampler {
    const { weight } = this.emb;
    return kernelsFor(weight.dtype).createCharSampler(this.#samplerWeights());
  }

  /** What a checkpoint keeps so that `load` can build this model again. */
  documents(): CharLSTMDocuments {
    const { emb, lstm, dropout: p, batchFirst } = this;
    return {
      model: {
        type: 'CharLSTM',
        vocab: emb.numEmbeddings,
        embed: emb.embeddingDim,
        hidden: lstm.hiddenSize,
        layers: lstm.numLayers,
        dropout: p,
        batchFirst,
      },
      ...(this.#vocabulary === null ? {} : { vocabulary: this.#vocabulary.toJSON() }),
    };
  }

  /**
   * The model of a checkpoint, or of the latest in a run folder, in evaluation mode.
   *
   * @throws CheckpointError  if there is none, it is damaged, or it holds another kind of model
   * @throws ConfigError      if its options or its vocabulary make no sense
   * @throws StateDictError   if its weights do not fit its sizes
   */
  static load(path: string): CharLSTM {
    return CharLSTM.fromCheckpoint(loadCheckpoint(path, { weightsOnly: true })).eval();
  }

  /** As `load`, from a checkpoint that was read already; in training mode. */
  static fromCheckpoint({ weights, documents }: Pick<Checkpoint, 'weights' | 'documents'>): CharLSTM {
    const options = readOptions(weights, documents);
    // The initial weights are overwritten: drawing them must not change what a program draws afterwards.
    const generator = defaultGenerator.getState();
    const model = new CharLSTM(options);
    defaultGenerator.setState(generator);
    model.loadStateDict(weights);
    return model;
  }

  #samplerWeights(): CharSamplerWeights {
    const { emb, lstm, head } = this;
    const arrayOf = (parameter: Tensor) => parameter.data as FloatArray;
    return {
      vocab: emb.numEmbeddings,
      embed: emb.embeddingDim,
      hidden: lstm.hiddenSize,
      embedding: arrayOf(emb.weight),
      layers: Array.from({ length: lstm.numLayers }, (_, layer) => ({
        wIh: arrayOf(lstm[`weight_ih_l${layer}`]),
        wHh: arrayOf(lstm[`weight_hh_l${layer}`]),
        bIh: arrayOf(lstm[`bias_ih_l${layer}`]),
        bHh: arrayOf(lstm[`bias_hh_l${layer}`]),
      })),
      headWeight: arrayOf(head.weight),
      headBias: arrayOf(head.bias!),
    };
  }
}

/** What a checkpoint says of its model, held against its weights, so that no file can ask for more than it brings. */
function readOptions(weights: Checkpoint['weights'], documents: Checkpoint['documents']): CharLSTMOptions {
  const op = 'CharLSTM.load';
  const saved = documents.model as Partial<CharLSTMDocuments['model']> | undefined;
  if (typeof saved !== 'object' || saved === null || saved.type !== 'CharLSTM') {
    throw new CheckpointError({ op, problem: 'this checkpoint holds no CharLSTM', got: saved?.type });
  }
  const { vocab, embed, hidden, layers, dropout: p, batchFirst } = saved;
  const [emb, head] = [weights['emb.weight'], weights['head.weight']];
  const fits = (tensor: Tensor | undefined, shape: unknown[]) =>
    tensor !== undefined && `${tensor.shape}` === `${shape}`;
  const lastLayer = `lstm.weight_hh_l${Number(layers) - 1}`;
  if (!fits(emb, [vocab, embed]) || !fits(head, [vocab, hidden]) || !Object.hasOwn(weights, lastLayer)) {
    throw new CheckpointError({ op, problem: 'the weights are not of the sizes that the checkpoint names' });
  }
  const vocabulary = documents.vocabulary === undefined ? vocab! : Vocabulary.fromJSON(documents.vocabulary);
  if (vocabulary instanceof Vocabulary && vocabulary.size !== vocab) {
    throw new CheckpointError({
      op,
      problem: 'the vocabulary has another size',
      got: vocabulary.size,
      expected: vocab,
    });
  }
  const dtype = checkFloatDType(op, emb.dtype);
  return { vocab: vocabulary, embed, hidden, layers, dropout: p, batchFirst: batchFirst === true, dtype };
}
