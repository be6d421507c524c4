/** How a function of the library is given PyTorch's signature. */

import type { Operand } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';
import type { Callable, Value } from './python.ts';

/** A function with Python's parameters by their names, `*rest` last if it takes any number. */
export function row(signature: string, call: (...args: never[]) => Value): Callable {
  const names = signature.split(' ');
  const rest = names.at(-1)!.startsWith('*') ? names.length - 1 : Number.POSITIVE_INFINITY;
  return (args, keywords) => {
    const given: Value[] = args.length > rest ? [...args.slice(0, rest), listed(args.slice(rest))] : [...args];
    for (const [name, value] of Object.entries(keywords)) {
      const place = names.indexOf(name);
      if (place < 0) throw new TypeError(`no parameter ${name} among ${signature}`);
      given[place] = value;
    }
    if (given.length > names.length) throw new TypeError(`${given.length} arguments for ${signature}`);
    return call(...(given as never[]));
  };
}

export const unary = (fn: (x: Tensor) => Tensor): Callable => row('input', fn);
export const binary = (fn: (a: Operand, b: Operand) => Tensor): Callable => row('input other', fn);

/** `None` and an argument that is not given leave the library's default. */
export const orDefault = <T>(value: T | null | undefined): T | undefined => value ?? undefined;

/** `x.permute(1, 0)` may also be called as `x.permute((1, 0))`. */
const listed = (rest: Value[]): Value[] => (rest.length === 1 && Array.isArray(rest[0]) ? rest[0] : rest);
