/** When a training has learned what it will: early stopping, a loss that stands still, a target. */

import { checkOptions, type OptionNames } from '../core/options.ts';
import { CheckpointError, ConfigError } from '../errors.ts';
import type { EpochRecord, StopReason } from './history.ts';

/** Whether a smaller value is better. */
export type MonitorMode = 'min' | 'max';

export interface EarlyStoppingOptions {
  /** Epochs in a row that may be no better than the best before; the last of them ends the training. Default 10. */
  patience?: number;
  /** How much better than the best a value must be to count. Default 0. */
  minDelta?: number;
  /** `validationLoss`, `trainLoss` or the name of a metric. Default: the validation loss, where there is one. */
  monitor?: string;
  /** Needed for a metric; losses are to become small. */
  mode?: MonitorMode;
  /** Leave the model with the weights of the best epoch. Default false. */
  restoreBest?: boolean;
}

export interface StopOptions {
  /** The training loss changed by less than this from epoch to epoch … */
  change?: number;
  /** … so many times in a row. Default 1. */
  epochs?: number;
  /** The monitored value is as good as this. */
  target?: number;
}

const EARLY_STOPPING_OPTIONS: OptionNames<EarlyStoppingOptions> = {
  patience: true,
  minDelta: true,
  monitor: true,
  mode: true,
  restoreBest: true,
};
const STOP_OPTIONS: OptionNames<StopOptions> = { change: true, epochs: true, target: true };

/** Plain data. */
export interface StoppingState {
  readonly best: number | null;
  readonly bestEpoch: number;
  readonly badEpochs: number;
  readonly stillEpochs: number;
  readonly lastLoss: number | null;
}

function checkNumber(name: string, value: number, least: number, integer: boolean): void {
  if ((integer ? Number.isSafeInteger(value) : Number.isFinite(value)) && value >= least) return;
  const expected = `${integer ? 'an integer' : 'a number'} from ${least} on`;
  throw new ConfigError({ op: 'fit', problem: `${name} is out of range`, got: value, expected });
}

export class Stopping {
  readonly #early: Required<EarlyStoppingOptions> | null;
  readonly #stop: StopOptions;
  readonly #monitor: string;
  readonly #mode: MonitorMode;
  #state: StoppingState = { best: null, bestEpoch: 0, badEpochs: 0, stillEpochs: 0, lastLoss: null };

  /** @throws ConfigError  if an option is out of range, or what is to be monitored is not measured */
  constructor(
    early: EarlyStoppingOptions | undefined,
    stop: StopOptions | undefined,
    measured: { validated: boolean; metrics: readonly string[] },
  ) {
    checkOptions('fit.earlyStopping', early ?? {}, EARLY_STOPPING_OPTIONS);
    checkOptions('fit.stop', stop ?? {}, STOP_OPTIONS);
    const { patience = 10, minDelta = 0, restoreBest = false } = early ?? {};
    const monitor = early?.monitor ?? (measured.validated ? 'validationLoss' : 'trainLoss');
    const losses = measured.validated ? ['trainLoss', 'validationLoss'] : ['trainLoss'];
    if (!losses.includes(monitor) && !measured.metrics.includes(monitor)) {
      const expected = [...losses, ...measured.metrics].join(' | ');
      throw new ConfigError({ op: 'fit', problem: 'what is to be monitored is not measured', got: monitor, expected });
    }
    const mode = early?.mode ?? (losses.includes(monitor) ? 'min' : undefined);
    if (mode !== 'min' && mode !== 'max') {
      const problem = `whether a small or a large ${monitor} is good must be said`;
      throw new ConfigError({ op: 'fit', problem, got: mode, expected: "earlyStopping.mode 'min' | 'max'" });
    }
    checkNumber('earlyStopping.patience', patience, 1, true);
    checkNumber('earlyStopping.minDelta', minDelta, 0, false);
    if (stop?.change !== undefined) checkNumber('stop.change', stop.change, 0, false);
    if (stop?.epochs !== undefined) checkNumber('stop.epochs', stop.epochs, 1, true);
    this.#early = early === undefined ? null : { patience, minDelta, monitor, mode, restoreBest };
    this.#stop = stop ?? {};
    this.#monitor = monitor;
    this.#mode = mode;
  }

  get restoresBest(): boolean {
    return this.#early?.restoreBest === true;
  }

  get best(): { epoch: number; value: number } | null {
    const { best, bestEpoch } = this.#state;
    return best === null ? null : { epoch: bestEpoch, value: best };
  }

  /** @throws ConfigError  if it is a metric that is no number, as a confusion matrix is */
  valueOf(row: EpochRecord): number {
    if (this.#monitor === 'trainLoss') return row.trainLoss;
    const value = this.#monitor === 'validationLoss' ? row.validationLoss : row.metrics[this.#monitor];
    if (typeof value === 'number') return value;
    throw new ConfigError({ op: 'fit', problem: 'what is monitored must be a number', got: this.#monitor });
  }

  /** Takes an epoch into account: whether it is the best so far, and why the training ends with it, if it does. */
  judge(row: EpochRecord): { best: boolean; reason: StopReason | null } {
    const value = this.valueOf(row);
    const before = this.#state;
    // A value that is not finite is none: nothing could be better than an infinite one.
    const best = Number.isFinite(value) && (before.best === null || this.#isBetter(value, before.best));
    const still = before.lastLoss !== null && Math.abs(row.trainLoss - before.lastLoss) < (this.#stop.change ?? 0);
    this.#state = {
      best: best ? value : before.best,
      bestEpoch: best ? row.epoch : before.bestEpoch,
      badEpochs: best ? 0 : before.badEpochs + 1,
      stillEpochs: still ? before.stillEpochs + 1 : 0,
      lastLoss: row.trainLoss,
    };
    return { best, reason: this.#reason(value) };
  }

  #isBetter(value: number, best: number): boolean {
    const { minDelta } = this.#early ?? { minDelta: 0 };
    return this.#mode === 'min' ? value < best - minDelta : value > best + minDelta;
  }

  #reason(value: number): StopReason | null {
    const { badEpochs, stillEpochs } = this.#state;
    const { target, epochs = 1 } = this.#stop;
    if (target !== undefined && (this.#mode === 'min' ? value <= target : value >= target)) return 'target';
    if (stillEpochs >= epochs) return 'loss change';
    return this.#early !== null && badEpochs >= this.#early.patience ? 'early stopping' : null;
  }

  stateDict(): StoppingState {
    return this.#state;
  }

  /** @throws CheckpointError  if this is not what `stateDict` gave */
  loadStateDict(state: unknown): void {
    const { best, bestEpoch, badEpochs, stillEpochs, lastLoss } = (state ?? {}) as Record<string, unknown>;
    const isValue = (value: unknown): value is number | null => value === null || Number.isFinite(value);
    const counts = [bestEpoch, badEpochs, stillEpochs];
    if (!isValue(best) || !isValue(lastLoss) || !counts.every(Number.isSafeInteger)) {
      throw new CheckpointError({ op: 'resume', problem: 'the state of early stopping in this checkpoint is damaged' });
    }
    this.#state = { best, lastLoss, bestEpoch, badEpochs, stillEpochs } as StoppingState;
  }
}
