/** The p-norm, (Σ|x|ᵖ)^(1/p), and its limits. */

import { total } from './value.ts';

export function norm(members: readonly number[], p: number): { sum: number; bound: number } {
  const sizes = members.map(Math.abs);
  if (p === Infinity) return { sum: Math.max(0, ...sizes), bound: 0 };
  if (p === -Infinity) return { sum: Math.min(...sizes), bound: 0 };
  if (p === 0) return { sum: sizes.filter((v) => v !== 0).length, bound: 0 };
  const y = total(sizes.map((v) => v ** p)).sum ** (1 / p);
  return { sum: y, bound: 8 * (Math.log2(members.length + 1) + 4) * (1 + Math.abs(1 / p)) * y };
}
