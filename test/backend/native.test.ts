/** The conformance suite on the native backend: every ISA of this machine, with one thread and with two. */

import { describe, expect, test } from 'vitest';
import type { Backend } from '../../src/backend/backend.ts';
import type { NativeAddon } from '../../src/backend/native/addon.ts';
import { loadAddon } from '../../src/backend/native/load.ts';
import { NativeBackend } from '../../src/backend/native/native.ts';
import { bitsOf } from './conformance/bits.ts';
import type { Tolerance } from './conformance/harness.ts';
import { conformance } from './conformance.ts';

const { addon, reason } = loadAddon(process.env.LANEGRAD_NATIVE_PATH || undefined);

/** Without fused multiply-add a product and its sum round apart, so a chain of n terms has 2n roundings. */
const toleranceOf = (isa: string): Tolerance => ({
  array: Float32Array,
  store: 2 ** -24,
  accumulate: isa === 'baseline' ? 2 ** -23 : 2 ** -24,
  ulps: 2,
});

/** ISAs with a fused multiply-add, which promise one another the same bits. */
const FUSED = ['avx2', 'avx512', 'neon'];

if (addon === null) {
  test('the addon loads where it is asked for', () => {
    expect(process.env.LANEGRAD_BACKEND, `no addon: ${reason}`).not.toBe('native');
  });
  test.skip(`native conformance: ${reason}`, () => {});
} else {
  const backend = new NativeBackend(addon);
  for (const isa of addon.info().isas) {
    for (const threads of [1, 2]) {
      const make = () => configured(addon, backend, isa, threads);
      conformance(`native ${isa}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`, make, toleranceOf(isa));
    }
  }
  bitEquality(addon, backend);
}

function configured(addon: NativeAddon, backend: Backend, isa: string, threads: number): Backend {
  addon.setIsa(isa);
  addon.setThreads(threads);
  return backend;
}

function bitEquality(addon: NativeAddon, backend: Backend): void {
  const { isas } = addon.info();
  describe('the same bits', () => {
    test.each(isas)('%s: with 1, 2, 3 and 8 threads', (isa) => {
      const [one, ...more] = [1, 2, 3, 8].map((threads) => bitsOf(configured(addon, backend, isa, threads)));
      for (const digests of more) expect(digests).toEqual(one);
    });

    const fused = isas.filter((isa) => FUSED.includes(isa));
    test.skipIf(fused.length < 2)(`on ${fused.join(' and ')}`, () => {
      const [first, ...others] = fused.map((isa) => bitsOf(configured(addon, backend, isa, 2)));
      for (const digests of others) expect(digests).toEqual(first);
    });

    test.skipIf(!isas.includes('baseline') || fused.length === 0)('baseline rounds apart: the ISA does change', () => {
      const [plain, other] = ['baseline', fused[0]].map((isa) => bitsOf(configured(addon, backend, isa, 1)));
      expect(plain.gemm).not.toBe(other.gemm);
      expect(plain.lstm).not.toBe(other.lstm);
      expect(plain.copyStrided).toBe(other.copyStrided);
    });

    test('twice in a row', () => {
      const again = () => bitsOf(configured(addon, backend, isas[0], 2));
      expect(again()).toEqual(again());
    });
  });
}
