/** Peers as processes that are kept alive, and rounds in which they do the same work in turn. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, spread } from '../statistics.ts';
import type { Answer, Request, Work } from './works.ts';

/** A work takes its rounds for about this long, in seconds, and at least MIN_ROUNDS of them. */
const BUDGET = 2.5;
const MIN_ROUNDS = 3;
const MAX_ROUNDS = 7;
/** Until the idle threads of a pool have ceased to spin, in milliseconds: they would take a core from who comes next. */
const SETTLE = 50;
/** A number of threads this many times slower than the peer's best in the first round is not asked again. */
const HOPELESS = 3;
/** How far the results of two peers may differ, relatively. */
const AGREEMENT = 1e-4;

export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
  ) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout! });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  async ask(request: Request): Promise<Answer> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`${this.name} ended in the middle of ${JSON.stringify(request)}`);
    return JSON.parse(value) as Answer;
  }

  close(): void {
    this.#child.stdin!.end();
    this.#lines.close();
  }
}

export interface Entry {
  readonly peer: PeerProcess;
  readonly work: Work;
}

export interface Outcome {
  readonly peer: string;
  readonly threads: number;
  /** Median of a round; missing where the peer cannot do the work. */
  readonly seconds?: number;
  readonly spread?: number;
  readonly none?: string;
}

/** All entries do their work in turn, round by round, so that a machine that slows down slows all of them. */
export async function contest(entries: readonly Entry[], mostRounds = MAX_ROUNDS): Promise<Outcome[]> {
  const lanes = [];
  for (const [i, { peer, work }] of entries.entries()) {
    const { none, check } = await peer.ask({ prepare: work, id: String(i) });
    lanes.push({ peer, work, none, check, id: String(i), seconds: [] as number[] });
  }
  const able = lanes.filter(({ none }) => none === undefined);
  const checks = able.filter(({ check }) => check !== undefined);
  for (const { peer, work, check } of checks) {
    if (Math.abs(check! - checks[0].check!) > AGREEMENT * Math.abs(check!))
      throw new Error(`${peer.name} and ${checks[0].peer.name} computed different things: ${JSON.stringify(work)}`);
  }
  const isHopeless = ({ peer, seconds }: (typeof able)[number]): boolean => {
    const best = Math.min(...able.filter((lane) => lane.peer === peer).map((lane) => lane.seconds[0]));
    return seconds[0] > HOPELESS * best;
  };
  let rounds = mostRounds;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    for (const { peer, work, id, seconds } of round < 1 ? able : able.filter((lane) => !isHopeless(lane))) {
      seconds.push((await peer.ask({ run: id })).seconds!);
      if (work.threads > 1) await sleep(SETTLE);
    }
    if (round !== 1) continue;
    const fitting = 1 + Math.floor((BUDGET * 1e3) / (performance.now() - start));
    rounds = Math.min(mostRounds, Math.max(MIN_ROUNDS, fitting));
  }
  for (const { peer, id } of able) await peer.ask({ drop: id });
  return lanes.map(({ peer, work, none, seconds }) => ({
    peer: peer.name,
    threads: work.threads,
    ...(none === undefined ? { seconds: median(seconds), spread: spread(seconds) } : { none }),
  }));
}
