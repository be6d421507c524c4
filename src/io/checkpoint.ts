/**
 * A checkpoint: one safetensors file that holds a model and everything its training needs to go on.
 *
 * Weights keep their plain names, so PyTorch loads the file as it is; every other tensor's name begins with
 * `__train__.`. What is no tensor stands in the metadata as JSON, one document a key.
 */

import fs from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { describeSystemError, errnoOf } from './file-system.ts';
import { loadSafetensors, type SaveSafetensorsOptions, saveSafetensors } from './safetensors.ts';

/** The file of a run folder that holds its latest state. */
export const CHECKPOINT_FILE = 'checkpoint.safetensors';
/** The state that the latest one replaced. */
export const PREVIOUS_FILE = 'previous.safetensors';
/** The state with the lowest validation loss so far. */
export const BEST_FILE = 'best.safetensors';
/** One JSON object a line: what was measured while training. */
export const METRICS_FILE = 'metrics.jsonl';

const TRAIN_PREFIX = '__train__.';

export interface Checkpoint {
  /** The state dict of the model. */
  weights: Record<string, Tensor>;
  /** Tensors of the training, without their prefix. */
  train: Record<string, Tensor>;
  /** JSON documents by key: whatever parsed, for the reader to check. */
  documents: Record<string, unknown>;
}

export interface LoadCheckpointOptions {
  /** Leave the tensors of the training in the file. */
  weightsOnly?: boolean;
}

/** @throws CheckpointError  if the file cannot be written; the old one is then unchanged */
export function saveCheckpoint(
  path: string,
  { weights, train, documents }: Checkpoint,
  options?: SaveSafetensorsOptions,
): void {
  const tensors = { ...weights };
  for (const [name, tensor] of Object.entries(train)) tensors[TRAIN_PREFIX + name] = tensor;
  const metadata = Object.fromEntries(Object.entries(documents).map(([key, value]) => [key, JSON.stringify(value)]));
  saveSafetensors(path, tensors, metadata, options);
}

/**
 * The checkpoint file that a path names: the file itself, or the one in a run folder.
 *
 * @throws CheckpointError  if there is none
 */
export function findCheckpoint(path: string): string {
  const op = 'loadCheckpoint';
  try {
    if (!fs.statSync(path).isDirectory()) return path;
  } catch (cause) {
    throw new CheckpointError({ op, problem: `cannot read ${path}: ${describeSystemError(cause)}`, cause });
  }
  const file = join(path, CHECKPOINT_FILE);
  if (!fs.existsSync(file)) {
    throw new CheckpointError({ op, problem: `${path} is not a run folder: it has no ${CHECKPOINT_FILE}` });
  }
  return file;
}

/**
 * Reads a checkpoint from a file or a run folder, and verifies its digest.
 *
 * @throws CheckpointError  if it cannot be read, is damaged, or was not written by this package
 */
export function loadCheckpoint(path: string, { weightsOnly = false }: LoadCheckpointOptions = {}): Checkpoint {
  const file = findCheckpoint(path);
  const filter = weightsOnly ? (name: string) => !name.startsWith(TRAIN_PREFIX) : undefined;
  let loaded: ReturnType<typeof loadSafetensors>;
  try {
    loaded = loadSafetensors(file, { filter, requireDigest: true });
  } catch (error) {
    throw withPrevious(error, path, file);
  }
  const weights: Record<string, Tensor> = Object.create(null);
  const train: Record<string, Tensor> = Object.create(null);
  for (const [name, tensor] of Object.entries(loaded.tensors)) {
    if (name.startsWith(TRAIN_PREFIX)) train[name.slice(TRAIN_PREFIX.length)] = tensor;
    else weights[name] = tensor;
  }
  const documents: Record<string, unknown> = Object.create(null);
  for (const [key, text] of Object.entries(loaded.metadata)) {
    try {
      documents[key] = JSON.parse(text);
    } catch (cause) {
      throw new CheckpointError({ op: 'loadCheckpoint', problem: `${file}: ${key} is not JSON`, cause });
    }
  }
  return { weights, train, documents };
}

/** Points out the file before, when the latest one of a run folder is damaged. */
function withPrevious(error: unknown, path: string, file: string): unknown {
  const previous = join(path, PREVIOUS_FILE);
  if (!(error instanceof CheckpointError) || file === path || errnoOf(error.cause) !== undefined) return error;
  if (!fs.existsSync(previous)) return error;
  return new CheckpointError(`${error.message} (the state before it is in ${previous})`);
}
