/** Several classes by discriminants of two. */

import { ConfigError } from '../errors.ts';
import { accuracy } from '../metrics/index.ts';
import { add, argmax, indexSelect, logicalOr, nonzero, reshape, sigmoid, stack, to, zeros } from '../ops/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkClasses, checkSamples, checkTargets, type Estimator, learned } from './estimator.ts';

/** An estimator of the classes 0 and 1 that tells how far a sample lies on the side of 1. */
export interface BinaryEstimator extends Estimator {
  /** Positive where the answer is 1. Shapes: x [n, d] → [n] */
  decision(x: Tensor): Tensor;
}

/** The discriminants, and the classes that are told apart. */
abstract class Combination<M extends BinaryEstimator> implements Estimator {
  readonly #make: () => M;
  #models: readonly M[] | null = null;
  #classes = 0;

  /** @param make  gives a new discriminant, one that has learned nothing */
  constructor(make: () => M) {
    this.#make = make;
  }

  /** The discriminants that `fit` has trained. */
  get models(): readonly M[] {
    return learned(this.constructor.name, this.#models);
  }

  /** How many classes there are. */
  get classes(): number {
    return this.#classes;
  }

  async fit(x: Tensor, y: Tensor): Promise<this> {
    const op = this.constructor.name;
    const samples = checkSamples(op, x);
    checkTargets(op, samples, y);
    const classes = checkClasses(op, y);
    if (classes < 2) throw new ConfigError({ op, problem: 'there must be two classes', got: classes });
    const models: M[] = [];
    for (const [part, side] of this.splits(samples, to(y, 'int32'), classes)) {
      models.push(await this.#make().fit(part, side));
    }
    this.#models = models;
    this.#classes = classes;
    return this;
  }

  /** Shapes: x [n, d] → int32 [n] */
  predict(x: Tensor): Tensor {
    return argmax(this.decision(x), 1);
  }

  score(x: Tensor, y: Tensor): number {
    checkTargets(this.constructor.name, x, y);
    return accuracy(this.predict(x), y);
  }

  /** How much speaks for each class. Shapes: x [n, d] → [n, C] */
  abstract decision(x: Tensor): Tensor;

  /** The samples of each discriminant, with 1 for its positive side. */
  protected abstract splits(x: Tensor, y: Tensor, classes: number): Iterable<[x: Tensor, y: Tensor]>;
}

/** One class against all others, for each class: C discriminants, of which the most decided wins. */
export class OneVsRest<M extends BinaryEstimator = BinaryEstimator> extends Combination<M> {
  override decision(x: Tensor): Tensor {
    return stack(
      this.models.map((model) => model.decision(x)),
      1,
    );
  }

  protected override *splits(x: Tensor, y: Tensor, classes: number): Generator<[Tensor, Tensor]> {
    for (let c = 0; c < classes; c++) yield [x, to(y.eq(c), 'int32')];
  }
}

/**
 * Each class against each other one: C(C − 1)/2 discriminants, each over the samples of its two classes alone, which are
 * easier to part than one class from the rest. The class with most votes wins; where two have as many, the one with the
 * more decided ones.
 *
 * @throws ConfigError  from `fit`, if a class has no sample
 */
export class OneVsOne<M extends BinaryEstimator = BinaryEstimator> extends Combination<M> {
  override decision(x: Tensor): Tensor {
    const { models, classes } = this;
    let votes = Array.from({ length: classes }, () => zeros([x.shape[0]], { dtype: 'float64' }));
    for (const [i, [a, b]] of pairsOf(classes).entries()) {
      const decided = to(models[i].decision(x), 'float64');
      const forB = to(decided.ge(0), 'float64');
      // How decided a vote is counts for less than any vote: its share stays below 1/C³.
      const weight = sigmoid(decided)
        .sub(0.5)
        .div(classes ** 3);
      votes = votes.map((sum, c) => {
        if (c === b) return add(add(sum, forB), weight);
        return c === a ? add(sum, forB.neg().add(1)).sub(weight) : sum;
      });
    }
    return stack(votes, 1);
  }

  protected override *splits(x: Tensor, y: Tensor, classes: number): Generator<[Tensor, Tensor]> {
    for (let c = 0; c < classes; c++) {
      if (y.eq(c).any().item() === 0) {
        throw new ConfigError({ op: 'OneVsOne', problem: 'a class has no sample', got: c });
      }
    }
    for (const [a, b] of pairsOf(classes)) {
      const rows = reshape(nonzero(logicalOr(y.eq(a), y.eq(b))), [-1]);
      yield [indexSelect(x, 0, rows), to(indexSelect(y, 0, rows).eq(b), 'int32')];
    }
  }
}

function pairsOf(classes: number): [a: number, b: number][] {
  const all = Array.from({ length: classes }, (_, c) => c);
  return all.flatMap((a) => all.slice(a + 1).map((b): [number, number] => [a, b]));
}
