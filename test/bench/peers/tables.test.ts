import { describe, expect, test } from 'vitest';
import { ratios, type Section, sectionMarkdown } from '../../../bench/peers/tables.ts';

const lane = (peer: string, threads: number, seconds: number) => ({ peer, threads, seconds });
const row = {
  work: 'A',
  flops: 1e9,
  peaks: [100e9, 200e9],
  outcomes: [
    lane('lanegrad', 1, 0.0125),
    lane('lanegrad', 2, 0.01),
    lane('PyTorch', 1, 0.03),
    lane('PyTorch', 2, 0.06),
    { peer: 'tfjs', threads: 1, none: 'cannot train' },
    { peer: 'tfjs', threads: 2, none: 'cannot train' },
  ],
};

test('a ratio is their best over our best, or thread by thread', () => {
  expect(ratios(row, 'PyTorch', false)).toEqual([{ threads: 0, ratio: 3 }]);
  expect(ratios(row, 'PyTorch', true)).toEqual([
    { threads: 1, ratio: expect.closeTo(2.4) },
    { threads: 2, ratio: expect.closeTo(6) },
  ]);
  expect(ratios(row, 'tfjs', false)).toEqual([]);
});

describe('a section', () => {
  const section: Section = { title: 'Steps', unit: 'GF/s', rows: [row], byThreads: true };
  const lines = (text: string) => text.split('\n').filter((line) => line !== '');

  test('has rates, the fraction of the peak, ratios, and the word of who cannot', () => {
    expect(lines(sectionMarkdown(section)).slice(0, 4)).toEqual([
      '### Steps',
      '| GF/s, 1 / 2 threads | lanegrad | PyTorch | tfjs | of the peak | × PyTorch |',
      '| --- | --- | --- | --- | --- | --- |',
      '| A | 80 / 100 | 33.3 / 16.7 | cannot train | 80 % / 50 % | 2.40 / 6.00 |',
    ]);
  });

  test('is summed up by mean and lowest ratio; rows near the peak count as won', () => {
    expect(sectionMarkdown(section)).toContain(
      'Against PyTorch: 3.79 × in the geometric mean, lowest 2.40 × (A on 1).',
    );
    expect(sectionMarkdown({ ...section, wonAt: 0.8 })).toContain(
      'lowest 2.40 × (A on 1); 1 of 2 rows at 80 % of the peak or more, of the others the lowest 6.00 × (A on 2).',
    );
  });

  test('of times leaves the rate out', () => {
    const [, , , cells] = lines(sectionMarkdown({ title: 'Steps', unit: 'ms', rows: [{ ...row, peaks: undefined }] }));
    expect(cells).toBe('| A | 12.5 / 10 | 30 / 60 | cannot train | 3.00 |');
  });
});
