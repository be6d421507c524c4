/**
 * The functions of the compiled addon, as native/binding exports them: sizes first, then arrays, flat, because reading
 * a property costs more than passing an argument. Families stand in `addon/`. The addon checks the class, length, buffer and overlap of every
 * array; `test/backend/native/boundary.test.ts` holds it to that.
 */

import type { FloatArray } from '../../core/dtype.ts';
import type { LanegradError } from '../../errors.ts';
import type { ArrayFunctions } from './addon/arrays.ts';
import type { LayerFunctions } from './addon/layers.ts';
import type { RecurrentFunctions } from './addon/recurrent.ts';
import type { TrainingFunctions } from './addon/training.ts';

type ErrorConstructor = new (message: string) => LanegradError;

/** What the addon is given at load: the error classes it throws, and how to ask a buffer whether it can be resized. */
export interface NativeSetup {
  readonly BufferError: ErrorConstructor;
  readonly LimitError: ErrorConstructor;
  readonly ShapeError: ErrorConstructor;
  readonly BackendError: ErrorConstructor;
  /** The getter of `ArrayBuffer.prototype.resizable`, called with the buffer as `this`. */
  readonly isResizable: (this: ArrayBuffer) => boolean;
}

export interface NativeInfo {
  /** The instruction set whose kernels run. */
  readonly isa: string;
  /** Those this machine has, best first. */
  readonly isas: string[];
  readonly threads: number;
  /** Worker threads alive in the process's pool. */
  readonly workers: number;
}

/** Packed weights; opaque. */
export interface SamplerHandle {
  readonly handle: unique symbol;
}

export interface NativeAddon extends ArrayFunctions, LayerFunctions, RecurrentFunctions, TrainingFunctions {
  /** Package version and the number of these signatures. */
  readonly abi: string;

  init(setup: NativeSetup): void;
  info(): NativeInfo;
  /** @throws BackendError if this machine lacks that instruction set */
  setIsa(name: string): void;
  setThreads(threads: number): void;
  /** The control and status word of the floating-point unit. */
  mxcsr(): number;
  /** Where the first cache line of a buffer begins, in bytes from its start. */
  prepareBuffer(buffer: ArrayBuffer): number;
  createCharSampler(
    weights: readonly FloatArray[],
    vocab: number,
    embed: number,
    hidden: number,
    layers: number,
    embedding: FloatArray,
    headWeight: FloatArray,
    headBias: FloatArray,
  ): SamplerHandle;
  /** Returns −1, or the place of the first of the caller's ids that is out of range. */
  runCharSampler(
    handle: SamplerHandle,
    given: number,
    steps: number,
    temperature: number,
    topK: number,
    topP: number,
    ids: Int32Array,
    draws: Float64Array,
    state: FloatArray,
  ): number;
  /**
   * What this machine can do at most, for benchmarks. `what` 0: `rounds` rounds of independent fused multiply-adds a
   * thread, returns the floating-point operations done; 1: the threads read x `rounds` times, each its share; 2: copy
   * x to y; both return the bytes read and written.
   */
  yardstick(what: number, rounds: number, x: FloatArray, y: FloatArray): number;
}
