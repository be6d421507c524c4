/** Tensors in files that PyTorch and everything around it can read, and the other way round. */

import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import { endianness } from 'node:os';
import { type DataArray, dtypes, newArray } from '../core/dtype.ts';
import { MAX_ELEMENTS } from '../core/shape.ts';
import { CheckpointError, ConfigError, LimitError } from '../errors.ts';
import { Tensor, wrapArray } from '../tensor.ts';
import { atomicWrite, updateHash } from './atomic-write.ts';
import { describeSystemError, type FileSystem } from './file-system.ts';
import type { Refuse } from './header-scanner.ts';
import {
  blankDigest,
  DIGEST_KEY,
  digestPlace,
  encodeHeader,
  FORMAT_KEY,
  type Header,
  type HeaderEntry,
  MAX_FILE_RANK,
  MAX_HEADER_BYTES,
  MAX_NAME_BYTES,
  MAX_TENSORS,
  METADATA_KEY,
  parseHeader,
} from './safetensors-header.ts';

/** Bytes read at a time: the digest is taken, and 64-bit integers narrowed, in pieces of this size. */
const CHUNK = 1024 * 1024;

/** Tensors by name, as `loadStateDict` takes them, and strings by key. Neither object has a prototype. */
export interface TensorFile {
  tensors: Record<string, Tensor>;
  metadata: Record<string, string>;
}

export interface SaveSafetensorsOptions {
  /** The name under which the file that is replaced is kept, in the same folder. */
  keepPrevious?: string;
  /** @internal */
  fs?: FileSystem;
}

export interface LoadSafetensorsOptions {
  /** Which tensors to keep; the others are checked and passed over. */
  filter?: (name: string) => boolean;
  /** Refuse a file without our digest, as another program writes it. */
  requireDigest?: boolean;
}

function checkByteOrder(op: string): void {
  if (endianness() !== 'LE') throw new ConfigError({ op, problem: 'files are little-endian, and this machine is not' });
}

/** @throws ConfigError  for a string that UTF-8 cannot hold, since it would come back changed */
function checkString(op: string, what: string, value: unknown): void {
  if (typeof value !== 'string') throw new ConfigError({ op, problem: `${what} is no string`, got: value });
  if (/[\ud800-\udfff]/u.test(value)) {
    throw new ConfigError({ op, problem: `${what} holds half of a surrogate pair`, got: JSON.stringify(value) });
  }
}

function checkNames(op: string, tensors: readonly [string, Tensor][], metadata: readonly [string, string][]): void {
  if (tensors.length > MAX_TENSORS) {
    throw new LimitError({ op, problem: 'too many tensors', got: tensors.length, expected: `at most ${MAX_TENSORS}` });
  }
  for (const [name, tensor] of tensors) {
    checkString(op, 'a name', name);
    if (name === METADATA_KEY) throw new ConfigError({ op, problem: 'this name is taken by the format', got: name });
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
      throw new LimitError({
        op,
        problem: 'a name is too long',
        got: name,
        expected: `at most ${MAX_NAME_BYTES} bytes`,
      });
    }
    if (!(tensor instanceof Tensor)) throw new ConfigError({ op, problem: `${name} is no tensor`, got: tensor });
    if (tensor.rank > MAX_FILE_RANK) {
      throw new LimitError({ op, problem: `${name} has too many axes`, got: tensor.shape, expected: MAX_FILE_RANK });
    }
  }
  for (const [key, value] of metadata) {
    checkString(op, 'a metadata key', key);
    checkString(op, `the metadata of ${key}`, value);
    if (key === FORMAT_KEY || key === DIGEST_KEY) {
      throw new ConfigError({ op, problem: 'this metadata key is written by the package itself', got: key });
    }
  }
}

