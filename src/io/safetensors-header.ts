/**
 * The header of a safetensors file: written in one canonical form, and read as something an enemy may have made.
 *
 * Layout of a file: u64 little-endian N, N bytes of JSON `{name: {dtype, shape, data_offsets: [begin, end]}}` padded
 * with spaces to a multiple of 8, then the data, offsets counted from the end of the header.
 * Source: the format's specification, https://github.com/huggingface/safetensors.
 *
 * Our files carry two entries in `__metadata__`: `lanegrad.format`, and `lanegrad.sha256`, the digest of the whole file
 * with its own 64 digits read as zeros. Either one demands the other, so no single changed bit makes a damaged file of
 * ours pass for a file of somebody else.
 */

import { type DType, dtypes } from '../core/dtype.ts';
import { HeaderScanner, type Refuse } from './header-scanner.ts';

export const MAX_HEADER_BYTES = 16 * 1024 * 1024;
export const MAX_TENSORS = 65_536;
export const MAX_FILE_RANK = 8;
export const MAX_NAME_BYTES = 256;
const ALIGNMENT = 8;

export const METADATA_KEY = '__metadata__';
export const FORMAT_KEY = 'lanegrad.format';
export const DIGEST_KEY = 'lanegrad.sha256';
const FORMAT_VERSION = '1';
const DIGEST_DIGITS = 64;

/** How a dtype of a file is held in memory. I64 is read, range-checked, into int32. */
const fileDTypes: Readonly<Record<string, { readonly dtype: DType; readonly bytes: number }>> = {
  ...Object.fromEntries(
    (Object.keys(dtypes) as DType[]).map((dtype) => [dtypes[dtype].safetensors, { dtype, bytes: dtypes[dtype].bytes }]),
  ),
  I64: { dtype: 'int32', bytes: 8 },
};

/** One tensor of a file: its bytes are [begin, end) counted from the end of the header. */
export interface HeaderEntry {
  readonly name: string;
  readonly fileDType: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly size: number;
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  /** In the order of their bytes. */
  readonly entries: readonly HeaderEntry[];
  /** Without our own two entries, and without a prototype. */
  readonly metadata: Record<string, string>;
  /** What `lanegrad.sha256` promises; null for a file that another program wrote. */
  readonly digest: string | null;
}

/** The product of a shape, or null where it is no safe integer. */
function safeProduct(shape: readonly number[]): number | null {
  let product = 1;
  for (const dim of shape) {
    if (dim === 0) return 0;
    product *= dim;
    if (!Number.isSafeInteger(product)) return null;
  }
  return product;
}

interface RawEntry {
  dtype: string | null;
  shape: number[] | null;
  offsets: number[] | null;
}

function scanEntry(scan: HeaderScanner, name: string, refuse: Refuse): RawEntry {
  const raw: RawEntry = { dtype: null, shape: null, offsets: null };
  scan.object((key) => {
    if (key === 'dtype') raw.dtype = scan.string();
    else if (key === 'shape') raw.shape = scan.integers(MAX_FILE_RANK, `the shape of ${JSON.stringify(name)}`);
    else if (key === 'data_offsets') raw.offsets = scan.integers(2, `the offsets of ${JSON.stringify(name)}`);
    else refuse(`tensor ${JSON.stringify(name)} has an unknown field`, key, 'dtype, shape, data_offsets');
  });
  return raw;
}

function checkEntry(name: string, raw: RawEntry, dataBytes: number, refuse: Refuse): HeaderEntry {
  const label = `tensor ${JSON.stringify(name)}`;
  const { dtype: fileDType, shape, offsets } = raw;
  if (fileDType === null || shape === null || offsets === null || offsets.length !== 2) {
    return refuse(`${label} lacks dtype, shape or data_offsets`);
  }
  if (!Object.hasOwn(fileDTypes, fileDType)) {
    return refuse(`${label} has a dtype that is not read here`, fileDType, Object.keys(fileDTypes).join(' | '));
  }
  const { dtype, bytes } = fileDTypes[fileDType];
  const size = safeProduct(shape);
  // The largest product that can be met is bounded by the file, long before a multiplication by 8 could overflow.
  if (size === null || size > dataBytes) return refuse(`${label} is larger than the file`, shape);
  const [begin, end] = offsets;
  if (end > dataBytes || begin > end) {
    return refuse(`${label} lies outside the file's data`, offsets, `within ${dataBytes} bytes`);
  }
  if (end - begin !== size * bytes) {
    return refuse(`${label} has ${end - begin} bytes for ${size} elements of ${fileDType}`, shape);
  }
  return { name, fileDType, dtype, shape, size, begin, end };
}

