/**
 * `npm run native:test`: builds the core without Node-API and its C++ tests by CMake, and runs them; plain, under
 * AddressSanitizer with UndefinedBehaviorSanitizer, and under ThreadSanitizer. Quiet about what succeeds.
 *
 *   npm run native:test                              the three of them, on this machine
 *   npm run native:test -- --sanitize thread         one of them: none, address (with undefined) or thread
 *   npm run native:test -- --target aarch64          NEON, cross-compiled, under qemu-aarch64
 *   npm run native:test -- --target sse2             this machine's build under qemu-x86_64, a processor without AVX
 *   npm run native:test -- --exhaustive              vector mathematics over all 2³² floats: the largest error of each
 *                                                    function on each instruction set, on all cores, many minutes
 *   npm run native:test -- --only products           the tests whose name matches
 *
 * `--sanitize` and `--target` may be repeated. Builds lie in build/native-test and are brought up to date.
 */

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const jobs = String(availableParallelism());

const SANITIZERS = { none: '', address: 'address,undefined', thread: 'thread' } as const;
type Sanitizer = keyof typeof SANITIZERS;

interface Target {
  /** What it needs beside CMake, and the Debian package that has it. */
  readonly tools: Readonly<Record<string, string>>;
  readonly configure: readonly string[];
  readonly emulator: readonly string[];
  /** The instruction sets that must be found, best first. */
  readonly isas?: string;
}

const TARGETS = {
  host: { tools: {}, configure: [], emulator: [] },
  aarch64: {
    tools: { 'aarch64-linux-gnu-g++': 'g++-aarch64-linux-gnu', 'qemu-aarch64': 'qemu-user' },
    configure: [
      '-DCMAKE_SYSTEM_NAME=Linux',
      '-DCMAKE_SYSTEM_PROCESSOR=aarch64',
      '-DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++',
    ],
    emulator: ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'],
    isas: 'neon baseline',
  },
  // What every x86-64 has, SSE2, and no more of the kind.
  sse2: {
    tools: { 'qemu-x86_64': 'qemu-user' },
    configure: [],
    emulator: ['qemu-x86_64', '-cpu', 'qemu64,-sse3'],
    isas: 'baseline',
  },
} as const satisfies Record<string, Target>;
type TargetName = keyof typeof TARGETS;

class Failure extends Error {}

/** Runs quietly; what it said is shown where it fails. */
function quiet(what: string, command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (status === 0) return stdout;
  throw new Failure(`${what} failed: ${command} ${args.join(' ')}\n${error ? error.message : stdout + stderr}`);
}

function requireTools(tools: Readonly<Record<string, string>>): void {
  const missing = Object.keys(tools).filter((command) => spawnSync('which', [command]).status !== 0);
  if (missing.length === 0) return;
  const packages = missing.map((command) => tools[command]).join(' ');
  throw new Failure(`not installed: ${missing.join(', ')} (Debian: apt-get install ${packages})`);
}

/** Brings one variant up to date; returns its folder. */
function build(targetName: TargetName, sanitizer: Sanitizer): string {
  const target: Target = TARGETS[targetName];
  requireTools({ cmake: 'cmake', make: 'make', ...target.tools });
  // An emulator of this machine's architecture runs what was built for this machine.
  const compiledFor = target.configure.length > 0 ? targetName : 'host';
  const folder = join(root, 'build', 'native-test', `${compiledFor}-${sanitizer}`);
  quiet('configuring', 'cmake', [
    ...['-S', join(root, 'native'), '-B', folder],
    `-DCMAKE_BUILD_TYPE=${sanitizer === 'none' ? 'Release' : 'RelWithDebInfo'}`,
    // A report needs lines and no variables; the rest would be half of the compiler's work.
    '-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1',
    `-DLANEGRAD_SANITIZE=${SANITIZERS[sanitizer]}`,
    `-DLANEGRAD_EMULATOR=${target.emulator.join(';')}`,
    `-DLANEGRAD_EXPECT_ISAS=${target.isas ?? ''}`,
    ...target.configure,
  ]);
  quiet('building', 'cmake', ['--build', folder, '--parallel', jobs]);
  return folder;
}

function runTests(target: TargetName, sanitizer: Sanitizer, only: string | undefined): void {
  const start = Date.now();
  const folder = build(target, sanitizer);
  const output = quiet('testing', 'ctest', [
    ...['--test-dir', folder, '--output-on-failure', '--no-tests=error', '--parallel', jobs],
    ...(only === undefined ? [] : ['--tests-regex', only]),
  ]);
  const count = /out of (\d+)/.exec(output)?.[1];
  const name = [target, sanitizer].filter((part) => part !== 'none').join(', sanitizer ');
  console.log(`native:test: ${name}: ${count} tests passed, ${Math.round((Date.now() - start) / 1000)} s`);
}

/** Prints as it goes: a line a function and instruction set. */
function runExhaustive(target: TargetName): void {
  const folder = build(target, 'none');
  const [command, ...args] = [...TARGETS[target].emulator, join(folder, 'vector_math_test'), '1'];
  const { status, signal } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) throw new Failure(`vector mathematics failed (${signal ?? `exit ${status}`}): see above`);
}

function oneOf<T extends string>(table: Readonly<Record<T, unknown>>, option: string, value: string): T {
  if (Object.hasOwn(table, value)) return value as T;
  throw new Failure(`--${option}: got ${value}, expected one of ${Object.keys(table).join(', ')}`);
}

function main(): void {
  const { values } = parseArgs({
    options: {
      sanitize: { type: 'string', multiple: true },
      target: { type: 'string', multiple: true, default: ['host'] },
      only: { type: 'string' },
      exhaustive: { type: 'boolean', default: false },
    },
  });
  for (const target of values.target.map((name) => oneOf(TARGETS, 'target', name))) {
    if (values.exhaustive) {
      runExhaustive(target);
      continue;
    }
    // Sanitizers need this machine's own processor.
    const all = target === 'host' ? Object.keys(SANITIZERS) : ['none'];
    for (const name of values.sanitize ?? all) runTests(target, oneOf(SANITIZERS, 'sanitize', name), values.only);
  }
}

try {
  main();
} catch (error) {
  console.error(`native:test: ${(error as Error).message}`);
  process.exitCode = 1;
}
