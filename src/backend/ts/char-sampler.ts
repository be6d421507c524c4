/** A snapshot of a character LSTM that writes one character a step. */

import type { FloatArray } from '../../core/dtype.ts';
import { ShapeError } from '../../errors.ts';
import type { CharSamplerWeights, SamplingRule } from '../arguments.ts';
import type { CharSampler } from '../backend.ts';
import { sigmoid } from './elementwise.ts';
import { dot } from './gemm.ts';

interface Layer {
  /** Width of what the layer reads: E for the first, H above. */
  readonly inputs: number;
  readonly wIh: Float64Array;
  readonly wHh: Float64Array;
  readonly bias: Float64Array;
}

/** A float64 copy: the snapshot is not to follow the weights, and the dot products see one class. */
function snapshot(weights: FloatArray): Float64Array {
  return Float64Array.from(weights);
}

/** gates[j] = Σ over the row j of weights · x, onto what is there. */
function addProduct(gates: Float64Array, weights: Float64Array, x: Float64Array): void {
  for (let j = 0; j < gates.length; j++) gates[j] += dot(x, weights, j * x.length, x.length);
}

class TsCharSampler implements CharSampler {
  readonly #vocab: number;
  readonly #hidden: number;
  readonly #embed: number;
  readonly #embedding: Float64Array;
  readonly #layers: readonly Layer[];
  readonly #headWeight: Float64Array;
  readonly #headBias: Float64Array;
  /** The input's part of the first layer's gates, for each character met so far: a text has few distinct ones. */
  readonly #inputGates: (Float64Array | undefined)[] = [];
  readonly #gates: Float64Array;
  readonly #h: Float64Array;
  readonly #below: Float64Array;
  readonly #picker: Picker;

