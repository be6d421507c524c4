/**
 * What a character model has learned, and what it has learned by heart: samples by seed text, length and temperature, how
 * many of them differ, the longest run that stands in the text it learned from, and the share of words that do not.
 * Trains for a minute unless it is given a run folder of `lanegrad train`.
 *
 * npx tsx bench/accuracy/shakespeare-probe.ts [run folder]
 */

import { readFileSync } from 'node:fs';
import { CharLSTM, generate, manualSeed, optim, text, train } from '../../src/index.ts';
import { dataPath } from './data.ts';

const SECONDS = 60;
const SAMPLES = 8;
const SEED_TEXTS = ['ROMEO:\n', 'The ', '\n'];
const LENGTHS = [100, 400];
const TEMPERATURES = [0, 0.5, 0.8, 1, 1.3];

const path = dataPath('tinyshakespeare/input.txt');
const corpus = readFileSync(path, 'utf8');

async function trained(): Promise<CharLSTM> {
  const [folder] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  if (folder !== undefined) return CharLSTM.load(folder);
  manualSeed(1);
  const { vocabulary, ids } = await text.Corpus.read([path]);
  const model = new CharLSTM({ vocab: vocabulary });
  const task = new train.LanguageTask({
    model,
    vocab: vocabulary.size,
    optimizer: new optim.AdamW(model.parameters(), { weightDecay: 0.1 }),
    train: new text.TrainingStreams(ids, { batch: 32, seq: 64 }),
    clip: 5,
    documents: {},
  });
  await train.runTraining(task, {
    horizon: { seconds: SECONDS },
    rateAt: (progress) => 4e-3 * optim.cosine(progress),
    folder: null,
    reporter: await train.createReporter(process.stderr, 'characters'),
    checkpointEvery: { seconds: SECONDS },
  });
  return model.eval();
}

/** The longest piece of `sample` that stands in the corpus. A longer piece from the same place never ends before a shorter. */
function longestCopy(sample: string): number {
  let longest = 0;
  for (let from = 0; from + longest < sample.length; from++) {
    while (from + longest < sample.length && corpus.includes(sample.slice(from, from + longest + 1))) longest++;
  }
  return longest;
}

const known = new Set(corpus.match(/[A-Za-z']+/g));
const model = await trained();
const rows: Record<string, string | number>[] = [];
for (const seedText of SEED_TEXTS) {
  for (const length of LENGTHS) {
    for (const temperature of TEMPERATURES) {
      const samples: string[] = [];
      for (let seed = 0; seed < SAMPLES; seed++)
        samples.push(await generate(model, { seedText, length, temperature, seed }));
      const written = samples.map((sample) => sample.slice(seedText.length));
      const words = written.flatMap((sample) => sample.match(/[A-Za-z']+/g) ?? []);
      rows.push({
        'seed text': JSON.stringify(seedText),
        length,
        temperature,
        'distinct of 8': new Set(written).size,
        'longest copy': Math.max(...written.map(longestCopy)),
        'unseen words': `${((100 * words.filter((word) => !known.has(word)).length) / words.length).toFixed(1)} %`,
      });
    }
  }
}
console.table(rows);
