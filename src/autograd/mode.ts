/** Whether operations are recorded. One flag a thread: JavaScript runs one operation at a time. */

import { ConfigError } from '../errors.ts';

let recording = true;

export function isGradEnabled(): boolean {
  return recording;
}

/**
 * Passes on what a function returned that must have ended by then.
 *
 * @throws ConfigError  if it returned a promise: what comes after its first `await` would run in another state
 */
export function checkSynchronous<T>(op: string, result: T): T {
  if (typeof (result as PromiseLike<unknown> | null)?.then === 'function') {
    // Nobody will wait for it any more; its own failure must not end the process.
    (result as PromiseLike<unknown>).then(undefined, () => {});
    throw new ConfigError({ op, problem: 'the function must be synchronous', got: 'a promise' });
  }
  return result;
}

function withRecording<T>(op: string, value: boolean, fn: () => T): T {
  const before = recording;
  recording = value;
  try {
    return checkSynchronous(op, fn());
  } finally {
    recording = before;
  }
}

/**
 * Runs `fn` without recording: no graph, and writes in place are allowed.
 *
 * @throws ConfigError  if `fn` returns a promise
 */
export function noGrad<T>(fn: () => T): T {
  return withRecording('noGrad', false, fn);
}

/**
 * Runs `fn` with recording on, also inside `noGrad`.
 *
 * @throws ConfigError  if `fn` returns a promise
 */
export function enableGrad<T>(fn: () => T): T {
  return withRecording('enableGrad', true, fn);
}

/** Turns recording on or off from here on. */
export function setGradEnabled(value: boolean): void {
  recording = value;
}
