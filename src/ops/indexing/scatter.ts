/** Elements written, added or combined where an index says: the counterparts of gather. */

import type { DataArray } from '../../core/dtype.ts';
import { ConfigError, ShapeError } from '../../errors.ts';
import { emptyTensor, type Tensor } from '../../tensor.ts';
import { checkFloat, checkSameDType, checkTensor, defineOp, type Op, type OpProof, registerOp } from '../define.ts';
import { div, mul } from '../elementwise/arithmetic.ts';
import { checkIds, to, valueFor } from '../elementwise/cast.ts';
import { eq, maskedFill, where } from '../elementwise/compare.ts';
import { slice } from '../movement/movement.ts';
import { expandTo, filled } from '../reduction/broadcast.ts';
import { atLeastOne, checkIndex, placesAlong } from './gather.ts';
import { addRows, gatherRows, setRows } from './rows.ts';

/** The places the index names in `x`, and the elements of the source that go there. */
interface Targets {
  readonly places: Tensor;
  readonly source: Tensor;
}

function targetsOf(op: string, x: Tensor, axis: number, index: Tensor, source: Tensor | number): Targets {
  const at = checkIndex(op, x, axis, index);
  const places = placesAlong(op, checkIds(op, index), atLeastOne(index.shape), atLeastOne(x.shape), at, false);
  if (typeof source === 'number') {
    return { places, source: expandTo(valueFor(op, source, x), [places.size]) };
  }
  checkSameDType(op, x, checkTensor(op, source));
  if (source.rank === 0) return { places, source: expandTo(source, [places.size]) };
  const dims = source.shape;
  const wanted = atLeastOne(index.shape);
  if (index.size > 0 && (dims.length !== wanted.length || wanted.some((d, i) => d > dims[i]))) {
    throw new ShapeError({
      op,
      problem: 'the index must have the axes of the source and be no longer than it',
      got: index.shape,
      expected: `[${source.shape.join(', ')}]`,
    });
  }
  if (index.size === 0) return { places, source: filled([0], 0, x.dtype) };
  let part = source;
  wanted.forEach((d, i) => {
    part = slice(part, i, 0, d);
  });
  return { places, source: part };
}

/**
 * `x` with the elements of a source (or one number) written where the index says: y[index[i][j]][j] = source[i][j] for
 * axis 0. With `reduce` they are added, or multiplied, to what is there.
 *
 * Shapes:   x [...], index of the same rank, no longer than x but along the axis, nor than the source → y as x
 * Gradient: dx = dy but for the places written, dsource = dy at the index (which must then be distinct)
 * @throws ShapeError  if the shapes do not fit, or (ERR_INDEX) an id is out of range
 */
export function scatter(
  x: Tensor,
  axis: number,
  index: Tensor,
  source: Tensor | number,
  { reduce = null }: { reduce?: 'add' | 'multiply' | null } = {},
): Tensor {
  const { places, source: part } = targetsOf('scatter', x, axis, index, source);
  if (reduce === 'add') return addRows('scatter', x, places, part, 1);
  if (reduce === 'multiply') return combined(x, places, part, 'prod', true);
  if (reduce !== null) {
    throw new ConfigError({ op: 'scatter', problem: 'unknown reduction', got: reduce, expected: 'add | multiply' });
  }
  return setRows('scatter', x, places, part, 1);
}

/**
 * `x` with the elements of the source added where the index says, in its order.
 *
 * Shapes:   as `scatter`
 * Gradient: dx = dy, dsource = dy at the index
 * @throws ShapeError  if the shapes do not fit, or (ERR_INDEX) an id is out of range
 */
export function scatterAdd(x: Tensor, axis: number, index: Tensor, source: Tensor): Tensor {
  const { places, source: part } = targetsOf('scatterAdd', x, axis, index, source);
  return addRows('scatterAdd', x, places, part, 1);
}

