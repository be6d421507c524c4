/** What a training remembers of its course. The tensors are the same for the same seed; times stand in the documents. */

import { CheckpointError } from '../errors.ts';
import type { Checkpoint } from '../io/checkpoint.ts';
import { type Tensor, wrapArray } from '../tensor.ts';
import type { Position } from './horizon.ts';

/** The mean training loss is taken over so many of the latest steps. */
const RECENT = 100;

type Part = Pick<Checkpoint, 'train' | 'documents'>;

function vector(values: readonly number[]): Tensor {
  return wrapArray(Float64Array.from(values), [values.length], 'float64');
}

function refuse(problem: string): never {
  throw new CheckpointError({ op: 'resume', problem: `this checkpoint cannot be gone on from: ${problem}` });
}

function readVector(tensors: Readonly<Record<string, Tensor>>, name: string): number[] {
  const tensor = tensors[name];
  if (tensor === undefined || tensor.dtype !== 'float64' || tensor.rank !== 1) refuse(`${name} is missing`);
  return Array.from(tensor.data);
}

function readNumber(document: unknown, name: string, integer: boolean): number {
  const value = (document as Record<string, unknown> | null | undefined)?.[name];
  const fits = integer ? Number.isSafeInteger(value) : Number.isFinite(value);
  return fits && (value as number) >= 0 ? (value as number) : refuse(`${name} is missing or no number`);
}

export class TrainingRecord implements Position {
  step = 0;
  seconds = 0;
  lastValidation: number | null = null;
  bestValidation: number | null = null;
  /** Where the last validation took place. */
  validated: Position = { step: 0, seconds: 0 };
  #recent: number[] = [];

  add(loss: number, seconds: number): void {
    this.step++;
    this.seconds += seconds;
    this.#recent.push(loss);
    if (this.#recent.length > RECENT) this.#recent.shift();
  }

  /** True if no validation before was as good. Without a loss, only that nothing is left to do at this step. */
  addValidation(loss: number | null): boolean {
    this.validated = { step: this.step, seconds: this.seconds };
    if (loss === null) return false;
    this.lastValidation = loss;
    if (this.bestValidation !== null && this.bestValidation <= loss) return false;
    this.bestValidation = loss;
    return true;
  }

  /** The mean loss of the last `count` steps; NaN before the first. */
  meanLoss(count = RECENT): number {
    const last = this.#recent.slice(-count);
    return last.reduce((sum, loss) => sum + loss, 0) / last.length;
  }

  snapshot(): Part {
    const validations = this.lastValidation === null ? [] : [this.lastValidation, this.bestValidation!];
    return {
      train: { recent_losses: vector(this.#recent), validation_losses: vector(validations) },
      documents: {
        progress: { step: this.step, validatedStep: this.validated.step },
        times: { seconds: this.seconds, validatedSeconds: this.validated.seconds },
      },
    };
  }

  /** @throws CheckpointError  if something is missing or not what it should be */
  static restore({ train, documents }: Part): TrainingRecord {
    const record = new TrainingRecord();
    record.step = readNumber(documents.progress, 'step', true);
    record.seconds = readNumber(documents.times, 'seconds', false);
    record.validated = {
      step: readNumber(documents.progress, 'validatedStep', true),
      seconds: readNumber(documents.times, 'validatedSeconds', false),
    };
    record.#recent = readVector(train, 'recent_losses');
    const [last = null, best = null] = readVector(train, 'validation_losses');
    record.lastValidation = last;
    record.bestValidation = best;
    return record;
  }
}
