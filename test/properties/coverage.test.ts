/** Every operation has a reference, or a reason why what stands elsewhere proves it. */

import { expect, test } from 'vitest';
import { registeredOps } from '../../src/ops/index.ts';
import { arrangement } from './subjects/arrangement.ts';
import { attention } from './subjects/attention.ts';
import { elementwise } from './subjects/elementwise.ts';
import { functions } from './subjects/functions.ts';
import { indexing } from './subjects/indexing.ts';
import { layer } from './subjects/layer.ts';
import { loss } from './subjects/loss.ts';
import { lossRows } from './subjects/loss-rows.ts';
import { lossTerms } from './subjects/loss-terms.ts';
import { movement } from './subjects/movement.ts';
import { order } from './subjects/order.ts';
import { product } from './subjects/product.ts';
import { reduction } from './subjects/reduction.ts';
import { resampling } from './subjects/resampling.ts';
import { spatial } from './subjects/spatial.ts';
import { totals } from './subjects/totals.ts';

/** What is proven without a reference of this folder. The rooms to the right of `ops` bring their own. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  lstmLayer: "against PyTorch's figures, layer by layer (fixtures nn and charlm), and against its twin",
  gruLayer: "against PyTorch's figures (fixtures nn), and against its twin",
  rnnLayer: "against PyTorch's figures (fixtures nn), and against its twin",
  within: 'a comparison inside isfinite and lerp, which have references',
  beyond: 'a comparison inside isinf, which has a reference',
  gammainc: 'integrals, against tables to the last digits (test/core) and the distributions built on them',
  gammaincc: 'as gammainc',
  betainc: 'as gammainc',
  gammaSlope: 'the slope of gammainc in its parameter, which gradcheck holds against differences',
  betaSlope: 'the slope of betainc in its parameters, likewise',
  logGammaQuantile: 'the inverse of gammainc, held against it where it is tested',
  logitBetaQuantile: 'the inverse of betainc, likewise',
};

const proofs = [
  elementwise,
  functions,
  reduction,
  totals,
  order,
  movement,
  arrangement,
  indexing,
  product,
  spatial,
  resampling,
  layer,
  loss,
  attention,
  lossRows,
  lossTerms,
].flat();

test('every registered operation has a reference', () => {
  const proven = new Set(proofs.flatMap((p) => p.proves));
  const without = registeredOps()
    .map(({ name }) => name)
    .filter((name) => !proven.has(name) && ELSEWHERE[name] === undefined);
  expect(without).toEqual([]);
});

test('what is proven here is registered, and nothing is excused that is', () => {
  const registered = new Set(registeredOps().map(({ name }) => name));
  expect(proofs.flatMap((p) => p.proves).filter((name) => !registered.has(name))).toEqual([]);
  const proven = new Set(proofs.flatMap((p) => p.proves));
  expect(Object.keys(ELSEWHERE).filter((name) => proven.has(name) || !registered.has(name))).toEqual([]);
});

test('no two properties have one title', () => {
  const titles = proofs.map((p) => p.title);
  expect(titles.filter((title, i) => titles.indexOf(title) !== i)).toEqual([]);
});
