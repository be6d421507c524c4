/** Finite sample spaces and their events: probabilities by counting, exact where the weights are small integers. */

import { categoricalDraws } from '../../core/variates.ts';
import { ConfigError, LimitError } from '../../errors.ts';
import { generatorOf, type SampleOptions } from '../distribution.ts';

/** The most outcomes a product of spaces may have. */
const MAX_OUTCOMES = 2 ** 24;

const identities = new WeakMap<object, number>();
let nextIdentity = 0;

/** What two outcomes share that count as one: arrays are equal by their elements, other objects by identity. */
function keyOf(outcome: unknown): string {
  if (Array.isArray(outcome)) return `[${outcome.map(keyOf).join()}]`;
  if (typeof outcome === 'string') return JSON.stringify(outcome);
  if (typeof outcome !== 'object' || outcome === null) return `${typeof outcome} ${String(outcome)}`;
  let identity = identities.get(outcome);
  if (identity === undefined) {
    identity = nextIdentity++;
    identities.set(outcome, identity);
  }
  return `object ${identity}`;
}

/** Weights of events are sums of given ones: equal up to their rounding. */
function nearlyEqual(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b));
}

/** Finitely many outcomes, each with a weight. */
export class SampleSpace<T = unknown> {
  readonly outcomes: readonly T[];
  /** One an outcome; the probability is its share of `totalWeight`. */
  readonly weights: Float64Array;
  readonly totalWeight: number;
  #places: Map<string, number> | null = null;

  private constructor(outcomes: readonly T[], weights: Float64Array) {
    this.outcomes = outcomes;
    this.weights = weights;
    let total = 0;
    for (const weight of weights) {
      if (!(weight >= 0 && weight < Infinity)) {
        const problem = 'a weight is a finite number of at least 0';
        throw new ConfigError({ op: 'SampleSpace', problem, got: weight });
      }
      total += weight;
    }
    if (!(total > 0 && total < Infinity)) {
      throw new ConfigError({ op: 'SampleSpace', problem: 'the weights must have a finite sum above 0', got: total });
    }
    this.totalWeight = total;
  }

  /**
   * Outcomes that are all as likely.
   *
   * @throws ConfigError  if there are none, or one is named twice
   * @example
   * const die = SampleSpace.uniform([1, 2, 3, 4, 5, 6]);
   * die.event((points) => points % 2 === 0).probability; // => 0.5
   */
  static uniform<T>(outcomes: Iterable<T>): SampleSpace<T> {
    const list = [...outcomes];
    return new SampleSpace(list, new Float64Array(list.length).fill(1)).#checked();
  }

  /**
   * Outcomes with weights: probabilities, or counts, of which the probabilities are the shares.
   *
   * @throws ConfigError  if there are none, one is named twice, or a weight is negative or not finite
   */
  static weighted<T>(pairs: Iterable<readonly [outcome: T, weight: number]>): SampleSpace<T> {
    const list = [...pairs];
    const weights = Float64Array.from(list, ([, weight]) => weight);
    return new SampleSpace(
      list.map(([outcome]) => outcome),
      weights,
    ).#checked();
  }

  get size(): number {
    return this.outcomes.length;
  }

  /** The event that always happens. */
  get certain(): Event<T> {
    return new Event(this, new Uint8Array(this.size).fill(1));
  }

  /** The event that never happens. */
  get impossible(): Event<T> {
    return new Event(this, new Uint8Array(this.size));
  }

  /**
   * The outcomes for which a predicate holds, or those of a list.
   *
   * @throws ConfigError  if one of the list is no outcome
   */
  event(which: ((outcome: T) => boolean) | Iterable<T>): Event<T> {
    if (typeof which === 'function') {
      return new Event(
        this,
        Uint8Array.from(this.outcomes, (outcome) => (which(outcome) ? 1 : 0)),
      );
    }
    const members = new Uint8Array(this.size);
    for (const outcome of which) {
      const place = this.#placeOf(outcome);
      if (place < 0) throw new ConfigError({ op: 'event', problem: 'not an outcome of this space', got: outcome });
      members[place] = 1;
    }
    return new Event(this, members);
  }

