/**
 * Text as ids: read as a stream, twice, so that gigabytes cost one, two or four bytes a character and never stand in
 * memory as text.
 */

import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { CorpusError, LimitError } from '../errors.ts';
import { InvalidUtf8, Utf8Decoder } from './utf8.ts';
import { describeCodePoint, Vocabulary } from './vocabulary.ts';

/** Bytes read at a time. */
const PIECE = 1024 * 1024;
const CODE_POINTS = 0x110000;
const BYTE_ORDER_MARK = 0xfeff;

/** Ids of characters; the narrowest class that holds the vocabulary's. */
export type IdArray = Uint8Array | Uint16Array | Uint32Array;

export interface ReadCorpusOptions {
  /** Ids by this vocabulary, in place of the text's own; a character it lacks is a CorpusError. */
  vocabulary?: Vocabulary;
  /** Called after each piece. Both passes count, so `total` is twice the size of the files. */
  onProgress?: (bytes: number, total: number) => void;
}

interface Source {
  readonly path: string;
  readonly bytes: number;
}

const op = 'readCorpus';

function newIds(size: number, vocabulary: number): IdArray {
  const ArrayOf = vocabulary <= 2 ** 8 ? Uint8Array : vocabulary <= 2 ** 16 ? Uint16Array : Uint32Array;
  try {
    return new ArrayOf(size);
  } catch (cause) {
    throw new LimitError({ op, problem: `no memory for ${size} characters`, cause });
  }
}

async function inspectSource(path: string): Promise<Source> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new CorpusError({ op, problem: `${path} is a folder`, expected: 'a text file' });
    if (!found.isFile()) {
      throw new CorpusError({ op, problem: `${path} is not a regular file`, hint: 'the text is read twice' });
    }
    return { path, bytes: found.size };
  } catch (cause) {
    if (cause instanceof CorpusError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? `no such file: ${path}` : `cannot read ${path}: ${message}`;
    throw new CorpusError({ op, problem, cause });
  }
}

/** Calls `take` with each piece of a file's code points; a byte-order mark at the start is left out. */
async function readFile(
  source: Source,
  hash: Hash,
  onBytes: (n: number) => void,
  take: (codePoints: Uint32Array) => void,
): Promise<void> {
  const { path } = source;
  const decoder = new Utf8Decoder();
  const bytes = new Uint8Array(PIECE);
  const codePoints = new Uint32Array(PIECE + 1);
  let file: FileHandle | null = null;
  let first = true;
  try {
    file = await open(path, 'r');
    for (;;) {
      const { bytesRead } = await file.read(bytes, 0, PIECE, null);
      if (bytesRead === 0) break;
      const piece = bytes.subarray(0, bytesRead);
      hash.update(piece);
      const n = decoder.decode(piece, codePoints);
      const skip = first && n > 0 && codePoints[0] === BYTE_ORDER_MARK ? 1 : 0;
      if (n > 0) first = false;
      take(codePoints.subarray(skip, n));
      onBytes(bytesRead);
    }
    decoder.finish();
  } catch (cause) {
    if (cause instanceof InvalidUtf8) {
      throw new CorpusError({
        op,
        problem: `${path} is not UTF-8: the sequence at byte ${cause.offset} is invalid`,
        cause,
      });
    }
    if (cause instanceof CorpusError) throw cause;
    throw new CorpusError({ op, problem: `cannot read ${path}: ${(cause as Error).message}`, cause });
  } finally {
    await file?.close();
  }
}

/** Text as ids of a vocabulary. */
export class Corpus {
  readonly ids: IdArray;
  readonly vocabulary: Vocabulary;
  /** SHA-256 of the bytes of all files, one after another, as they were read. */
  readonly sha256: string;

  private constructor(ids: IdArray, vocabulary: Vocabulary, sha256: string) {
    this.ids = ids;
    this.vocabulary = vocabulary;
    this.sha256 = sha256;
  }

  /** Number of characters. */
  get size(): number {
    return this.ids.length;
  }

  /** A corpus of a string. @throws CorpusError if it is empty, or holds half of a surrogate pair */
  static fromText(text: string, vocabulary?: Vocabulary): Corpus {
    if (text === '') throw new CorpusError({ op: 'Corpus.fromText', problem: 'the text is empty' });
    if (/[\ud800-\udfff]/u.test(text)) {
      throw new CorpusError({ op: 'Corpus.fromText', problem: 'the text holds half of a surrogate pair' });
    }
    const own = vocabulary ?? Vocabulary.fromText(text);
    const encoded = own.encode(text);
    const ids = newIds(encoded.length, own.size);
    ids.set(encoded);
    return new Corpus(ids, own, createHash('sha256').update(text).digest('hex'));
  }

  /**
   * Reads UTF-8 files as one text, one after another. A byte-order mark at the start of a file is left out; line ends
   * stay as they are, so `\r` is a character like any other.
   *
   * @throws CorpusError  if a file is missing, no regular file, not UTF-8 (naming the byte), if there is no character
   *                      at all, if one is not in the given vocabulary, or if a file changes between the two passes
   */
  static async read(paths: readonly string[], { vocabulary, onProgress }: ReadCorpusOptions = {}): Promise<Corpus> {
    const sources = await Promise.all(paths.map(inspectSource));
    const total = 2 * sources.reduce((sum, { bytes }) => sum + bytes, 0);
    let done = 0;
    const onBytes = (n: number) => onProgress?.((done += n), total);

    const seen = new Uint8Array(CODE_POINTS);
    const firstHash = createHash('sha256');
    let size = 0;
    for (const source of sources) {
      await readFile(source, firstHash, onBytes, (codePoints) => {
        for (let i = 0; i < codePoints.length; i++) seen[codePoints[i]] = 1;
        size += codePoints.length;
      });
    }
    if (size === 0) {
      throw new CorpusError({ op, problem: `the text is empty: ${paths.join(', ') || 'no file was named'}` });
    }
    const own = vocabulary ?? Vocabulary.fromCodePoints(presentIn(seen));
    const idOf = new Int32Array(CODE_POINTS).fill(-1);
    own.codePoints.forEach((codePoint, id) => {
      idOf[codePoint] = id;
    });

    const ids = newIds(size, own.size);
    const secondHash = createHash('sha256');
    let at = 0;
    for (const source of sources) {
      await readFile(source, secondHash, onBytes, (codePoints) => {
        for (let i = 0; i < codePoints.length; i++) {
          const id = idOf[codePoints[i]];
          if (id < 0 && seen[codePoints[i]] !== 0) {
            throw new CorpusError({
              op,
              problem: `${source.path} has a character that the model does not know: ${describeCodePoint(codePoints[i])}`,
              got: `it at character ${at} of the text`,
              expected: `one of ${own.size}`,
            });
          }
          ids[at++] = id;
        }
      });
    }
    const sha256 = secondHash.digest('hex');
    if (at !== size || sha256 !== firstHash.digest('hex')) {
      throw new CorpusError({ op, problem: `the text changed while it was read: ${paths.join(', ')}` });
    }
    return new Corpus(ids, own, sha256);
  }
}

function* presentIn(seen: Uint8Array): Generator<number> {
  for (let codePoint = 0; codePoint < seen.length; codePoint++) if (seen[codePoint] !== 0) yield codePoint;
}
