/**
 * Which backend computes. Decided at the first use and not at import: the environment, then what can be loaded.
 * Each thread of a program (main or worker) decides for itself.
 */

import { cpus } from 'node:os';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import type { DType } from '../core/dtype.ts';
import { prepareBuffers } from '../core/pool.ts';
import { drawBy } from '../core/rng.ts';
import { BackendError, ConfigError } from '../errors.ts';
import type { Backend } from './backend.ts';
import { type LoadAttempt, type LoadResult, loadAddon, remedy } from './native/load.ts';
import { SmallWorkBackend } from './native/small-work.ts';
import { checkThreads, defaultThreads } from './threads.ts';
import { tsBackend } from './ts/index.ts';

export type BackendChoice = 'auto' | 'native' | 'ts';
const choices: readonly string[] = ['auto', 'native', 'ts'] satisfies BackendChoice[];

export type Isa = 'baseline' | 'avx2' | 'avx512' | 'neon';
const isas: readonly string[] = ['baseline', 'avx2', 'avx512', 'neon'] satisfies Isa[];

/** What `lanegrad info` shows. */
export interface BackendInfo {
  /** The backend that float32 runs on. */
  readonly backend: 'native' | 'ts';
  /** Why it is not the native one; null if it is. */
  readonly reason: string | null;
  /** The instruction set whose kernels run; null on TypeScript. */
  readonly isa: string | null;
  /** The instruction sets of this machine, best first; empty without the addon. */
  readonly isas: readonly string[];
  /** Threads that a kernel uses at most. */
  readonly threads: number;
  /** Where the addon lies. */
  readonly addon: string | null;
  /** Where it was looked for in vain. */
  readonly attempts: readonly LoadAttempt[];
  readonly cpu: string;
}

let chosen: BackendChoice | null = null;
let current: Backend | null = null;
let loaded: LoadResult | null = null;
let native: SmallWorkBackend | null = null;
let threads: number | null = null;

function oneOf<T extends string>(op: string, value: unknown, allowed: readonly string[]): T {
  if (typeof value === 'string' && allowed.includes(value)) return value as T;
  throw new ConfigError({ op, problem: 'unknown value', got: value, expected: allowed.join(' | ') });
}

function fromEnv<T extends string>(name: string, allowed: readonly string[]): T | null {
  const value = process.env[name];
  return value === undefined || value === '' ? null : oneOf<T>(name, value, allowed);
}

/** Said once a process: environment data reaches every worker started afterwards. */
function sayFallback(reason: string): void {
  const key = 'lanegrad.fallback-said';
  if (process.env.LANEGRAD_QUIET || getEnvironmentData(key)) return;
  setEnvironmentData(key, true);
  process.stderr.write(
    `lanegrad: no native addon (${reason}); using the TypeScript backend, which is many times slower: ${remedy()}\n`,
  );
}

/** The addon, loaded once; with the instruction set and the threads that the environment asks for. */
function load(): LoadResult {
  if (loaded !== null) return loaded;
  const isa = fromEnv<Isa>('LANEGRAD_ISA', isas);
  const count = getNumThreads();
  const result = loadAddon(process.env.LANEGRAD_NATIVE_PATH || undefined);
  if (result.addon !== null) {
    if (isa !== null) result.addon.setIsa(isa);
    result.addon.setThreads(count);
    native = new SmallWorkBackend(result.addon);
    const { addon } = result;
    prepareBuffers((buffer) => addon.prepareBuffer(buffer));
  }
  loaded = result;
  return loaded;
}

function select(choice: BackendChoice): Backend {
  if (choice === 'ts') return tsBackend;
  const { reason, attempts } = load();
  if (native !== null) return native;
  if (choice === 'auto') {
    sayFallback(reason ?? 'unknown');
    return tsBackend;
  }
  const tried = attempts.map(({ path, error }) => `${path}: ${error}`).join('; ');
  throw new BackendError({ op: 'backend', problem: `no native addon (${reason}); tried ${tried}`, hint: remedy() });
}

function take(backend: Backend): void {
  current = backend;
  drawBy(backend);
}

/**
 * The backend that float32 runs on.
 *
 * @throws ConfigError   if an environment variable has a value it does not take
 * @throws BackendError  if LANEGRAD_BACKEND=native and there is no addon, or LANEGRAD_ISA names what the machine lacks
 */
export function currentBackend(): Backend {
  if (current === null) take(select((chosen ??= fromEnv<BackendChoice>('LANEGRAD_BACKEND', choices) ?? 'auto')));
  return current!;
}

/** The kernels that compute on `dtype`. @throws as `currentBackend` */
export function kernelsFor(dtype: DType): Backend {
  return dtype === 'float32' ? (current ?? currentBackend()) : tsBackend;
}

/**
 * Takes another backend from here on; graphs that are recorded keep theirs.
 *
 * @throws ConfigError   if there is no such choice
 * @throws BackendError  if `native` cannot be had
 */
export function setBackend(choice: BackendChoice): void {
  take(select(oneOf<BackendChoice>('setBackend', choice, choices)));
  chosen = choice;
}

/**
 * Sets how many threads a native kernel uses at most, the calling one included. Results do not depend on it.
 *
 * @throws ConfigError if `count` is no integer from 1 to 64
 */
export function setNumThreads(count: number): void {
  threads = checkThreads('setNumThreads', count);
  loaded?.addon?.setThreads(threads);
}

/** How many threads a native kernel uses at most. @throws ConfigError if LANEGRAD_NUM_THREADS is bad */
export function getNumThreads(): number {
  return (threads ??= defaultThreads(process.env));
}

/**
 * Takes the kernels of another instruction set from here on.
 *
 * @throws ConfigError   if there is no such instruction set
 * @throws BackendError  if this machine lacks it, or there is no addon
 */
export function setIsa(isa: Isa): void {
  oneOf<Isa>('setIsa', isa, isas);
  select('native');
  loaded?.addon?.setIsa(isa);
}

/** What computes here, and why. @throws as `currentBackend` */
export function backendInfo(): BackendInfo {
  const { name } = currentBackend();
  const info = loaded?.addon?.info();
  const onNative = name === 'native';
  return {
    backend: name,
    reason: onNative ? null : chosen === 'ts' ? 'the TypeScript backend was asked for' : (loaded?.reason ?? null),
    isa: onNative && info ? info.isa : null,
    isas: info?.isas ?? [],
    threads: onNative ? getNumThreads() : 1,
    addon: loaded?.path ?? null,
    attempts: loaded?.attempts ?? [],
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
  };
}
