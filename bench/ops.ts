/**
 * Every public operation, the addon beside TypeScript: at 8 elements in µs a call against the same loop in plain
 * JavaScript, at a million in ms against the bandwidth, the time of exp, or the sort of the platform. What stays behind
 * the aims of the column `behind` is named there, so that it stands out.
 *
 * npx tsx --import ./bench/compiled.ts bench/ops.ts [names] [--json]
 */

import { noGrad, scope } from '../src/autograd/index.ts';
import { backendInfo, setBackend } from '../src/backend/select.ts';
import * as ops from '../src/ops/index.ts';
import { interleaved, report, type Subject } from './harness.ts';
import type { Call, Operands } from './op-calls.ts';
import { operandsOf } from './op-calls.ts';
import { calls } from './op-calls-moving.ts';
import { significant } from './statistics.ts';
import { copyBandwidth, readBandwidth } from './yardstick.ts';

const SMALL = 8;
const LARGE = 2 ** 20;
const CALLS = 1000;
/** Rounds before those that count: what has not been compiled yet is many times slower. */
const WARMUP = 10;

/** Rounds at a million at most: threads that have slept are late, and the fastest round is the one where none had. */
const MOST_ROUNDS = 50;

/** The aims: µs above the script, share of the bandwidth, multiples of exp, times as fast as the platform's sort. */
const AIMS = { over: 0.3, bandwidth: 0.5, exp: 4, sort: 1 } as const;

type BackendName = 'native' | 'ts';
const backends: readonly BackendName[] = backendInfo().isas.length > 0 ? ['native', 'ts'] : ['ts'];
const { threads } = backendInfo();

/** The loop a user would write, compiled for itself alone: a shared one would be slower by its calls. */
function scriptOf({ script, reads }: Call, o: Operands): (() => Float32Array) | null {
  if (script === undefined) return null;
  const names = ['a', 'b', 'c'].slice(0, reads.length);
  const parameters = names.map((name) => `${name}s`);
  const elements = names.map((name) => `const ${name} = ${name}s[i];`).join(' ');
  const body = `const y = new Float32Array(${o.n}); for (let i = 0; i < ${o.n}; i++) { ${elements} y[i] = ${script}; } return y;`;
  const loop = new Function(...parameters, body);
  const data = reads.map((name) => (o[name] as { data: unknown }).data);
  return () => loop(...data);
}

function times(count: number, run: () => unknown): () => void {
  return () => {
    for (let i = 0; i < count; i++) run();
  };
}

interface SmallTimes {
  readonly native?: number;
  readonly ts?: number;
  readonly script?: number;
}

/** µs a call at 8 elements. */
function small(call: Call, o: Operands): SmallTimes {
  const subjects: Subject[] = backends.map((name) => ({
    name,
    run: () => {
      setBackend(name);
      noGrad(times(CALLS, () => call.run(o)));
    },
  }));
  const script = scriptOf(call, o);
  if (script !== null) subjects.push({ name: 'script', run: times(CALLS, script) });
  const timings = interleaved(subjects, { rounds: 9, warmup: WARMUP });
  return Object.fromEntries(timings.map(({ name, median }) => [name, (median / CALLS) * 1e6]));
}

function seconds(name: string, run: () => unknown, spend: number): number {
  const start = performance.now();
  run();
  const once = (performance.now() - start) / 1e3;
  const rounds = Math.max(2, Math.min(MOST_ROUNDS, Math.ceil(spend / once)));
  return interleaved([{ name, run }], { rounds, warmup: 1 })[0].fastest;
}

/** Seconds a call at a million elements; memory is given back as in a training loop. */
function large(call: Call, o: Operands, backend: BackendName): number {
  setBackend(backend);
  return seconds(call.op, () => noGrad(() => scope(() => void call.run(o))), backend === 'native' ? 0.03 : 0.05);
}

