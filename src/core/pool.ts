/**
 * Memory of tensors: ordinary garbage-collected typed arrays, recycled where it is certain that nobody can see them
 * any more (scratch of an op whose graph was freed, and the buffers of a `scope`).
 */

import { BufferError, LimitError } from '../errors.ts';
import { type DataArray, type DType, dtypes } from './dtype.ts';
import './nursery.ts';

/** Below this many bytes a new array is cheaper than a lookup, and the collector's nursery handles it well. */
const SMALLEST_POOLED = 16 * 1024;
/** What the free lists may hold together; past it a recycled buffer is left to the collector. */
const LARGEST_IDLE = 512 * 1024 * 1024;

const freeLists = new Map<number, ArrayBuffer[]>();
let idleBytes = 0;

/** Four size classes an octave: at most a quarter of a recycled buffer lies unused. */
function sizeClass(bytes: number): number {
  const octave = 2 ** Math.floor(Math.log2(bytes));
  const step = octave / 4;
  return Math.ceil(bytes / step) * step;
}

/**
 * An array of `n` elements whose content is undefined.
 *
 * @throws LimitError  if the memory cannot be had
 */
export function allocate(dtype: DType, n: number): DataArray {
  const { bytes, array: ArrayOf } = dtypes[dtype];
  const wanted = n * bytes;
  if (wanted < SMALLEST_POOLED) return new ArrayOf(n);
  const size = sizeClass(wanted);
  const free = freeLists.get(size)?.pop();
  if (free !== undefined) {
    idleBytes -= size;
    return new (ArrayOf as new (buffer: ArrayBuffer, offset: number, n: number) => DataArray)(free, 0, n);
  }
  try {
    return new (ArrayOf as new (buffer: ArrayBuffer, offset: number, n: number) => DataArray)(
      new ArrayBuffer(size),
      0,
      n,
    );
  } catch (cause) {
    throw new LimitError({ op: 'allocate', problem: `no memory for ${wanted} bytes`, got: `${n} × ${dtype}`, cause });
  }
}

/** Takes back an array that `allocate` gave and that nobody will touch again. */
export function recycle(array: DataArray): void {
  const buffer = array.buffer as ArrayBuffer;
  const size = buffer.byteLength;
  // Only whole buffers of a class come back: a user's own array, or a view of one, never enters the lists.
  if (size < SMALLEST_POOLED || array.byteOffset !== 0 || sizeClass(size) !== size) return;
  if (idleBytes + size > LARGEST_IDLE) return;
  let list = freeLists.get(size);
  if (list === undefined) freeLists.set(size, (list = []));
  list.push(buffer);
  idleBytes += size;
}

/** The buffer behind a tensor and all its views. */
export class Storage {
  #array: DataArray | null;
  /** Counts the writes in place; what autograd saved remembers the count it saw. */
  version = 0;

  constructor(array: DataArray) {
    this.#array = array;
  }

  /** @throws BufferError  if a scope has taken the memory back */
  get array(): DataArray {
    if (this.#array === null) {
      throw new BufferError({
        op: 'scope',
        problem: 'this tensor was made inside a scope that has ended, and its memory was taken back',
        hint: 'return it from the scope function to keep it',
        code: 'ERR_SCOPE_ENDED',
      });
    }
    return this.#array;
  }

  get released(): boolean {
    return this.#array === null;
  }

  /** Gives the memory back to the pool; any later touch is a BufferError. */
  release(): void {
    if (this.#array === null) return;
    const array = this.#array;
    this.#array = null;
    recycle(array);
  }
}

const scopes: Set<Storage>[] = [];

/** A storage with undefined content, owned by the innermost scope if there is one. */
export function newStorage(dtype: DType, n: number): Storage {
  const storage = new Storage(allocate(dtype, n));
  if (scopes.length > 0) scopes[scopes.length - 1].add(storage);
  return storage;
}

/** Takes a storage out of every open scope: it now lives as long as somebody refers to it. */
export function keepStorage(storage: Storage): void {
  for (const scope of scopes) scope.delete(storage);
}

export function openScope(): void {
  scopes.push(new Set());
}

/** Closes the innermost scope: storages in `kept` pass to the scope around it, all others are released. */
export function closeScope(kept: ReadonlySet<Storage>): void {
  const scope = scopes.pop();
  if (scope === undefined) return;
  const outer = scopes.at(-1);
  for (const storage of scope) {
    if (!kept.has(storage)) storage.release();
    else outer?.add(storage);
  }
}
