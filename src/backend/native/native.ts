/**
 * The native backend: float32, one line a kernel. Arguments change their order and nothing else. The families stand in
 * `calls/`, each class on the one before, so that a kernel is one call of a method on the backend itself.
 */

import type { FloatArray } from '../../core/dtype.ts';
import { ShapeError } from '../../errors.ts';
import type { CharSamplerWeights, SamplingRule } from '../arguments.ts';
import type { Backend, CharSampler } from '../backend.ts';
import type { NativeAddon, SamplerHandle } from './addon.ts';
import { NativeTrainingKernels } from './calls/training.ts';

class NativeCharSampler implements CharSampler {
  readonly #addon: NativeAddon;
  readonly #handle: SamplerHandle;
  readonly #vocab: number;

  constructor(addon: NativeAddon, w: CharSamplerWeights) {
    const layers = w.layers.flatMap(({ wIh, wHh, bIh, bHh }) => [wIh, wHh, bIh, bHh]);
    this.#addon = addon;
    this.#vocab = w.vocab;
    this.#handle = addon.createCharSampler(
      layers,
      w.vocab,
      w.embed,
      w.hidden,
      w.layers.length,
      w.embedding,
      w.headWeight,
      w.headBias,
    );
  }

  /** @throws ShapeError (`ERR_INDEX`) if one of the caller's ids is none of the vocabulary; nothing is written then. */
  run(ids: Int32Array, given: number, steps: number, draws: Float64Array, rule: SamplingRule, state: FloatArray): void {
    const { temperature, topK, topP } = rule;
    const bad = this.#addon.runCharSampler(this.#handle, given, steps, temperature, topK, topP, ids, draws, state);
    if (bad < 0) return;
    const expected = `0 to ${this.#vocab - 1}`;
    throw new ShapeError({ op: 'charSampler', problem: 'id out of range', got: ids[bad], expected, code: 'ERR_INDEX' });
  }
}

export class NativeBackend extends NativeTrainingKernels implements Backend {
  readonly name = 'native';

  createCharSampler(weights: CharSamplerWeights): CharSampler {
    return new NativeCharSampler(this.addon, weights);
  }
}
