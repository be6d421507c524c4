/** Tokenizers of published models, by the optional package that reads their files. */

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from '../errors.ts';
import type { Tokenizer } from './tokenizer.ts';

const op = 'loadTokenizer';

async function readJson(path: string): Promise<object> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (cause) {
    throw new ConfigError({ op, problem: `cannot read ${path}: ${(cause as Error).message}`, cause });
  }
  throw new ConfigError({ op, problem: `${path} holds no JSON object` });
}

/** The settings beside a tokenizer, where there are any. */
async function readSettings(path: string): Promise<object> {
  try {
    return await readJson(path);
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
    if (code === 'ENOENT') return {};
    throw error;
  }
}

/**
 * A tokenizer from a `tokenizer.json` in the format of Hugging Face (and the `tokenizer_config.json` beside it, if there
 * is one). Special tokens are not added on their own, so that decoding gives the text back.
 *
 * @throws ConfigError  if the optional package `@huggingface/tokenizers` is missing, or a file cannot be read or used
 */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  let library: typeof import('@huggingface/tokenizers');
  try {
    library = await import('@huggingface/tokenizers');
  } catch (cause) {
    throw new ConfigError({
      op,
      problem: 'the optional package @huggingface/tokenizers is missing',
      hint: 'npm install @huggingface/tokenizers',
      code: 'ERR_MISSING_PACKAGE',
      cause,
    });
  }
  const document = await readJson(path);
  const settings = await readSettings(join(dirname(path), 'tokenizer_config.json'));
  let tokenizer: import('@huggingface/tokenizers').Tokenizer;
  try {
    tokenizer = new library.Tokenizer(document, settings);
  } catch (cause) {
    throw new ConfigError({ op, problem: `${path} is no tokenizer: ${(cause as Error).message}`, cause });
  }
  let largest = -1;
  for (const id of tokenizer.get_vocab(true).values()) largest = Math.max(largest, id);
  return {
    size: largest + 1,
    encode: (text) => Int32Array.from(tokenizer.encode(text, { add_special_tokens: false }).ids),
    decode: (ids) => tokenizer.decode(Array.from(ids), { clean_up_tokenization_spaces: false }),
  };
}
