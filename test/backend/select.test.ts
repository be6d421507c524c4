import { afterEach, describe, expect, test } from 'vitest';
import { loadAddon } from '../../src/backend/native/load.ts';
import {
  type BackendChoice,
  backendInfo,
  currentBackend,
  getNumThreads,
  type Isa,
  kernelsFor,
  setBackend,
  setIsa,
  setNumThreads,
} from '../../src/backend/select.ts';
import { cgroupCpus, defaultThreads } from '../../src/backend/threads.ts';
import { tsBackend } from '../../src/backend/ts/index.ts';
import { BackendError, ConfigError } from '../../src/errors.ts';

const { addon, reason } = loadAddon(process.env.LANEGRAD_NATIVE_PATH || undefined);
const before = { backend: currentBackend().name, threads: getNumThreads() };

afterEach(() => {
  setBackend(before.backend);
  setNumThreads(before.threads);
});

describe('choosing a backend', () => {
  test('float32 goes to the chosen one, every other dtype to TypeScript', () => {
    for (const choice of ['ts', 'auto'] as const) {
      setBackend(choice);
      expect(kernelsFor('float32')).toBe(currentBackend());
      for (const dtype of ['float64', 'int32', 'uint8', 'bool'] as const) expect(kernelsFor(dtype)).toBe(tsBackend);
    }
  });

  test('an unknown choice changes nothing', () => {
    const chosen = currentBackend();
    for (const bad of ['cuda', '', null, 3, undefined])
      expect(() => setBackend(bad as BackendChoice)).toThrow(ConfigError);
    expect(() => setIsa('sse9' as Isa)).toThrow(ConfigError);
    expect(currentBackend()).toBe(chosen);
  });

  test('TypeScript says that it was asked for', () => {
    setBackend('ts');
    expect(backendInfo()).toMatchObject({
      backend: 'ts',
      reason: 'the TypeScript backend was asked for',
      isa: null,
      threads: 1,
    });
  });

  test.skipIf(addon === null)(`native: it can be had, on each instruction set (${reason ?? 'addon found'})`, () => {
    setBackend('native');
    const { isas, isa } = backendInfo();
    expect(isas.at(-1)).toBe('baseline');
    for (const other of isas) {
      setIsa(other as Isa);
      expect(backendInfo()).toMatchObject({ backend: 'native', isa: other, reason: null, attempts: [] });
    }
    setIsa(isa as Isa);
    const lacking = (['avx2', 'avx512', 'neon'] as const).filter((name) => !isas.includes(name));
    expect(lacking.length).toBeGreaterThan(0);
    for (const name of lacking) expect(() => setIsa(name)).toThrow(BackendError);
    expect(backendInfo().isa).toBe(isa);
  });

  test.skipIf(addon !== null)('native: an error where there is no addon', () => {
    expect(() => setBackend('native')).toThrow(BackendError);
    expect(() => setIsa('baseline')).toThrow(BackendError);
  });
});

describe('threads', () => {
  test('a number from 1 to 64, and nothing else', () => {
    for (const count of [1, 2, 64]) {
      setNumThreads(count);
      expect(getNumThreads()).toBe(count);
    }
    for (const bad of [0, -1, 65, 1.5, Number.NaN, '2', null]) {
      expect(() => setNumThreads(bad as number)).toThrow(ConfigError);
    }
    expect(getNumThreads()).toBe(64);
  });

  test('LANEGRAD_NUM_THREADS, then OMP_NUM_THREADS, then the cores', () => {
    expect(defaultThreads({ LANEGRAD_NUM_THREADS: '3', OMP_NUM_THREADS: '5' })).toBe(3);
    expect(defaultThreads({ LANEGRAD_NUM_THREADS: '', OMP_NUM_THREADS: '5,2' })).toBe(5);
    expect(defaultThreads({ OMP_NUM_THREADS: '400' })).toBe(64);
    for (const bad of ['0', '-2', '1.5', '65', 'two', '1e1', ' 2']) {
      expect(() => defaultThreads({ LANEGRAD_NUM_THREADS: bad })).toThrow(ConfigError);
    }
    const cores = defaultThreads({});
    expect(cores).toBeGreaterThanOrEqual(1);
    // OpenMP's variable is not ours to judge.
    for (const odd of ['0', 'many', '-1', '']) expect(defaultThreads({ OMP_NUM_THREADS: odd })).toBe(cores);
  });

  const groups = (files: Record<string, string>) => (path: string) => files[path] ?? '';

  test('control groups, version 2: the tightest limit on the way up', () => {
    const files = {
      '/proc/self/cgroup': '0::/a/b',
      '/sys/fs/cgroup/a/b/cpu.max': 'max 100000',
      '/sys/fs/cgroup/a/cpu.max': '150000 100000',
    };
    expect(cgroupCpus(groups(files))).toBe(1.5);
    expect(cgroupCpus(groups({ '/proc/self/cgroup': '0::/', '/sys/fs/cgroup/cpu.max': '50000 100000' }))).toBe(0.5);
    expect(cgroupCpus(groups({ '/proc/self/cgroup': '0::/', '/sys/fs/cgroup/cpu.max': 'max 100000' }))).toBe(Infinity);
  });

  test('control groups, version 1', () => {
    const files = {
      '/proc/self/cgroup': '12:memory:/x\n4:cpu,cpuacct:/docker/1\n0::/',
      '/sys/fs/cgroup/cpu/docker/1/cpu.cfs_quota_us': '300000',
      '/sys/fs/cgroup/cpu/docker/1/cpu.cfs_period_us': '100000',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
    };
    expect(cgroupCpus(groups(files))).toBe(3);
  });

  test('no control groups: no limit', () => {
    expect(cgroupCpus(groups({}))).toBe(Infinity);
    expect(cgroupCpus(groups({ '/proc/self/cgroup': 'nonsense' }))).toBe(Infinity);
  });
});
