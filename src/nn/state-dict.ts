/** Loading a state dict: everything is checked before anything is written. */

import { isFloat } from '../core/dtype.ts';
import { sameShape } from '../core/shape.ts';
import { describe, StateDictError } from '../errors.ts';
import { Tensor } from '../tensor.ts';

/** Tensors under the dotted names of the fields that hold them. */
export type StateDict = Record<string, Tensor>;

/** The names a dict that was loaded leniently did not fit by. */
export interface LoadReport {
  missing: string[];
  unexpected: string[];
}

/** What keeps `source` from being copied into `target`; '' if nothing does. */
function misfit(target: Tensor, source: unknown): string {
  if (!(source instanceof Tensor)) return `${describe(source)} is no tensor`;
  if (!sameShape(target.shape, source.shape)) return `${describe(source.shape)}, not ${describe(target.shape)}`;
  if (target.dtype !== source.dtype && !(isFloat(target.dtype) && isFloat(source.dtype))) {
    return `${source.dtype}, not ${target.dtype}`;
  }
  return '';
}

/**
 * Copies `dict` into the named tensors of a module.
 *
 * @throws StateDictError  with every fault in one message and nothing written
 */
export function loadTensors(
  module: string,
  targets: readonly (readonly [name: string, tensor: Tensor])[],
  dict: StateDict,
  strict: boolean,
): LoadReport {
  const names = new Set(targets.map(([name]) => name));
  const missing = targets.map(([name]) => name).filter((name) => !Object.hasOwn(dict, name));
  const unexpected = Object.keys(dict).filter((name) => !names.has(name));
  const present = targets.filter(([name]) => Object.hasOwn(dict, name));
  const misfits = present
    .map(([name, target]) => [name, misfit(target, dict[name])])
    .filter(([, fault]) => fault !== '');
  const faults = [
    strict && missing.length > 0 ? `missing ${missing.join(', ')}` : '',
    strict && unexpected.length > 0 ? `unexpected ${unexpected.join(', ')}` : '',
    misfits.length > 0 ? `wrong ${misfits.map(([name, fault]) => `${name} (${fault})`).join(', ')}` : '',
  ].filter((fault) => fault !== '');
  if (faults.length > 0) {
    throw new StateDictError({
      op: `${module}.loadStateDict`,
      problem: faults.join('; '),
      hint: 'nothing was changed',
    });
  }
  // A dict taken from the module itself shares its memory: what a later copy reads must not be overwritten by an earlier.
  const written = new Set(present.map(([, target]) => target.storage));
  const sources = present.map(([name]) =>
    written.has(dict[name].storage) ? dict[name].data.slice() : dict[name].data,
  );
  for (const [i, [, target]] of present.entries()) {
    target.data.set(sources[i]);
    target.storage.written('loadStateDict');
  }
  return { missing, unexpected };
}