/** Tensors must follow one another without holes and fill the file to its end. */
function checkLayout(entries: readonly HeaderEntry[], dataBytes: number, refuse: Refuse): void {
  let at = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== at) {
      refuse(`tensor ${JSON.stringify(name)} ${begin < at ? 'overlaps another' : 'follows a hole'}`, begin, at);
    }
    at = end;
  }
  if (at !== dataBytes) refuse('bytes follow the last tensor, or are missing', dataBytes, at);
}

function takeDigest(metadata: Record<string, string>, refuse: Refuse): string | null {
  const { [FORMAT_KEY]: format, [DIGEST_KEY]: digest } = metadata;
  delete metadata[FORMAT_KEY];
  delete metadata[DIGEST_KEY];
  if (format === undefined && digest === undefined) return null;
  if (format === undefined || digest === undefined || !/^[0-9a-f]{64}$/.test(digest)) {
    return refuse('the digest or the format entry of this file is missing or damaged');
  }
  if (format !== FORMAT_VERSION) {
    return refuse('the file was written by another version of the format', format, FORMAT_VERSION);
  }
  return digest;
}

/**
 * Reads a header and checks everything that it claims against the size of the file's data. Nothing is allocated on
 * the strength of a claim.
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number, refuse: Refuse): Header {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse('the header is not UTF-8');
  }
  if (text[0] !== '{') return refuse('the header does not begin with "{"');
  const scan = new HeaderScanner(text, refuse);
  const metadata: Record<string, string> = Object.create(null);
  const entries: HeaderEntry[] = [];
  scan.object((name) => {
    if (name === METADATA_KEY) {
      scan.object((key) => {
        metadata[key] = scan.string();
      });
      return;
    }
    if (entries.length === MAX_TENSORS) refuse(`the file has more than ${MAX_TENSORS} tensors`);
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) refuse(`a tensor's name is longer than ${MAX_NAME_BYTES} bytes`);
    entries.push(checkEntry(name, scanEntry(scan, name, refuse), dataBytes, refuse));
  });
  scan.end();
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkLayout(entries, dataBytes, refuse);
  return { entries, metadata, digest: takeDigest(metadata, refuse) };
}

/** Where the 64 digits stand in a header of ours; −1 if they are not where our writer puts them. */
export function digestPlace(header: Uint8Array): number {
  const before = `"${DIGEST_KEY}":"`;
  const at = Buffer.from(header.buffer, header.byteOffset, header.byteLength).indexOf(before);
  return at < 0 ? -1 : at + before.length;
}

/** The header with its digest's digits read as zeros, which is how it enters the digest. */
export function blankDigest(header: Uint8Array): Uint8Array {
  const place = digestPlace(header);
  const blank = Uint8Array.from(header);
  if (place >= 0) blank.fill(0x30, place, place + DIGEST_DIGITS);
  return blank;
}

/** What the writer knows of a tensor. */
export interface HeaderTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/**
 * The length and the header of a file whose tensors lie in the given order, with zeros in the digest's place. Equal
 * input gives equal bytes.
 */
export function encodeHeader(tensors: readonly HeaderTensor[], metadata: Iterable<readonly [string, string]>): Buffer {
  const own: [string, string][] = [
    [FORMAT_KEY, FORMAT_VERSION],
    [DIGEST_KEY, '0'.repeat(DIGEST_DIGITS)],
  ];
  const pair = ([key, value]: readonly [string, string]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`;
  const parts = [`${JSON.stringify(METADATA_KEY)}:{${[...own, ...metadata].map(pair).join(',')}}`];
  let at = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    const fields = `"dtype":"${dtypes[dtype].safetensors}","shape":[${shape.join(',')}],"data_offsets":[${at},${at + bytes}]`;
    parts.push(`${JSON.stringify(name)}:{${fields}}`);
    at += bytes;
  }
  const json = Buffer.from(`{${parts.join(',')}}`);
  const padded = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const header = Buffer.alloc(8 + padded, ' ');
  header.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(header, 8);
  return header;
}
