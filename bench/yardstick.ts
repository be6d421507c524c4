/** What this machine can do at most, measured in the run whose figures it is held against. */

import type { NativeAddon } from '../src/backend/native/addon.ts';
import { loadAddon } from '../src/backend/native/load.ts';
import { setNumThreads } from '../src/backend/select.ts';

const FMA = 0;
const READ = 1;
const COPY = 2;
const nothing = new Float32Array(0);

function addon(): NativeAddon | null {
  return loadAddon(process.env.LANEGRAD_NATIVE_PATH || undefined).addon;
}

function perSecond(work: () => number): number {
  const start = process.hrtime.bigint();
  const done = work();
  return done / (Number(process.hrtime.bigint() - start) / 1e9);
}

/** The best of some rounds of about 5 ms: a peak is what the machine does when nothing disturbs it. */
function best(work: (rounds: number) => number, rate: number, unit: number): number {
  const rounds = Math.max(1, Math.ceil((rate * 5e-3) / unit));
  let most = 0;
  for (let i = 0; i < 7; i++)
    most = Math.max(
      most,
      perSecond(() => work(rounds)),
    );
  return most;
}

/**
 * Fused multiply-adds in registers on `threads` threads, in flop/s, with the kernels of the instruction set in use; NaN
 * without the addon. Sets the number of threads.
 */
export function fmaPeak(threads = 1): number {
  const native = addon();
  if (native === null) return Number.NaN;
  setNumThreads(threads);
  const work = (rounds: number): number => native.yardstick(FMA, rounds, nothing, nothing);
  const rate = perSecond(() => work(1 << 16));
  return best(work, rate, work(1));
}

function bandwidth(what: number, bytes: number, threads: number): number {
  const native = addon();
  if (native === null) return Number.NaN;
  setNumThreads(threads);
  const x = new Float32Array(bytes / 4).fill(1);
  const y = new Float32Array(bytes / 4);
  const work = (rounds: number): number => native.yardstick(what, rounds, x, y);
  work(1);
  return best(
    work,
    perSecond(() => work(1)),
    work(1),
  );
}

/** Reading an array of `bytes`, again and again, each thread its share: bytes/s of the cache level it lies in. */
export function readBandwidth(bytes: number, threads = 1): number {
  return bandwidth(READ, bytes, threads);
}

/** Copying an array of `bytes` to another: bytes/s read and written. */
export function copyBandwidth(bytes: number, threads = 1): number {
  return bandwidth(COPY, bytes, threads);
}
