/** Runs code on a chosen ISA of the native backend. */

import { SmallWorkBackend } from '../../src/backend/native/small-work.ts';
import { backendInfo, currentBackend, type Isa, setBackend, setIsa } from '../../src/backend/select.ts';

/** The ISAs that can be tested here; none where the addon is absent. */
export function nativeIsas(): Isa[] {
  return [...backendInfo().isas] as Isa[];
}

/** Runs `fn` with elementwise work of at most `elements` in TypeScript; 0 sends all of it to the addon. */
export function withSmallWork<T>(elements: number, fn: () => T): T {
  const backend = currentBackend();
  if (!(backend instanceof SmallWorkBackend)) throw new Error('there is no small work but on the native backend');
  const before = backend.smallWork;
  backend.smallWork = elements;
  try {
    return fn();
  } finally {
    backend.smallWork = before;
  }
}

/** Runs `fn` on the native backend with that ISA's kernels, small work too, and puts the former choice back. */
export function onIsa<T>(isa: Isa, fn: () => T): T {
  const { backend, isa: before } = backendInfo();
  setBackend('native');
  setIsa(isa);
  try {
    return withSmallWork(0, fn);
  } finally {
    if (before !== null) setIsa(before as Isa);
    setBackend(backend);
  }
}
