/**
 * Matrix products, every shape in every layout, called from JavaScript on arrays that exist already: GF/s and the
 * fraction of the peak of as many threads, measured beside each shape. A product of one row is held against the
 * bandwidth of the cache level that its weights lie in.
 *
 * npx tsx --import ./bench/compiled.ts bench/gemm.ts [--json] [--ts] [512x512x512 …]
 */

import { backendInfo, kernelsFor, setBackend, setNumThreads } from '../src/backend/select.ts';
import { floats } from './arrays.ts';
import { interleaved, report, timeColumns } from './harness.ts';
import { significant } from './statistics.ts';
import { gemmForms, gemmShapes } from './workloads.ts';
import { fmaPeak, readBandwidth } from './yardstick.ts';

type Size = (typeof gemmShapes)[number];

const flopsOf = ([m, n, k]: Size): number => 2 * m * n * k;

function sizesOf(args: readonly string[]): readonly Size[] {
  const named = args.flatMap((arg): Size[] => {
    const size = /^(\d+)x(\d+)x(\d+)$/.exec(arg);
    return size === null ? [] : [[Number(size[1]), Number(size[2]), Number(size[3])]];
  });
  return named.length > 0 ? named : gemmShapes;
}

/** Values in [-0.5, 0.5) that no kernel can take for something special. */
function filled(length: number): Float32Array {
  return floats(length, (i) => ((i * 2_654_435_761) % 65_536) / 65_536 - 0.5);
}

function rowsOf(size: Size, threads: number, most: number): Record<string, unknown>[] {
  const [m, n, k] = size;
  const [a, b, c] = [filled(m * k), filled(k * n), floats(m * n)];
  const kernels = kernelsFor('float32');
  const limit = (): number => (m === 1 ? readBandwidth(4 * k * n, threads) : fmaPeak(threads));
  const before = limit();
  // Enough calls a round that a clock can tell them apart.
  const calls = Math.max(1, Math.ceil((2e-3 * threads * most) / flopsOf(size)));
  setNumThreads(threads);
  const subjects = gemmForms.map(({ form, transA, transB }) => ({
    name: form,
    run: () => {
      for (let i = 0; i < calls; i++) kernels.gemm(transA, transB, m, n, k, a, b, c, false, null, 1, 0, 0, 0);
    },
  }));
  const timings = interleaved(subjects, { rounds: flopsOf(size) > 1e9 ? 7 : 21 });
  const after = limit();
  return timings.map((timing) => {
    const seconds = timing.median / calls;
    const rate = (m === 1 ? 4 * k * n : flopsOf(size)) / seconds;
    const fraction = significant(rate / Math.max(before, after));
    return {
      shape: size.join('×'),
      layout: timing.name,
      threads,
      ...timeColumns(timing, 'µs', calls),
      'GF/s': significant(flopsOf(size) / seconds / 1e9),
      ...(m === 1 ? { 'GB/s': significant(rate / 1e9), 'of bandwidth': fraction } : { 'of peak': fraction }),
    };
  });
}

const onTs = process.argv.includes('--ts');
if (onTs) setBackend('ts');
const native = backendInfo().backend === 'native';
// TypeScript takes seconds for a product of the others.
const sizes = sizesOf(process.argv.slice(2)).filter((size) => native || flopsOf(size) <= flopsOf([512, 512, 512]));
const expected = native ? Math.max(fmaPeak(1), 1e9) : 4e9;
const rows = sizes.flatMap((size) => (native ? [1, 2] : [1]).flatMap((threads) => rowsOf(size, threads, expected)));
report('gemm', rows, { by: ['shape', 'layout', 'threads'], time: 'µs', ratios: ['of peak', 'of bandwidth'] });
