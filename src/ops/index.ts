/** Every operation, as functions; `tensor-methods` hangs most of them onto Tensor. The other rooms use some more than the public. */

import { registerEngineOps } from '../autograd/engine.ts';
import { add } from './elementwise/arithmetic.ts';
import { alias } from './elementwise/cast.ts';
import './tensor-methods.ts';

registerEngineOps({ add, alias });

export {
  defineOp,
  type Op,
  type OpCase,
  type OpDefinition,
  type OpProof,
  registeredOps,
  registerOp,
  type Sampler,
} from './define.ts';
export { lbeta } from './elementwise/gamma.ts';
export { reach } from './elementwise/unary.ts';
export { written } from './in-place.ts';
export * from './public.ts';
