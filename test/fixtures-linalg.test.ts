/** Golden values and gradients: the family `linalg`. Factors that are not unique are put together again. */

import { expect } from 'vitest';
import * as linalg from '../src/linalg/index.ts';
import type { Tensor } from '../src/tensor.ts';
import {
  distance,
  matricesOf,
  type Rows,
  sizeOfRows,
  skewness,
  times,
  transposeRows,
  vectorsOf,
} from './support/dense.ts';
import { type Checker, type ExpressionCase, evaluateCase, testExpressions } from './support/expression-cases.ts';
import { expectTensor, expectValues, type Family, type FloatDType, toTensor } from './support/fixtures.ts';

/** Allowed differences of what was put together, relative to the size of the matrix. */
const ROUNDING: Readonly<Record<FloatDType, number>> = { float32: 2e-6, float64: 1e-13 };

/** The wanted output as something to take matrices of. */
function wanted(family: Family<ExpressionCase>, fixture: ExpressionCase, name: string) {
  const { shape, values } = family.tensor(fixture.outputs[name]);
  return { shape, data: values };
}

function expectShapes(
  family: Family<ExpressionCase>,
  fixture: ExpressionCase,
  found: Readonly<Record<string, Tensor>>,
) {
  const shapes = Object.keys(fixture.outputs).map((name) => [name, wanted(family, fixture, name).shape]);
  expect(Object.entries(found).map(([name, y]) => [name, y.shape])).toEqual(shapes);
}

/** a·diag(w)·b */
function scaledProduct(a: Rows, w: readonly number[], b: Rows, n: number): Rows {
  return times(
    a.map((row) => w.map((value, k) => row[k] * value)),
    b,
    n,
  );
}

const checkQr: Checker = (family, fixture, dtype) => {
  const found = evaluateCase(family, fixture, dtype);
  expectShapes(family, fixture, found);
  const [m, k] = found.Q.shape.slice(-2);
  const n = found.R.shape[found.R.rank - 1];
  const [qs, rs] = [matricesOf(found.Q), matricesOf(found.R)];
  const [wantQ, wantR] = ['Q', 'R'].map((name) => matricesOf(wanted(family, fixture, name)));
  for (const [b, r] of rs.entries()) {
    const size = 1 + sizeOfRows(wantR[b]);
    for (const [i, row] of r.entries()) for (let j = 0; j < Math.min(i, n); j++) expect(row[j]).toBe(0);
    if (fixture.options.mode === 'r') continue;
    expect(distance(times(qs[b], r, n), times(wantQ[b], wantR[b], n))).toBeLessThan(ROUNDING[dtype] * size);
    expect(skewness(qs[b], k)).toBeLessThan(ROUNDING[dtype] * (1 + m));
  }
};

const checkSvd: Checker = (family, fixture, dtype) => {
  const found = evaluateCase(family, fixture, dtype);
  expectShapes(family, fixture, found);
  const torchError = fixture.torch_f32_error?.outputs?.S;
  expectTensor('S', found.S, family.tensor(fixture.outputs.S), { dtype, torchError });
  const n = found.Vh.shape[found.Vh.rank - 1];
  const [us, ss, vhs] = [matricesOf(found.U), vectorsOf(found.S), matricesOf(found.Vh)];
  const [wantU, wantVh] = ['U', 'Vh'].map((name) => matricesOf(wanted(family, fixture, name)));
  const wantS = vectorsOf(wanted(family, fixture, 'S'));
  for (const [b, s] of ss.entries()) {
    const size = 1 + Math.max(0, ...s);
    const want = scaledProduct(wantU[b], wantS[b], wantVh[b], n);
    expect(distance(scaledProduct(us[b], s, vhs[b], n), want)).toBeLessThan(4 * ROUNDING[dtype] * size);
    expect(skewness(us[b], us[b][0]?.length ?? 0)).toBeLessThan(ROUNDING[dtype] * (1 + us[b].length));
    expect(skewness(transposeRows(vhs[b], n), vhs[b].length)).toBeLessThan(ROUNDING[dtype] * (1 + n));
  }
};

