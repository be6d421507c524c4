/**
 * The folder of a search: what it searches in `search.json`, each finished trial in a file of its own that is there as a
 * whole or not at all, and a folder for each trial under way.
 */

import fs from 'node:fs';
import { join } from 'node:path';
import { CheckpointError, ConfigError } from '../errors.ts';
import { atomicWrite, removeStaleTemporaries } from '../io/atomic-write.ts';
import { describeSystemError } from '../io/file-system.ts';
import { FolderLock } from '../io/folder-lock.ts';
import { loadSafetensors, saveSafetensors } from '../io/safetensors.ts';
import type { StateDict } from '../nn/index.ts';
import { RunFolder } from './run-folder.ts';
import { restoreNumber, restoreNumbers, saveNumber, saveNumbers } from './saved-number.ts';

const SEARCH_FILE = 'search.json';

/** What a finished trial leaves. */
export interface SavedTrial {
  /** Not a number where the training diverged. */
  readonly value: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly seconds: number;
}

const nameOfTrial = (number: number): string => `trial-${String(number + 1).padStart(4, '0')}`;

export class TrialStore {
  readonly path: string;
  readonly #lock: FolderLock;

  private constructor(path: string, lock: FolderLock) {
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Takes a folder for a search, and creates it if need be.
   *
   * @param search  What it searches: a search that goes on must have the same.
   * @throws ConfigError      if it holds a search and `resume` is not set, or another search
   * @throws CheckpointError  if it cannot be created or written, or is in use
   */
  static open(path: string, search: Readonly<Record<string, string>>, resume: boolean): TrialStore {
    try {
      fs.mkdirSync(path, { recursive: true });
    } catch (cause) {
      const problem = `cannot create ${path}: ${describeSystemError(cause)}`;
      throw new CheckpointError({ op: 'search', problem, cause });
    }
    const lock = FolderLock.acquire(path);
    try {
      const file = join(path, SEARCH_FILE);
      removeStaleTemporaries(file, true);
      if (fs.existsSync(file)) checkSame(file, search, resume);
      else atomicWrite(file, [Buffer.from(`${JSON.stringify(search, null, 2)}\n`)], { op: 'search' });
      return new TrialStore(path, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Where trial `number` may keep what it needs to go on. */
  folderOf(number: number): string {
    return join(this.path, nameOfTrial(number));
  }

  /** What trial `number` left; null if it has not finished. */
  load(number: number): { trial: SavedTrial; weights: StateDict } | null {
    const file = this.#fileOf(number);
    removeStaleTemporaries(file, true);
    if (!fs.existsSync(file)) return null;
    const { tensors, metadata } = loadSafetensors(file, { requireDigest: true });
    try {
      const { value, metrics, seconds } = JSON.parse(metadata.trial) as Record<keyof SavedTrial, unknown>;
      // A process may have ended between the result and the removal of what led to it.
      RunFolder.discardStates(this.folderOf(number));
      const numbers = { value: restoreNumber('search', value), metrics: restoreNumbers('search', metrics) };
      return { trial: { ...numbers, seconds: restoreNumber('search', seconds) }, weights: { ...tensors } };
    } catch (cause) {
      throw new CheckpointError({ op: 'search', problem: `${file} holds no trial`, cause });
    }
  }

  /**
   * Keeps what a trial measured; the states that led to it are removed then.
   *
   * @throws CheckpointError  if it cannot be written; the trial then counts as unfinished
   */
  save(number: number, trial: SavedTrial, weights: StateDict): void {
    this.#lock.assertHeld();
    const saved = { value: saveNumber(trial.value), metrics: saveNumbers(trial.metrics), seconds: trial.seconds };
    saveSafetensors(this.#fileOf(number), weights, { trial: JSON.stringify(saved) });
    RunFolder.discardStates(this.folderOf(number));
  }

  close(): void {
    this.#lock.release();
  }

  #fileOf(number: number): string {
    return join(this.path, `${nameOfTrial(number)}.safetensors`);
  }
}

function checkSame(file: string, search: Readonly<Record<string, string>>, resume: boolean): void {
  if (!resume) {
    const hint = 'go on with it by `resume: true`, or name another folder';
    throw new ConfigError({ op: 'search', problem: `${file} belongs to a search already`, hint });
  }
  let saved: Record<string, unknown>;
  try {
    saved = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new CheckpointError({ op: 'search', problem: `cannot read ${file}`, cause });
  }
  for (const [name, value] of Object.entries(search)) {
    if (saved[name] === value) continue;
    const problem = `the search in this folder has another ${name}`;
    throw new ConfigError({ op: 'search', problem, got: value, expected: saved[name] });
  }
}
