/** Progress as people follow it: a bar on a terminal, a line every few seconds anywhere else. */

import type { WriteStream } from 'node:tty';
import type { SingleBar } from 'cli-progress';

/** How a training stands. Losses are in nats an item. */
export interface TrainingProgress {
  readonly step: number;
  /** Null where the end is a time. */
  readonly totalSteps: number | null;
  /** From 0 to 1. */
  readonly progress: number;
  /** The mean of the latest steps. */
  readonly loss: number;
  readonly validationLoss: number | null;
  readonly itemsPerSecond: number;
  readonly secondsLeft: number;
}

export interface Reporter {
  update(state: TrainingProgress): void;
  /** Something that must not be missed: a checkpoint that could not be written. */
  note(text: string): void;
  /** The last state stays visible. */
  stop(): void;
}

/** Seconds between two lines where there is no terminal. */
const LINE_SECONDS = 5;
/** The bar counts in thousandths of the way. */
const BAR_TOTAL = 1000;
const BAR_WIDTH = 24;

/** `1h 05m`, `3m 20s` or `12s`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  if (whole >= 3600) return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
  return whole >= 60 ? `${Math.floor(whole / 60)}m ${two(whole % 60)}s` : `${whole}s`;
}

/** `12,345`, whatever the machine's language. */
export function formatCount(n: number): string {
  return Math.round(n).toLocaleString('en-US');
}

function describeProgress(state: TrainingProgress, unit: string): string {
  const { step, totalSteps, progress, loss, validationLoss, itemsPerSecond, secondsLeft } = state;
  return [
    `${Math.floor(100 * progress)}%`,
    totalSteps === null ? `step ${step}` : `step ${step}/${totalSteps}`,
    `loss ${loss.toFixed(4)}`,
    validationLoss === null ? '' : `val ${validationLoss.toFixed(4)}`,
    `${formatCount(itemsPerSecond)} ${unit}/s`,
    `${formatDuration(secondsLeft)} left`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

/** Says nothing. */
export const silentReporter: Reporter = { update() {}, note() {}, stop() {} };

class LineReporter implements Reporter {
  readonly #write: (text: string) => void;
  readonly #unit: string;
  #last: TrainingProgress | null = null;
  #shownStep = -1;
  #shownAt = performance.now();

  constructor(write: (text: string) => void, unit: string) {
    this.#write = write;
    this.#unit = unit;
  }

  update(state: TrainingProgress): void {
    this.#last = state;
    if (performance.now() - this.#shownAt >= LINE_SECONDS * 1000) this.#show(state);
  }

  note(text: string): void {
    this.#write(`${text}\n`);
  }

  stop(): void {
    if (this.#last !== null && this.#last.step !== this.#shownStep) this.#show(this.#last);
  }

  #show(state: TrainingProgress): void {
    this.#shownAt = performance.now();
    this.#shownStep = state.step;
    this.#write(`${describeProgress(state, this.#unit)}\n`);
  }
}

class BarReporter implements Reporter {
  readonly #Bar: typeof SingleBar;
  readonly #stream: WriteStream;
  readonly #unit: string;
  #bar: SingleBar | null = null;

  constructor(Bar: typeof SingleBar, stream: WriteStream, unit: string) {
    this.#Bar = Bar;
    this.#stream = stream;
    this.#unit = unit;
  }

  update(state: TrainingProgress): void {
    const payload = { text: describeProgress(state, this.#unit) };
    const value = Math.floor(BAR_TOTAL * state.progress);
    if (this.#bar === null) {
      this.#bar = new this.#Bar({
        stream: this.#stream,
        format: '[{bar}] {text}',
        barsize: BAR_WIDTH,
        barCompleteChar: '█',
        barIncompleteChar: '░',
        // Signals are the training's to handle: it saves first.
        gracefulExit: false,
      });
      this.#bar.start(BAR_TOTAL, value, payload);
    } else this.#bar.update(value, payload);
  }

  note(text: string): void {
    this.stop();
    this.#stream.write(`${text}\n`);
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = null;
  }
}

/**
 * The reporter for a stream: a bar if it is a terminal that can redraw a line. What draws the bar is loaded here: most programs
 * need none.
 *
 * @param unit  What is counted, in the plural: `chars`.
 */
export async function createReporter(stream: NodeJS.WriteStream, unit: string): Promise<Reporter> {
  if (stream.isTTY && process.env.TERM !== 'dumb') {
    const { default: progress } = await import('cli-progress');
    return new BarReporter(progress.SingleBar, stream, unit);
  }
  return new LineReporter((text) => stream.write(text), unit);
}
