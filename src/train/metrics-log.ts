/** metrics.jsonl: one JSON object a line, each with the step it belongs to, appended while training. */

import fs from 'node:fs';
import { CheckpointError } from '../errors.ts';

const NEWLINE = 0x0a;
const PIECE = 1024 * 1024;

/** The lines of a file with the offset of each one's end; a last line that does not end is left out. */
function* linesOf(path: string): Generator<{ text: string; end: number }> {
  const fd = fs.openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(PIECE);
    let rest = Buffer.alloc(0);
    let offset = 0;
    for (;;) {
      const n = fs.readSync(fd, buffer, 0, PIECE, null);
      if (n === 0) return;
      const piece = Buffer.concat([rest, buffer.subarray(0, n)]);
      let start = 0;
      for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
        yield { text: piece.toString('utf8', start, end), end: offset + end + 1 };
        start = end + 1;
      }
      offset += start;
      rest = piece.subarray(start);
    }
  } finally {
    fs.closeSync(fd);
  }
}

function stepOf(line: string): number {
  try {
    const { step } = JSON.parse(line) as { step?: unknown };
    return typeof step === 'number' ? step : Number.NaN;
  } catch {
    return Number.NaN;
  }
}

export class MetricsLog {
  readonly path: string;
  #fd: number | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Appends one line.
   *
   * @throws CheckpointError  if it cannot be written; the file is then as it was before
   */
  append(record: { readonly step: number } & Readonly<Record<string, unknown>>): void {
    try {
      this.#fd ??= fs.openSync(this.path, 'a');
      const line = Buffer.from(`${JSON.stringify(record)}\n`);
      const written = fs.writeSync(this.#fd, line);
      if (written < line.length) {
        // The disk filled up inside the line: half a line would spoil the next one.
        fs.ftruncateSync(this.#fd, fs.fstatSync(this.#fd).size - written);
        throw new Error(`the system took ${written} of ${line.length} bytes`);
      }
    } catch (cause) {
      const problem = `cannot append to ${this.path}: ${(cause as Error).message}`;
      throw new CheckpointError({ op: 'metrics', problem, cause });
    }
  }

  /**
   * Drops the lines after `step`: a run that goes on from an earlier checkpoint writes them again. A line that a
   * death cut short goes as well.
   */
  cutBack(step: number): void {
    this.close();
    if (!fs.existsSync(this.path)) return;
    let keep = 0;
    for (const { text, end } of linesOf(this.path)) {
      if (!(stepOf(text) <= step)) break;
      keep = end;
    }
    fs.truncateSync(this.path, keep);
  }

  close(): void {
    if (this.#fd !== null) fs.closeSync(this.#fd);
    this.#fd = null;
  }
}
