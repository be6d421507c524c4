/** Whether operations are recorded. One flag a thread: JavaScript runs one operation at a time. */

let recording = true;

export function isGradEnabled(): boolean {
  return recording;
}

function withRecording<T>(value: boolean, fn: () => T): T {
  const before = recording;
  recording = value;
  try {
    return fn();
  } finally {
    recording = before;
  }
}

/** Runs `fn` without recording: no graph, and writes in place are allowed. `fn` must be synchronous. */
export function noGrad<T>(fn: () => T): T {
  return withRecording(false, fn);
}

/** Runs `fn` with recording on, also inside `noGrad`. `fn` must be synchronous. */
export function enableGrad<T>(fn: () => T): T {
  return withRecording(true, fn);
}

/** Turns recording on or off from here on. */
export function setGradEnabled(value: boolean): void {
  recording = value;
}
