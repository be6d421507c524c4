/** Training a language model: contiguous streams of text, the recurrent state carried from step to step. */

import { backward, scope } from '../autograd/index.ts';
import { defaultGenerator, type GeneratorState } from '../core/rng.ts';
import { CheckpointError, DivergenceError } from '../errors.ts';
import type { Checkpoint } from '../io/checkpoint.ts';
import { detachState, type LstmState } from '../nn/index.ts';
import { crossEntropy } from '../ops/index.ts';
import { clipGradNorm_, type Optimizer } from '../optim/index.ts';
import { wrapArray } from '../tensor.ts';
import type { EvaluationStreams, TrainingStreams } from '../text/streams.ts';
import { evaluateLanguageModel, flattenLogits, type LanguageModel } from './evaluate-language.ts';
import type { StepResult, TrainingTask } from './loop.ts';
import { restoreOptimizer, saveOptimizer } from './optimizer-state.ts';
import { allFinite, FiniteCheck } from './weights.ts';

/** A guess that spreads evenly over the vocabulary costs log V nats; no training comes back from a hundred times that. */
const HOPELESS = 100;

export interface LanguageTaskOptions {
  readonly model: LanguageModel;
  readonly vocab: number;
  /** Over `model.parameters()`. */
  readonly optimizer: Optimizer;
  readonly train: TrainingStreams;
  /** Left out if nothing is kept for validation. */
  readonly validation?: EvaluationStreams;
  /** The largest norm of all gradients together; Infinity never clips. */
  readonly clip: number;
  /** What else belongs into a checkpoint, as JSON: how to build the model again, its vocabulary. */
  readonly documents: Readonly<Record<string, unknown>>;
}

export class LanguageTask implements TrainingTask {
  readonly itemsPerStep: number;
  readonly stepsPerEpoch: number;
  readonly validation?: TrainingTask['validation'];
  readonly #finite: FiniteCheck;
  readonly #options: LanguageTaskOptions;
  readonly #lossLimit: number;
  /** The state after the last step; null before the first. */
  #state: LstmState | null = null;

  constructor(options: LanguageTaskOptions) {
    const { model, train, validation, vocab } = options;
    this.#options = options;
    this.#finite = new FiniteCheck('train', [model]);
    this.itemsPerStep = train.batch * train.seq;
    this.stepsPerEpoch = train.stepsPerEpoch;
    this.#lossLimit = HOPELESS * Math.max(1, Math.log(vocab));
    if (validation !== undefined) {
      this.validation = {
        items: validation.predictions,
        run: (signal) => evaluateLanguageModel(model, validation, { signal }),
      };
    }
  }

  step(index: number, lr: number): StepResult & { gradNorm: number } {
    const { model, optimizer, train, clip } = this.#options;
    const { ids, targets, steps, batch, fresh } = train.at(index);
    const state = fresh || this.#state === null ? model.initHidden(batch) : this.#state;
    const [result, next] = scope((): [StepResult & { gradNorm: number }, LstmState] => {
      optimizer.zeroGrad({ recycle: true });
      const [logits, end] = model.forward(wrapArray(ids, [steps, batch], 'int32'), state);
      const loss = crossEntropy(flattenLogits(logits), wrapArray(targets, [steps * batch], 'int32'));
      backward(loss);
      const gradNorm = clipGradNorm_(model.parameters(), clip);
      this.#checkStep(index, lr, loss.item(), gradNorm);
      for (const group of optimizer.paramGroups) group.lr = lr;
      optimizer.step();
      return [{ loss: loss.item(), gradNorm }, detachState(end)];
    });
    this.#state = next;
    return result;
  }

  checkFinite(): void {
    this.#finite.check();
  }

  snapshot(): Checkpoint {
    const { model, optimizer, documents } = this.#options;
    const saved = saveOptimizer(model, null, optimizer);
    const train = { ...saved.train };
    if (this.#state !== null) {
      train['state.h'] = this.#state.h;
      train['state.c'] = this.#state.c;
    }
    return {
      weights: model.stateDict(),
      train,
      documents: { ...documents, ...saved.documents, generator: defaultGenerator.getState() },
    };
  }

  /**
   * Takes over what `snapshot` gave: weights, optimizer, recurrent state and the default generator.
   *
   * @throws CheckpointError  if something is missing
   * @throws StateDictError   if something does not fit this model
   * @throws ConfigError      if the generator's state is none
   */
  restore(checkpoint: Checkpoint): void {
    const { model, optimizer, train } = this.#options;
    model.loadStateDict(checkpoint.weights);
    restoreOptimizer(model, null, optimizer, checkpoint);
    defaultGenerator.setState(checkpoint.documents.generator as GeneratorState);
    const { 'state.h': h, 'state.c': c } = checkpoint.train;
    const { h: like } = model.initHidden(train.batch);
    const fits = (tensor: typeof h) => tensor.dtype === like.dtype && String(tensor.shape) === String(like.shape);
    if ((h === undefined) !== (c === undefined) || (h !== undefined && !(fits(h) && fits(c)))) {
      throw new CheckpointError({ op: 'resume', problem: 'the recurrent state in this checkpoint does not fit' });
    }
    this.#state = h === undefined ? null : { h, c };
  }

  #checkStep(index: number, lr: number, loss: number, gradNorm: number): void {
    if (Number.isFinite(gradNorm) && loss <= this.#lossLimit) return;
    const bad = this.#options.model.namedParameters().find(([, { grad }]) => grad !== null && !allFinite(grad.data));
    throw new DivergenceError({
      op: 'train',
      problem: `the training diverged at step ${index + 1}: loss ${loss}, learning rate ${lr}, gradient norm ${gradNorm}`,
      hint: `${bad === undefined ? '' : `first bad gradient: ${bad[0]}; `}try a smaller learning rate`,
    });
  }
}
