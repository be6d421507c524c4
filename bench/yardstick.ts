/** What this machine can do at most, measured in the run whose figures it is held against. */

import type { NativeAddon } from '../src/backend/native/addon.ts';
import { loadAddon } from '../src/backend/native/load.ts';
import { setNumThreads } from '../src/backend/select.ts';
import { floats } from './arrays.ts';

const FMA = 0;
const READ = 1;
const COPY = 2;
const nothing = new Float32Array(0);

let loaded: NativeAddon | null | undefined;

/** The addon, whichever backend computes, so that figures of TypeScript are held against the same peak. */
export function nativeAddon(): NativeAddon | null {
  loaded ??= loadAddon(process.env.LANEGRAD_NATIVE_PATH || undefined).addon;
  return loaded;
}

/** As many threads for the addon as for the library, which does not know it where TypeScript computes. */
function withThreads(threads: number): NativeAddon | null {
  setNumThreads(threads);
  const native = nativeAddon();
  native?.setThreads(threads);
  return native;
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
  const native = withThreads(threads);
  if (native === null) return Number.NaN;
  const work = (rounds: number): number => native.yardstick(FMA, rounds, nothing, nothing);
  const rate = perSecond(() => work(1 << 16));
  return best(work, rate, work(1));
}

function bandwidth(what: number, bytes: number, threads: number): number {
  const native = withThreads(threads);
  if (native === null) return Number.NaN;
  const [x, y] = [floats(bytes / 4, () => 1), floats(bytes / 4)];
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

/**
 * Adding two arrays of 16 elements into a new one in plain JavaScript, in seconds: what small work is held against, since
 * it is made of allocation, loops and calls and not of arithmetic.
 */
export function scriptSeconds(): number {
  const calls = 20_000;
  const [a, b] = [new Float32Array(16).fill(1), new Float32Array(16).fill(2)];
  const work = (): number => {
    let last = a;
    for (let call = 0; call < calls; call++) {
      const sum = new Float32Array(16);
      for (let i = 0; i < 16; i++) sum[i] = last[i] + b[i];
      last = sum;
    }
    return last[0] === 0 ? 0 : calls;
  };
  let most = 0;
  for (let i = 0; i < 15; i++) most = Math.max(most, perSecond(work));
  return 1 / most;
}
