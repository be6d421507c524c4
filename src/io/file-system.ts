/** The file operations that a save is made of, so that a test can let any one of them fail. */

import fs from 'node:fs';

export type FileSystem = Pick<
  typeof fs,
  | 'openSync'
  | 'writeSync'
  | 'readSync'
  | 'fsyncSync'
  | 'closeSync'
  | 'fstatSync'
  | 'lstatSync'
  | 'realpathSync'
  | 'linkSync'
  | 'renameSync'
  | 'unlinkSync'
  | 'readdirSync'
  | 'statfsSync'
>;

export const nodeFileSystem: FileSystem = fs;

/** The `code` of a system error (`ENOENT`, `ENOSPC` …), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than is allowed here',
  EIO: 'the disk reports an error',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files on this machine',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'is a folder',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'too many symbolic links',
};

/** What went wrong, in words, for an error of the operating system. */
export function describeSystemError(error: unknown): string {
  const code = errnoOf(error);
  if (code !== undefined && Object.hasOwn(reasons, code)) return `${reasons[code]} (${code})`;
  return error instanceof Error ? error.message : String(error);
}
