/** The thread that runs a loader's transform: one job a message, in the order they come. */

import { types } from 'node:util';
import { parentPort, type Transferable, workerData } from 'node:worker_threads';

// A transform may use the methods of tensors without importing the package.
import '../ops/index.ts';

import { ModuleTransform, textOf } from './transform.ts';
import { type Answer, type Job, pack, unpack, type WorkerStart } from './wire.ts';

const { module, exportName, options } = workerData as WorkerStart;
const maker = new ModuleTransform(module, exportName, options);

async function answer({ id, batch, context }: Job): Promise<[Answer, Set<ArrayBufferLike>]> {
  const transfer = new Set<ArrayBufferLike>();
  try {
    const transform = await maker.make();
    return [{ id, batch: pack(await transform(unpack(batch), context), transfer) }, transfer];
  } catch (error) {
    const index = (error as { index?: unknown } | null)?.index;
    // Only errors of the language itself are still errors on the other side.
    const sent = types.isNativeError(error) ? error : new Error(textOf(error));
    return [{ id, error: sent, index: typeof index === 'number' ? index : undefined }, new Set()];
  }
}

function send(reply: Answer, transfer: Set<ArrayBufferLike>): void {
  try {
    parentPort!.postMessage(reply, [...transfer] as Transferable[]);
  } catch (error) {
    // What was made, or thrown, has parts that no other thread can have.
    const text = 'error' in reply ? String(reply.error) : `the batch cannot leave its thread: ${String(error)}`;
    parentPort!.postMessage({ id: reply.id, error: new Error(text), index: undefined } satisfies Answer);
  }
}

let last: Promise<unknown> = Promise.resolve();
parentPort!.on('message', (job: Job) => {
  last = last.then(async () => send(...(await answer(job))));
});
