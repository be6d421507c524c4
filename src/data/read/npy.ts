/**
 * NumPy's `.npy`: one array and a header, which is a Python dictionary and is read as one, never run. Pickled objects are
 * refused: to read one is to run what it says.
 *
 * Source: NumPy, "NEP 1: a simple file format for NumPy arrays", versions 1 to 3.
 */

import { writeFile } from 'node:fs/promises';
import type { DataArray, DType } from '../../core/dtype.ts';
import { sizeOf, stridesOf } from '../../core/shape.ts';
import { DataError, DTypeError } from '../../errors.ts';
import { checkTensor } from '../../ops/define.ts';
import { type Tensor, wrapArray } from '../../tensor.ts';
import { bytesOf, nameOf, type Source } from './bytes.ts';
import { claimedSize, decodeNumbers, heldAs, isStored, type Stored } from './numbers.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** A header of numbers is a hundred bytes; NumPy reads 10,000 of a file it does not trust. */
const LONGEST_HEADER = 10_000;
/** Data begins at a multiple of this. */
const ALIGNMENT = 64;
const DESCRIPTOR: Readonly<Record<DType, string>> = {
  float32: '<f4',
  float64: '<f8',
  int32: '<i4',
  uint8: '|u1',
  bool: '|b1',
};

interface NpyHeader {
  readonly stored: Stored;
  readonly little: boolean;
  readonly columnMajor: boolean;
  readonly shape: readonly number[];
}

function damaged(op: string, name: string, problem: string, got?: unknown): DataError {
  return new DataError({ op, problem: `${name} is no .npy file that can be read: ${problem}`, got });
}

/** The dictionary of a header: its three keys in any order, nothing else. */
function parseDictionary(op: string, name: string, text: string): NpyHeader {
  const descriptor = /^\s*'descr'\s*:\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*(?:,|$)/;
  const order = /^\s*'fortran_order'\s*:\s*(True|False)\s*(?:,|$)/;
  const sizes = /^\s*'shape'\s*:\s*\(\s*((?:\d+L?\s*,\s*)*(?:\d+L?)?)\s*\)\s*(?:,|$)/;
  const inside = /^\s*\{(.*)\}\s*$/s.exec(text.replaceAll('"', "'"))?.[1];
  if (inside === undefined) throw damaged(op, name, 'its header is no dictionary', text.slice(0, 80));
  let rest = inside;
  const found = new Map<string, string>();
  while (rest.trim() !== '') {
    const parts = [
      ['descr', descriptor.exec(rest)],
      ['fortran_order', order.exec(rest)],
      ['shape', sizes.exec(rest)],
    ] as const;
    const part = parts.find(([, match]) => match !== null);
    if (part === undefined || found.has(part[0])) throw refusedPart(op, name, rest);
    found.set(part[0], part[1]![1]);
    rest = rest.slice(part[1]![0].length);
  }
  const [descr, fortran, shape] = ['descr', 'fortran_order', 'shape'].map((key) => found.get(key));
  if (descr === undefined || fortran === undefined || shape === undefined) {
    throw damaged(op, name, 'its header lacks descr, fortran_order or shape', text.trim());
  }
  // One size without a comma is a number in brackets, and no tuple.
  if (/^\d+L?\s*$/.test(shape)) throw damaged(op, name, 'its shape is no tuple', shape);
  const axes = shape.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number.parseInt(size, 10)]));
  return { ...typeOf(op, name, descr), columnMajor: fortran === 'True', shape: axes };
}

