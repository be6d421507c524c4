import { describe, expect, test } from 'vitest';
import {
  addingProblem,
  agreementSentences,
  copyMemory,
  pronounReference,
  resetSequences,
  type SequenceSetOptions,
  type TensorDataset,
} from '../../src/data/index.ts';
import { ConfigError } from '../../src/errors.ts';

const UNASKED = -100;

/** The rows of x and y of a set. */
function rows({ tensors }: TensorDataset): [x: number[], y: number[]][] {
  const [x, y] = tensors.map((t) => t.toArray() as number[][]);
  return x.map((row, n) => [row, y[n]]);
}

describe.each([
  ['copyMemory', (options: SequenceSetOptions) => copyMemory(20, { lag: 10, ...options })],
  ['addingProblem', (options: SequenceSetOptions) => addingProblem(20, { length: 10, ...options })],
  ['pronounReference', (options: SequenceSetOptions) => pronounReference(20, { words: 10, ...options })],
  ['resetSequences', (options: SequenceSetOptions) => resetSequences(20, options)],
  ['agreementSentences', (options: SequenceSetOptions) => agreementSentences(20, options)],
])('%s', (_, make) => {
  test('is a function of its seed', () => {
    const values = (seed: number) => make({ seed }).tensors.map(({ data }) => [...data]);
    expect(values(3)).toEqual(values(3));
    expect(values(4)).not.toEqual(values(3));
  });
});

test('copyMemory asks for the symbols in their order, behind the signal', () => {
  for (const [x, y] of rows(copyMemory(50, { lag: 5, length: 3, symbols: 4, seed: 1 }))) {
    expect(x).toHaveLength(11);
    expect(x.slice(0, 3).every((id) => id < 4)).toBe(true);
    expect(x.slice(3)).toEqual([4, 4, 4, 4, 4, 5, 5, 5]);
    expect(y).toEqual([...Array(8).fill(UNASKED), ...x.slice(0, 3)]);
  }
});

test('addingProblem marks a number in each half; its target is their sum', () => {
  const { tensors } = addingProblem(400, { length: 11, seed: 1 });
  const [xs, ys] = tensors.map((t) => t.toArray()) as [number[][][], number[][]];
  for (const [n, x] of xs.entries()) {
    const marked = [...x.keys()].filter((t) => x[t][1] === 1);
    expect(marked).toHaveLength(2);
    expect(marked[0] < 5 && marked[1] >= 5).toBe(true);
    expect(x.every(([v, m]) => v >= 0 && v < 1 && (m === 0 || m === 1))).toBe(true);
    expect(ys[n][0]).toBeCloseTo(
      marked.reduce((sum, t) => sum + x[t][0], 0),
      6,
    );
  }
  // Always saying 1 has a mean squared error of 1/6.
  const error = ys.reduce((sum, [y]) => sum + (y - 1) ** 2, 0) / ys.length;
  expect(error).toBeGreaterThan(0.13);
  expect(error).toBeLessThan(0.2);
});

test('pronounReference asks for the gender of the name, at the end alone', () => {
  for (const [x, y] of rows(pronounReference(50, { words: 6, names: 5, genders: 3, vocabulary: 4, seed: 1 }))) {
    expect(x[0]).toBeLessThan(5);
    expect(x.slice(1, 7).every((id) => id >= 5 && id < 9)).toBe(true);
    expect([x[7], y[7]]).toEqual([9, x[0] % 3]);
    expect(y.slice(0, 7).every((id) => id === UNASKED)).toBe(true);
  }
});

test('resetSequences ask for the value since the last reset', () => {
  const seen = new Set<string>();
  for (const [x, y] of rows(resetSequences(200, { length: 60, values: 3, vocabulary: 2, span: [4, 9], seed: 1 }))) {
    let value = 3;
    let since = 0;
    for (const [t, id] of x.entries()) {
      if (id < 3) value = id;
      expect(y[t]).toBe(id === 5 ? value : UNASKED);
      since++;
      if (id === 5) seen.add(since === 1 ? 'early' : value === 3 ? 'none' : 'value');
      if (id !== 6) continue;
      expect(since).toBeGreaterThanOrEqual(4);
      expect(since).toBeLessThanOrEqual(9);
      value = 3;
      since = 0;
    }
  }
  expect([...seen].sort()).toEqual(['early', 'none', 'value']);
});

test('agreementSentences: an adjective takes the form of its own sentence’s noun', () => {
  const options = { length: 50, nouns: 4, genders: 2, adjectives: 2, vocabulary: 3, span: [1, 4], seed: 1 } as const;
  const forms = new Set<number>();
  for (const [x, y] of rows(agreementSentences(200, options))) {
    let form = 2;
    for (const [t, id] of x.entries()) {
      if (id < 4) form = id % 2;
      if (id < 7) expect(y[t]).toBe(id);
      else if (id === 9) expect(y[t]).toBe(13);
      else {
        expect(y[t]).toBe(7 + (id - 7) * 3 + form);
        forms.add(form);
      }
      if (id === 9) form = 2;
    }
  }
  expect([...forms].sort()).toEqual([0, 1, 2]);
});

test.each([
  () => copyMemory(0),
  () => copyMemory(1, { symbols: 1 }),
  () => addingProblem(1, { length: 1 }),
  () => pronounReference(1, { names: 1 }),
  () => resetSequences(1, { span: [3, 8] }),
  () => agreementSentences(1, { span: [5, 4] }),
])('what makes no set is refused: %s', (make) => {
  expect(make).toThrow(ConfigError);
});
