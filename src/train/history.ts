/** What a training measured, epoch by epoch; printed as a table. */

import { inspect } from 'node:util';
import { formatTable } from '../core/table.ts';
import { CheckpointError } from '../errors.ts';
import { restoreNumber, restoreNumbers, saveNumber, saveNumbers } from './saved-number.ts';

/** One epoch. Losses are means over its samples. */
export interface EpochRecord {
  /** Counted from 1, as people do. */
  readonly epoch: number;
  readonly trainLoss: number;
  /** Null if nothing is kept for validation. */
  readonly validationLoss: number | null;
  readonly metrics: Readonly<Record<string, number>>;
  /** The learning rate of the epoch's last step. */
  readonly lr: number;
  /** Of training and validation together, waiting for batches included. */
  readonly seconds: number;
  /** Of these, how long batches were waited for. */
  readonly waitedSeconds: number;
}

/** Why a training ended. */
export type StopReason = 'epochs' | 'early stopping' | 'loss change' | 'target' | 'callback' | 'interrupted';

export class History {
  readonly epochs: EpochRecord[] = [];
  /** Steps taken. */
  steps = 0;
  /** Of training, over all sessions, validation and saving left out. */
  seconds = 0;
  reason: StopReason = 'epochs';
  /** The epoch with the best monitored value; null before the first. */
  best: { readonly epoch: number; readonly value: number } | null = null;

  /** Whether the signal ended it: a training that saves can go on from here. */
  get interrupted(): boolean {
    return this.reason === 'interrupted';
  }

  toString(): string {
    const metrics = [...new Set(this.epochs.flatMap((row) => Object.keys(row.metrics)))];
    const validated = this.epochs.some((row) => row.validationLoss !== null);
    const names = ['epoch', 'trainLoss', ...(validated ? ['validationLoss'] : []), ...metrics, 'lr', 'seconds'];
    const rows = this.epochs.map((row) => [
      row.epoch,
      row.trainLoss,
      ...(validated ? [row.validationLoss] : []),
      ...metrics.map((name) => row.metrics[name]),
      row.lr,
      Number(row.seconds.toFixed(2)),
    ]);
    return formatTable(names, rows);
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** As JSON: what was measured, and apart from it the times, which no two runs have in common. */
  save(): { rows: unknown[]; times: [number, number][] } {
    const rows = this.epochs.map(({ epoch, trainLoss, validationLoss, metrics, lr }) => ({
      epoch,
      trainLoss: saveNumber(trainLoss),
      validationLoss: validationLoss === null ? null : saveNumber(validationLoss),
      metrics: saveNumbers(metrics),
      lr: saveNumber(lr),
    }));
    return { rows, times: this.epochs.map(({ seconds, waitedSeconds }) => [seconds, waitedSeconds]) };
  }

  /** @throws CheckpointError  if this is not what `save` gave */
  restore(rows: unknown, times: unknown): void {
    const op = 'resume';
    if (!Array.isArray(rows) || !Array.isArray(times) || rows.length !== times.length) {
      throw new CheckpointError({ op, problem: 'the history in this checkpoint is damaged' });
    }
    this.epochs.length = 0;
    for (const [i, row] of (rows as Record<keyof EpochRecord, unknown>[]).entries()) {
      const [seconds, waitedSeconds] = (times as unknown[][])[i];
      this.epochs.push({
        epoch: restoreNumber(op, row.epoch),
        trainLoss: restoreNumber(op, row.trainLoss),
        validationLoss: row.validationLoss === null ? null : restoreNumber(op, row.validationLoss),
        metrics: restoreNumbers(op, row.metrics),
        lr: restoreNumber(op, row.lr),
        seconds: restoreNumber(op, seconds),
        waitedSeconds: restoreNumber(op, waitedSeconds),
      });
    }
  }
}