  /** The probability of one outcome; 0 for what is none. */
  probabilityOf(outcome: T): number {
    const place = this.#placeOf(outcome);
    return place < 0 ? 0 : this.weights[place] / this.totalWeight;
  }

  /**
   * Pairs of an outcome of this space and one of another, drawn independently.
   *
   * @throws LimitError  if there would be more than 2²⁴
   */
  product<U>(other: SampleSpace<U>): SampleSpace<[T, U]> {
    checkCount('product', this.size * other.size);
    return new SampleSpace(
      this.outcomes.flatMap((a) => other.outcomes.map((b): [T, U] => [a, b])),
      weightProducts(this.weights, other.weights),
    );
  }

  /**
   * Lists of n outcomes drawn independently: n coins, n dice.
   *
   * @throws LimitError  if there would be more than 2²⁴
   */
  power(n: number): SampleSpace<T[]> {
    if (!Number.isInteger(n) || n < 0) {
      throw new ConfigError({ op: 'power', problem: 'expected an integer of at least 0', got: n });
    }
    checkCount('power', this.size ** n);
    let outcomes: T[][] = [[]];
    let weights = Float64Array.of(1);
    for (let i = 0; i < n; i++) {
      outcomes = outcomes.flatMap((list) => this.outcomes.map((outcome) => [...list, outcome]));
      weights = weightProducts(weights, this.weights);
    }
    return new SampleSpace(outcomes, weights);
  }

  /** The outcomes of an event alone, with probabilities given that it happens. @throws ConfigError if it cannot */
  given(event: Event<T>): SampleSpace<T> {
    const places = [...this.weights.keys()].filter((i) => event.members[i] === 1);
    checkPossible('given', event);
    return new SampleSpace(
      places.map((i) => this.outcomes[i]),
      Float64Array.from(places, (i) => this.weights[i]),
    );
  }

  /** `n` outcomes drawn by their probabilities, each draw independent of the others. */
  sample(n: number, options: SampleOptions = {}): T[] {
    return [...this.samplePlaces(n, options)].map((place) => this.outcomes[place]);
  }

  /** @internal The places of the outcomes drawn. */
  samplePlaces(n: number, options: SampleOptions): Int32Array {
    if (!Number.isInteger(n) || n < 0) {
      throw new ConfigError({ op: 'sample', problem: 'expected an integer of at least 0', got: n });
    }
    return categoricalDraws(generatorOf('sample', options), this.weights, 1, this.size, n);
  }

  #checked(): this {
    this.#placeOf(this.outcomes[0]);
    if (this.#places!.size === this.size) return this;
    const twice = this.outcomes.find((outcome, i) => this.#placeOf(outcome) !== i);
    throw new ConfigError({ op: 'SampleSpace', problem: 'an outcome is named twice', got: twice });
  }

  #placeOf(outcome: T): number {
    this.#places ??= new Map(this.outcomes.map((each, i) => [keyOf(each), i]));
    return this.#places.get(keyOf(outcome)) ?? -1;
  }
}

function checkCount(op: string, count: number): void {
  if (count <= MAX_OUTCOMES) return;
  throw new LimitError({ op, problem: 'too many outcomes', got: count, expected: `at most ${MAX_OUTCOMES}` });
}

function weightProducts(a: Float64Array, b: Float64Array): Float64Array<ArrayBuffer> {
  const products = new Float64Array(a.length * b.length);
  for (let i = 0; i < products.length; i++) {
    products[i] = a[Math.floor(i / b.length)] * b[i % b.length];
  }
  return products;
}

