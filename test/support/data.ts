/** Data sets that are no part of the package; the README says where each can be had. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './package.ts';

const folder = process.env.LANEGRAD_DATA || join(root, '..', 'shared', 'data');

/** The path of a file of a data set, or null if it is not here: a test that wants it is then skipped. */
export function dataFile(name: string): string | null {
  const path = join(folder, name);
  return existsSync(path) ? path : null;
}
