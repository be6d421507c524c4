/**
 * Finds the compiled addon and makes sure that it is ours, of this version, and computes. Nothing here throws: what went
 * wrong is told by the result, since a missing addon is a reason to run on TypeScript and no error.
 */

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BackendError, BufferError, LimitError, ShapeError } from '../../errors.ts';
import type { NativeAddon } from './addon.ts';

/** Twin of the number in native/binding/addon.cc; raised at every change of a signature. */
const ABI = 15;

/** Missing where a bundler made CommonJS of this. */
const moduleUrl = import.meta.url as string | undefined;

/** The package's folder, from src/backend/native and from dist/backend/native alike. */
export const packageRoot: string = moduleUrl === undefined ? '' : fileURLToPath(new URL('../../..', moduleUrl));

/** A place where the addon was looked for, and why it was not taken from there. */
export interface LoadAttempt {
  readonly path: string;
  readonly error: string;
}

export interface LoadResult {
  readonly addon: NativeAddon | null;
  /** Where the addon lies. */
  readonly path: string | null;
  /** Why there is none. */
  readonly reason: string | null;
  readonly attempts: readonly LoadAttempt[];
}

const require = createRequire(moduleUrl ?? join(process.cwd(), 'bundle.cjs'));

/** Whether a bundler took this file out of its package, and away from the addon. */
function isBundled(): boolean {
  try {
    return (require(join(packageRoot, 'package.json')) as { name?: unknown }).name !== 'lanegrad';
  } catch {
    return true;
  }
}

/** What to do about a missing addon. */
export function remedy(): string {
  if (isBundled()) return 'tell the bundler that lanegrad is external';
  return `build it with: node ${join(packageRoot, 'scripts', 'install.cjs')}`;
}

/** What `error` says of the file at `path`: the system's loader repeats the path. */
function describeFault(path: string, error: unknown): string {
  const [line] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
  return line.startsWith(`${path}: `) ? line.slice(path.length + 2) : line;
}

/** `<platform>-<arch>`, with `-musl` where the C library is not glibc. */
function prebuildName(): string {
  const name = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return name;
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  report.excludeNetwork = true; // a report looks up every open socket otherwise
  const { header } = report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  report.excludeNetwork = before;
  return header.glibcVersionRuntime ? name : `${name}-musl`;
}

/** 16×16 integers, so that any order of summation gives the one right answer. */
function multiplies(addon: NativeAddon): boolean {
  const n = 16;
  const a = Float32Array.from({ length: n * n }, (_, i) => ((i * 7) % 17) - 8);
  const b = Float32Array.from({ length: n * n }, (_, i) => ((i * 5) % 13) - 6);
  const c = new Float32Array(n * n);
  addon.gemm(false, false, false, n, n, n, 1, 0, 0, 0, a, b, c, null);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
      if (c[i * n + j] !== sum) return false;
    }
  }
  return true;
}

/**
 * Whether an ELF file ends before its section headers, which linkers put last. The system's loader does not look: it maps
 * what is missing, and the first touch kills the process (SIGBUS). The loaders of other systems refuse such a file.
 */
function isCutShort(path: string): boolean {
  if (!existsSync(path)) return false;
  const bytes = readFileSync(path);
  if (bytes.length < 64) return true;
  const isElf64LE = bytes.readUInt32BE(0) === 0x7f454c46 && bytes[4] === 2 && bytes[5] === 1;
  if (!isElf64LE) return false;
  const sectionsEnd = Number(bytes.readBigUInt64LE(0x28)) + bytes.readUInt16LE(0x3a) * bytes.readUInt16LE(0x3c);
  return bytes.length < sectionsEnd;
}

/** Why `candidate` is not to be used, or null. */
function verify(candidate: NativeAddon): string | null {
  const expected = `${(require('../../../package.json') as { version: string }).version}/${ABI}`;
  if (candidate?.abi !== expected) return `built for ${candidate?.abi ?? 'something else'}, expected ${expected}`;
  const isResizable = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'resizable')?.get;
  if (isResizable === undefined) return 'this JavaScript engine cannot tell whether a buffer is resizable';
  candidate.init({ BufferError, LimitError, ShapeError, BackendError, isResizable });
  return multiplies(candidate) ? null : 'the self-check failed: a 16×16 product is wrong';
}

/** What the install script wrote when it could not build. */
function installFailure(): string | null {
  try {
    const status = JSON.parse(readFileSync(join(packageRoot, 'build', 'install-status.json'), 'utf8')) as {
      ok?: unknown;
      reason?: unknown;
    };
    return status.ok === false && typeof status.reason === 'string' ? status.reason : null;
  } catch {
    return null;
  }
}

/**
 * The addon of `explicitPath` alone, or else the prebuilt one for this platform, or else the one that was compiled
 * here.
 */
export function loadAddon(explicitPath: string | undefined): LoadResult {
  const attempts: LoadAttempt[] = [];
  let broken: string | null = null;

  const attempt = (path: string, load: () => NativeAddon): NativeAddon | null => {
    try {
      if (isCutShort(path)) throw new Error('the file is cut short');
      const candidate = load();
      const fault = verify(candidate);
      if (fault === null) return candidate;
      attempts.push({ path, error: fault });
      broken ??= `${path}: ${fault}`;
    } catch (error) {
      const fault = describeFault(path, error);
      attempts.push({ path, error: fault });
      if (existsSync(path)) broken ??= `${path}: ${fault}`;
    }
    return null;
  };
  const found = (path: string, addon: NativeAddon): LoadResult => ({ addon, path, reason: null, attempts });

  if (explicitPath !== undefined) {
    const addon = attempt(explicitPath, () => require(explicitPath) as NativeAddon);
    return addon ? found(explicitPath, addon) : missing(broken ?? `${explicitPath} is not there`);
  }
  if (isBundled()) return missing('lanegrad was bundled into the program');
  if (existsSync(join(packageRoot, 'prebuilds'))) {
    const path = join(packageRoot, 'prebuilds', prebuildName(), 'lanegrad.node');
    const addon = attempt(path, () => require(path) as NativeAddon);
    if (addon) return found(path, addon);
  }
  const bindings = require('bindings') as (options: object) => string;
  let built = join(packageRoot, 'build', 'Release', 'lanegrad.node');
  try {
    built = bindings({ bindings: 'lanegrad', module_root: packageRoot, path: true });
  } catch {
    // The attempt at its usual place below says that it is not there.
  }
  const addon = attempt(built, () => require(built) as NativeAddon);
  return addon ? found(built, addon) : missing(broken ?? installFailure() ?? 'the addon was never built');

  function missing(reason: string): LoadResult {
    return { addon: null, path: null, reason, attempts };
  }
}
