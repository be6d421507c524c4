/** `lanegrad generate`: the text alone, as it is written. */

import { once } from 'node:events';
import { CharLSTM } from '../models/char-lstm.ts';
import { type GenerateOptions, generateStream } from '../models/generate.ts';

/** Writes the text of a saved model to a stream, no faster than the stream takes it. */
export async function writeGenerated(
  path: string,
  options: GenerateOptions,
  output: NodeJS.WriteStream,
): Promise<void> {
  let last = '\n';
  for await (const chunk of generateStream(CharLSTM.load(path), options)) {
    if (chunk === '') continue;
    last = chunk;
    if (!output.write(chunk)) await once(output, 'drain');
  }
  // The prompt of a shell belongs on a line of its own; in a file or a pipe the text stands alone.
  if (output.isTTY && !last.endsWith('\n')) output.write('\n');
}
