/** Matrix products in float64 blocks, rounded once at the store. */

import type { FloatArray } from '../../core/dtype.ts';
import { LEFT, multiplyPanel, type Operand, pack, packedSize, RIGHT, roundUp } from './panels.ts';
import { Scratch } from './scratch.ts';

/** Cache blocks: right operand and sums (256 KB each) share the second-level cache, two panels the first. */
const BLOCK_M = 256;
const BLOCK_N = 128;
const BLOCK_K = 256;

const leftScratch = new Scratch();
const rightScratch = new Scratch();
const sumScratch = new Scratch();

export function gemm(
  transA: boolean,
  transB: boolean,
  m: number,
  n: number,
  k: number,
  a: FloatArray,
  b: FloatArray,
  c: FloatArray,
  accumulate: boolean,
  bias: FloatArray | null,
  batch: number,
  aStride: number,
  bStride: number,
  cStride: number,
): void {
  for (let i = 0; i < batch; i++) {
    const left = { src: a, at: i * aStride, lineStep: transA ? 1 : k, depthStep: transA ? m : 1 };
    const right = { src: b, at: i * bStride, lineStep: transB ? k : 1, depthStep: transB ? 1 : n };
    const store = { c, at: i * cStride, ld: n, accumulate, bias };
    if (m === 1) vectorProduct(left, right, n, k, store, 1);
    else if (n === 1) vectorProduct(right, left, m, k, store, 0);
    else blockedProduct(left, right, m, n, k, store);
  }
}

/** Where sums go: c[at + row·ld + column], onto the bias of the column or what is there. */
interface Store {
  readonly c: FloatArray;
  readonly at: number;
  readonly ld: number;
  readonly accumulate: boolean;
  readonly bias: FloatArray | null;
}

function blockedProduct(left: Operand, right: Operand, m: number, n: number, k: number, store: Store): void {
  const leftPanel = leftScratch.take(packedSize(LEFT, BLOCK_K, LEFT));
  const rightBlock = rightScratch.take(packedSize(BLOCK_N, BLOCK_K, RIGHT));
  const sums = sumScratch.take(BLOCK_M * BLOCK_N);
  for (let n0 = 0; n0 < n; n0 += BLOCK_N) {
    const columns = Math.min(BLOCK_N, n - n0);
    const ld = roundUp(columns, RIGHT);
    for (let m0 = 0; m0 < m; m0 += BLOCK_M) {
      const rows = Math.min(BLOCK_M, m - m0);
      sums.fill(0, 0, roundUp(rows, LEFT) * ld);
      for (let k0 = 0; k0 < k; k0 += BLOCK_K) {
        const depth = Math.min(BLOCK_K, k - k0);
        pack(right, n0, columns, k0, depth, RIGHT, rightBlock);
        for (let i = 0; i < rows; i += LEFT) {
          pack(left, m0 + i, Math.min(LEFT, rows - i), k0, depth, LEFT, leftPanel);
          multiplyPanel(leftPanel, rightBlock, depth, columns, sums, i * ld, ld);
        }
      }
      storeBlock(store, m0, n0, rows, columns, sums, ld);
    }
  }
}

function storeBlock(
  { c, at, ld: cLd, accumulate, bias }: Store,
  m0: number,
  n0: number,
  rows: number,
  columns: number,
  sums: Float64Array,
  ld: number,
): void {
  for (let i = 0; i < rows; i++) {
    const to = at + (m0 + i) * cLd + n0;
    const from = i * ld;
    if (accumulate) for (let j = 0; j < columns; j++) c[to + j] += sums[from + j];
    else if (bias !== null) for (let j = 0; j < columns; j++) c[to + j] = sums[from + j] + bias[n0 + j];
    else for (let j = 0; j < columns; j++) c[to + j] = sums[from + j];
  }
}

/**
 * A vector (one line) against all lines of a matrix. Each element of the matrix is used once, so packing it would only
 * add a pass; the matrix is walked in the order it lies. `biasStep` 1 takes a bias for each sum, 0 the first for all.
 */
function vectorProduct(
  vector: Operand,
  matrix: Operand,
  lines: number,
  k: number,
  { c, at, accumulate, bias }: Store,
  biasStep: 0 | 1,
): void {
  const x = leftScratch.take(k);
  for (let d = 0; d < k; d++) x[d] = vector.src[vector.at + d * vector.depthStep];
  const sums = sumScratch.take(lines);
  if (matrix.depthStep === 1) {
    for (let line = 0; line < lines; line++) sums[line] = dot(x, matrix.src, matrix.at + line * matrix.lineStep, k);
  } else {
    sums.fill(0, 0, lines);
    for (let d = 0; d < k; d++) addScaled(sums, x[d], matrix.src, matrix.at + d * matrix.depthStep, lines);
  }
  for (let line = 0; line < lines; line++) {
    const start = accumulate ? c[at + line] : bias === null ? 0 : bias[line * biasStep];
    c[at + line] = start + sums[line];
  }
}

/** Σ x[d]·y[at + d] in four chains: one alone waits for each addition to finish. */
export function dot(x: Float64Array, y: FloatArray, at: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let d = 0;
  for (; d + 3 < n; d += 4) {
    s0 += x[d] * y[at + d];
    s1 += x[d + 1] * y[at + d + 1];
    s2 += x[d + 2] * y[at + d + 2];
    s3 += x[d + 3] * y[at + d + 3];
  }
  for (; d < n; d++) s0 += x[d] * y[at + d];
  return s0 + s1 + (s2 + s3);
}

function addScaled(sums: Float64Array, factor: number, y: FloatArray, at: number, n: number): void {
  for (let j = 0; j < n; j++) sums[j] += factor * y[at + j];
}