function refusedPart(op: string, name: string, rest: string): DataError | DTypeError {
  if (/^\s*'descr'\s*:\s*\[/.test(rest)) {
    return new DTypeError({ op, problem: `${name} holds records of named fields`, expected: 'one array of numbers' });
  }
  return damaged(op, name, 'its header has a part of another form', rest.trim().slice(0, 80));
}

function typeOf(op: string, name: string, descr: string): { stored: Stored; little: boolean } {
  if (descr.includes('O')) {
    throw new DTypeError({
      op,
      problem: `${name} holds pickled objects, which are refused: reading one runs the code in it`,
      hint: 'save an array of numbers',
    });
  }
  const [order, type] = /^[<>|=]/.test(descr) ? [descr[0], descr.slice(1)] : ['|', descr];
  const stored = type === '?' ? 'b1' : type;
  if (!isStored(stored) || (order === '|' && stored[1] !== '1')) {
    throw new DTypeError({
      op,
      problem: `no dtype here holds what ${name} does`,
      got: descr,
      expected: 'bool, f2 to f8, i1 to i8, u1 to u8',
    });
  }
  return { stored, little: order !== '>' };
}

/** Elements that lie by columns, by rows. */
function toRowMajor(columns: DataArray, shape: readonly number[]): DataArray {
  const rows = columns.slice();
  // Strides of the reversed shape, reversed, are those of the columns.
  const strides = stridesOf([...shape].reverse()).reverse();
  const place = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < rows.length; to++) {
    rows[to] = columns[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++place[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      place[axis] = 0;
    }
  }
  return rows;
}

/**
 * The tensor of a `.npy` file's bytes. float32, float64, int32, uint8 and bool stay what they are, half floats become
 * float32, other integers int32 where every value fits.
 *
 * @throws DataError   if the bytes are no such file, or not as many as its header says
 * @throws DTypeError  if it holds objects, records, text, dates or complex numbers
 */
export function parseNpy(bytes: Uint8Array): Tensor {
  return parse('parseNpy', 'the data', bytes);
}

function parse(op: string, name: string, bytes: Uint8Array): Tensor {
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) throw damaged(op, name, 'it does not begin with \\x93NUMPY');
  const version = bytes[6];
  if (!(version >= 1 && version <= 3)) throw damaged(op, name, 'its version is none of 1, 2, 3', version);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) throw damaged(op, name, 'it ends in its header', `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST_HEADER) throw damaged(op, name, `its header is longer than ${LONGEST_HEADER} bytes`, length);
  if (bytes.length < start + length) throw damaged(op, name, 'it ends in its header', `${bytes.length} bytes`);
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(bytes.subarray(start, start + length));
  const { stored, little, columnMajor, shape } = parseDictionary(op, name, text);
  const size = claimedSize(op, name, shape);
  const data = bytes.subarray(start + length);
  const expected = size * Number(stored[1]);
  if (data.length !== expected) {
    const problem = `${name} is not as long as its header says`;
    throw new DataError({
      op,
      problem,
      got: `${data.length} bytes of data`,
      expected: `${expected} (shape [${shape.join(', ')}])`,
    });
  }
  const values = decodeNumbers(op, data, stored, size, little);
  return wrapArray(columnMajor && shape.length > 1 ? toRowMajor(values, shape) : values, shape, heldAs(stored));
}

/**
 * A `.npy` file as a tensor.
 *
 * @throws DataError   if it cannot be read, is no such file, or not as long as its header says
 * @throws DTypeError  if it holds objects, records, text, dates or complex numbers
 */
export async function readNpy(source: Source): Promise<Tensor> {
  const op = 'readNpy';
  const pieces: Uint8Array[] = [];
  for await (const piece of bytesOf(op, source)) pieces.push(piece);
  return parse(op, nameOf(source), Buffer.concat(pieces));
}

/** A tensor as the bytes of a `.npy` file (version 1), as NumPy writes them. */
export function formatNpy(x: Tensor): Uint8Array {
  checkTensor('formatNpy', x);
  const shape = x.rank === 1 ? `(${x.shape[0]},)` : `(${x.shape.join(', ')})`;
  const text = `{'descr': '${DESCRIPTOR[x.dtype]}', 'fortran_order': False, 'shape': ${shape}, }`;
  const begin = Math.ceil((10 + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(begin + sizeOf(x.shape) * x.data.BYTES_PER_ELEMENT);
  bytes.set([...MAGIC, 1, 0, (begin - 10) & 0xff, (begin - 10) >> 8]);
  bytes.set(new TextEncoder().encode(`${text.padEnd(begin - 11)}\n`), 10);
  const { data } = x;
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), begin);
  return bytes;
}

/** Writes a tensor as a `.npy` file. @throws DataError if it cannot be written */
export async function writeNpy(path: string | URL, x: Tensor): Promise<void> {
  const op = 'writeNpy';
  try {
    await writeFile(path, formatNpy(x));
  } catch (cause) {
    if (cause instanceof TypeError) throw cause;
    throw new DataError({ op, problem: `cannot write ${path}: ${(cause as Error).message}`, cause });
  }
}