export type ScatterReduction = 'sum' | 'prod' | 'mean' | 'amax' | 'amin';

type Combination = 'prod' | 'amax' | 'amin';

type Case = OpProof['cases'][number];

interface CombineParams {
  readonly places: Tensor;
  readonly how: Combination;
  readonly includeSelf: boolean;
}

/** One loop for each way: a function an element would take several times as long. */
function combineInto(y: DataArray, source: DataArray, { places, how, includeSelf }: CombineParams): void {
  const at = places.data as Int32Array;
  // The first element to arrive takes the place over, and then it is combined as any other: equals stay as they are.
  if (!includeSelf) for (let i = at.length - 1; i >= 0; i--) y[at[i]] = how === 'prod' ? 1 : source[i];
  if (how === 'prod') for (let i = 0; i < at.length; i++) y[at[i]] *= source[i];
  else if (how === 'amax') for (let i = 0; i < at.length; i++) y[at[i]] = Math.max(y[at[i]], source[i]);
  else for (let i = 0; i < at.length; i++) y[at[i]] = Math.min(y[at[i]], source[i]);
}

const combineOp: Op<CombineParams> = defineOp<CombineParams>({
  name: 'scatterReduce',
  forward(node, [x, source], params) {
    const y = emptyTensor(x!.shape, x!.dtype);
    y.data.set(x!.data);
    combineInto(y.data, source!.data, params);
    node.save(x, source, y, params.places);
    return y;
  },
  backward(node, [dy], { how, includeSelf }) {
    const [x, source, y, places] = node.saved() as Tensor[];
    const at = (t: Tensor): Tensor => gatherRows('scatterReduce', t, places, 1, source.shape);
    const zero = filled(source.shape, 0, dy!.dtype);
    const without = (t: Tensor): Tensor => (includeSelf ? t : setRows('scatterReduce', t, places, zero, 1));
    if (how === 'prod') {
      const [dx, dsource] = productGradient(x, source, y, dy!, places, includeSelf);
      return [without(dx), dsource];
    }
    // Equal ones share, as in amax and amin.
    const mine = without(to(eq(x, y), dy!.dtype));
    const given = to(eq(source, at(y)), dy!.dtype);
    const share = div(dy!, addRows('scatterReduce', mine, places, given, 1));
    return [mul(mine, share), mul(given, at(share))];
  },
  cases: [
    ...(['sum', 'prod', 'mean', 'amax', 'amin'] as const).map(
      (how): Case =>
        (s) => {
          const index = s.ids([3, 3], 2);
          return {
            inputs: [s.distinct([2, 4], 0.1), s.distinct([3, 3], 0.13)],
            call: (x, source) => scatterReduce(x, 0, index, source, how),
          };
        },
    ),
    ...(['sum', 'prod', 'mean', 'amax', 'amin'] as const).map(
      (how): Case =>
        (s) => {
          const index = s.ids([2, 3], 4);
          return {
            inputs: [s.distinct([2, 4], 0.1), s.distinct([2, 3], 0.13)],
            call: (x, source) => scatterReduce(x, -1, index, source, how, { includeSelf: false }),
          };
        },
    ),
  ],
});

function combined(x: Tensor, places: Tensor, source: Tensor, how: Combination, includeSelf: boolean): Tensor {
  return combineOp.run([x, source], { places, how, includeSelf });
}

/** Each factor's gradient is the product of the others, which is y over the factor only where the factor is not 0. */
function productGradient(
  x: Tensor,
  source: Tensor,
  y: Tensor,
  dy: Tensor,
  places: Tensor,
  includeSelf: boolean,
): [Tensor, Tensor] {
  const at = (t: Tensor): Tensor => gatherRows('scatterReduce', t, places, 1, source.shape);
  const xZero = eq(x, 0);
  const xFilled = maskedFill(x, xZero, 1);
  const dx = div(mul(dy, combined(xFilled, places, source, 'prod', includeSelf)), xFilled);
  const zero = eq(source, 0);
  const zeros = addRows('scatterReduce', filled(x.shape, 0, dy.dtype), places, to(zero, dy.dtype), 1);
  const single = where(eq(at(zeros), 1), zero, false);
  const others = combined(x, places, maskedFill(source, single, 1), 'prod', includeSelf);
  const dsource = where(single, at(mul(dy, others)), div(at(mul(dy, y)), maskedFill(source, zero, 1)));
  return [dx, dsource];
}

