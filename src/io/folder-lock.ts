/**
 * One writer a folder: a lock file that names its process, taken over when that process is gone.
 *
 * The lock appears with its content in one step, by a hard link from a file of our own, so nobody reads half a lock.
 * A process number alone may by now belong to another program; on Linux the start time tells them apart.
 */

import { createHash, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { CheckpointError } from '../errors.ts';
import { describeSystemError, errnoOf } from './file-system.ts';

export const LOCK_FILE = '.lock';

/** How often a lock that changes while it is looked at is tried again, and the pause where another takes it over. */
const ATTEMPTS = 1000;
const RETRY_MS = 5;
/** A claim on a dead process's lock that is older than this was left by a process that died as well. */
const CLAIM_MS = 2000;

interface LockContent {
  readonly pid: number;
  /** Clock ticks from the machine's start to the process's; null where the system does not tell. */
  readonly startTime: string | null;
  readonly host: string;
  readonly token: string;
}

function startTimeOf(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold anything; the start time is the 22nd.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function parseLock(text: string): LockContent | null {
  try {
    const { pid, startTime, host, token } = JSON.parse(text) as Partial<LockContent>;
    if (!Number.isSafeInteger(pid) || typeof host !== 'string' || typeof token !== 'string') return null;
    return { pid: pid as number, startTime: typeof startTime === 'string' ? startTime : null, host, token };
  } catch {
    return null;
  }
}

/** Whether the process that a lock names still runs. One on another machine cannot be asked, and counts as running. */
function holderRuns({ pid, startTime, host }: LockContent): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') return false;
  }
  const now = startTimeOf(pid);
  return startTime === null || now === null || now === startTime;
}

function readIfThere(path: string): string | null {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function removeIfThere(path: string): void {
  fs.rmSync(path, { force: true });
}

/** Puts the lock in place with its content; false if there is one. */
function place(own: string, path: string, content: string): boolean {
  try {
    fs.linkSync(own, path);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code ?? '')) throw error;
  }
  // A file system without hard links: created and filled in two steps.
  try {
    fs.writeFileSync(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Takes a dead process's lock away, and nobody else's: who wants to remove this very lock first creates a file named
 * after its content, so that between the last look and the removal nobody else can have replaced it.
 */
function removeStale(path: string, stale: string): void {
  const claim = `${path}.${createHash('sha256').update(stale).digest('hex').slice(0, 16)}.tmp`;
  try {
    fs.writeFileSync(claim, '', { flag: 'wx' });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    const since = fs.statSync(claim, { throwIfNoEntry: false })?.mtimeMs;
    // Only a death inside the few microseconds below leaves a claim behind.
    if (since !== undefined && Date.now() - since > CLAIM_MS) removeIfThere(claim);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    return;
  }
  try {
    if (readIfThere(path) === stale) removeIfThere(path);
  } finally {
    removeIfThere(claim);
  }
}

let counter = 0;

/** The right to write into a folder. */
export class FolderLock {
  readonly #path: string;
  readonly #content: string;

  private constructor(path: string, content: string) {
    this.#path = path;
    this.#content = content;
  }

  /**
   * Takes the lock of a folder that exists.
   *
   * @throws CheckpointError  with the code `ERR_LOCKED` if another process holds it, or if the folder cannot be written
   */
  static acquire(folder: string): FolderLock {
    const op = 'lock';
    const path = join(folder, LOCK_FILE);
    const holder: LockContent = {
      pid: process.pid,
      startTime: startTimeOf(process.pid),
      host: hostname(),
      token: randomUUID(),
    };
    const content = JSON.stringify(holder);
    const own = `${path}.${process.pid}.${threadId}.${counter++}.tmp`;
    try {
      fs.writeFileSync(own, content, { flag: 'wx' });
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (place(own, path, content)) return new FolderLock(path, content);
        const found = readIfThere(path);
        if (found === null) continue;
        const other = parseLock(found);
        if (other !== null && holderRuns(other)) {
          throw new CheckpointError({
            op,
            problem: `${folder} is being written by process ${other.pid}${other.host === hostname() ? '' : ` on ${other.host}`}`,
            hint: `if that is a mistake, remove ${path}`,
            code: 'ERR_LOCKED',
          });
        }
        removeStale(path, found);
      }
      throw new CheckpointError({ op, problem: `${path} changes all the time`, code: 'ERR_LOCKED' });
    } catch (cause) {
      if (cause instanceof CheckpointError) throw cause;
      throw new CheckpointError({ op, problem: `cannot write in ${folder}: ${describeSystemError(cause)}`, cause });
    } finally {
      removeIfThere(own);
    }
  }

  /** @throws CheckpointError  if the lock is no longer ours: another process writes here now, or the folder is gone */
  assertHeld(): void {
    if (this.isHeld()) return;
    throw new CheckpointError({
      op: 'lock',
      problem: `${this.#path} was removed or taken over while this process was writing`,
      code: 'ERR_LOCKED',
    });
  }

  isHeld(): boolean {
    try {
      return readIfThere(this.#path) === this.#content;
    } catch {
      return false;
    }
  }

  /** Gives the folder free; does nothing if the lock is no longer ours. */
  release(): void {
    if (this.isHeld()) removeIfThere(this.#path);
  }
}
