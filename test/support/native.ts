/** Runs code on a chosen ISA of the native backend. */

import { backendInfo, type Isa, setBackend, setIsa } from '../../src/backend/select.ts';

/** The ISAs that can be tested here; none where the addon is absent. */
export function nativeIsas(): Isa[] {
  return [...backendInfo().isas] as Isa[];
}

/** Runs `fn` on the native backend with that ISA's kernels, and puts the former choice back. */
export function onIsa<T>(isa: Isa, fn: () => T): T {
  const { backend, isa: before } = backendInfo();
  setBackend('native');
  setIsa(isa);
  try {
    return fn();
  } finally {
    if (before !== null) setIsa(before as Isa);
    setBackend(backend);
  }
}
