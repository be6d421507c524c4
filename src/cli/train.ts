/** `lanegrad train`: puts text, model, optimizer and loop together. */

import fs from 'node:fs';
import { basename, extname, join } from 'node:path';
import { backendInfo } from '../backend/select.ts';
import { manualSeed } from '../core/rng.ts';
import { ConfigError } from '../errors.ts';
import { type Checkpoint, loadCheckpoint } from '../io/checkpoint.ts';
import { CharLSTM } from '../models/char-lstm.ts';
import { AdamW } from '../optim/index.ts';
import { Corpus } from '../text/corpus.ts';
import { EvaluationStreams, splitText, TrainingStreams } from '../text/streams.ts';
import {
  formatDuration,
  LanguageTask,
  type Reporter,
  RunFolder,
  runTraining,
  schedules,
  TrainingRecord,
  type TrainingResult,
} from '../train/index.ts';
import { checkMemory, formatBytes } from './memory.ts';
import { horizonOf, newConfig, resumedConfig, savedConfig, type TrainConfig, type TrainFlags } from './train-config.ts';
import { intervalOf } from './values.ts';

export interface TrainRequest {
  readonly files: readonly string[];
  readonly flags: TrainFlags;
  /** The run folder; without one a new one under `runs` is named after the text. */
  readonly out: string | undefined;
  readonly resume: boolean;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** The object that `--json` prints. */
export interface TrainReport {
  readonly steps: number;
  readonly seconds: number;
  readonly chars: number;
  readonly charsPerSecond: number;
  readonly trainLoss: number;
  readonly valLoss: number | null;
  readonly checkpoint: string;
  readonly backend: string;
  readonly isa: string | null;
  readonly threads: number;
}

export interface TrainOutcome {
  readonly report: TrainReport;
  readonly result: TrainingResult;
  readonly folder: string;
  readonly model: CharLSTM;
}

/** Reading takes long enough to say how far it is from about this size on. */
const LARGE_CORPUS = 100_000_000;
const NOTE_SECONDS = 5;

/** `base`, or the first of `base-2`, `base-3` … that is not there yet. */
export function freshFolder(base: string): string {
  for (let n = 1; ; n++) {
    const path = n === 1 ? base : `${base}-${n}`;
    if (!fs.existsSync(path)) return path;
  }
}

function defaultFolder(file: string): string {
  const name = basename(file, extname(file)).replace(/[^A-Za-z0-9._-]+/g, '-');
  return freshFolder(join('runs', /^[.-]*$/.test(name) ? 'text' : name));
}

function readCorpus(files: readonly string[], reporter: Reporter): Promise<Corpus> {
  let saidAt = performance.now();
  return Corpus.read(files, {
    onProgress: (bytes, total) => {
      if (total < 2 * LARGE_CORPUS || performance.now() - saidAt < NOTE_SECONDS * 1000) return;
      saidAt = performance.now();
      reporter.note(`reading ${formatBytes(total / 2)} of text: ${Math.floor((100 * bytes) / total)}%`);
    },
  });
}

function checkSameText(checkpoint: Checkpoint, corpus: Corpus, files: readonly string[]): void {
  const saved = checkpoint.documents.corpus as { sha256?: unknown } | undefined;
  if (saved?.sha256 === corpus.sha256) return;
  throw new ConfigError({
    op: 'resume',
    problem: `the text is not the one that this run began with: ${files.join(', ')}`,
    hint: 'a run goes on with the same files in the same order, or begins anew in another folder',
  });
}

interface Prepared {
  readonly task: LanguageTask;
  readonly model: CharLSTM;
  readonly record?: TrainingRecord;
}

function prepare(config: TrainConfig, corpus: Corpus, checkpoint: Checkpoint | null): Prepared {
  const { hidden, layers, embed, dropout, seq, batch, val, lr, clip, weightDecay } = config;
  const { trainSize, validationSize } = splitText(corpus.size, val);
  const train = new TrainingStreams(corpus.ids.subarray(0, trainSize), { batch, seq });
  const { vocabulary } = corpus;
  checkMemory({ vocab: vocabulary.size, embed, hidden, layers }, batch, seq);
  manualSeed(BigInt(config.seed));
  const model =
    checkpoint === null
      ? new CharLSTM({ vocab: vocabulary, embed, hidden, layers, dropout })
      : CharLSTM.fromCheckpoint(checkpoint);
  const task = new LanguageTask({
    model,
    vocab: vocabulary.size,
    optimizer: new AdamW(model.parameters(), { lr, weightDecay }),
    train,
    validation: validationSize > 0 ? new EvaluationStreams(corpus.ids, trainSize) : undefined,
    clip: clip === 0 ? Infinity : clip,
    documents: {
      ...model.documents(),
      config,
      corpus: { sha256: corpus.sha256, characters: corpus.size },
    },
  });
  if (checkpoint === null) return { task, model };
  task.restore(checkpoint);
  return { task, model, record: TrainingRecord.restore(checkpoint) };
}

async function trainInFolder(
  folder: RunFolder,
  config: TrainConfig,
  { task, model, record }: Prepared,
  { reporter, signal }: TrainRequest,
): Promise<TrainOutcome> {
  const result = await runTraining(task, {
    horizon: horizonOf(config, task.stepsPerEpoch),
    rateAt: (progress) => config.lr * schedules[config.schedule](progress),
    folder,
    reporter,
    checkpointEvery: intervalOf(config.checkpointEvery),
    record,
    signal,
  });
  const { backend, isa, threads } = backendInfo();
  const report: TrainReport = {
    steps: result.steps,
    seconds: result.seconds,
    chars: result.items,
    charsPerSecond: result.itemsPerSecond,
    trainLoss: result.trainLoss,
    valLoss: result.validationLoss,
    checkpoint: folder.checkpointPath,
    backend,
    isa,
    threads,
  };
  return { report, result, folder: folder.path, model };
}

async function begin(request: TrainRequest): Promise<TrainOutcome> {
  const config = newConfig(request.files, request.flags);
  const out = request.out ?? defaultFolder(config.files[0]);
  // What can be refused without reading the text is refused first, and nothing is created before all of it passed.
  RunFolder.checkFree(out);
  checkMemory({ ...config, vocab: 1 }, config.batch, config.seq);
  const corpus = await readCorpus(config.files, request.reporter);
  const prepared = prepare(config, corpus, null);
  const folder = RunFolder.create(out);
  try {
    return await trainInFolder(folder, config, prepared, request);
  } finally {
    folder.close();
  }
}

async function goOn(request: TrainRequest): Promise<TrainOutcome> {
  if (request.out === undefined) {
    throw new ConfigError({ op: '--resume', problem: 'which run?', hint: 'name its folder with --out DIR' });
  }
  const folder = RunFolder.reopen(request.out);
  try {
    const checkpoint = loadCheckpoint(request.out);
    const config = resumedConfig(savedConfig(checkpoint.documents.config), request.files, request.flags);
    const corpus = await readCorpus(config.files, request.reporter);
    checkSameText(checkpoint, corpus, config.files);
    return await trainInFolder(folder, config, prepare(config, corpus, checkpoint), request);
  } finally {
    folder.close();
  }
}

/**
 * Trains a character LSTM, from the beginning or on from a checkpoint.
 *
 * @throws LanegradError  for whatever the caller can mend; a refused request leaves nothing behind
 */
export function train(request: TrainRequest): Promise<TrainOutcome> {
  return request.resume ? goOn(request) : begin(request);
}

/** What is said at the end, for people. */
export function describeOutcome({ report, result, folder }: TrainOutcome): string {
  const { steps, seconds, charsPerSecond, trainLoss, valLoss } = report;
  const losses = [
    Number.isFinite(trainLoss) ? `training loss ${trainLoss.toFixed(4)}` : '',
    valLoss === null ? '' : `validation loss ${valLoss.toFixed(4)}`,
  ].filter((part) => part !== '');
  const speed = `${Math.round(charsPerSecond).toLocaleString('en-US')} characters a second`;
  const lines = [
    `${result.interrupted ? 'stopped after' : 'trained'} ${steps} steps in ${formatDuration(seconds)}, ${speed}`,
    losses.length === 0 ? '' : `${losses.join(', ')} (nats a character)`,
    `saved in ${folder}`,
  ];
  const { bestValidationLoss: best } = result;
  if (best !== null && valLoss !== null && best < valLoss) {
    lines.push(`lowest validation loss ${best.toFixed(4)}: ${join(folder, 'best.safetensors')}`);
  }
  return lines.filter((line) => line !== '').join('\n');
}

/** The command that comes next. */
export function nextCommand({ result, folder }: TrainOutcome): string {
  return result.interrupted
    ? `go on with: lanegrad train --out ${folder} --resume`
    : `write text with: lanegrad generate ${folder}`;
}
