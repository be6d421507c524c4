/**
 * Characters written by `generate`, sampling included, by size and backend.
 *
 * npx tsx bench/generate.ts [--json] [--ts]
 */

import { setBackend } from '../src/backend/select.ts';
import { manualSeed } from '../src/core/rng.ts';
import { CharLSTM } from '../src/models/char-lstm.ts';
import { generate } from '../src/models/generate.ts';
import { Vocabulary } from '../src/text/vocabulary.ts';
import { interleaved, report } from './harness.ts';

const sizes = [
  { embed: 64, hidden: 128, layers: 1 },
  { embed: 64, hidden: 256, layers: 2 },
  { embed: 128, hidden: 512, layers: 2 },
] as const;
const LENGTH = 2048;

if (process.argv.includes('--ts')) setBackend('ts');
const vocab = Vocabulary.fromCodePoints(Array.from({ length: 65 }, (_, i) => 32 + i));
const rows = sizes.map((size) => {
  manualSeed(1);
  const model = new CharLSTM({ vocab, ...size });
  const run = () => generate(model, { seedText: 'A', length: LENGTH, temperature: 0.8, seed: 1 });
  const [{ median }] = interleaved([{ name: 'generate', run }], { rounds: 5 });
  return { ...size, 'µs a character': Number(((median / LENGTH) * 1e6).toFixed(2)) };
});
report('generate', rows);