const checkEigh: Checker = (family, fixture, dtype) => {
  const found = evaluateCase(family, fixture, dtype);
  expectShapes(family, fixture, found);
  const torchError = fixture.torch_f32_error?.outputs?.w;
  expectTensor('w', found.w, family.tensor(fixture.outputs.w), { dtype, torchError });
  const [ws, vs] = [vectorsOf(found.w), matricesOf(found.V)];
  const [wantW, wantV] = [vectorsOf(wanted(family, fixture, 'w')), matricesOf(wanted(family, fixture, 'V'))];
  for (const [b, v] of vs.entries()) {
    const n = v.length;
    const size = 1 + Math.max(0, ...ws[b].map(Math.abs));
    const want = scaledProduct(wantV[b], wantW[b], transposeRows(wantV[b], n), n);
    expect(distance(scaledProduct(v, ws[b], transposeRows(v, n), n), want)).toBeLessThan(4 * ROUNDING[dtype] * size);
    expect(skewness(v, n)).toBeLessThan(ROUNDING[dtype] * (1 + n));
  }
};

interface EigCase extends ExpressionCase {
  readonly defective_or_repeated?: boolean;
}

const checkEig: Checker = (family, fixture, dtype) => {
  const a = toTensor(family.tensor(fixture.inputs.A), dtype);
  const { eigenvalues, eigenvectors } = linalg.eig(a);
  const values = linalg.eigvals(a);
  expect([...values.re.data, ...values.im.data]).toEqual([...eigenvalues.re.data, ...eigenvalues.im.data]);
  const found = { w_re: eigenvalues.re, w_im: eigenvalues.im, V_re: eigenvectors.re, V_im: eigenvectors.im };
  expectShapes(family, fixture, found);
  const eps = dtype === 'float32' ? 2 ** -23 : 2 ** -52;
  const repeated = (fixture as EigCase).defective_or_repeated === true;
  const n = a.shape[a.rank - 1];
  for (const [b, rows] of matricesOf(a).entries()) {
    const size = 1 + sizeOfRows(rows);
    const complex = (re: { shape: readonly number[]; data: ArrayLike<number> }, im: typeof re) =>
      vectorsOf(re)[b].map((x, i) => [x, vectorsOf(im)[b][i]] as const);
    const want = complex(wanted(family, fixture, 'w_re'), wanted(family, fixture, 'w_im'));
    const rest = complex(found.w_re, found.w_im);
    // A value that comes n times moves by the n-th root of what rounding changes.
    const allowed = size * (repeated ? 4 * eps ** (1 / n) : 2000 * n * eps);
    // Values that are nearly equal may come in another order: each finds its nearest.
    for (const [re, im] of want) {
      const gaps = rest.map(([x, y]) => Math.hypot(x - re, y - im));
      const nearest = gaps.indexOf(Math.min(...gaps));
      expect(gaps[nearest]).toBeLessThan(allowed);
      rest.splice(nearest, 1);
    }
    const [re, im] = [matricesOf(found.V_re)[b], matricesOf(found.V_im)[b]];
    const [avRe, avIm] = [times(rows, re, n), times(rows, im, n)];
    for (let j = 0; j < n; j++) {
      const [x, y] = [vectorsOf(found.w_re)[b][j], vectorsOf(found.w_im)[b][j]];
      let norm = 0;
      for (let i = 0; i < n; i++) {
        norm += re[i][j] ** 2 + im[i][j] ** 2;
        expect(Math.abs(avRe[i][j] - (x * re[i][j] - y * im[i][j]))).toBeLessThan(100 * n * eps * size);
        expect(Math.abs(avIm[i][j] - (x * im[i][j] + y * re[i][j]))).toBeLessThan(100 * n * eps * size);
      }
      expect(Math.abs(norm - 1)).toBeLessThan(10 * n * eps);
    }
  }
};

interface SpaceCase extends ExpressionCase {
  readonly rank: number;
  readonly dim: number;
}

const checkNullSpace: Checker = (family, fixture, dtype) => {
  const { rank, dim } = fixture as SpaceCase;
  const a = toTensor(family.tensor(fixture.inputs.A), dtype);
  const basis = linalg.nullSpace(a);
  expect(basis.shape).toEqual([a.shape[1], dim]);
  expect(linalg.matrixRank(a).item()).toBe(rank);
  const [rows] = matricesOf(basis);
  const projector = times(rows, transposeRows(rows, dim), a.shape[1]);
  const want = family.tensor(fixture.outputs.projector);
  expectValues('projector', projector.flat(), want.values, () => 10 * ROUNDING[dtype]);
};

testExpressions('linalg', [], {
  eig: checkEig,
  eigh: checkEigh,
  null_space: checkNullSpace,
  qr: checkQr,
  svd: checkSvd,
});
