/**
 * What a call into the addon costs, by the arrays it takes, against the same work in TypeScript. The arrays are short, so
 * that the call and not the work counts; where the two columns meet, a kernel begins to pay.
 *
 * npx tsx --import ./bench/compiled.ts bench/crossing.ts [--json]
 */

import type { NativeAddon } from '../src/backend/native/addon.ts';
import { BinaryOp, CompareOp } from '../src/backend/opcodes.ts';
import { tsBackend } from '../src/backend/ts/index.ts';
import { planBroadcast } from '../src/core/shape.ts';
import { interleaved, report, timeColumns } from './harness.ts';
import { significant } from './statistics.ts';
import { nativeAddon } from './yardstick.ts';

const CALLS = 20_000;
const LIST = 8;
const SIZES = [1, 16, 64, 256] as const;

interface Call {
  readonly call: string;
  readonly elements: number;
  readonly native: () => void;
  /** Missing where there is no work. */
  readonly ts?: () => void;
}

function callsOf(addon: NativeAddon, n: number): Call[] {
  const [a, b, y, rest] = Array.from({ length: 4 }, () => new Float32Array(n).fill(1));
  const [mean, rstd, dWeight, dBias] = Array.from({ length: 4 }, () => new Float32Array(n).fill(1));
  const mask = new Uint8Array(n);
  const list = Array.from({ length: LIST }, () => new Float32Array(n).fill(1));
  const plan = planBroadcast('crossing', [n], [n]);
  return [
    {
      call: '1 array (uniform)',
      elements: n,
      native: () => addon.uniform(1, 0, 0, 0, 0, y),
      ts: () => tsBackend.uniform(1, 0, 0, 0, 0, y),
    },
    {
      call: '3 arrays (add)',
      elements: n,
      native: () => addon.binary(BinaryOp.add, plan.kind, n, null, a, b, y),
      ts: () => tsBackend.binary(BinaryOp.add, plan, a, b, y),
    },
    {
      call: '3 arrays (compare)',
      elements: n,
      native: () => addon.compare(CompareOp.lt, plan.kind, n, null, a, b, mask),
      ts: () => tsBackend.compare(CompareOp.lt, plan, a, b, mask),
    },
    {
      call: '8 arrays (layer norm backward)',
      elements: n,
      native: () => addon.layerNormBackward(1, n, a, b, mean, rstd, y, rest, dWeight, dBias),
      ts: () => tsBackend.layerNormBackward(a, b, mean, rstd, y, rest, dWeight, dBias, 1, n),
    },
    {
      call: `a list of ${LIST} arrays (scale)`,
      elements: n,
      native: () => addon.scale(list, 1),
      ts: () => tsBackend.scale(list, 1),
    },
  ];
}

const addon = nativeAddon();
const calls: Call[] =
  addon === null
    ? []
    : [
        { call: 'no array (control register)', elements: 0, native: () => void addon.mxcsr() },
        ...SIZES.flatMap((n) => callsOf(addon, n)),
      ];

function repeated(work: () => void): () => void {
  return () => {
    for (let i = 0; i < CALLS; i++) work();
  };
}

const rows = calls.map(({ call, elements, native, ts }) => {
  const subjects = [native, ...(ts ? [ts] : [])].map((work) => ({ name: call, run: repeated(work) }));
  const [crossed, stayed] = interleaved(subjects, { rounds: 15, warmup: 5 });
  return {
    call,
    elements,
    ...timeColumns(crossed, 'ns', CALLS),
    'TypeScript ns': stayed && significant((stayed.median / CALLS) * 1e9),
    'TypeScript ÷ native': stayed && significant(stayed.median / crossed.median),
  };
});
report('crossing', rows, { by: ['call', 'elements'], ratios: ['TypeScript ÷ native'] });
