/**
 * Runs accuracy scripts one after the other, all of them or those that are named, and prints their figures as a table.
 *
 * npm run accuracy -- [script …]
 */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Figure } from './report.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
/** Those that end in a report; the others in the folder are parts of them, or print what has no target. */
const scripts = readdirSync(folder)
  .filter(
    (file) =>
      file !== 'run.ts' && /^report\($|^report\('|^await classifyTable\(/m.test(readFileSync(folder + file, 'utf8')),
  )
  .map((file) => file.replace(/\.ts$/, ''));
const named = process.argv.slice(2);
const unknown = named.filter((name) => !scripts.includes(name));
if (unknown.length > 0) {
  console.error(`no script ${unknown.join(', ')}; there are ${scripts.join(', ')}`);
  process.exit(2);
}

const rows: Record<string, string | number>[] = [];
for (const script of named.length > 0 ? named : scripts) {
  console.error(`${script} …`);
  const run = [...process.execArgv, `${folder}${script}.ts`, '--json'];
  const { stdout, status } = spawnSync(process.execPath, run, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = stdout.split('\n').find((text) => text.startsWith('{"subject"'));
  if (line === undefined) {
    rows.push({ script, figure: `ended with ${status}` });
    process.exitCode = 1;
    continue;
  }
  const { figures, seconds } = JSON.parse(line) as { figures: Figure[]; seconds: number };
  for (const { what, value, target, is } of figures) {
    rows.push({
      script,
      figure: what,
      value: Number(value.toPrecision(4)),
      target: `${is} ${target}`,
      seconds: Math.round(seconds),
    });
  }
  if (status !== 0) process.exitCode = 1;
}
console.table(rows);
