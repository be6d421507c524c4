/** The threads of a loader: started when a batch is prefetched, ended when the loader is left alone. */

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { type Transferable, Worker } from 'node:worker_threads';
import { DataError } from '../errors.ts';
import { type BatchContext, type ModuleTransform, textOf, transformError } from './transform.ts';
import { type Answer, type Job, pack, unpack, type WorkerStart } from './wire.ts';

/** How long threads wait for the next epoch: one takes a tenth of a second to start. */
const IDLE_MS = 1000;

interface Waiting {
  readonly context: BatchContext;
  readonly resolve: (batch: unknown) => void;
  readonly reject: (error: unknown) => void;
}

function startWorker({ module, exportName, options }: ModuleTransform): Worker {
  const start = { name: 'lanegrad-data', workerData: { module, exportName, options } satisfies WorkerStart };
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./transform-worker.js', import.meta.url), start);
  // Among the sources: a thread reads TypeScript only after it was taught to. `require` finds the teacher's other half.
  const teacher = pathToFileURL(
    createRequire(import.meta.url)
      .resolve('tsx/esm/api')
      .replace(/cjs$/, 'mjs'),
  ).href;
  const worker = new URL('./transform-worker.ts', import.meta.url).href;
  const code = `import('${teacher}').then(({ register }) => { register(); return import('${worker}'); });`;
  return new Worker(code, { ...start, eval: true });
}

class TransformThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #jobs = 0;
  /** Why it can take no more jobs. */
  #failure: unknown = null;

  constructor(transform: ModuleTransform) {
    this.#worker = startWorker(transform);
    // A loader that nobody waits for keeps no process alive.
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => this.#take(answer));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`its thread ended with exit code ${code}`)));
  }

  get failed(): boolean {
    return this.#failure !== null;
  }

  run(batch: unknown, context: BatchContext): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.#jobs++;
      const transfer = new Set<ArrayBufferLike>();
      try {
        const job: Job = { id, batch: pack(batch, transfer), context };
        this.#worker.postMessage(job, [...transfer] as Transferable[]);
      } catch (cause) {
        reject(
          transformError(new Error(`the batch cannot be sent to its thread: ${textOf(cause)}`, { cause }), context),
        );
        return;
      }
      this.#waiting.set(id, { context, resolve, reject });
      this.#worker.ref();
    });
  }

  #take(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (waiting === undefined) return;
    if ('batch' in answer) waiting.resolve(unpack(answer.batch));
    else waiting.reject(transformError(withIndex(answer.error, answer.index), waiting.context));
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const { context, reject } of this.#waiting.values()) reject(transformError(this.#failure, context));
    this.#waiting.clear();
  }

  async end(): Promise<void> {
    const cause = new DataError({ op: 'DataLoader', problem: 'the loader was closed while a batch was under way' });
    this.#failure ??= cause;
    for (const { reject } of this.#waiting.values()) reject(cause);
    this.#waiting.clear();
    await this.#worker.terminate();
  }
}

/** A structured clone of an error keeps its text and loses its fields. */
function withIndex(error: unknown, index: number | undefined): unknown {
  return index !== undefined && error instanceof Error ? Object.assign(error, { index }) : error;
}

/** Threads that run one transform, taken in turn. */
export class TransformThreads {
  readonly #transform: ModuleTransform;
  readonly #count: number;
  #threads: TransformThread[] = [];
  #turn = 0;
  /** Epochs being walked. */
  #users = 0;
  #idle: NodeJS.Timeout | null = null;

  constructor(transform: ModuleTransform, count: number) {
    this.#transform = transform;
    this.#count = count;
  }

  open(): void {
    this.#users++;
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
  }

  /** @throws DataError  (rejects) if the transform throws, or its thread ends */
  async run(batch: unknown, context: BatchContext): Promise<unknown> {
    const place = this.#turn++ % this.#count;
    if (this.#threads[place] === undefined || this.#threads[place].failed) {
      try {
        this.#threads[place] = new TransformThread(this.#transform);
      } catch (cause) {
        const problem = `no thread could be started for ${this.#transform.module}: ${textOf(cause)}`;
        throw new DataError({ op: 'DataLoader', problem, cause });
      }
    }
    return this.#threads[place].run(batch, context);
  }

  /** An epoch is over. Left early, it leaves work behind, which ends with the threads; else they wait for the next one. */
  async leave(early: boolean): Promise<void> {
    if (--this.#users > 0) return;
    if (early) return this.close();
    this.#idle = setTimeout(() => this.close(), IDLE_MS);
    this.#idle.unref();
  }

  async close(): Promise<void> {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.filter((thread) => thread !== undefined).map((thread) => thread.end()));
  }
}