function checkPossible(op: string, condition: { readonly weight: number }): void {
  if (condition.weight > 0) return;
  throw new ConfigError({ op, problem: 'the condition has probability 0', code: 'ERR_CONDITION' });
}

/** A set of outcomes of one space. */
export class Event<T = unknown> {
  readonly space: SampleSpace<T>;
  /** 1 for each outcome that is in it, by place. */
  readonly members: Uint8Array;
  /** Of its outcomes together. */
  readonly weight: number;

  /** @internal */
  constructor(space: SampleSpace<T>, members: Uint8Array) {
    this.space = space;
    this.members = members;
    let weight = 0;
    for (let i = 0; i < members.length; i++) if (members[i] === 1) weight += space.weights[i];
    this.weight = weight;
  }

  get outcomes(): T[] {
    return this.space.outcomes.filter((_, i) => this.members[i] === 1);
  }

  get size(): number {
    return this.members.reduce((count, member) => count + member, 0);
  }

  get probability(): number {
    return this.weight / this.space.totalWeight;
  }

  /** Either happens, or both. */
  union(other: Event<T>): Event<T> {
    return this.#with('union', other, (a, b) => a | b);
  }

  /** Both happen. */
  intersection(other: Event<T>): Event<T> {
    return this.#with('intersection', other, (a, b) => a & b);
  }

  /** This happens and the other does not. */
  difference(other: Event<T>): Event<T> {
    return this.#with('difference', other, (a, b) => a & (1 - b));
  }

  /** It does not happen. */
  complement(): Event<T> {
    return this.space.certain.difference(this);
  }

  isSubsetOf(other: Event<T>): boolean {
    return this.difference(other).size === 0;
  }

  isDisjointFrom(other: Event<T>): boolean {
    return this.intersection(other).size === 0;
  }

  /** Whether both are the same set. */
  equals(other: Event<T>): boolean {
    return this.isSubsetOf(other) && other.isSubsetOf(this);
  }

  /**
   * P(this | condition).
   *
   * @throws ConfigError  if the condition has probability 0 (ERR_CONDITION)
   */
  given(condition: Event<T>): number {
    const both = this.intersection(condition);
    checkPossible('given', condition);
    return both.weight / condition.weight;
  }

  /** Whether P(both) = P(this)·P(other), up to rounding. */
  isIndependentOf(other: Event<T>): boolean {
    return factorises([this, other]);
  }

  #with(op: string, other: Event<T>, join: (a: number, b: number) => number): Event<T> {
    if (!(other instanceof Event) || other.space !== this.space) {
      throw new ConfigError({ op, problem: 'events of two sample spaces have nothing in common' });
    }
    return new Event(
      this.space,
      this.members.map((member, i) => join(member, other.members[i])),
    );
  }
}

/** P(all happen) = the product of their probabilities. */
function factorises<T>(events: readonly Event<T>[]): boolean {
  const joint = events.reduce((all, event) => all.intersection(event));
  const product = events.reduce((chance, event) => chance * event.probability, 1);
  return nearlyEqual(joint.probability, product);
}

/** Whether every two of the events are independent. */
export function pairwiseIndependent<T>(events: readonly Event<T>[]): boolean {
  return events.every((a, i) => events.slice(i + 1).every((b) => factorises([a, b])));
}

/**
 * Whether every selection of the events is independent: more than `pairwiseIndependent` asks from three events on.
 *
 * @throws LimitError  for more than 20 events, of which there are a million selections
 */
export function mutuallyIndependent<T>(events: readonly Event<T>[]): boolean {
  if (events.length > 20) {
    throw new LimitError({ op: 'mutuallyIndependent', problem: 'too many events', got: events.length });
  }
  for (let chosen = 1; chosen < 2 ** events.length; chosen++) {
    const selection = events.filter((_, i) => (chosen >> i) & 1);
    if (selection.length > 1 && !factorises(selection)) return false;
  }
  return true;
}
