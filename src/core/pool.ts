/**
 * Memory of tensors: ordinary garbage-collected typed arrays, recycled where it is certain that nobody can see them
 * any more (scratch of an op whose graph was freed, and the buffers of a `scope`).
 */

import { Buffer } from 'node:buffer';
import { markAsUntransferable } from 'node:worker_threads';
import { BufferError, LimitError } from '../errors.ts';
import { type DataArray, type DType, dtypes } from './dtype.ts';
import './nursery.ts';

/**
 * Up to this many bytes an array is cut from a slab. A buffer of its own costs V8 about half a microsecond from 65 bytes
 * on, and below that as much as soon as the addon asks for its address; a view of a slab costs 20 ns.
 */
const LARGEST_IN_SLAB = 1024;
/** A tensor that is kept keeps its slab: small enough that a loss kept at every step is no leak to speak of. */
const SLAB_BYTES = 8 * 1024;
/** Where an array begins in a slab: a multiple of the widest element, and of what the C allocator aligns to. */
const SLAB_GRAIN = 16;
/** Below this, zeros cost three microseconds at most. */
const SMALLEST_UNFILLED = 128 * 1024;
/** Past this the system maps fresh pages, which are zeros already. */
const LARGEST_UNFILLED = 32 * 1024 * 1024;
/** Below this many bytes a new buffer is cheaper than a lookup. */
const SMALLEST_POOLED = 16 * 1024;
/** Kernels read whole cache lines: half of such reads touch two where an array does not begin with one. */
const LINE_BYTES = 64;
/** What the free lists may hold together; past it a recycled buffer is left to the collector. */
const LARGEST_IDLE = 512 * 1024 * 1024;

const freeLists = new Map<number, ArrayBuffer[]>();
let idleBytes = 0;

/** Where the array begins in each pooled buffer, which has a line to spare for it. */
const starts = new WeakMap<ArrayBuffer, number>();
let prepare: (buffer: ArrayBuffer) => number = () => 0;

/**
 * From here on new pooled buffers are prepared by `how`, which returns the offset of their first cache line:
 * JavaScript knows no addresses.
 */
export function prepareBuffers(how: (buffer: ArrayBuffer) => number): void {
  prepare = how;
}

let slab = new ArrayBuffer(0);
/** Bytes cut from the slab; past its end at first, so that one is made when it is needed. */
let slabUsed = SLAB_BYTES + 1;

function newSlab(): void {
  slab = new ArrayBuffer(SLAB_BYTES);
  slabUsed = 0;
  // Transferring one array's buffer to another thread would take its neighbours along.
  markAsUntransferable(slab);
}

type ViewOf = new (buffer: ArrayBuffer, offset: number, n: number) => DataArray;

function cut(dtype: DType, n: number, bytes: number): DataArray {
  const wanted = (bytes + SLAB_GRAIN - 1) & -SLAB_GRAIN;
  if (slabUsed + wanted > SLAB_BYTES) newSlab();
  const at = slabUsed;
  slabUsed += wanted;
  // Named, so that the compiler sees one class here and builds the view in place.
  if (dtype === 'float32') return new Float32Array(slab, at, n);
  return new (dtypes[dtype].array as unknown as ViewOf)(slab, at, n);
}

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
  const wanted = n * dtypes[dtype].bytes;
  if (wanted <= LARGEST_IN_SLAB) return cut(dtype, n, wanted);
  const pooled = wanted >= SMALLEST_POOLED;
  const buffer = pooled ? pooledBuffer(wanted, dtype, n) : newBuffer(wanted, dtype, n);
  const start = pooled ? starts.get(buffer)! : 0;
  if (dtype === 'float32') return new Float32Array(buffer, start, n);
  return new (dtypes[dtype].array as unknown as ViewOf)(buffer, start, n);
}

function pooledBuffer(wanted: number, dtype: DType, n: number): ArrayBuffer {
  const size = sizeClass(wanted);
  const idle = freeLists.get(size)?.pop();
  if (idle !== undefined) {
    idleBytes -= size;
    return idle;
  }
  const made = newBuffer(size + LINE_BYTES, dtype, n);
  starts.set(made, prepare(made));
  return made;
}

/** Not filled with zeros where that is work: an allocation of a megabyte would spend most of its time on them. */
function newBuffer(bytes: number, dtype: DType, n: number): ArrayBuffer {
  try {
    if (bytes < SMALLEST_UNFILLED || bytes > LARGEST_UNFILLED) return new ArrayBuffer(bytes);
    return Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer;
  } catch (cause) {
    throw new LimitError({ op: 'allocate', problem: `no memory for ${bytes} bytes`, got: `${n} × ${dtype}`, cause });
  }
}

/** Takes back an array that `allocate` gave and that nobody will touch again. */
export function recycle(array: DataArray): void {
  const buffer = array.buffer as ArrayBuffer;
  // Only whole pooled buffers come back: a user's own array, a slab, or a view of either never enters the lists.
  if (starts.get(buffer) !== array.byteOffset) return;
  const size = buffer.byteLength - LINE_BYTES;
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
  /** The operation that wrote last. */
  writer = '';
  /** A leaf holds this as its gradient, or the user handed it in as a seed: no other leaf may be given the same. */
  given = false;

  constructor(array: DataArray) {
    this.#array = array;
  }

  /** @throws BufferError  if the memory was taken back */
  get array(): DataArray {
    if (this.#array === null) {
      throw new BufferError({
        op: 'scope',
        problem:
          'the memory of this tensor was taken back: its scope has ended, or it was given up with { recycle: true }',
        hint: 'return it from the scope function, or clone it, to keep it',
        code: 'ERR_SCOPE_ENDED',
      });
    }
    return this.#array;
  }

  /** Notes a write in place, so that what autograd saved of it is known to be stale. */
  written(op: string): void {
    this.version++;
    this.writer = op;
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

/** Runs `fn` and leaves what it allocates to the collector, whatever scopes are open. */
export function outsideScopes<T>(fn: () => T): T {
  openScope();
  try {
    return fn();
  } finally {
    scopes.pop();
  }
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
