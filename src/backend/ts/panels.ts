/**
 * The heart of every product: operands packed into float64 panels, and the one inner kernel over them.
 *
 * A packed operand is a row of panels. A panel holds `width` lines (rows of the left operand, columns of the right one)
 * interleaved along the depth: `[depth][width]`. Lines past the last and an odd last step of the depth are zeros, which
 * add nothing to any sum. Packing pays twice: the inner kernel reads both operands in the order they lie, and it sees
 * one array class only, whatever the class, transposition and layout of the operands.
 */

import type { FloatArray } from '../../core/dtype.ts';

/** Lines of a panel of the left operand. */
export const LEFT = 4;
/** Lines of a panel of the right operand. Eight sums and their operands fit the sixteen registers; sixteen spill. */
export const RIGHT = 2;

export function roundUp(n: number, multiple: number): number {
  return Math.ceil(n / multiple) * multiple;
}

/** Doubles of a packed operand of so many lines. */
export function packedSize(lines: number, depth: number, width: number): number {
  return roundUp(lines, width) * roundUp(depth, 2);
}

/** Element (line, d) of the operand is `src[at + line·lineStep + d·depthStep]`. */
export interface Operand {
  readonly src: FloatArray;
  readonly at: number;
  readonly lineStep: number;
  readonly depthStep: number;
}

/** Packs `lines` lines, from `firstLine` on, and the depths from `firstDepth` on, to the start of `out`. */
export function pack(
  { src, at, lineStep, depthStep }: Operand,
  firstLine: number,
  lines: number,
  firstDepth: number,
  depth: number,
  width: number,
  out: Float64Array,
): void {
  const evenDepth = roundUp(depth, 2);
  const start = at + firstLine * lineStep + firstDepth * depthStep;
  for (let line0 = 0; line0 < lines; line0 += width) {
    const base = line0 * evenDepth;
    const filled = Math.min(width, lines - line0);
    if (filled < width || evenDepth > depth) out.fill(0, base, base + width * evenDepth);
    const from = start + line0 * lineStep;
    if (lineStep === 1) {
      for (let d = 0; d < depth; d++) {
        for (let l = 0; l < filled; l++) out[base + d * width + l] = src[from + d * depthStep + l];
      }
    } else {
      for (let l = 0; l < filled; l++) {
        let to = base + l;
        let place = from + l * lineStep;
        for (let d = 0; d < depth; d++, to += width, place += depthStep) out[to] = src[place];
      }
    }
  }
}

/** c[4×2 at `to`, rows `ld` apart] += one left panel times one right panel; `depth` is even. */
function multiplyTile(
  a: Float64Array,
  b: Float64Array,
  bAt: number,
  depth: number,
  c: Float64Array,
  to: number,
  ld: number,
): void {
  let c00 = 0;
  let c01 = 0;
  let c10 = 0;
  let c11 = 0;
  let c20 = 0;
  let c21 = 0;
  let c30 = 0;
  let c31 = 0;
  const end = depth * LEFT;
  for (let i = 0, j = bAt; i < end; i += 2 * LEFT, j += 2 * RIGHT) {
    const b0 = b[j];
    const b1 = b[j + 1];
    const a0 = a[i];
    const a1 = a[i + 1];
    const a2 = a[i + 2];
    const a3 = a[i + 3];
    c00 += a0 * b0;
    c01 += a0 * b1;
    c10 += a1 * b0;
    c11 += a1 * b1;
    c20 += a2 * b0;
    c21 += a2 * b1;
    c30 += a3 * b0;
    c31 += a3 * b1;
    const b2 = b[j + 2];
    const b3 = b[j + 3];
    const a4 = a[i + 4];
    const a5 = a[i + 5];
    const a6 = a[i + 6];
    const a7 = a[i + 7];
    c00 += a4 * b2;
    c01 += a4 * b3;
    c10 += a5 * b2;
    c11 += a5 * b3;
    c20 += a6 * b2;
    c21 += a6 * b3;
    c30 += a7 * b2;
    c31 += a7 * b3;
  }
  c[to] += c00;
  c[to + 1] += c01;
  to += ld;
  c[to] += c10;
  c[to + 1] += c11;
  to += ld;
  c[to] += c20;
  c[to + 1] += c21;
  to += ld;
  c[to] += c30;
  c[to + 1] += c31;
}

/** c += left · right, one left panel against all of a packed right operand: 4 rows of `columns` sums, `ld` apart. */
export function multiplyPanel(
  left: Float64Array,
  right: Float64Array,
  depth: number,
  columns: number,
  c: Float64Array,
  to: number,
  ld: number,
): void {
  const evenDepth = roundUp(depth, 2);
  for (let j = 0; j < columns; j += RIGHT) multiplyTile(left, right, j * evenDepth, evenDepth, c, to + j, ld);
}
