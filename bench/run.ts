/**
 * Runs the benchmarks, each in a process of its own, on the addon and on TypeScript, and compares the two.
 *
 * npm run bench                       all of them
 * npm run bench -- gemm lstm          some of them
 * npm run bench -- --json > file      everything as one JSON object
 * npm run bench -- --check            ends with 1 if a figure lies below its floor (bench/floors.json)
 * npm run bench -- --write-floors     makes floors of this run
 * npm run bench -- --native, --ts     one backend alone
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Floors, floorsFrom, kernelsOf, type Shortfall, shortfalls, workOf } from './floors.ts';
import type { Report } from './harness.ts';
import { significant } from './statistics.ts';

const SUBJECTS = [
  'peak',
  'gemm',
  'lstm',
  'train-step',
  'generate',
  'vector-math',
  'optim',
  'small-ops',
  'ops',
  'conv',
  'data-loader',
  'fit',
  'crossing',
  'memory',
] as const;
/** What they measure is the machine, the way into the addon, or both backends side by side. */
const NATIVE_ONLY: readonly string[] = ['peak', 'crossing', 'ops'];
/** Room between a quiet run and its floor: a busy machine must not look like a slower program. */
const MARGIN = 0.15;

const floorsFile = fileURLToPath(new URL('floors.json', import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));
const imports = ['--import', 'tsx', '--import', new URL('compiled.ts', import.meta.url).href];

function fail(message: string): never {
  process.stderr.write(`bench: ${message}\n`);
  process.exit(2);
}

/** The report of one script on one backend; none if it failed, since the others took minutes. */
function measure(subject: string, backend: 'native' | 'ts'): Report[] {
  process.stderr.write(`${subject} (${backend}) …\n`);
  const script = fileURLToPath(new URL(`${subject}.ts`, import.meta.url));
  const flags = backend === 'ts' ? ['--json', '--ts'] : ['--json'];
  const run = spawnSync(process.execPath, [...imports, script, ...flags], {
    cwd: root,
    env: { ...process.env, LANEGRAD_BACKEND: backend },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) {
    process.stderr.write(`bench: ${subject} on ${backend} ended with ${run.status ?? run.signal}\n`);
    process.exitCode = 2;
    return [];
  }
  return [JSON.parse(run.stdout.trim().split('\n').at(-1)!) as Report];
}

function hasAddon(): boolean {
  const code = "import('./src/backend/select.ts').then(({ setBackend }) => setBackend('native'))";
  const options = { cwd: root, stdio: 'ignore' } as const;
  return spawnSync(process.execPath, [...imports, '-e', code], options).status === 0;
}

/** Rows that say how many times faster the addon is, wherever both backends did the same work. */
function comparison(reports: readonly Report[]): Record<string, unknown>[] {
  const timeOf = (report: Report, row: Record<string, unknown>): unknown => row[report.columns.time ?? ''];
  return reports
    .filter(({ environment }) => environment.backend === 'native')
    .flatMap((native) => {
      const ts = reports.find(({ subject, environment }) => subject === native.subject && environment.backend === 'ts');
      const unit = native.columns.time;
      if (ts === undefined || unit === undefined) return [];
      return native.rows.flatMap((row) => {
        const work = workOf(native, row, ['threads']);
        const twin = ts.rows.find((other) => workOf(ts, other, ['threads']) === work);
        const [fast, slow] = [Number(timeOf(native, row)), Number(twin && timeOf(ts, twin))];
        if (!Number.isFinite(fast) || !Number.isFinite(slow)) return [];
        const { threads = '' } = row;
        return [
          {
            subject: native.subject,
            work,
            threads,
            unit,
            native: fast,
            ts: slow,
            'ts ÷ native': significant(slow / fast),
          },
        ];
      });
    });
}

function main(): void {
  const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  const flags = new Set(process.argv.slice(2).filter((argument) => argument.startsWith('--')));
  const known = ['--json', '--check', '--write-floors', '--native', '--ts'];
  for (const flag of flags) if (!known.includes(flag)) fail(`unknown option ${flag}, not ${known.join(', ')}`);
  for (const name of names)
    if (!(SUBJECTS as readonly string[]).includes(name)) fail(`unknown subject ${name}, not ${SUBJECTS.join(', ')}`);

  const native = !flags.has('--ts') && hasAddon();
  if (!native && (flags.has('--native') || !flags.has('--ts'))) process.stderr.write('bench: there is no addon here\n');
  const reports = SUBJECTS.filter((subject) => names.length === 0 || names.includes(subject)).flatMap((subject) => [
    ...(native ? measure(subject, 'native') : []),
    ...(flags.has('--native') || NATIVE_ONLY.includes(subject) ? [] : measure(subject, 'ts')),
  ]);

  const stored: Floors = existsSync(floorsFile) ? JSON.parse(readFileSync(floorsFile, 'utf8')) : {};
  const below: Shortfall[] = reports.flatMap((report) => shortfalls(report, stored));
  const compared = comparison(reports);
  if (flags.has('--json')) {
    process.stdout.write(`${JSON.stringify({ reports, comparison: compared, below }, null, 2)}\n`);
  } else {
    for (const report of reports) {
      console.log(`\n${report.subject} on ${kernelsOf(report)}`, report.environment);
      console.table(report.rows);
    }
    console.log('\nnative and ts');
    console.table(compared);
  }
  for (const { name, value, floor } of below) process.stderr.write(`below its floor: ${name} ${value} < ${floor}\n`);
  if (flags.has('--write-floors')) {
    writeFileSync(floorsFile, `${JSON.stringify(floorsFrom(reports, MARGIN, stored), null, 2)}\n`);
    process.stderr.write(`bench: wrote ${floorsFile}\n`);
  } else if (flags.has('--check') && below.length > 0) process.exitCode ??= 1;
}

main();
