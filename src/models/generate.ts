/** Text written by a character model: what `lanegrad generate` does, for programs. */

import { setImmediate } from 'node:timers/promises';
import type { SamplingRule } from '../backend/arguments.ts';
import type { CharSampler } from '../backend/backend.ts';
import { checkOptions, type OptionNames } from '../core/options.ts';
import { defaultGenerator, Generator as RandomGenerator } from '../core/rng.ts';
import { ConfigError } from '../errors.ts';
import type { CharLSTM } from './char-lstm.ts';

/** Characters that one call of the sampler writes at most; the sampler takes no more. */
const CHUNK = 256;

export interface GenerateOptions {
  /** What the text begins with. Without it the model begins as after the end of a line. */
  seedText?: string;
  /** Characters to write after the seed text. Default 500. */
  length?: number;
  /** Divides the logits: below 1 bolder, 0 always the likeliest character. Default 1. */
  temperature?: number;
  /** Draw among the k likeliest characters; 0 means all. Default 0. */
  topK?: number;
  /** Draw among the likeliest characters whose probabilities together reach p; 1 means all. Default 1. */
  topP?: number;
  /** Of the draws. Without it they come from the default generator. */
  seed?: number | bigint;
}

type Resolved = Required<Omit<GenerateOptions, 'seed'>> & { readonly random: RandomGenerator };

const OPTIONS: OptionNames<GenerateOptions> = {
  seedText: true,
  length: true,
  temperature: true,
  topK: true,
  topP: true,
  seed: true,
};

function refuse(problem: string, got: unknown): never {
  throw new ConfigError({ op: 'generate', problem, got });
}

function resolveOptions(options: GenerateOptions): Resolved {
  checkOptions('generate', options, OPTIONS);
  const { seedText = '', length = 500, temperature = 1, topK = 0, topP = 1, seed } = options;
  if (typeof seedText !== 'string') refuse('seedText must be a string', seedText);
  if (!Number.isSafeInteger(length) || length < 0) refuse('length must be an integer of at least 0', length);
  if (!Number.isFinite(temperature) || temperature < 0)
    refuse('temperature must be a number of at least 0', temperature);
  if (!Number.isSafeInteger(topK) || topK < 0) refuse('topK must be an integer of at least 0', topK);
  if (!(topP > 0 && topP <= 1)) refuse('topP must be above 0 and at most 1', topP);
  const random = seed === undefined ? defaultGenerator : new RandomGenerator(seed);
  return { seedText, length, temperature, topK, topP, random };
}

/** What the model reads before it writes: the seed text, or a line's end, or the character it has instead. */
function contextOf({ vocabulary }: CharLSTM, seedText: string): Int32Array {
  if (seedText !== '') return vocabulary.encode(seedText);
  return Int32Array.of(Math.max(0, vocabulary.idOf(0x0a)));
}

/** Reads all of `ids` but the last, which the next step reads. */
function readContext(
  sampler: CharSampler,
  ids: Int32Array,
  state: Float32Array | Float64Array,
  rule: SamplingRule,
): void {
  for (let at = 0; at < ids.length - 1; at += CHUNK) {
    const steps = Math.min(CHUNK, ids.length - 1 - at);
    sampler.run(ids.slice(at, at + steps + 1), steps + 1, steps, new Float64Array(steps), rule, state);
  }
}

/** The seed text, then what the model writes after it, in chunks. */
function* chunksOf(model: CharLSTM, options: GenerateOptions): Generator<string> {
  const { seedText, length, temperature, topK, topP, random } = resolveOptions(options);
  const { vocabulary, lstm, emb } = model;
  const rule: SamplingRule = { temperature, topK, topP };
  const context = contextOf(model, seedText);
  const sampler = model.sampler();
  const FloatArray = emb.weight.dtype === 'float64' ? Float64Array : Float32Array;
  const state = new FloatArray(2 * lstm.numLayers * lstm.hiddenSize);
  if (seedText !== '') yield seedText;
  readContext(sampler, context, state, rule);
  let last = context[context.length - 1];
  for (let written = 0; written < length; written += CHUNK) {
    const steps = Math.min(CHUNK, length - written);
    const ids = new Int32Array(steps + 1);
    ids[0] = last;
    sampler.run(ids, 1, steps, random.uniform53(steps), rule, state);
    last = ids[steps];
    yield vocabulary.decode(ids.subarray(1));
  }
}

/**
 * Text that begins with `seedText` and goes on with `length` characters drawn from the model. The model is read once, at
 * the start; the same seed gives the same text on every backend up to a draw that falls between two sums of
 * probabilities which differ in their last bits.
 *
 * @throws ConfigError  for an option out of range, or a character of `seedText` that the model does not know
 * @example
 * const model = CharLSTM.load('runs/shakespeare');
 * console.log(generate(model, { seedText: 'ROMEO:', length: 200, temperature: 0.8, seed: 1 }));
 */
export function generate(model: CharLSTM, options: GenerateOptions = {}): string {
  return [...chunksOf(model, options)].join('');
}

/** As `generate`, piece by piece as it is written: the seed text first, then at most 256 characters at a time. */
export async function* generateStream(model: CharLSTM, options: GenerateOptions = {}): AsyncGenerator<string> {
  for (const chunk of chunksOf(model, options)) {
    yield chunk;
    await setImmediate();
  }
}
