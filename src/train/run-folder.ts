/**
 * The folder of a run: its checkpoints, its metrics and its lock.
 *
 * A folder is taken before the first step, and whatever is wrong with it (not writable, in use, holding another run)
 * is said then and not hours later.
 */

import fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CheckpointError, ConfigError } from '../errors.ts';
import { removeStaleTemporaries } from '../io/atomic-write.ts';
import {
  BEST_FILE,
  CHECKPOINT_FILE,
  type Checkpoint,
  findCheckpoint,
  METRICS_FILE,
  PREVIOUS_FILE,
  saveCheckpoint,
} from '../io/checkpoint.ts';
import { describeSystemError, errnoOf } from '../io/file-system.ts';
import { FolderLock, LOCK_FILE } from '../io/folder-lock.ts';
import { MetricsLog } from './metrics-log.ts';

const ownFiles = [CHECKPOINT_FILE, PREVIOUS_FILE, BEST_FILE, METRICS_FILE];

export class RunFolder {
  readonly path: string;
  readonly metrics: MetricsLog;
  readonly #lock: FolderLock;
  /** The topmost folder that this run created; null if the folder was there. */
  readonly #created: string | null;

  private constructor(path: string, lock: FolderLock, created: string | null) {
    this.path = path;
    this.metrics = new MetricsLog(join(path, METRICS_FILE));
    this.#lock = lock;
    this.#created = created;
  }

  /** Whether a folder holds a run, whole or broken off. */
  static holdsRun(path: string): boolean {
    return ownFiles.some((name) => fs.existsSync(join(path, name)));
  }

  /** @throws ConfigError  if the folder cannot begin a run: it holds one, is no folder, or cannot be looked at */
  static checkFree(path: string): void {
    let found: fs.Stats | undefined;
    try {
      found = fs.statSync(path, { throwIfNoEntry: false });
    } catch (cause) {
      throw new ConfigError({ op: 'train', problem: `cannot use ${path}: ${describeSystemError(cause)}`, cause });
    }
    if (found !== undefined && !found.isDirectory()) {
      throw new ConfigError({ op: 'train', problem: `${path} is not a folder`, hint: 'name another with --out' });
    }
    if (!RunFolder.holdsRun(path)) return;
    throw new ConfigError({
      op: 'train',
      problem: `${path} holds a run already`,
      hint: 'go on with it by --resume (`resume: true` for fit), or name another folder with --out',
    });
  }

  /**
   * Takes a folder for a new run, and creates it if need be.
   *
   * @throws ConfigError      if it holds a run
   * @throws CheckpointError  if it cannot be created or written, or is in use
   */
  static create(path: string): RunFolder {
    RunFolder.checkFree(path);
    const created = createFolders(path);
    try {
      const run = RunFolder.#take(path, created);
      // Another process may have begun a run between the look and the lock.
      if (!RunFolder.holdsRun(path)) return run;
      run.close();
    } catch (error) {
      removeCreated(path, created);
      throw error;
    }
    return RunFolder.create(path);
  }

  /**
   * Takes the folder of a run that goes on.
   *
   * @throws CheckpointError  if it is none, cannot be written, or is in use
   */
  static reopen(path: string): RunFolder {
    findCheckpoint(path);
    return RunFolder.#take(path, null);
  }

  static #take(path: string, created: string | null): RunFolder {
    const lock = FolderLock.acquire(path);
    try {
      // Under the lock every temporary is a dead process's, whoever has its number now.
      for (const name of ownFiles) removeStaleTemporaries(join(path, name), true);
      // Those of the lock itself may belong to a process that tries to take it at this moment.
      removeStaleTemporaries(join(path, LOCK_FILE));
      return new RunFolder(path, lock, created);
    } catch (cause) {
      lock.release();
      throw new CheckpointError({
        op: 'train',
        problem: `cannot write in ${path}: ${describeSystemError(cause)}`,
        cause,
      });
    }
  }

  /** The latest state, which replaces the one before; that one is kept beside it. */
  get checkpointPath(): string {
    return join(this.path, CHECKPOINT_FILE);
  }

  /** The state with the lowest validation loss. */
  get bestPath(): string {
    return join(this.path, BEST_FILE);
  }

  /**
   * Removes the states of a run that nobody will go on with; its metrics stay. What cannot be removed stays too, as does
   * everything in a folder that is in use.
   */
  static discardStates(path: string): void {
    if (!fs.existsSync(path)) return;
    try {
      const lock = FolderLock.acquire(path);
      try {
        for (const name of [CHECKPOINT_FILE, PREVIOUS_FILE, BEST_FILE]) {
          removeStaleTemporaries(join(path, name), true);
          fs.rmSync(join(path, name), { force: true });
        }
      } finally {
        lock.release();
      }
      fs.rmdirSync(path);
    } catch {
      // Not empty, or not ours to change.
    }
  }

  /** @throws CheckpointError  if it cannot be written; the state before is then as it was */
  save(checkpoint: Checkpoint): void {
    this.#lock.assertHeld();
    saveCheckpoint(this.checkpointPath, checkpoint, { keepPrevious: PREVIOUS_FILE });
  }

  /** As `save`, for the best state. */
  saveBest(checkpoint: Checkpoint): void {
    this.#lock.assertHeld();
    saveCheckpoint(this.bestPath, checkpoint);
  }

  /** Gives the folder free. One in which nothing was saved is left as it was found. */
  close(): void {
    this.metrics.close();
    if (this.#lock.isHeld() && !fs.existsSync(this.checkpointPath)) fs.rmSync(this.metrics.path, { force: true });
    this.#lock.release();
    if (!RunFolder.holdsRun(this.path)) removeCreated(this.path, this.#created);
  }
}

/**
 * Creates the folders of a path that are not there, and returns the topmost of them; null if there was none. Not by
 * Node's own recursive `mkdir`, which never returns where a file system answers ENOENT to every attempt, as /proc does.
 */
function createFolders(path: string): string | null {
  const missing: string[] = [];
  for (let folder = resolve(path); !fs.existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) {
    try {
      fs.mkdirSync(folder);
    } catch (cause) {
      if (errnoOf(cause) === 'EEXIST') continue;
      if (folder !== missing[0]) removeCreated(dirname(folder), missing[0]);
      const problem = `cannot create ${path}: ${describeSystemError(cause)}`;
      throw new CheckpointError({ op: 'train', problem, cause });
    }
  }
  return missing[0] ?? null;
}

/** Removes the folders from `path` up to `created`, as far as they are empty. */
function removeCreated(path: string, created: string | null): void {
  if (created === null) return;
  const top = resolve(created);
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    try {
      fs.rmdirSync(folder);
    } catch {
      // Not empty any more, or gone: somebody else's from now on.
      return;
    }
    if (folder === top) return;
  }
}