/** Bytes/s of a read, or where anything is written of a copy, of so many bytes; measured once for each. */
const bandwidths = new Map<string, number>();
function bandwidthOf({ bytes, reading }: Call): number {
  const key = `${bytes} ${reading}`;
  const found = bandwidths.get(key);
  if (found !== undefined) return found;
  const whole = bytes * LARGE;
  const rate = reading ? readBandwidth(whole, threads) : copyBandwidth(whole / 2, threads);
  bandwidths.set(key, rate);
  return rate;
}

/** What all the others are held against. */
interface Yardsticks {
  readonly exp: Partial<Record<BackendName, number>>;
  readonly sort: number;
}

function yardsticks(o: Operands): Yardsticks {
  const exp = calls.find(({ op }) => op === 'exp')!;
  const sort = seconds('sort', () => (o.x.data.slice() as Float32Array).sort(), 0.2);
  return { exp: Object.fromEntries(backends.map((name) => [name, large(exp, o, name)])), sort };
}

function rowOf(call: Call, eight: Operands, million: Operands, held: Yardsticks): Record<string, unknown> {
  const short = small(call, eight);
  const long: Partial<Record<BackendName, number>> = Object.fromEntries(
    backends.map((name) => [name, large(call, million, name)]),
  );
  const best = backends[0];
  const time = long[best]!;
  const behind: string[] = [];
  const over = short.script === undefined ? undefined : short[best]! - short.script;
  if (over !== undefined && over > AIMS.over) behind.push('8 elements');
  const rate = (call.bytes * LARGE) / time;
  const ofBandwidth = call.against === 'bandwidth' ? rate / bandwidthOf(call) : undefined;
  if (best === 'native' && ofBandwidth !== undefined && ofBandwidth < AIMS.bandwidth) behind.push('bandwidth');
  const timesExp = call.against === 'exp' ? time / held.exp[best]! : undefined;
  if (timesExp !== undefined && timesExp > AIMS.exp) behind.push('exp');
  const ofSort = call.against === 'sort' ? held.sort / time : undefined;
  if (ofSort !== undefined && ofSort < AIMS.sort) behind.push('sort');
  const figure = (value: number | undefined, digits = 3) =>
    value === undefined ? undefined : significant(value, digits);
  return {
    op: call.op,
    'native µs': figure(short.native),
    'ts µs': figure(short.ts),
    'script µs': figure(short.script),
    'over script µs': over === undefined ? undefined : Number(over.toFixed(3)),
    'native ms': figure(long.native && long.native * 1e3),
    'ts ms': figure(long.ts && long.ts * 1e3),
    'GB/s': call.against === 'bandwidth' ? figure(rate / 1e9) : undefined,
    'of bandwidth': figure(ofBandwidth, 2),
    '× exp': figure(timesExp, 2),
    '× faster than sort': figure(ofSort, 2),
    behind: behind.join(', '),
  };
}

/** Names of operations, public or registered, that no call here has: they run inside others, or are no work. */
function unmeasured(): string[] {
  const measured = new Set(calls.map(({ op }) => op));
  const named = Object.entries(ops).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
  return [...new Set([...ops.registeredOps().map(({ name }) => name), ...named])].filter((name) => !measured.has(name));
}

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknown = wanted.filter((name) => !calls.some(({ op }) => op === name));
if (unknown.length > 0) {
  process.stderr.write(`bench/ops: there is no call of ${unknown.join(', ')}\n`);
  process.exit(2);
}
const before = backendInfo().backend;
const [eight, million] = [operandsOf(SMALL), operandsOf(LARGE)];
const held = yardsticks(million);
const chosen = calls.filter(({ op }) => wanted.length === 0 || wanted.includes(op));
const rows = chosen.map((call) => rowOf(call, eight, million, held));
setBackend(before);
report('ops', rows, { by: ['op'], ratios: ['of bandwidth', '× faster than sort'] });
if (wanted.length === 0) process.stderr.write(`bench/ops: without a call of their own: ${unmeasured().join(' ')}\n`);
