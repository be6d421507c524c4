/** Text files: whole, line by line, and as a value a line. */

import { DataError, LimitError } from '../../errors.ts';
import { LONGEST_LINE, nameOf, type Source, textOf } from './bytes.ts';

/** V8 holds no longer string. */
const LONGEST_TEXT = 2 ** 29 - 24;

/**
 * A text file as one string, without its byte-order mark; gzip'd files are unpacked.
 *
 * @throws DataError   if it cannot be read, or is not UTF-8
 * @throws LimitError  if it is longer than a string can be
 */
export async function readText(source: Source): Promise<string> {
  const op = 'readText';
  const pieces: string[] = [];
  let length = 0;
  for await (const piece of textOf(op, source)) {
    length += piece.length;
    if (length > LONGEST_TEXT) {
      throw new LimitError({
        op,
        problem: `${nameOf(source)} is too long for one string`,
        hint: 'readLines streams it',
      });
    }
    pieces.push(piece);
  }
  return pieces.join('');
}

async function* linesOf(op: string, source: Source): AsyncGenerator<string> {
  // The line under way, in pieces: joined once, or a long line would be copied again with each of them.
  let begun: string[] = [];
  let length = 0;
  let line = 1;
  for await (const piece of textOf(op, source)) {
    const texts = piece.split('\n');
    for (let i = 0; i < texts.length; i++) {
      begun.push(texts[i]);
      length += texts[i].length;
      if (length > LONGEST_LINE) {
        const problem = `line ${line} of ${nameOf(source)} is longer than ${LONGEST_LINE} characters`;
        throw new DataError({ op, problem, line });
      }
      if (i === texts.length - 1) break;
      const text = begun.join('');
      [begun, length] = [[], 0];
      line++;
      yield text.endsWith('\r') ? text.slice(0, -1) : text;
    }
  }
  if (length > 0) yield begun.join('');
}

/**
 * The lines of a text file, read as a stream, without their ends (`\n` or `\r\n`); gzip'd files are unpacked.
 *
 * @throws DataError  if it cannot be read, is not UTF-8, or has a line of more than 2²⁶ characters
 */
export function readLines(source: Source): AsyncGenerator<string> {
  return linesOf('readLines', source);
}

/**
 * The values of a file with one JSON value a line, read as a stream; empty lines are passed over.
 *
 * @throws DataError  if it cannot be read, or a line is not JSON (names the line)
 */
export async function* readJsonLines<T = unknown>(source: Source): AsyncGenerator<T> {
  const op = 'readJsonLines';
  let line = 0;
  for await (const text of linesOf(op, source)) {
    line++;
    if (text.trim() === '') continue;
    let value: T;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      const problem = `line ${line} of ${nameOf(source)} is not JSON: ${(cause as Error).message}`;
      throw new DataError({ op, problem, line, cause });
    }
    yield value;
  }
}
