/**
 * Imported before a benchmark, it has the benchmark measure the library as it is published, out of `dist`. Out of `src`
 * tsx names every inner function anew at each call, which at a few elements takes longer than the work.
 *
 * npx tsx --import ./bench/compiled.ts bench/ops.ts
 */

import { register } from 'node:module';

const root = new URL('..', import.meta.url).href;
const [source, compiled] = [`${root}src/`, `${root}dist/`];

const hooks = `export function resolve(specifier, context, next) {
  if (!specifier.startsWith('.') || context.parentURL === undefined) return next(specifier, context);
  const target = new URL(specifier, context.parentURL).href;
  if (!target.startsWith(${JSON.stringify(source)})) return next(specifier, context);
  const path = target.slice(${source.length}).replace(/\\.ts$/, '.js');
  return next(${JSON.stringify(compiled)} + path, context);
}`;

register(`data:text/javascript,${encodeURIComponent(hooks)}`);