  constructor({ vocab, embed, hidden, embedding, layers, headWeight, headBias }: CharSamplerWeights) {
    this.#vocab = vocab;
    this.#hidden = hidden;
    this.#embed = embed;
    this.#embedding = snapshot(embedding);
    this.#layers = layers.map(({ wIh, wHh, bIh, bHh }, l) => ({
      inputs: l === 0 ? embed : hidden,
      wIh: snapshot(wIh),
      wHh: snapshot(wHh),
      bias: Float64Array.from(bIh, (b, j) => b + bHh[j]),
    }));
    this.#headWeight = snapshot(headWeight);
    this.#headBias = snapshot(headBias);
    this.#gates = new Float64Array(4 * hidden);
    this.#h = new Float64Array(hidden);
    this.#below = new Float64Array(hidden);
    this.#picker = new Picker(vocab);
  }

  /** @throws ShapeError (`ERR_INDEX`) if one of the caller's ids is none of the vocabulary; nothing is written then. */
  run(ids: Int32Array, given: number, steps: number, draws: Float64Array, rule: SamplingRule, state: FloatArray): void {
    for (let i = 0; i < given && i <= steps; i++) {
      if (ids[i] >= 0 && ids[i] < this.#vocab) continue;
      const expected = `0 to ${this.#vocab - 1}`;
      throw new ShapeError({ op: 'charSampler', problem: 'id out of range', got: ids[i], expected, code: 'ERR_INDEX' });
    }
    for (let i = 0; i < steps; i++) {
      this.#step(ids[i], state);
      if (i + 1 >= given) ids[i + 1] = this.#pick(draws[i], rule);
    }
  }

  #firstGates(id: number): Float64Array {
    const known = this.#inputGates[id];
    if (known !== undefined) return known;
    const { wIh, bias } = this.#layers[0];
    const gates = bias.slice();
    addProduct(gates, wIh, this.#embedding.subarray(id * this.#embed, (id + 1) * this.#embed));
    this.#inputGates[id] = gates;
    return gates;
  }

  /** Advances `state` by one character and leaves the top layer's output in `#below`. */
  #step(id: number, state: FloatArray): void {
    const [gates, h, hidden] = [this.#gates, this.#h, this.#hidden];
    for (let l = 0; l < this.#layers.length; l++) {
      const layer = this.#layers[l];
      if (l === 0) gates.set(this.#firstGates(id));
      else {
        gates.set(layer.bias);
        addProduct(gates, layer.wIh, this.#below);
      }
      const hAt = l * hidden;
      const cAt = (this.#layers.length + l) * hidden;
      for (let j = 0; j < hidden; j++) h[j] = state[hAt + j];
      addProduct(gates, layer.wHh, h);
      for (let j = 0; j < hidden; j++) {
        const i = sigmoid(gates[j]);
        const f = sigmoid(gates[hidden + j]);
        const g = Math.tanh(gates[2 * hidden + j]);
        const o = sigmoid(gates[3 * hidden + j]);
        // The state rounds to its own class at each step, so that cutting a text into runs changes nothing.
        state[cAt + j] = f * state[cAt + j] + i * g;
        state[hAt + j] = o * Math.tanh(state[cAt + j]);
        this.#below[j] = state[hAt + j];
      }
    }
  }

  #pick(draw: number, rule: SamplingRule): number {
    const { logits } = this.#picker;
    for (let v = 0; v < this.#vocab; v++) {
      logits[v] = this.#headBias[v] + dot(this.#below, this.#headWeight, v * this.#hidden, this.#hidden);
    }
    return this.#picker.pick(draw, rule);
  }
}

/** Draws an id from logits under a sampling rule. */
class Picker {
  readonly logits: Float64Array;
  readonly #weights: Float64Array;
  readonly #order: Int32Array;

  constructor(vocab: number) {
    this.logits = new Float64Array(vocab);
    this.#weights = new Float64Array(vocab);
    this.#order = new Int32Array(vocab);
  }

  pick(draw: number, { temperature, topK, topP }: SamplingRule): number {
    const largest = this.#argmax();
    if (temperature === 0) return largest;
    const { logits } = this;
    const weights = this.#weights;
    for (let v = 0; v < logits.length; v++) weights[v] = Math.exp((logits[v] - logits[largest]) / temperature);
    if ((topK > 0 && topK < logits.length) || topP < 1) this.#keepLikeliest(topK, topP);

    let total = 0;
    for (let v = 0; v < weights.length; v++) total += weights[v];
    const target = draw * total;
    let sum = 0;
    let last = largest;
    for (let v = 0; v < weights.length; v++) {
      if (weights[v] === 0) continue;
      sum += weights[v];
      if (sum > target) return v;
      last = v;
    }
    // The sum may end a rounding short of a draw next to 1.
    return last;
  }

  /** The first largest logit; the first NaN if there is one. */
  #argmax(): number {
    const { logits } = this;
    let best = 0;
    for (let v = 1; v < logits.length && !Number.isNaN(logits[best]); v++) {
      if (logits[v] > logits[best] || Number.isNaN(logits[v])) best = v;
    }
    return best;
  }

  /** Sets to 0 the weights outside the `topK` largest, then those outside the smallest set that reaches `topP`. */
  #keepLikeliest(topK: number, topP: number): void {
    const weights = this.#weights;
    const { logits } = this;
    const order = this.#order;
    for (let v = 0; v < order.length; v++) order[v] = v;
    // By logits, not weights: a low temperature makes different logits equal weights of 0.
    order.sort((a, b) => logits[b] - logits[a] || a - b);
    let kept = topK > 0 ? Math.min(topK, order.length) : order.length;
    if (topP < 1) {
      let total = 0;
      for (let r = 0; r < kept; r++) total += weights[order[r]];
      let sum = 0;
      let r = 0;
      while (r < kept && (r === 0 || sum < topP * total)) sum += weights[order[r++]];
      kept = r;
    }
    for (let r = kept; r < order.length; r++) weights[order[r]] = 0;
  }
}

export function createCharSampler(weights: CharSamplerWeights): CharSampler {
  return new TsCharSampler(weights);
}
