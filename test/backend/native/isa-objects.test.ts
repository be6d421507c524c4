/**
 * What the compiler made of the per-ISA units, read from the objects of the last build. An AVX instruction outside them,
 * or a function of theirs that another unit may be linked to, would be an illegal instruction on an older machine; a
 * product and a sum fused behind our back would be other bits than the backends agreed on. None of the other tests
 * sees either.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../src/backend/native/load.ts';

const folder = join(packageRoot, 'build', 'Release', 'obj.target');

function tool(command: string, ...args: string[]): string | null {
  const { stdout, status } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 29 });
  return status === 0 ? stdout : null;
}

const usable =
  process.arch === 'x64' &&
  process.platform === 'linux' &&
  existsSync(join(folder, 'lanegrad.node')) &&
  tool('objdump', '--version') &&
  tool('nm', '--version');
const objects = usable
  ? (readdirSync(folder, { recursive: true }) as string[])
      .filter((path) => path.endsWith('.o'))
      .map((path) => join(folder, path))
  : [];
const named = (name: string): string[] => objects.filter((path) => basename(path) === `${name}.o`);
const isPerIsa = (path: string): boolean => /isa_(avx2|avx512)\.o$/.test(path);

test.skipIf(!usable)('the objects of the last build are here', () => {
  for (const name of ['isa_baseline', 'isa_avx2', 'isa_avx512', 'thread_pool', 'exports'])
    expect(named(name)).toHaveLength(1);
});

test.skipIf(!usable).each(['isa_baseline', 'isa_avx2', 'isa_avx512'])(
  '%s exports its table and nothing else, and runs nothing when it is loaded',
  (name) => {
    const [path] = named(name);
    const symbols = tool('nm', '-C', '--defined-only', path)!.trim().split('\n');
    const shared = symbols
      .map((line) => line.replace(/^[0-9a-f]* */, ''))
      .filter((line) => !/^[a-z] /.test(line) || /^[uvw] /.test(line));
    expect(shared).toEqual([`D lanegrad::${name.slice(4)}::kTable`]);
    // A constructor of a static object would run on every machine, before any dispatch.
    expect(tool('objdump', '-h', path)).not.toMatch(/\.(init|fini)_array|\.[cd]tors/);
  },
);

/** The instructions of each function, under its demangled name; `vmulps %ymm1,%ymm0,%ymm0`. */
const disassembled = new Map<string, Map<string, string[]>>();
function functions(path: string): Map<string, string[]> {
  const known = disassembled.get(path);
  if (known) return known;
  const found = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of tool('objdump', '-d', '-C', '--no-show-raw-insn', path)!.split('\n')) {
    const name = /^[0-9a-f]+ <(.*)>:$/.exec(line)?.[1];
    const instruction = /^\s*[0-9a-f]+:\t(.*)/.exec(line)?.[1];
    if (instruction !== undefined) current.push(instruction);
    if (name === undefined) continue;
    // The compiler may make several functions of one, all under its name.
    current = found.get(name) ?? [];
    found.set(name, current);
  }
  disassembled.set(path, found);
  return found;
}
const instructions = (path: string, pattern: RegExp): string[] =>
  [...functions(path).values()].flat().filter((text) => pattern.test(text));

/**
 * With a VEX or EVEX encoding: the name begins with v (as that of two old ones does), or works on mask registers, or is
 * of BMI.
 */
const VEX =
  /^(?!verr|verw)v\w+|%[yz]mm\d|%k[0-7]\b|^(andn|bextr|bls(i|r|msk)|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx)[lq]?\b/;
/** Of SSE3, SSSE3, SSE4 and their times: no machine must have them. */
const BEYOND_SSE2 =
  /^(addsubp|haddp|hsubp|lddqu|mov(ddup|s[hl]dup)|pabs|palignr|phadd|phsub|pmaddubsw|pmulhrsw|pshufb|psign|blendv?p|dpp|extractps|insertps|movntdqa|mpsadbw|packusdw|pblend|pcmp(eqq|gtq|[ei]str)|p(extr|insr)[bdq]|phminpos|p(max|min)(sb|sd|ud|uw)|pmov[sz]x|pmul(dq|ld)|ptest|round[ps]|crc32|popcnt|lzcnt|tzcnt|movbe)/;

test.skipIf(!usable)('outside the units of AVX, no instruction that a machine may lack', () => {
  for (const path of objects) {
    if (isPerIsa(path)) continue;
    const newer = [...instructions(path, VEX), ...instructions(path, BEYOND_SSE2)];
    expect({ path, newer: newer.slice(0, 3) }).toEqual({ path, newer: [] });
  }
});

test.skipIf(!usable)('AVX2 stays within its registers, and each unit uses its own', () => {
  expect(instructions(named('isa_avx2')[0], /%zmm\d|%[xy]mm(1[6-9]|2\d|3[01])|%k[0-7]\b/)).toEqual([]);
  expect(instructions(named('isa_avx2')[0], VEX).length).toBeGreaterThan(1000);
  expect(instructions(named('isa_avx2')[0], /^vfmadd\w+ .*%ymm\d/).length).toBeGreaterThan(50);
  expect(instructions(named('isa_avx512')[0], /^vfmadd\w+ .*%zmm\d/).length).toBeGreaterThan(50);
});

const FUSED = /^vfn?m(add|sub)/;
const PRODUCT = /^v?mul[ps][sd] /;
const SUM = /^v?(add|sub)[ps][sd] /;

/** All instructions of a kernel: of the functions, lambdas and task runners that bear its name. */
function kernel(path: string, name: RegExp): string[] {
  return [...functions(path)].filter(([symbol]) => name.test(symbol)).flatMap(([, body]) => body);
}

test.skipIf(!usable).each(['isa_baseline', 'isa_avx2', 'isa_avx512'])(
  '%s: a kernel that multiplies and then adds does both, and fuses nothing',
  (name) => {
    const [path] = named(name);
    const count = (body: string[], pattern: RegExp): number => body.filter((text) => pattern.test(text)).length;
    // x·p0 + p1, two roundings.
    const affine = kernel(path, /\bunary_run<[^>]*\bAffine>/);
    expect(count(affine, FUSED)).toBe(0);
    expect(count(affine, PRODUCT)).toBeGreaterThan(0);
    expect(count(affine, SUM)).toBeGreaterThan(0);
    // A fused multiply-add that is written stands where it was written, so the patterns above find what they look for.
    const exponential = kernel(path, /\bunary_run<[^>]*\bExp>/);
    expect(exponential.length).toBeGreaterThan(20);
    expect(count(exponential, FUSED) > 0).toBe(name !== 'isa_baseline');
  },
);
