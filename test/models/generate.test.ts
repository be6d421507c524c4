import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manualSeed } from '../../src/core/rng.ts';
import { ConfigError } from '../../src/errors.ts';
import { CharLSTM } from '../../src/models/char-lstm.ts';
import { type GenerateOptions, generate, generateStream } from '../../src/models/generate.ts';
import { tensor } from '../../src/ops/index.ts';
import { Vocabulary } from '../../src/text/vocabulary.ts';

const vocabulary = Vocabulary.fromText('\n abcdef😀');

function newModel(layers = 2, characters = vocabulary): CharLSTM {
  manualSeed(5);
  return new CharLSTM({ vocab: characters, embed: 6, hidden: 12, layers });
}

/** One character at a time through `forward`, always the likeliest. */
function greedy(model: CharLSTM, context: string, length: number): string {
  let state = model.initHidden();
  let text = '';
  let ids = model.vocabulary.encode(context);
  for (let i = 0; i < length; i++) {
    const [logits, next] = model.forward(tensor(ids), state);
    state = next;
    const last = Array.from(logits.data).slice(-model.vocabulary.size);
    ids = Int32Array.of(last.indexOf(Math.max(...last)));
    text += model.vocabulary.decode(ids);
  }
  return text;
}

describe('generate', () => {
  test.each([1, 2, 3])('at temperature 0 with %d layers: what forward finds likeliest', (layers) => {
    const model = newModel(layers);
    for (const seedText of ['a', 'fade\n', 'a😀b'.repeat(200)]) {
      expect(generate(model, { seedText, length: 40, temperature: 0 })).toBe(seedText + greedy(model, seedText, 40));
    }
  });

  test('without a seed text it begins as after a line’s end, or after the first character where there is none', () => {
    const model = newModel();
    expect(generate(model, { length: 30, temperature: 0 })).toBe(greedy(model, '\n', 30));
    const lineless = newModel(1, Vocabulary.fromText('xyz'));
    expect(generate(lineless, { length: 30, temperature: 0 })).toBe(greedy(lineless, 'x', 30));
  });

  test('lengths count characters, not code units, and chunks have at most 256', async () => {
    const model = newModel();
    for (const length of [0, 1, 255, 256, 257, 700]) {
      const options = { seedText: 'ab', length, seed: 3 };
      const text = generate(model, options);
      expect([text.slice(0, 2), Array.from(text).length]).toEqual(['ab', 2 + length]);
      const chunks: string[] = [];
      for await (const chunk of generateStream(model, options)) chunks.push(chunk);
      expect(chunks.join('')).toBe(text);
      expect(chunks.every((chunk) => Array.from(chunk).length <= 256)).toBe(true);
      expect(chunks).toHaveLength(1 + Math.ceil(length / 256));
    }
  });

  test('the same seed writes the same text, and a longer one begins with a shorter one', () => {
    const model = newModel();
    const write = (options: GenerateOptions) => generate(model, { seedText: 'b', ...options });
    const text = write({ length: 600, seed: 11 });
    expect(write({ length: 600, seed: 11n })).toBe(text);
    expect(text.startsWith(write({ length: 300, seed: 11 }))).toBe(true);
    expect(write({ length: 600, seed: 12 })).not.toBe(text);
    manualSeed(11);
    expect(write({ length: 600 })).toBe(text);
    expect(write({ length: 600 })).not.toBe(text);
  });

  test('top-k of 1 and a tiny top-p are greedy; all of them is everything', () => {
    const model = newModel();
    const write = (options: GenerateOptions) => generate(model, { seedText: 'c', length: 100, seed: 2, ...options });
    const likeliest = write({ temperature: 0 });
    expect(write({ topK: 1 })).toBe(likeliest);
    expect(write({ topP: 1e-9 })).toBe(likeliest);
    expect(write({ temperature: 1e-6 })).toBe(likeliest);
    expect(write({ topK: vocabulary.size, topP: 1 })).toBe(write({}));
    expect(write({})).not.toBe(likeliest);
  });

  test('a chunk is a snapshot: training the model while it writes changes nothing', async () => {
    const model = newModel();
    const options = { seedText: 'd', length: 600, seed: 4 };
    const text = generate(model, options);
    let streamed = '';
    for await (const chunk of generateStream(model, options)) {
      streamed += chunk;
      for (const parameter of model.parameters()) parameter.data.fill(0);
    }
    expect(streamed.slice(0, 1)).toBe('d');
    // The snapshot is taken before the first piece is given out.
    expect(streamed).toBe(text);
  });

  test('draws follow the probabilities', () => {
    const model = newModel(1, Vocabulary.fromText('abc'));
    for (const parameter of model.parameters()) parameter.data.fill(0);
    model.head.bias!.data.set([Math.log(0.5), Math.log(0.3), Math.log(0.2)]);
    const text = generate(model, { length: 20_000, seed: 9 });
    const share = (character: string) => text.split(character).length / 20_000;
    expect(share('a')).toBeCloseTo(0.5, 1.7);
    expect(share('b')).toBeCloseTo(0.3, 1.7);
    expect(share('c')).toBeCloseTo(0.2, 1.7);
  });

  test('any rule writes known characters', () => {
    const model = newModel();
    const rule = fc.record({
      temperature: fc.double({ min: 0, max: 1e3, noNaN: true }),
      topK: fc.nat({ max: 20 }),
      topP: fc.double({ min: 0, max: 1, minExcluded: true, noNaN: true }),
      seed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    });
    fc.assert(
      fc.property(rule, (options) => {
        const text = generate(model, { ...options, length: 20 });
        expect(Array.from(text).every((character) => vocabulary.idOf(character.codePointAt(0)!) >= 0)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test.each<[GenerateOptions, RegExp]>([
    [{ seedText: 'xyz' }, /does not know: "x"/],
    [{ seedText: 7 as unknown as string }, /seedText must be a string/],
    [{ length: -1 }, /length/],
    [{ length: 1.5 }, /length/],
    [{ length: Number.NaN }, /length/],
    [{ temperature: -0.1 }, /temperature/],
    [{ temperature: Infinity }, /temperature/],
    [{ topK: -1 }, /topK/],
    [{ topK: 0.5 }, /topK/],
    [{ topP: 0 }, /topP/],
    [{ topP: 1.1 }, /topP/],
    [{ topP: Number.NaN }, /topP/],
    [{ seed: -1 }, /seed/],
    [{ temprature: 1 } as GenerateOptions, /unknown option/],
  ])('%j is refused', (options, message) => {
    expect(() => generate(newModel(), options)).toThrow(ConfigError);
    expect(() => generate(newModel(), options)).toThrow(message);
  });

  test('a model of a mere number of characters writes nothing', () => {
    expect(() => generate(new CharLSTM({ vocab: 5 }), { length: 5 })).toThrow(/knows no characters/);
  });
});
