/** Files as streams of bytes, unpacked where they are gzip'd, and as lines of text. */

import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError } from '../../errors.ts';

/** Bytes read or unpacked at a time. */
const PIECE = 256 * 1024;

/** A file by path, or its content, whole or in pieces. */
export type Source = string | URL | Uint8Array | AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** A line longer than this, in characters, is no text: reading on would fill the memory. */
export const LONGEST_LINE = 2 ** 26;

function isPath(source: Source): source is string | URL {
  return typeof source === 'string' || source instanceof URL;
}

/** How messages name a source. */
export function nameOf(source: Source): string {
  return isPath(source) ? String(source) : 'the data';
}

/** Why a file cannot be read, in words. */
function readError(op: string, source: Source, cause: unknown): DataError {
  if (cause instanceof DataError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const name = nameOf(source);
  if (code === 'ENOENT') return new DataError({ op, problem: `no such file: ${name}`, cause });
  if (code === 'EISDIR') return new DataError({ op, problem: `${name} is a folder`, cause });
  if (code?.startsWith('Z_')) {
    return new DataError({ op, problem: `the gzip'd data of ${name} is damaged: ${message}`, cause });
  }
  return new DataError({ op, problem: `cannot read ${name}: ${message}`, cause });
}

/** Whether bytes begin as a gzip'd file does. */
function isGzip(head: Uint8Array): boolean {
  return head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b;
}

/** The bytes of a source as they are stored; a file is open for as long as they are read. */
async function* storedBytes(op: string, source: Source): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) yield source;
  else if (!isPath(source)) {
    for await (const piece of source) yield typeof piece === 'string' ? new TextEncoder().encode(piece) : piece;
  } else {
    let file: FileHandle | null = null;
    try {
      file = await open(source, 'r');
      yield* file.createReadStream({ autoClose: false, highWaterMark: PIECE });
    } catch (cause) {
      throw readError(op, source, cause);
    } finally {
      await file?.close();
    }
  }
}

/**
 * The bytes of a source in pieces, unpacked if they are gzip'd; text is encoded as UTF-8.
 *
 * @throws DataError  if a file cannot be read, or what is gzip'd is damaged
 */
export async function* bytesOf(op: string, source: Source): AsyncGenerator<Uint8Array> {
  const stored = storedBytes(op, source);
  const first = await stored.next();
  if (first.done) return;
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield first.value!;
    yield* stored;
  }
  if (!isGzip(first.value)) {
    yield* whole();
    return;
  }
  const packed = Readable.from(whole(), { objectMode: false });
  const unpacked = createGunzip({ chunkSize: PIECE });
  packed.on('error', (error) => unpacked.destroy(error));
  try {
    yield* packed.pipe(unpacked);
  } catch (cause) {
    throw readError(op, source, cause);
  } finally {
    packed.destroy();
  }
}

/** The text of a source in pieces, without a byte-order mark. @throws DataError if it is not UTF-8 */
export async function* textOf(op: string, source: Source): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  const decode = (piece?: Uint8Array): string => {
    try {
      return decoder.decode(piece, { stream: piece !== undefined });
    } catch (cause) {
      const where = `between bytes ${bytes} and ${bytes + (piece?.length ?? 0)}`;
      throw new DataError({ op, problem: `${nameOf(source)} is not UTF-8 somewhere ${where}`, cause });
    }
  };
  for await (const piece of bytesOf(op, source)) {
    yield decode(piece);
    bytes += piece.length;
  }
  yield decode();
}
