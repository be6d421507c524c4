/** The outcomes of the peers as tables in Markdown. */

import { geometricMean, significant } from '../statistics.ts';
import type { Outcome } from './contest.ts';

export interface Row {
  readonly work: string;
  /** Flops of the work, where its rate and not its time is the figure. */
  readonly flops?: number;
  /** Peak of one thread and of two when the work ran, in flop/s. */
  readonly peaks?: readonly number[];
  readonly outcomes: readonly Outcome[];
}

export interface Section {
  readonly title: string;
  readonly unit: 'GF/s' | 'ms' | 'µs' | 'MiB';
  readonly rows: readonly Row[];
  /** A row counts as won from this fraction of the peak on. */
  readonly wonAt?: number;
  readonly note?: string;
  /** Whether each number of threads has its ratio, or the best of one against the best of the other. */
  readonly byThreads?: boolean;
}

const OURS = 'lanegrad';
const SCALE = { 'GF/s': 1e-9, ms: 1e3, µs: 1e6, MiB: 1 / (1024 * 1024) } as const;

function outcomeOf({ outcomes }: Row, peer: string, threads: number): Outcome | undefined {
  return outcomes.find((outcome) => outcome.peer === peer && outcome.threads === threads);
}

function fastest(row: Row, peer: string): number {
  return Math.min(...row.outcomes.filter((outcome) => outcome.peer === peer).map(({ seconds = Infinity }) => seconds));
}

/** How many times the peer's time ours is contained in; none where one of them has no time. */
export function ratios(
  row: Row,
  peer: string,
  byThreads: boolean,
): { readonly threads: number; readonly ratio: number }[] {
  const pairs = byThreads
    ? [1, 2].map((threads) => [
        threads,
        outcomeOf(row, peer, threads)?.seconds ?? Infinity,
        outcomeOf(row, OURS, threads)?.seconds ?? Infinity,
      ])
    : [[0, fastest(row, peer), fastest(row, OURS)]];
  return pairs
    .filter(([, theirs, mine]) => Number.isFinite(theirs) && Number.isFinite(mine))
    .map(([threads, theirs, mine]) => ({ threads, ratio: theirs / mine }));
}

function ofPeak(row: Row, threads: number): number {
  const seconds = outcomeOf(row, OURS, threads)?.seconds;
  return row.flops && row.peaks && seconds ? row.flops / seconds / row.peaks[threads - 1] : Number.NaN;
}

function figure(section: Section, row: Row, outcome: Outcome | undefined): string {
  if (outcome?.seconds === undefined) return outcome?.none ?? '–';
  const value = section.unit === 'GF/s' ? row.flops! / outcome.seconds : outcome.seconds;
  return String(significant(value * SCALE[section.unit]));
}

function peersOf(section: Section): string[] {
  return [...new Set(section.rows.flatMap(({ outcomes }) => outcomes.map(({ peer }) => peer)))];
}

/** A figure for each number of threads, or one word where it is the same for all. */
function cell(section: Section, row: Row, peer: string): string {
  const mine = row.outcomes.filter((outcome) => outcome.peer === peer);
  const figures = mine.map((outcome) => figure(section, row, outcome));
  const able = mine.some(({ seconds }) => seconds !== undefined);
  return figures.length === 0 ? '–' : able ? figures.join(' / ') : figures[0];
}

function ratioCell(row: Row, peer: string, byThreads: boolean): string {
  const found = ratios(row, peer, byThreads);
  return found.length === 0 ? '–' : found.map(({ ratio }) => ratio.toFixed(2)).join(' / ');
}

function peakCell(row: Row): string {
  const fractions = [1, 2].map((threads) => ofPeak(row, threads)).filter((fraction) => Number.isFinite(fraction));
  return fractions.length === 0 ? '–' : fractions.map((fraction) => `${Math.round(fraction * 100)} %`).join(' / ');
}

/** Geometric mean, lowest ratio, and the rows that count as won by the peak alone. */
function summary(section: Section, peer: string): string {
  const { wonAt, byThreads = false } = section;
  const all = section.rows.flatMap((row) =>
    ratios(row, peer, byThreads).map(({ threads, ratio }) => {
      const fraction = threads === 0 ? Number.NaN : ofPeak(row, threads);
      return {
        ratio,
        name: threads === 0 ? row.work : `${row.work} on ${threads}`,
        won: fraction >= (wonAt ?? Infinity),
      };
    }),
  );
  if (all.length < 2) return '';
  const worst = (some: typeof all): string => {
    if (some.length === 0) return 'none';
    const { ratio, name } = some.reduce((a, b) => (b.ratio < a.ratio ? b : a));
    return `${ratio.toFixed(2)} × (${name})`;
  };
  const mean = `Against ${peer}: ${geometricMean(all.map(({ ratio }) => ratio)).toFixed(2)} × in the geometric mean`;
  if (wonAt === undefined) return `${mean}, lowest ${worst(all)}.`;
  const rest = all.filter(({ won }) => !won);
  const share = `${all.length - rest.length} of ${all.length} rows at ${wonAt * 100} % of the peak or more`;
  return `${mean}, lowest ${worst(all)}; ${share}, of the others the lowest ${worst(rest)}.`;
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function sectionMarkdown(section: Section): string {
  const { title, unit, rows, byThreads = false, note } = section;
  const peers = peersOf(section);
  const others = peers.filter((peer) => peer !== OURS && rows.some((row) => ratios(row, peer, byThreads).length > 0));
  const withPeak = rows.some((row) => peakCell(row) !== '–');
  const head = [
    `${unit}, 1 / 2 threads`,
    ...peers,
    ...(withPeak ? ['of the peak'] : []),
    ...others.map((peer) => `× ${peer}`),
  ];
  const body = rows.map((row) => [
    row.work,
    ...peers.map((peer) => cell(section, row, peer)),
    ...(withPeak ? [peakCell(row)] : []),
    ...others.map((peer) => ratioCell(row, peer, byThreads)),
  ]);
  const sums = others.map((peer) => summary(section, peer)).filter((text) => text !== '');
  return [`### ${title}`, ...(note ? [note] : []), markdownTable(head, body), ...sums].join('\n\n');
}
