/** An optimizer's state as part of a checkpoint: tensors by the names of their parameters, everything else as JSON. */

import { CheckpointError, ConfigError } from '../errors.ts';
import type { Checkpoint } from '../io/checkpoint.ts';
import type { Module } from '../nn/index.ts';
import type { Optimizer, OptimizerStateDict, ParameterState } from '../optim/index.ts';
import { Tensor } from '../tensor.ts';

const PREFIX = 'optimizer.';

type Part = Pick<Checkpoint, 'train' | 'documents'>;

interface OptimizerDocument {
  paramGroups: OptimizerStateDict['paramGroups'];
  /** The numbers in the state of each parameter, by its name. */
  counts: Record<string, Record<string, number>>;
}

/** The names of the optimizer's parameters in its order; one that is neither the model's nor the loss's has its number. */
function namesOf(model: Module, loss: Module | null, optimizer: Optimizer): string[] {
  const names = new Map<Tensor, string>();
  for (const [name, parameter] of loss?.namedParameters() ?? []) names.set(parameter, `loss:${name}`);
  for (const [name, parameter] of model.namedParameters()) names.set(parameter, name);
  return optimizer.paramGroups.flatMap(({ params }) => params).map((parameter, i) => names.get(parameter) ?? `#${i}`);
}

export function saveOptimizer(model: Module, loss: Module | null, optimizer: Optimizer): Part {
  const names = namesOf(model, loss, optimizer);
  const { state, paramGroups } = optimizer.stateDict();
  const train: Record<string, Tensor> = {};
  const counts: OptimizerDocument['counts'] = {};
  for (const [number, saved] of Object.entries(state)) {
    const name = names[Number(number)];
    counts[name] = {};
    for (const [key, value] of Object.entries(saved)) {
      if (value instanceof Tensor) train[`${PREFIX}${name}.${key}`] = value;
      else counts[name][key] = value;
    }
  }
  return { train, documents: { optimizer: { paramGroups, counts } satisfies OptimizerDocument } };
}

/** @throws ConfigError  if the optimizer has a parameter whose value a checkpoint of the model and the loss would lack */
export function checkOwned(op: string, model: Module, loss: Module | null, optimizer: Optimizer): void {
  const stray = namesOf(model, loss, optimizer).find((name) => name.startsWith('#'));
  if (stray === undefined) return;
  throw new ConfigError({
    op,
    problem: `parameter ${stray} of the optimizer belongs neither to the model nor to the loss, so a checkpoint would lack it`,
    hint: 'make it a parameter of the model',
  });
}

/**
 * Gives an optimizer what `saveOptimizer` saved.
 *
 * @throws CheckpointError  if there is none
 * @throws StateDictError   if it does not fit
 */
export function restoreOptimizer(
  model: Module,
  loss: Module | null,
  optimizer: Optimizer,
  { train, documents }: Part,
): void {
  const { paramGroups, counts } = (documents.optimizer ?? {}) as Partial<OptimizerDocument>;
  if (!Array.isArray(paramGroups) || typeof counts !== 'object' || counts === null) {
    throw new CheckpointError({ op: 'resume', problem: 'this checkpoint has no state of an optimizer' });
  }
  const state: Record<string, ParameterState> = {};
  for (const [number, name] of namesOf(model, loss, optimizer).entries()) {
    if (!Object.hasOwn(counts, name)) continue;
    const saved: ParameterState = { ...counts[name] };
    const prefix = `${PREFIX}${name}.`;
    for (const [key, tensor] of Object.entries(train)) {
      // A state's own name has no dot, so the state of `a.b` is none of `a`.
      if (key.startsWith(prefix) && !key.includes('.', prefix.length)) saved[key.slice(prefix.length)] = tensor;
    }
    state[number] = saved;
  }
  optimizer.loadStateDict({ state, paramGroups });
}
