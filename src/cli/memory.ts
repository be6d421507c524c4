/** What a training will need, estimated before anything is allocated. */

import { totalmem } from 'node:os';
import { LimitError } from '../errors.ts';

export interface CharModelSizes {
  readonly vocab: number;
  readonly embed: number;
  readonly hidden: number;
  readonly layers: number;
}

/** A training may take this part of the memory there is. */
const PART = 0.8;
const FLOAT = 4;
/** Of each weight: itself, its gradient, Adam's two moments, and a gradient of the step before that is not yet collected. */
const COPIES = 5;

/** Number of weights of a character LSTM. */
export function countParameters({ vocab, embed, hidden, layers }: CharModelSizes): number {
  const lstm = (inputs: number) => 4 * hidden * (inputs + hidden + 2);
  return vocab * embed + lstm(embed) + (layers - 1) * lstm(hidden) + vocab * (hidden + 1);
}

/** Bytes that a training takes at its widest, roughly: weights and all that belongs to them, and one step's values. */
export function estimateTrainingBytes(sizes: CharModelSizes, batch: number, seq: number): number {
  const { vocab, embed, hidden, layers } = sizes;
  // Each character of a step: its embedding, per layer four gates, cell and output, its logits; all with gradients.
  const perCharacter = 2 * (embed + layers * 6 * hidden + vocab) + vocab;
  return FLOAT * (COPIES * countParameters(sizes) + batch * seq * perCharacter);
}

/** `1.5 GB`. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
  return `${digits} ${units[unit]}`;
}

/** The memory that this process may use: the machine's, or less where a container says so. */
function availableBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** @throws LimitError  naming the estimate, if it passes four fifths of the memory there is */
export function checkMemory(sizes: CharModelSizes, batch: number, seq: number): void {
  const [wanted, allowed] = [estimateTrainingBytes(sizes, batch, seq), PART * availableBytes()];
  if (wanted <= allowed) return;
  throw new LimitError({
    op: 'train',
    problem: `hidden ${sizes.hidden} with ${sizes.layers} layers, embed ${sizes.embed}, batch ${batch} and seq ${seq} does not fit into memory`,
    got: `about ${formatBytes(wanted)}`,
    expected: `at most ${formatBytes(allowed)}`,
  });
}
