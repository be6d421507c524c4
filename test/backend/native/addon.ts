/** The raw addon for the tests of its boundary; they are skipped, with the reason, where there is none. */

import { describe, test } from 'vitest';
import type { NativeAddon } from '../../../src/backend/native/addon.ts';
import { loadAddon } from '../../../src/backend/native/load.ts';

const loaded = loadAddon(process.env.LANEGRAD_NATIVE_PATH || undefined);

/** Only inside `describeNative`. */
export const addon = loaded.addon as NativeAddon;
export const addonPath: string = loaded.path ?? '';

export function describeNative(name: string, body: () => void): void {
  if (loaded.addon !== null) describe(name, body);
  else test.skip(`${name}: ${loaded.reason}`, () => {});
}