/**
 * `x` with the elements of the source combined where the index says: their sum, product, mean, largest or smallest, with
 * what stood there (unless `includeSelf` is false).
 *
 * Shapes:   as `scatter`
 * Gradient: as of the reduction; equals share the gradient of amax and amin
 * @throws ShapeError  if the shapes do not fit, or (ERR_INDEX) an id is out of range
 * @throws DTypeError  for the mean of integers
 */
export function scatterReduce(
  x: Tensor,
  axis: number,
  index: Tensor,
  source: Tensor,
  reduce: ScatterReduction,
  { includeSelf = true }: { includeSelf?: boolean } = {},
): Tensor {
  const op = 'scatterReduce';
  const { places, source: part } = targetsOf(op, x, axis, index, source);
  if (reduce === 'prod' || reduce === 'amax' || reduce === 'amin')
    return combined(x, places, part, reduce, includeSelf);
  if (reduce !== 'sum' && reduce !== 'mean') {
    throw new ConfigError({
      op,
      problem: 'unknown reduction',
      got: reduce,
      expected: 'sum | prod | mean | amax | amin',
    });
  }
  const start = includeSelf ? x : setRows(op, x, places, filled([places.size], 0, x.dtype), 1);
  const total = addRows(op, start, places, part, 1);
  if (reduce === 'sum') return total;
  checkFloat(op, x);
  const ones = filled([places.size], 1, x.dtype);
  const count = addRows(op, filled(x.shape, includeSelf ? 1 : 0, x.dtype), places, ones, 1);
  return div(total, includeSelf ? count : maskedFill(count, eq(count, 0), 1));
}

registerOp({
  name: 'scatter',
  cases: [
    (s) => ({
      inputs: [s.normal([4, 3]), s.normal([2, 3])],
      call: (x, source) => scatter(x, 0, distinctRows(2, 3, 4), source),
    }),
    (s) => ({ inputs: [s.normal([4, 3])], call: (x) => scatter(x, 0, distinctRows(2, 2, 4), 2.5) }),
    (s) => {
      const index = s.ids([2, 3], 4);
      return {
        inputs: [s.normal([2, 4]), s.normal([3, 4])],
        call: (x, source) => scatter(x, 1, index, source, { reduce: 'add' }),
      };
    },
    (s) => {
      const index = s.ids([2, 3], 4);
      return {
        inputs: [s.normal([2, 4]), s.normal([2, 3])],
        call: (x, source) => scatter(x, -1, index, source, { reduce: 'multiply' }),
      };
    },
  ],
});

registerOp({
  name: 'scatterAdd',
  cases: [
    (s) => {
      const index = s.ids([5, 2], 3);
      return { inputs: [s.normal([3, 4]), s.normal([5, 3])], call: (x, source) => scatterAdd(x, 0, index, source) };
    },
    (s) => {
      const index = s.ids([2, 2, 3], 3);
      return {
        inputs: [s.normal([2, 3, 3]), s.normal([2, 2, 3])],
        call: (x, source) => scatterAdd(x, -2, index, source),
      };
    },
  ],
});

/** Ids of which none stands twice in a column. */
function distinctRows(rows: number, columns: number, n: number): Tensor {
  const index = emptyTensor([rows, columns], 'int32');
  for (let i = 0; i < index.size; i++) index.data[i] = (Math.floor(i / columns) + (i % columns)) % n;
  return index;
}
