/**
 * The same work by lanegrad and by its peers, in turn, round by round, in processes of their own.
 *
 * npm run bench:peers                     tables in Markdown on standard output
 * npm run bench:peers -- products train   some of them
 * npm run bench:peers -- --json           the outcomes behind them
 * npm run bench:peers -- --write-docs     replaces the tables in docs/benchmarks.md
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { environment } from '../harness.ts';
import { PeerProcess } from './contest.ts';
import { type Peers, sections } from './sections.ts';
import { type Section, sectionMarkdown } from './tables.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const docs = here('../../docs/benchmarks.md');
const MARKS = ['<!-- measured: begin -->', '<!-- measured: end -->'] as const;

function install(): void {
  if (existsSync(here('node_modules'))) return;
  process.stderr.write('bench:peers: installing the peers into bench/peers/node_modules (600 MB) …\n');
  const shell = process.platform === 'win32';
  if (
    spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here('.'), stdio: ['ignore', 2, 2], shell }).status !== 0
  )
    process.exit(2);
}

/** An interpreter that has PyTorch. */
function findPython(): string | undefined {
  const found = [process.env.LANEGRAD_PYTHON, 'python3', '/usr/bin/python3'].find(
    (command) => command && spawnSync(command, ['-c', 'import torch, numpy'], { stdio: 'ignore' }).status === 0,
  );
  if (found === undefined)
    process.stderr.write(
      'bench:peers: no Python with PyTorch here, its column stays empty: apt-get install python3-torch libopenblas0-pthread\n',
    );
  return found;
}

function node(name: string, script: string, ...args: string[]): PeerProcess {
  const imports = ['--import', 'tsx', '--import', new URL('../compiled.ts', import.meta.url).href];
  return new PeerProcess(name, process.execPath, [...imports, here(script), ...args]);
}

function start(): Peers {
  const python = findPython();
  const torch = () => (python === undefined ? undefined : new PeerProcess('PyTorch', python, [here('torch_peer.py')]));
  const ours = () => node('lanegrad', 'ours.ts');
  return {
    ours: ours(),
    torch: torch(),
    onnx: node('ONNX Runtime', 'onnxruntime.ts'),
    tfjs: (backend) => node(`tfjs ${backend}`, 'tfjs.ts', backend),
    brain: () => node('brain.js', 'brain.ts'),
    fresh: (peer) => (peer === 'ours' ? ours() : torch()),
  };
}

async function machine(peers: Peers): Promise<string> {
  const { cpu, cores, isa, node: version, load } = environment();
  const peaks: string[] = [];
  for (const threads of [1, 2]) {
    const { peak = Number.NaN } = await peers.ours.ask({ peak: threads });
    peaks.push(`${Math.round(peak / 1e9)} GF/s on ${threads}`);
  }
  const memory = Math.round(totalmem() / 2 ** 30);
  return (
    `${cpu}, ${cores} cores, ${memory} GiB, ${isa}, Node.js ${version}; fused multiply-adds: ${peaks.join(', ')}; ` +
    `load before the run ${Number(load).toFixed(2)}; ${new Date().toISOString().slice(0, 10)}`
  );
}

function writeDocs(markdown: string): void {
  const text = readFileSync(docs, 'utf8');
  const [begin, end] = MARKS.map((mark) => text.indexOf(mark));
  writeFileSync(docs, `${text.slice(0, begin)}${MARKS[0]}\n\n${markdown}\n\n${text.slice(end)}`);
  process.stderr.write(`bench:peers: wrote ${docs}\n`);
}

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknown = names.filter((name) => !Object.hasOwn(sections, name));
if (unknown.length > 0) {
  process.stderr.write(`bench:peers: unknown ${unknown.join(', ')}, not ${Object.keys(sections).join(', ')}\n`);
  process.exit(2);
}
if (names.length > 0 && process.argv.includes('--write-docs')) {
  process.stderr.write('bench:peers: the page holds one whole run\n');
  process.exit(2);
}
install();
const peers = start();
const where = await machine(peers);
const results: Section[] = [];
for (const [name, section] of Object.entries(sections))
  if (names.length === 0 || names.includes(name)) results.push(await section(peers));
for (const peer of [peers.ours, peers.torch, peers.onnx]) peer?.close();
const markdown = [where, ...results.map(sectionMarkdown)].join('\n\n');
if (process.argv.includes('--write-docs')) writeDocs(markdown);
else if (process.argv.includes('--json'))
  process.stdout.write(`${JSON.stringify({ machine: where, sections: results })}\n`);
else process.stdout.write(`${markdown}\n`);
