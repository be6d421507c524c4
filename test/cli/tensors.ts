/** Comparing checkpoints: every tensor's bytes, and everything beside them but the times. */

import { loadSafetensors } from '../../src/io/safetensors.ts';

/** What two runs of the same seed share: tensors by name as bytes, and the metadata without `times` and `config`. */
export function courseOf(path: string): Record<string, unknown> {
  const { tensors, metadata } = loadSafetensors(path, { requireDigest: true });
  const { times: _times, config: _config, ...rest } = metadata;
  const bytes = Object.entries(tensors).map(([name, { data, dtype, shape }]) => {
    const { buffer, byteOffset, byteLength } = data;
    return [name, `${dtype} [${shape}] ${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}`];
  });
  return { tensors: Object.fromEntries(bytes), metadata: rest };
}

/** The names under which two checkpoints differ. */
export function differences(a: string, b: string): string[] {
  const [x, y] = [a, b].map((path) => flat(courseOf(path)));
  return [...new Set([...x.keys(), ...y.keys()])].filter((name) => x.get(name) !== y.get(name));
}

function flat(course: Record<string, unknown>): Map<string, unknown> {
  return new Map(Object.values(course).flatMap((part) => Object.entries(part as object)));
}
