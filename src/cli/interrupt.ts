/** Ctrl-C and its kin: the first asks for an orderly end, the second is the system's own and ends at once. */

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

export interface Interruption {
  readonly signal: AbortSignal;
  /** What the process exits with after an orderly end; null if nothing came. */
  readonly exitCode: number | null;
  /** Leaves the signals to the system again. */
  dispose(): void;
}

export function listenForInterrupt(): Interruption {
  const controller = new AbortController();
  let exitCode: number | null = null;
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  const onSignal = (name: keyof typeof exitCodes) => {
    exitCode = exitCodes[name];
    // Without a listener the system's default is back: a second signal ends the process even inside a long kernel.
    dispose();
    controller.abort(name);
  };
  const dispose = () => {
    for (const name of names) process.off(name, onSignal);
  };
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    dispose,
  };
}