function bytesOf(tensor: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * Writes tensors, and strings beside them, as one safetensors file. The file is replaced as a whole or not at all, and
 * carries a SHA-256 digest that `loadSafetensors` verifies. The widest elements come first, then names in
 * ascending order, so equal tensors and metadata give equal bytes.
 *
 * @throws CheckpointError  if the file cannot be written; what was there before is then unchanged
 * @throws ConfigError      for names or strings that the format cannot hold
 * @throws LimitError       past 65,536 tensors, 8 axes, 256 bytes of a name, or 16 MiB of header
 * @example
 * saveSafetensors('weights.safetensors', { w: tensor([1, 2, 3]) }, { note: 'three numbers' });
 */
export function saveSafetensors(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
  { keepPrevious, fs: fileSystem }: SaveSafetensorsOptions = {},
): void {
  const op = 'saveSafetensors';
  checkByteOrder(op);
  const named = Object.entries(tensors);
  const strings = Object.entries(metadata);
  checkNames(op, named, strings);
  const width = (tensor: Tensor) => dtypes[tensor.dtype].bytes;
  named.sort(([a, x], [b, y]) => width(y) - width(x) || (a < b ? -1 : 1));
  const data = named.map(([, tensor]) => bytesOf(tensor));
  const header = encodeHeader(
    named.map(([name, { dtype, shape }], i) => ({ name, dtype, shape, bytes: data[i].length })),
    strings,
  );
  if (header.length - 8 > MAX_HEADER_BYTES) {
    throw new LimitError({ op, problem: 'the header is too long', got: header.length - 8, expected: MAX_HEADER_BYTES });
  }
  const hash = createHash('sha256').update(header);
  for (const part of data) updateHash(hash, part);
  header.write(hash.digest('hex'), digestPlace(header), 'latin1');
  atomicWrite(path, [header, ...data], { op, keepPrevious, fs: fileSystem });
}

/** Reads exactly `bytes.length` bytes at `position`. */
function readExactly(fd: number, bytes: Uint8Array, position: number, refuse: Refuse): void {
  let done = 0;
  while (done < bytes.length) {
    const n = fs.readSync(fd, bytes, done, Math.min(CHUNK, bytes.length - done), position + done);
    if (n === 0) refuse('the file became shorter while it was read');
    done += n;
  }
}

/** I64 into int32, refusing what does not fit: the high half must be the low half's sign. */
function narrow(from: Int32Array, to: Int32Array, at: number, name: string, refuse: Refuse): void {
  for (let i = 0; i < from.length; i += 2) {
    if (from[i + 1] !== from[i] >> 31) {
      refuse(`tensor ${JSON.stringify(name)} holds an integer past 32 bits`, undefined, `element ${at + i / 2}`);
    }
    to[at + i / 2] = from[i];
  }
}

/** The bytes of one tensor, in pieces, each going into the digest and to `take`. */
function readPieces(
  fd: number,
  start: number,
  { begin, end }: HeaderEntry,
  hash: Hash | null,
  refuse: Refuse,
  scratch: Uint8Array,
  take: (piece: Uint8Array, at: number) => void,
): void {
  for (let at = begin; at < end; at += scratch.length) {
    const piece = scratch.subarray(0, Math.min(scratch.length, end - at));
    readExactly(fd, piece, start + at, refuse);
    hash?.update(piece);
    take(piece, at - begin);
  }
}

function allocateFor(entry: HeaderEntry, op: string): DataArray {
  if (entry.size > MAX_ELEMENTS) {
    throw new LimitError({
      op,
      problem: `${entry.name} has too many elements`,
      got: entry.size,
      expected: MAX_ELEMENTS,
    });
  }
  try {
    return newArray(entry.dtype, entry.size);
  } catch (cause) {
    throw new LimitError({ op, problem: `no memory for ${entry.end - entry.begin} bytes of ${entry.name}`, cause });
  }
}

function readTensor(
  fd: number,
  start: number,
  entry: HeaderEntry,
  hash: Hash | null,
  refuse: Refuse,
  scratch: Uint8Array,
): Tensor {
  const array = allocateFor(entry, 'loadSafetensors');
  if (entry.fileDType === 'I64') {
    readPieces(fd, start, entry, hash, refuse, scratch, (piece, at) => {
      narrow(new Int32Array(piece.buffer, 0, piece.length / 4), array as Int32Array, at / 8, entry.name, refuse);
    });
  } else {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    readExactly(fd, bytes, start + entry.begin, refuse);
    if (hash !== null) updateHash(hash, bytes);
    if (entry.dtype === 'bool' && (array as Uint8Array).some((value) => value > 1)) {
      refuse(`tensor ${JSON.stringify(entry.name)} is of booleans and holds a byte other than 0 and 1`);
    }
  }
  return wrapArray(array, entry.shape, entry.dtype);
}

function readHeader(fd: number, size: number, refuse: Refuse): { bytes: Uint8Array; header: Header } {
  if (size < 8) refuse('the file is too short for a safetensors header', `${size} bytes`);
  const length = new Uint8Array(8);
  readExactly(fd, length, 0, refuse);
  const claimed = new DataView(length.buffer).getBigUint64(0, true);
  if (claimed > BigInt(MAX_HEADER_BYTES)) {
    refuse('the header is too long, or this is no safetensors file', claimed, `at most ${MAX_HEADER_BYTES} bytes`);
  }
  const n = Number(claimed);
  if (n > size - 8) refuse('the file is shorter than its header', `${size} bytes`, `${8 + n} or more`);
  const bytes = new Uint8Array(8 + n);
  readExactly(fd, bytes, 0, refuse);
  return { bytes, header: parseHeader(bytes.subarray(8), size - 8 - n, refuse) };
}

function openRegular(path: string, refuse: Refuse): number {
  try {
    // Opening a FIFO would wait for its other end, so the kind is looked at first.
    const kind = fs.statSync(path);
    if (!kind.isFile()) refuse(kind.isDirectory() ? 'it is a folder' : 'it is not a regular file');
    return fs.openSync(path, 'r');
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw new CheckpointError({
      op: 'loadSafetensors',
      problem: `cannot read ${path}: ${describeSystemError(cause)}`,
      cause,
    });
  }
}

/**
 * Reads a safetensors file: F32, F64, I32, U8 and BOOL as they are, I64 range-checked into int32.
 *
 * Everything that the header claims is checked against the file's size before memory is allocated. A file of ours is
 * verified by its digest, so no altered bit and no truncation passes; a file that another program wrote has none.
 *
 * @throws CheckpointError  if the file cannot be read, breaks the format, has other dtypes, or fails its digest
 * @throws LimitError       if a tensor does not fit into memory
 */
export function loadSafetensors(
  path: string,
  { filter, requireDigest = false }: LoadSafetensorsOptions = {},
): TensorFile {
  const op = 'loadSafetensors';
  checkByteOrder(op);
  const refuse: Refuse = (problem, got, expected) => {
    throw new CheckpointError({ op, problem: `cannot load ${path}: ${problem}`, got, expected });
  };
  const fd = openRegular(path, refuse);
  try {
    const { bytes, header } = readHeader(fd, fs.fstatSync(fd).size, refuse);
    if (header.digest === null && requireDigest) refuse('this file was not written by lanegrad, or is damaged');
    const hash = header.digest === null ? null : createHash('sha256').update(blankDigest(bytes));
    const scratch = new Uint8Array(CHUNK);
    // A name may be `__proto__`.
    const tensors: Record<string, Tensor> = Object.create(null);
    for (const entry of header.entries) {
      if (filter === undefined || filter(entry.name)) {
        tensors[entry.name] = readTensor(fd, bytes.length, entry, hash, refuse, scratch);
      } else if (hash !== null) {
        readPieces(fd, bytes.length, entry, hash, refuse, scratch, () => {});
      }
    }
    if (hash !== null && hash.digest('hex') !== header.digest) {
      refuse('the file is damaged: its SHA-256 is not the one that was saved with it');
    }
    return { tensors, metadata: header.metadata };
  } catch (cause) {
    if (cause instanceof CheckpointError || cause instanceof LimitError) throw cause;
    throw new CheckpointError({ op, problem: `cannot load ${path}: ${describeSystemError(cause)}`, cause });
  } finally {
    fs.closeSync(fd);
  }
}
