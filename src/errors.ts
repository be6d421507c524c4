/**
 * Every error class of the package, and the one formatter of their messages.
 *
 * A message reads `op: what is wrong: got … expected … (hint)`. The `code` of a class is stable across releases; a
 * few messages carry a narrower code of their own (`ERR_INDEX` for an index out of range).
 */

/** The parts of a message; `formatMessage` joins them in the one order the package uses. */
export interface ErrorParts {
  /** The public name of the operation that refuses, as the caller wrote it. */
  op: string;
  /** What is wrong, in a few words. */
  problem: string;
  got?: unknown;
  expected?: unknown;
  /** The way out. */
  hint?: string;
  /** A narrower stable code than the class's own. */
  code?: string;
  cause?: unknown;
}

/** `[2, 3]` for a shape, the value itself for anything else. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(describe).join(', ')}]`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'string' || value === null || value === undefined || typeof value === 'boolean') {
    return String(value);
  }
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (typeof value === 'symbol') return value.toString();
  const name = value.constructor?.name ?? 'object';
  return name === 'Object' ? 'an object' : `a ${name}`;
}

/** `op: problem: got … expected … (hint)`, with the parts that are missing left out. */
export function formatMessage({ op, problem, got, expected, hint }: ErrorParts): string {
  const facts = [
    got === undefined ? '' : `got ${describe(got)}`,
    expected === undefined ? '' : `expected ${describe(expected)}`,
  ].filter(Boolean);
  const tail = facts.length > 0 ? `: ${facts.join(', ')}` : '';
  return `${op}: ${problem}${tail}${hint ? ` (${hint})` : ''}`;
}

/** The base of every error the package throws on purpose. */
export class LanegradError extends Error {
  readonly code: string;

  constructor(code: string, parts: ErrorParts | string) {
    const cause = typeof parts === 'string' ? undefined : parts.cause;
    super(typeof parts === 'string' ? parts : formatMessage(parts), cause === undefined ? undefined : { cause });
    this.code = (typeof parts === 'string' ? undefined : parts.code) ?? code;
    this.name = new.target.name;
  }
}

/** Shapes, ranks, axes or indices that do not fit the operation. */
export class ShapeError extends LanegradError {
  constructor(parts: ErrorParts | string) {
    super('ERR_SHAPE', parts);
  }
}

/** Element types that do not fit the operation. */
export class DTypeError extends LanegradError {
  constructor(parts: ErrorParts | string) {
    super('ERR_DTYPE', parts);
  }
}

/** A misuse of the graph: backward twice, a saved tensor changed, a seed that is missing. */
export class AutogradError extends LanegradError {
  constructor(parts: ErrorParts | string) {
    super('ERR_AUTOGRAD', parts);
  }
}

/** Memory that may not be touched: detached, shared, resizable, too short, released by a scope. */
export class BufferError extends LanegradError {
  constructor(parts: ErrorParts | string) {
    super('ERR_BUFFER', parts);
  }
}

/** A size past what the machine or the format allows. */
export class LimitError extends LanegradError {
  constructor(parts: ErrorParts | string) {
    super('ERR_LIMIT', parts);
  }
}

/**
 * A matrix that the operation is not defined for: singular, not positive definite, with equal eigenvalues where a
 * gradient divides by their difference. The code says which: ERR_SINGULAR, ERR_NOT_POSITIVE_DEFINITE, ERR_NON_FINITE,
 * ERR_RANK, ERR_DEGENERATE, ERR_GAUGE, ERR_NO_CONVERGENCE.
 */
export class LinAlgError extends LanegradError {
  constructor(parts: ErrorParts & { code: string }) {
    super(parts.code, parts);
  }
}

/** An option that is unknown, or a value an option does not take. */
export class ConfigError extends LanegradError {
  constructor(parts: ErrorParts | string) {
    super('ERR_CONFIG', parts);
  }
}

/** A state dict that does not fit the module; lists every name at fault. */
export class StateDictError extends LanegradError {
  constructor(parts: ErrorParts | string) {
    super('ERR_STATE_DICT', parts);
  }
}

/** A checkpoint or tensor file that cannot be written, or cannot be trusted. */
export class CheckpointError extends LanegradError {
  constructor(parts: ErrorParts | string) {
    super('ERR_CHECKPOINT', parts);
  }
}

/** A text corpus that cannot be read or cannot be trained on. */
export class CorpusError extends LanegradError {
  constructor(parts: ErrorParts | string) {
    super('ERR_CORPUS', parts);
  }
}

/** Where data is at fault; whatever is known of it. */
export interface DataPlace {
  /** The sample, as its data set counts. */
  index?: number;
  /** The line of a file, from 1. */
  line?: number;
  /** The column of a table: its name, or its number from 1. */
  column?: string | number;
}

/** Data that cannot be read or made into batches: another format, a row that does not fit, a sample that failed. */
export class DataError extends LanegradError {
  readonly index: number | undefined;
  readonly line: number | undefined;
  readonly column: string | number | undefined;

  constructor(parts: ErrorParts & DataPlace) {
    super('ERR_DATA', parts);
    this.index = parts.index;
    this.line = parts.line;
    this.column = parts.column;
  }
}

/** A training whose loss or gradient is no longer finite. */
export class DivergenceError extends LanegradError {
  constructor(parts: ErrorParts | string) {
    super('ERR_DIVERGENCE', parts);
  }
}

/** A backend that was asked for and cannot be had. */
export class BackendError extends LanegradError {
  constructor(parts: ErrorParts | string) {
    super('ERR_BACKEND_UNAVAILABLE', parts);
  }
}
