/** The line of the user's program that called into the package, read off the stack. */

import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const FRAME = /^\s*at (?:(.*?) \()?((?:file:\/\/)?[^()]*):(\d+):(\d+)\)?$/;
/** Deep enough for an operation inside a module inside a module. */
const FRAMES = 60;

/** The folder of the package's own code, or null where a bundler has put everything into one file. */
function ownFolder(): string | null {
  if (!/\/call-site\.[jt]s$/.test(import.meta.url ?? '')) return null;
  return dirname(dirname(fileURLToPath(import.meta.url))) + sep;
}

const pathOf = (place: string): string => (place.startsWith('file:') ? fileURLToPath(place) : place);

export class CallSite {
  /** Carries the whole stack, as the cause of what is thrown later. */
  readonly error: Error;

  constructor(error: Error) {
    this.error = error;
  }

  /** `at <file>:<line>:<column>`, and by which public function where that is not `op` itself. */
  describe(op: string): string {
    const folder = ownFolder();
    let entry = '';
    for (const line of (this.error.stack ?? '').split('\n').slice(1)) {
      const match = FRAME.exec(line);
      if (match === null) continue;
      const [, caller = '', place, row, column] = match;
      const path = pathOf(place);
      if (path.startsWith('node:')) continue;
      if (folder === null || !path.startsWith(folder))
        return `${entry === '' || entry === op ? '' : `by ${entry} `}at ${path}:${row}:${column}`;
      const name = caller.split('.').at(-1)!;
      // A method of Tensor stands in the stack by the name of its wrapper, and what it wraps below it.
      if (/^\w+$/.test(name) && name !== 'value') entry = name;
    }
    return 'somewhere in the package';
  }
}

/** Where the package was called from; frames from `below` up are left out. */
export function callSite(below: (...args: never[]) => unknown): CallSite {
  const error = new Error('the operation was called here');
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  Error.captureStackTrace(error, below);
  Error.stackTraceLimit = stackTraceLimit;
  return new CallSite(error);
}
