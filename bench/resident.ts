/** Resident memory of this process, as the system counts it. */

import { readFileSync, writeFileSync } from 'node:fs';

const KIB = 1024;

/** A field of /proc/self/status in bytes; null where there is none. */
function statusField(name: string): number | null {
  try {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
    return match && Number(match[1]) * KIB;
  } catch {
    return null;
  }
}

export function residentBytes(): number {
  return statusField('VmRSS') ?? process.memoryUsage.rss();
}

/** Starts the peak anew where the system lets a process do that (Linux); elsewhere it counts from the start. */
export function resetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // The peak so far stays part of what is measured: too much is reported, never too little.
  }
}

export function peakResidentBytes(): number {
  return statusField('VmHWM') ?? process.resourceUsage().maxRSS * KIB;
}
