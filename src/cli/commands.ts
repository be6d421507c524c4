/** The commands: options read, work done, results printed. Each returns or throws; `main` turns errors into exit codes. */

import { randomBytes } from 'node:crypto';
import { type BackendChoice, setBackend, setNumThreads } from '../backend/select.ts';
import { createReporter } from '../train/index.ts';
import { describeEvaluation, evaluateFile } from './eval.ts';
import { writeGenerated } from './generate.ts';
import { collectInfo, describeInfo } from './info.ts';
import { listenForInterrupt } from './interrupt.ts';
import { describeOutcome, nextCommand, train } from './train.ts';
import { optionName, type TrainFlags, trainRules } from './train-config.ts';
import { count, fromText, nonNegative, oneOf, probability, type Rule, seed } from './values.ts';

/** Options as commander gives them: text, or true for one without a value. */
type RawOptions = Readonly<Record<string, string | boolean>>;

const backends: readonly BackendChoice[] = ['auto', 'native', 'ts'];

/** The value of one option; undefined if it was not given. */
function read<T>(options: RawOptions, key: string, rule: Rule<T>): T | undefined {
  const text = options[key];
  return typeof text === 'string' ? fromText(optionName(key), rule, text) : undefined;
}

function readTrainFlags(options: RawOptions): TrainFlags {
  const flags: Record<string, unknown> = {};
  for (const [key, rule] of Object.entries<Rule<unknown>>(trainRules)) {
    const value = read(options, key, rule);
    if (value !== undefined) flags[key] = value;
  }
  return flags as TrainFlags;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Returns the exit code. */
export async function runTrain(files: readonly string[], options: RawOptions): Promise<number> {
  const flags = readTrainFlags(options);
  const threads = read(options, 'threads', count());
  const backend = read(options, 'backend', oneOf(backends));
  if (threads !== undefined) setNumThreads(threads);
  if (backend !== undefined) setBackend(backend);
  const interruption = listenForInterrupt();
  try {
    const outcome = await train({
      files,
      flags,
      out: typeof options.out === 'string' ? options.out : undefined,
      resume: options.resume === true,
      reporter: await createReporter(process.stderr, 'chars'),
      signal: interruption.signal,
    });
    if (options.json === true) print(JSON.stringify(outcome.report));
    else print(`${describeOutcome(outcome)}\n${nextCommand(outcome)}`);
    return outcome.result.interrupted ? (interruption.exitCode ?? 0) : 0;
  } finally {
    interruption.dispose();
  }
}

export async function runGenerate(run: string, options: RawOptions): Promise<void> {
  const seeded = read(options, 'seed', seed);
  await writeGenerated(
    run,
    {
      seedText: typeof options.seedText === 'string' ? options.seedText : undefined,
      length: read(options, 'length', count(0)),
      temperature: read(options, 'temperature', nonNegative),
      topK: read(options, 'topK', count(0)),
      topP: read(options, 'topP', probability),
      seed: seeded === undefined ? randomBytes(8).readBigUInt64LE() : BigInt(seeded),
    },
    process.stdout,
  );
}

export async function runEval(run: string, file: string, json: boolean): Promise<void> {
  const report = await evaluateFile(run, file);
  print(json ? JSON.stringify(report) : describeEvaluation(report));
}

export function runInfo(json: boolean): void {
  const info = collectInfo();
  print(json ? JSON.stringify(info) : describeInfo(info));
}
