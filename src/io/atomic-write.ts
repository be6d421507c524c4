/**
 * Replaces a file as a whole or not at all.
 *
 * The new content goes to a file of its own beside the target, is synced, closed, read back and compared by SHA-256, and
 * only then takes the target's name; the folder is synced last. Whatever fails before the rename leaves the old file
 * as it was and removes the temporary one. A process that dies leaves at most a temporary file behind, which
 * `removeStaleTemporaries` takes away at the next start. A file descriptor whose sync failed is never tried again: the
 * kernel may have dropped the pages, and a second sync would report success for data that is lost.
 */

import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { CheckpointError } from '../errors.ts';
import { describeSystemError, errnoOf, type FileSystem, nodeFileSystem } from './file-system.ts';

/** One call takes at most this many bytes, so that a file of any size passes the system's limit of 2 GiB. */
const LARGEST_PIECE = 64 * 1024 * 1024;

let counter = 0;

/** Hashes bytes of any length; one call of the hash itself takes less than 2 GiB. */
export function updateHash(hash: Hash, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += LARGEST_PIECE) hash.update(bytes.subarray(at, at + LARGEST_PIECE));
}

export interface AtomicWriteOptions {
  /** The public name of the operation, for messages. */
  readonly op: string;
  /** Where the file that is replaced goes on living, under its old content; a name in the same folder. */
  readonly keepPrevious?: string;
  readonly fs?: FileSystem;
}

/** Matches the temporaries of a target: `<name>.<pid>.<thread>.<n>.tmp`. */
function temporaryOf(target: string, entry: string): { pid: number } | null {
  if (!entry.startsWith(`${target}.`) || !entry.endsWith('.tmp')) return null;
  const match = /^(\d+)\.\d+\.\d+\.tmp$/.exec(entry.slice(target.length + 1));
  return match === null ? null : { pid: Number(match[1]) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

/**
 * Removes temporary files that a process left behind when it died in a save of `path`.
 *
 * @param ofAnyProcess  Also those whose process number is in use (by now, by another program); only for a caller that
 *                      holds the folder's lock.
 */
export function removeStaleTemporaries(path: string, ofAnyProcess = false, fs: FileSystem = nodeFileSystem): void {
  const folder = dirname(path);
  const target = basename(path);
  for (const entry of fs.readdirSync(folder)) {
    const temporary = temporaryOf(target, entry);
    if (temporary === null || (!ofAnyProcess && isAlive(temporary.pid))) continue;
    try {
      fs.unlinkSync(join(folder, entry));
    } catch (error) {
      // Another process may have swept at the same moment.
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
}

function writeWhole(fs: FileSystem, fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    // A disk that fills up takes a part of the bytes and says so only in the result.
    const written = fs.writeSync(fd, bytes, done, Math.min(LARGEST_PIECE, bytes.length - done));
    if (written <= 0) throw new Error(`the system took ${written} of ${bytes.length - done} bytes`);
    done += written;
  }
}

/** SHA-256 of a file of exactly `size` bytes. */
function digestOfFile(fs: FileSystem, path: string, size: number): string {
  const fd = fs.openSync(path, 'r');
  try {
    const found = fs.fstatSync(fd).size;
    if (found !== size) throw new Error(`read back ${found} bytes of the ${size} written`);
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.min(1024 * 1024, Math.max(1, size)));
    for (;;) {
      const n = fs.readSync(fd, buffer, 0, buffer.length, null);
      if (n === 0) break;
      hash.update(buffer.subarray(0, n));
    }
    return hash.digest('hex');
  } finally {
    fs.closeSync(fd);
  }
}

function syncFolder(fs: FileSystem, folder: string): void {
  // Windows has no descriptor of a folder to sync; its rename is journalled.
  if (process.platform === 'win32') return;
  const fd = fs.openSync(folder, constants.O_RDONLY);
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Gives the old file a second name. File systems without hard links simply keep no previous file. */
function keepOld(fs: FileSystem, target: string, previous: string, temporary: string): void {
  const link = `${previous}${temporary.slice(target.length)}`;
  try {
    fs.linkSync(target, link);
  } catch (error) {
    if (['ENOENT', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errnoOf(error) ?? '')) return;
    throw error;
  }
  try {
    fs.renameSync(link, previous);
  } catch (error) {
    quietly(() => fs.unlinkSync(link));
    throw error;
  }
  // Between two names of one file a rename does nothing; a process that dies right here leaves two such names behind.
  try {
    fs.unlinkSync(link);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // The error that led here is the one to report.
  }
}

function freeBytes(fs: FileSystem, folder: string): number | null {
  try {
    const { bavail, bsize } = fs.statfsSync(folder);
    return Number(bavail) * Number(bsize);
  } catch {
    return null;
  }
}

/** The file that `path` names in the end: through a symbolic link, so that the link stays and its target is replaced. */
function resolveTarget(op: string, path: string, fs: FileSystem): string {
  const refuse = (problem: string): never => {
    throw new CheckpointError({ op, problem: `cannot write ${path}: ${problem}` });
  };
  try {
    const found = fs.lstatSync(path);
    if (found.isFile()) return path;
    if (found.isSymbolicLink()) {
      const real = fs.realpathSync(path);
      if (fs.lstatSync(real).isFile()) return real;
    }
    return refuse(found.isDirectory() ? 'it is a folder' : 'it is not a regular file');
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    if (errnoOf(error) !== 'ENOENT') return refuse(describeSystemError(error));
    return path;
  }
}

/**
 * Writes `parts` one after another as the file `path`.
 *
 * @throws CheckpointError  if it cannot be written; the old file is then as it was. Names the bytes needed and free.
 */
export function atomicWrite(path: string, parts: readonly Uint8Array[], options: AtomicWriteOptions): void {
  const { op, keepPrevious, fs = nodeFileSystem } = options;
  const target = resolveTarget(op, path, fs);
  const folder = dirname(target);
  const temporary = `${target}.${process.pid}.${threadId}.${counter++}.tmp`;
  const size = parts.reduce((sum, part) => sum + part.byteLength, 0);
  let fd: number | null = null;
  let created = false;
  let renamed = false;
  try {
    fd = fs.openSync(temporary, 'wx', 0o666);
    created = true;
    const hash = createHash('sha256');
    for (const part of parts) {
      updateHash(hash, part);
      writeWhole(fs, fd, part);
    }
    fs.fsyncSync(fd);
    const closing = fd;
    fd = null;
    fs.closeSync(closing);
    if (digestOfFile(fs, temporary, size) !== hash.digest('hex')) {
      throw new Error('what was read back differs from what was written');
    }
    if (keepPrevious !== undefined) keepOld(fs, target, join(folder, keepPrevious), temporary);
    fs.renameSync(temporary, target);
    renamed = true;
    syncFolder(fs, folder);
  } catch (cause) {
    if (fd !== null) {
      const open = fd;
      quietly(() => fs.closeSync(open));
    }
    if (created && !renamed) quietly(() => fs.unlinkSync(temporary));
    const free = freeBytes(fs, folder);
    const room = free === null ? `${size} bytes needed` : `${size} bytes needed, ${free} free`;
    throw new CheckpointError({
      op,
      problem: renamed
        ? `${path} is written, but its folder could not be synced: ${describeSystemError(cause)}`
        : `cannot write ${path}: ${describeSystemError(cause)}`,
      hint: renamed
        ? 'a power failure now may bring the old file back'
        : `${room}; the file that was there is unchanged`,
      cause,
    });
  }
}
