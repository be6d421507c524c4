/** IDX: the format of MNIST and its kin. Source: Y. LeCun, "The MNIST database", section "File formats". */

import { sizeOf } from '../../core/shape.ts';
import { DataError } from '../../errors.ts';
import { type Tensor, wrapArray } from '../../tensor.ts';
import { bytesOf, nameOf, type Source } from './bytes.ts';
import { claimedSize, decodeNumbers, heldAs, type Stored } from './numbers.ts';

const TYPES: Readonly<Record<number, Stored>> = { 8: 'u1', 9: 'i1', 11: 'i2', 12: 'i4', 13: 'f4', 14: 'f8' };

interface IdxHeader {
  readonly stored: Stored;
  readonly shape: readonly number[];
  /** Bytes of the header, and of header and data. */
  readonly begin: number;
  readonly end: number;
}

/** The header, or null while there are too few bytes for it. @throws DataError if it is none */
function parseHeader(op: string, name: string, bytes: Uint8Array): IdxHeader | null {
  if (bytes.length < 4) return null;
  const stored = TYPES[bytes[2]];
  if (bytes[0] !== 0 || bytes[1] !== 0 || stored === undefined) {
    const got = `0x${Buffer.from(bytes.subarray(0, 4)).toString('hex')}`;
    const expected = 'two zero bytes, a type (8, 9, 11 to 14), and the number of axes';
    throw new DataError({ op, problem: `${name} is no IDX file: its first four bytes are others`, got, expected });
  }
  const begin = 4 + 4 * bytes[3];
  if (bytes.length < begin) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, begin);
  const shape = Array.from({ length: bytes[3] }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { stored, shape, begin, end: begin + claimedSize(op, name, shape) * Number(stored[1]) };
}

function wrongLength(op: string, name: string, got: string, header: IdxHeader | null): DataError {
  const expected = header === null ? 'a whole header' : `${header.end} (shape [${header.shape.join(', ')}])`;
  return new DataError({ op, problem: `${name} is not as long as its header says`, got, expected });
}

function decode(op: string, data: Uint8Array, { stored, shape }: IdxHeader): Tensor {
  return wrapArray(decodeNumbers(op, data, stored, sizeOf(shape), false), shape, heldAs(stored));
}

/**
 * An IDX file as a tensor, gzip'd or not: unsigned bytes as uint8, signed and smaller integers as int32, floats as they are.
 *
 * @throws DataError  if it cannot be read, is no IDX file, or not as long as its header says
 */
export async function readIdx(source: Source): Promise<Tensor> {
  const op = 'readIdx';
  const name = nameOf(source);
  const pieces: Uint8Array[] = [];
  let header: IdxHeader | null = null;
  let length = 0;
  for await (const piece of bytesOf(op, source)) {
    pieces.push(piece);
    length += piece.length;
    if (header === null) header = parseHeader(op, name, Buffer.concat(pieces));
    // What follows the data is not kept: a gzip'd file may go on for a thousand times its size.
    if (header !== null && length > header.end) throw wrongLength(op, name, 'more bytes', header);
  }
  if (header === null || length !== header.end) throw wrongLength(op, name, `${length} bytes`, header);
  return decode(op, Buffer.concat(pieces).subarray(header.begin), header);
}
