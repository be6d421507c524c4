/** How many threads the native kernels use. */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { ConfigError } from '../errors.ts';

/** The pool's limit, kMaxThreads of native/core/thread_pool.h. */
export const MAX_THREADS = 64;

/** @throws ConfigError if `threads` is no integer from 1 to 64 */
export function checkThreads(op: string, threads: unknown): number {
  if (typeof threads === 'number' && Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS)
    return threads;
  throw new ConfigError({
    op,
    problem: 'bad number of threads',
    got: threads,
    expected: `an integer from 1 to ${MAX_THREADS}`,
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

/** CPUs that `quota` microseconds in every `period` amount to; no limit is Infinity. */
function cpusOf(quota: string, period: string): number {
  const cpus = Number(quota) / Number(period);
  return cpus > 0 ? cpus : Infinity;
}

/** The CPU time the control groups of this process grant it, in CPUs; Infinity where there is no limit. */
export function cgroupCpus(read: (path: string) => string = readText): number {
  let cpus = Infinity;
  for (const line of read('/proc/self/cgroup').split('\n')) {
    const [, controllers, ...rest] = line.split(':');
    const path = rest.join(':');
    if (controllers === undefined) continue;
    const legacy = controllers.split(',').includes('cpu');
    if (controllers !== '' && !legacy) continue;
    // A limit on any group above holds too.
    for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
      const group = at === '/' ? '' : at;
      if (legacy) {
        const folder = `/sys/fs/cgroup/cpu${group}`;
        cpus = Math.min(cpus, cpusOf(read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`)));
      } else {
        const [quota, period] = read(`/sys/fs/cgroup${group}/cpu.max`).split(' ');
        cpus = Math.min(cpus, cpusOf(quota, period));
      }
      if (group === '') break;
    }
  }
  return cpus;
}

/**
 * LANEGRAD_NUM_THREADS, else OMP_NUM_THREADS, else the cores this process may use.
 *
 * @throws ConfigError if LANEGRAD_NUM_THREADS is no integer from 1 to 64
 */
export function defaultThreads(env: NodeJS.ProcessEnv): number {
  const own = env.LANEGRAD_NUM_THREADS;
  if (own !== undefined && own !== '')
    return checkThreads('LANEGRAD_NUM_THREADS', /^\d+$/.test(own) ? Number(own) : own);
  // OpenMP's list gives one number for each level of nesting; the first is ours. What it does not mean for us, we skip.
  const omp = Number(env.OMP_NUM_THREADS?.split(',')[0]);
  const threads = Number.isInteger(omp) && omp >= 1 ? omp : Math.min(availableParallelism(), Math.ceil(cgroupCpus()));
  return Math.min(threads, MAX_THREADS);
}
