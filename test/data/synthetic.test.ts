import { describe, expect, test } from 'vitest';
import {
  blobs,
  circles,
  gate,
  linearRegression,
  moons,
  spirals,
  type TensorDataset,
  xor,
} from '../../src/data/index.ts';
import { ConfigError } from '../../src/errors.ts';

const points = (set: TensorDataset) => set.tensors[0].toArray() as number[][];
const labels = (set: TensorDataset) => set.tensors[1].toArray() as number[];

test.each([
  ['and', [0, 0, 0, 1]],
  ['or', [0, 1, 1, 1]],
  ['nand', [1, 1, 1, 0]],
  ['nor', [1, 0, 0, 0]],
  ['xor', [0, 1, 1, 0]],
  ['xnor', [1, 0, 0, 1]],
] as const)('%s', (name, answers) => {
  expect([points(gate(name)), labels(gate(name))]).toEqual([
    [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ],
    answers,
  ]);
});

test('a gate of more inputs', () => {
  expect(labels(gate('xor', { inputs: 3 }))).toEqual([0, 1, 1, 0, 1, 0, 0, 1]);
  expect(points(gate('and', { inputs: 1 }))).toEqual([[0], [1]]);
});

describe('without noise', () => {
  const close = (x: number, y: number) => expect(Math.abs(x - y)).toBeLessThan(1e-6);

  test('moons and circles lie where scikit-learn puts them', () => {
    const [first, second] = [
      points(moons(9)).filter((_, i) => i % 2 === 0),
      points(moons(9)).filter((_, i) => i % 2 === 1),
    ];
    first.forEach(([x, y], i) => {
      close(x, Math.cos((Math.PI * i) / 4));
      close(y, Math.sin((Math.PI * i) / 4));
    });
    second.forEach(([x, y], i) => {
      close(x, 1 - Math.cos((Math.PI * i) / 3));
      close(y, 0.5 - Math.sin((Math.PI * i) / 3));
    });
    points(circles(8, { factor: 0.5 })).forEach(([x, y], i) => {
      close(Math.hypot(x, y), i % 2 === 0 ? 1 : 0.5);
    });
  });

  test('spirals wind out to 1, their arms apart', () => {
    const set = points(spirals(300, { classes: 3, turns: 1.5 }));
    close(Math.hypot(...(set[297] as [number, number])), 1);
    const [a, b] = [set[297], set[298]].map(([x, y]) => Math.atan2(y, x) / (2 * Math.PI));
    close((((b - a) % 1) + 1) % 1, 1 / 3);
  });

  test('corners of xor', () => {
    const set = xor(8, { noise: 0 });
    points(set).forEach(([x, y], i) => {
      expect((x + y) % 2).toBe(labels(set)[i]);
    });
    expect(new Set(points(set).map(String)).size).toBe(4);
  });
});

test('blobs lie about their centers, with their deviation', () => {
  const centers = [
    [0, 5, 1],
    [3, -5, 1],
  ];
  const set = blobs(4000, { centers, std: 0.5, seed: 1 });
  expect(set.tensors[0].shape).toEqual([4000, 3]);
  const classes = labels(set);
  for (const label of [0, 1]) {
    const own = points(set).filter((_, i) => classes[i] === label);
    centers[label].forEach((center, j) => {
      const mean = own.reduce((sum, point) => sum + point[j], 0) / own.length;
      const variance = own.reduce((sum, point) => sum + (point[j] - mean) ** 2, 0) / own.length;
      expect(Math.abs(mean - center)).toBeLessThan(0.05);
      expect(Math.abs(Math.sqrt(variance) - 0.5)).toBeLessThan(0.03);
    });
  }
  expect(new Set(labels(blobs(10, { centers: 4, seed: 1 })))).toEqual(new Set([0, 1, 2, 3]));
});

test('linearRegression is the plane, and noise about it', () => {
  const options = { weights: [2, -3.4], bias: 4.2, seed: 2 };
  const rest = (set: TensorDataset) =>
    points(set).map(([a, b], i) => (set.tensors[1].data[i] as number) - (2 * a - 3.4 * b + 4.2));
  expect(Math.max(...rest(linearRegression(100, options)).map(Math.abs))).toBeLessThan(1e-5);
  const noise = rest(linearRegression(4000, { ...options, noise: 0.1 }));
  expect(Math.sqrt(noise.reduce((sum, x) => sum + x * x, 0) / 4000)).toBeCloseTo(0.1, 2);
});

test('the seed decides', () => {
  for (const make of [xor, spirals, moons, circles]) {
    const of = (seed: number) => [...make(20, { noise: 0.1, seed }).tensors[0].data];
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  }
});

test.each<[string, () => unknown]>([
  ['no samples', () => moons(0)],
  ['negative noise', () => circles(5, { noise: -1 })],
  ['a factor of 1', () => circles(5, { factor: 1 })],
  ['an unknown gate', () => gate('toString' as 'and')],
  ['too many inputs', () => gate('and', { inputs: 17 })],
  ['uneven centers', () => blobs(5, { centers: [[1], [1, 2]] })],
  ['no weights', () => linearRegression(5, { weights: [] })],
])('refuses %s', (_, make) => {
  expect(make).toThrow(ConfigError);
});
