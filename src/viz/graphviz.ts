/** Graphviz, from the optional package that brings it as WebAssembly. */

import { ConfigError } from '../errors.ts';

/** @throws ConfigError  if the package is not installed */
export async function renderSvg(dot: string): Promise<string> {
  let viz: typeof import('@viz-js/viz');
  try {
    viz = await import('@viz-js/viz');
  } catch (cause) {
    throw new ConfigError({
      op: 'toSvg',
      problem: 'the optional package @viz-js/viz is missing',
      hint: 'npm install @viz-js/viz',
      code: 'ERR_MISSING_PACKAGE',
      cause,
    });
  }
  const renderer = await viz.instance();
  return renderer.renderString(dot, { format: 'svg' });
}
