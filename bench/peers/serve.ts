/** The part that every peer in Node.js shares: it answers requests, times rounds, and counts memory. */

import { createInterface } from 'node:readline';
import { peakResidentBytes, resetPeak, residentBytes } from '../resident.ts';
import type { Answer, Request, Work } from './works.ts';

export interface Prepared {
  /** A call that counts. */
  readonly run: () => unknown;
  /** How many times the work is done in a call; 1 unless said. */
  readonly times?: number;
  readonly check?: number;
  readonly drop?: () => unknown;
}

export interface Peer {
  /** What cannot be done throws; its message says why. */
  prepare(work: Work): Prepared | Promise<Prepared>;
  peak?(threads: number): number;
}

/** A round lasts at least this long, in seconds, so that the clock and the switch between processes do not count. */
const ROUND = 20e-3;
/** Short calls are made for this long before they count, in seconds: a compiler that optimises on the way has then done so. */
const WARM = 0.3;
/** Calls longer than this are timed as they come: once more to warm up would double a long run. */
const LONG = 0.3;

async function timed(run: () => unknown, calls: number): Promise<number> {
  const start = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) {
    const pending = run();
    if (pending instanceof Promise) await pending;
  }
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** How many calls make a round. The first call is not asked: it compiles and allocates. */
async function callsOfRound(run: () => unknown): Promise<number> {
  const first = await timed(run, 1);
  if (first > LONG) return 1;
  for (let spent = first; spent < WARM; ) spent += await timed(run, 1);
  for (let calls = 1; ; calls *= 2) {
    const seconds = await timed(run, calls);
    if (seconds > ROUND / 2) return Math.max(1, Math.ceil((calls * ROUND) / seconds));
  }
}

export function serve(peer: Peer): void {
  const lanes = new Map<string, Prepared & { calls: number; seconds: number }>();
  const answer = async (request: Request): Promise<Answer> => {
    if ('prepare' in request) {
      const prepared = await peer.prepare(request.prepare);
      const calls = await callsOfRound(prepared.run);
      lanes.set(request.id, { ...prepared, calls, seconds: 0 });
      return { check: prepared.check };
    }
    if ('run' in request) {
      const lane = lanes.get(request.run)!;
      if (lane.seconds < LONG) await timed(lane.run, Math.ceil(lane.calls / 4));
      lane.seconds = (await timed(lane.run, lane.calls)) / lane.calls;
      return { seconds: lane.seconds / (lane.times ?? 1) };
    }
    if ('drop' in request) {
      await lanes.get(request.drop)?.drop?.();
      lanes.delete(request.drop);
      return {};
    }
    if ('peak' in request) return { peak: peer.peak?.(request.peak) };
    const { run } = await peer.prepare(request.memory);
    resetPeak();
    const before = residentBytes();
    for (let i = 0; i < request.steps; i++) await run();
    return { before, most: peakResidentBytes() };
  };
  const lines = createInterface({ input: process.stdin });
  const serveAll = async () => {
    for await (const line of lines) {
      const reply = await answer(JSON.parse(line)).catch((error: Error) => ({ none: error.message.split('\n')[0] }));
      process.stdout.write(`${JSON.stringify(reply)}\n`);
    }
  };
  void serveAll();
}
