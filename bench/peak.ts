/**
 * The machine: fused multiply-adds a second on one thread and on all, and the bandwidth of its caches and its memory.
 *
 * npx tsx --import ./bench/compiled.ts bench/peak.ts [--json]
 */

import { backendInfo } from '../src/backend/select.ts';
import { report } from './harness.ts';
import { copyBandwidth, fmaPeak, readBandwidth } from './yardstick.ts';

const KIB = 1024;
const sizes = [
  ['16 KiB', 16 * KIB],
  ['512 KiB', 512 * KIB],
  ['8 MiB', 8192 * KIB],
  ['256 MiB', 262144 * KIB],
] as const;

const most = backendInfo().threads;
const rows = [...new Set([1, most])].flatMap((threads) => [
  { what: 'FMA', threads, 'GF/s': Number((fmaPeak(threads) / 1e9).toFixed(1)) },
  ...sizes.map(([what, bytes]) => ({
    what,
    threads,
    'read GB/s': Number((readBandwidth(bytes, threads) / 1e9).toFixed(1)),
    'copy GB/s': Number((copyBandwidth(bytes, threads) / 1e9).toFixed(1)),
  })),
]);
report('peak', rows);
