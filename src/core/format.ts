/** How values are printed: NumPy's habits, as people know them. */

import type { DataArray } from './dtype.ts';
import type { Shape } from './shape.ts';

/** Past this many elements the middle of every long axis is left out. */
const SUMMARY_FROM = 1000;
/** Elements kept at each end of a shortened axis. */
const EDGE = 3;
const DIGITS = 4;

function formatNumber(value: number, scientific: boolean, digits: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  return scientific ? value.toExponential(DIGITS) : value.toFixed(digits);
}

/** The one format of all shown values: integers bare, floats with up to four decimals, wide ranges in exponents. */
function chooseFormat(values: readonly number[]): (value: number) => string {
  const finite = values.filter(Number.isFinite);
  if (finite.every(Number.isInteger) && finite.every((v) => Math.abs(v) < 1e8)) {
    return (v) => formatNumber(v, false, 0);
  }
  const sizes = finite.map(Math.abs).filter((v) => v > 0);
  const [largest, smallest] = [Math.max(...sizes), Math.min(...sizes)];
  const scientific = largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1e6;
  return (v) => formatNumber(v, scientific, DIGITS);
}

/** The values of a tensor as nested brackets, shortened in the middle when there are many. */
export function formatValues(data: DataArray, shape: Shape, bool: boolean): string {
  const shorten = data.length > SUMMARY_FROM;
  const shownAlong = (n: number): (number | null)[] => {
    if (!shorten || n <= 2 * EDGE) return Array.from({ length: n }, (_, i) => i);
    return [0, 1, 2, null, n - 3, n - 2, n - 1];
  };
  const shown: number[] = [];
  const collect = (axis: number, start: number, span: number): void => {
    if (axis === shape.length) {
      shown.push(data[start]);
      return;
    }
    const step = shape[axis] === 0 ? 0 : span / shape[axis];
    for (const i of shownAlong(shape[axis])) if (i !== null) collect(axis + 1, start + i * step, step);
  };
  collect(0, 0, data.length);
  const text = bool ? (v: number) => (v !== 0 ? 'true' : 'false') : chooseFormat(shown);
  const width = shape.length === 0 ? 0 : shown.reduce((w, v) => Math.max(w, text(v).length), 0);
  const print = (axis: number, start: number, span: number): string => {
    if (axis === shape.length) return text(data[start]).padStart(width);
    const step = shape[axis] === 0 ? 0 : span / shape[axis];
    const last = axis === shape.length - 1;
    const parts = shownAlong(shape[axis]).map((i) => (i === null ? '...' : print(axis + 1, start + i * step, step)));
    const gap = last ? ', ' : `,${'\n'.repeat(shape.length - 1 - axis)}${' '.repeat(axis + 1)}`;
    return `[${parts.join(gap)}]`;
  };
  return print(0, 0, data.length);
}
