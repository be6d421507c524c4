/**
 * THE seam: everything the tensors ask of a backend, its methods by family in `seam/`. Two stand behind it: `native` (float32, C++ kernels) and `ts`
 * (the reference, any float). One suite, `test/backend/conformance.ts`, runs on both and on every ISA.
 *
 * Rules
 * - Arrays are contiguous and row-major; shapes come as integers. The caller allocates every output, and an output is
 *   overwritten whole unless its method says that it accumulates. Outputs may hold garbage before.
 * - Aliasing: the elementwise methods allow an output to be the very same range as an input of the same size. All
 *   other outputs overlap no input and no other output. The native binding refuses the rest with a BufferError.
 * - Meaning (shapes, dtypes, ranges of options) is the caller's to check; memory safety is checked by the native binding
 *   at every call. Indices are checked by the kernels that follow them.
 * - All float arrays of one call have one class. The native backend takes Float32Array; `kernelsFor(dtype)` sends every
 *   other dtype to `ts`. Int32Array and Uint8Array are taken by `ts` where the method says so.
 *
 * Numeric contract (float32)
 * - + − × ÷ sqrt, comparisons, copies, rounding: the correctly rounded result, the same bits on every backend.
 * - exp, tanh, sigmoid, log …: within 2 ULP on native; correctly rounded but for a last-bit doubt on ts.
 * - Products: K is cut into blocks of `K_BLOCK`; inside a block each element is one chain of fused multiply-adds in
 *   ascending k from 0; block sums are added in ascending order onto the start value (the bias, C itself when
 *   accumulating, else nothing). The recurrent product of an LSTM, GRU or plain layer is one chain over H that starts
 *   from the input part (of a GRU's n from its own bias); dx of a GRU sums over n, r and z in that order.
 *   A product of one row (m = 1) against a transposed, so row-major, B is a dot over 16 virtual lanes per block.
 * - Convolutions are products too. The output runs over k = (channel of the group, kernel row, kernel column) from the
 *   bias; the input's gradient over k = (output channel, kernel row, kernel column), taking those kernel elements alone
 *   whose stride meets the place. The weight's gradient runs over the places of an image, cut into blocks of as many
 *   whole output rows as `K_BLOCK` holds (a longer row: into `K_BLOCK` places); blocks and images are added in ascending
 *   order within each of the at most 16 equal runs of images (fewer where 16 copies of the gradient pass 2²² elements),
 *   and these in ascending order. With at most 4 output channels a group it is a dot over 16 virtual lanes instead, lane
 *   l taking the places l, l + 16, … of each row, and blocks have `REDUCE_BLOCK` for `K_BLOCK`. The bias's gradient adds
 *   the planes, each reduced as a row, in ascending order.
 * - Row reductions (inner = 1): 16 virtual lanes, lane l takes elements l, l + 16, …, folded by the fixed tree
 *   (8, 4, 2, 1); rows longer than `REDUCE_BLOCK` are cut into blocks of that size, each reduced so, and the block
 *   results combined in ascending order. With inner > 1 one ascending chain per output. dWeight and dBias of
 *   `layerNormBackward`: rows are cut into blocks of max(16, ⌈rows / 64⌉), in each one ascending chain per column, and
 *   the blocks' sums are added in ascending order. Sums of a channel in `channelNormBackward`: its planes, each reduced
 *   as a row, in one ascending chain. `batchMoments` joins the moments of planes in float64.
 * - Scans of sums: a line is cut into blocks of `SCAN_BLOCK`; an element is what the blocks before come to, carried in
 *   float64 and rounded once, plus one ascending chain from 0. A block comes to its row reduction, or with inner > 1 to
 *   the end of its chain. Scans of log-sum-exps: with inner = 1 the same blocks, whose results are folded in ascending
 *   order, and each chain starts from that; with inner > 1 one ascending chain. Products and linear scans: one ascending
 *   chain in float64, rounded at each store. Reversed, all of it runs from the end.
 * - Work is split over outputs alone, so bits do not depend on the number of threads; native ISAs with a fused
 *   multiply-add (avx2, avx512, neon) agree to the bit. The `ts` backend accumulates in float64 and rounds once; it and
 *   the SSE2 baseline agree with the rest within the bounds the tests state.
 */

import type { FloatArray } from '../core/dtype.ts';
import type { CharSamplerWeights, SamplingRule } from './arguments.ts';
import type { ArrayKernels } from './seam/arrays.ts';
import type { LayerKernels } from './seam/layers.ts';
import type { RecurrentKernels } from './seam/recurrent.ts';
import type { TrainingKernels } from './seam/training.ts';

export const K_BLOCK = 256;
export const REDUCE_BLOCK = 4096;
export const SCAN_BLOCK = 256;

/**
 * A snapshot of a character model that walks one character a step. It copies the weights it is given.
 * `state` is [2, layers, H]: h of every layer, then c.
 */
export interface CharSampler {
  /**
   * Runs `steps` steps (at most 256). ids has steps + 1 elements: step i reads ids[i] and, where i + 1 ≥ given, draws
   * ids[i + 1] with draws[i] in [0, 1), by walking the kept probabilities in ascending id until their sum passes the
   * draw. ids[0 … given − 1] are the caller's (given ≥ 1); a forced step computes no logits.
   */
  run(ids: Int32Array, given: number, steps: number, draws: Float64Array, rule: SamplingRule, state: FloatArray): void;
}

/** Every method a backend has. A missing twin is a compile error. */
export interface Backend extends ArrayKernels, LayerKernels, RecurrentKernels, TrainingKernels {
  readonly name: 'native' | 'ts';

  createCharSampler(weights: CharSamplerWeights): CharSampler;
}
