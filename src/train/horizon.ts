/** How long a training goes on, how far it has come, and the learning rate that follows from that. */

import { cosine } from '../optim/index.ts';

/** The end: a number of steps, or seconds of training. */
export type Horizon = { readonly steps: number } | { readonly seconds: number };

/** Steps taken, and the seconds they took, validation and saving left out. */
export interface Position {
  readonly step: number;
  readonly seconds: number;
}

/** How much of `parts` equal parts of the way is done, rounded down. Exact where the horizon counts steps. */
export function partsDone(horizon: Horizon, { step, seconds }: Position, parts: number): number {
  const done = 'steps' in horizon ? (parts * step) / horizon.steps : (parts * seconds) / horizon.seconds;
  return Math.min(parts, Math.floor(done));
}

/** From 0 to 1. */
export function progressOf(horizon: Horizon, { step, seconds }: Position): number {
  return Math.min(1, 'steps' in horizon ? step / horizon.steps : seconds / horizon.seconds);
}

export function isReached(horizon: Horizon, { step, seconds }: Position): boolean {
  return 'steps' in horizon ? step >= horizon.steps : seconds >= horizon.seconds;
}

/** What the learning rate is multiplied by, as a function of progress from 0 to 1. */
export const schedules = {
  cosine,
  linear: (progress: number) => 1 - progress,
  constant: () => 1,
} as const satisfies Record<string, (progress: number) => number>;

export type ScheduleName = keyof typeof schedules;
