/** Modules that hold modules: their children are named by index or key alone, as in PyTorch. */

import { ConfigError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';

/** A module that takes one tensor and gives one: what `Sequential` needs. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

/** Children are fields with the names 0, 1 …, so that the one walk of `Module` finds them and replacing one is enough. */
class IndexedModules<M extends Module> extends Module implements Iterable<M> {
  [index: number]: M;

  get length(): number {
    let length = 0;
    while (Object.hasOwn(this, length)) length++;
    return length;
  }

  /** The child at `index`; negative ones count from the end. */
  at(index: number): M | undefined {
    return this[index < 0 ? index + this.length : index];
  }

  /** @throws ConfigError  if `module` is no module */
  append(module: M): this {
    if (!(module instanceof Module)) {
      throw new ConfigError({ op: this.constructor.name, problem: 'a child must be a module', got: module });
    }
    this[this.length] = module;
    return this;
  }

  *[Symbol.iterator](): Generator<M> {
    for (let i = 0; Object.hasOwn(this, i); i++) yield this[i];
  }
}

/**
 * Layers applied one after the other. A layer is read and replaced as `net[0]`, and named '0', '1' … in state dicts.
 *
 * @throws ConfigError  if a layer is no module with a `forward`
 * @example
 * const net = new Sequential(new Linear(4, 16), new Tanh(), new Linear(16, 3));
 * net.forward(randn([8, 4])).shape; // => [ 8, 3 ]
 */
export class Sequential extends IndexedModules<Layer> {
  constructor(...layers: Layer[]) {
    super();
    for (const layer of layers) this.append(layer);
  }

  override append(layer: Layer): this {
    if (layer instanceof Module && typeof layer.forward !== 'function') {
      throw new ConfigError({ op: 'Sequential', problem: 'this module has no forward', got: layer });
    }
    return super.append(layer);
  }

  forward(x: Tensor): Tensor {
    for (const layer of this) x = layer.forward(x);
    return x;
  }
}

/** A list of modules whose use is up to its owner; named '0', '1' … in state dicts. */
export class ModuleList<M extends Module = Module> extends IndexedModules<M> {
  constructor(modules: Iterable<M> = []) {
    super();
    for (const module of modules) this.append(module);
  }
}

/**
 * Modules under names of the user's choice, which are their names in state dicts.
 *
 * @throws ConfigError  if a name is empty, has a dot, or is that of a method or field
 */
export class ModuleDict<M extends Module = Module> extends Module implements Iterable<[key: string, module: M]> {
  constructor(modules: Readonly<Record<string, M>> | Iterable<readonly [key: string, module: M]> = {}) {
    super();
    const entries = Symbol.iterator in modules ? modules : Object.entries(modules);
    for (const [key, module] of entries as Iterable<readonly [string, M]>) this.set(key, module);
  }

  /** Adds a module, or replaces the one of this name. */
  set(key: string, module: M): this {
    const refuse = (problem: string, got: unknown) => new ConfigError({ op: 'ModuleDict', problem, got });
    if (typeof key !== 'string' || key === '' || key.includes('.')) throw refuse('a key is a word without dots', key);
    if (key in this && !this.has(key)) throw refuse('this key is the name of a method or field', key);
    if (!(module instanceof Module)) throw refuse('a child must be a module', module);
    (this as Record<string, unknown>)[key] = module;
    return this;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  get(key: string): M | undefined {
    const value = Object.hasOwn(this, key) ? (this as Record<string, unknown>)[key] : undefined;
    return value instanceof Module ? (value as M) : undefined;
  }

  delete(key: string): boolean {
    return this.has(key) && delete (this as Record<string, unknown>)[key];
  }

  get size(): number {
    return [...this].length;
  }

  *keys(): Generator<string> {
    for (const [key] of this) yield key;
  }

  *values(): Generator<M> {
    for (const [, module] of this) yield module;
  }

  *[Symbol.iterator](): Generator<[key: string, module: M]> {
    for (const [key, value] of Object.entries(this)) if (value instanceof Module) yield [key, value as M];
  }
}
