/**
 * `npm start`: a character LSTM learns the package's own documentation and sources for most of a minute, then writes
 * something like them. The end is a time, so that it comes as soon on TypeScript and on an old machine.
 */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packageRoot } from '../backend/native/load.ts';
import { backendInfo } from '../backend/select.ts';
import { ConfigError } from '../errors.ts';
import { generateStream } from '../models/generate.ts';
import { createReporter } from '../train/index.ts';
import { listenForInterrupt } from './interrupt.ts';
import { runMain } from './run-main.ts';
import { describeOutcome, freshFolder, train } from './train.ts';
import type { TrainFlags } from './train-config.ts';

/** What of the package is read: whole files, and files of a folder by their endings. */
const TEXT = ['native', 'README.md', 'CONTRIBUTING.md', 'docs', 'src'];
const ENDINGS = ['.md', '.ts', '.h', '.cc'];
const MINUTES = 0.75;
const SAMPLE = { seedText: '/**\n * ', length: 600, temperature: 0.7, seed: 1 } as const;

/** Where a step costs many times more, a smaller model takes more of them in the time there is. */
const sizes: Readonly<Record<'native' | 'ts', TrainFlags>> = {
  native: { hidden: 256 },
  ts: { hidden: 80, embed: 32, batch: 16 },
};

/** The texts in an order that does not depend on the file system. */
function collectText(): string[] {
  return TEXT.map((name) => join(packageRoot, name))
    .filter((path) => existsSync(path))
    .flatMap((path) => {
      if (!statSync(path).isDirectory()) return [path];
      const entries = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
      return entries
        .filter((entry) => ENDINGS.some((ending) => entry.endsWith(ending)))
        .map((entry) => join(path, entry));
    });
}

async function start(): Promise<number> {
  const files = collectText();
  if (files.length === 0) {
    throw new ConfigError({
      op: 'start',
      problem: `${packageRoot} holds no sources to learn from`,
      hint: 'train on a text of your own',
    });
  }
  const { backend, isa, threads } = backendInfo();
  process.stderr.write(
    `A character LSTM learns lanegrad's own documentation and sources (${files.length} files) for ${60 * MINUTES} seconds, ` +
      `on ${backend === 'native' ? `C++ kernels for ${isa}, ${threads} threads` : 'TypeScript'}.\n`,
  );
  const interruption = listenForInterrupt();
  const out = freshFolder(join('runs', 'start'));
  try {
    const outcome = await train({
      files,
      flags: { ...sizes[backend], minutes: MINUTES, val: 0.05 },
      out,
      resume: false,
      reporter: await createReporter(process.stderr, 'chars'),
      signal: interruption.signal,
    });
    process.stdout.write(`\n${describeOutcome(outcome)}\n`);
    if (outcome.result.interrupted) return interruption.exitCode ?? 0;
    process.stdout.write('\nIt writes:\n\n');
    outcome.model.eval();
    for await (const chunk of generateStream(outcome.model, SAMPLE)) process.stdout.write(chunk);
    const bin = `node ${join(relative('.', packageRoot) || '.', 'dist', 'cli', 'main.js')}`;
    const next = [
      `${bin} generate ${out} --seed-text "export function " --temperature 0.6`,
      `${bin} train --out ${out} --resume --minutes 5`,
      `${bin} train your-own-text.txt --minutes 3`,
      `${bin} --help`,
    ];
    process.stdout.write(`\n\nGo on with:\n\n${next.map((command) => `  ${command}\n`).join('')}`);
    return 0;
  } finally {
    interruption.dispose();
  }
}

runMain(start);
