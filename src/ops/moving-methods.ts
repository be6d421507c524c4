/** The methods that move elements: indexing, rearranging, repeating, cutting. `tensor-methods` hangs them onto Tensor. */

import { movedim, repeat, swapaxes, tile, unfold } from './arrange.ts';
import { at, indexPut, indexPut_ } from './at.ts';
import { broadcastTo, expand, expandAs } from './broadcast.ts';
import { diag, diagEmbed, diagonal, trace, tril, triu } from './diagonal.ts';
import { flip, roll, rot90 } from './flip.ts';
import { gather, takeAlongAxis } from './gather.ts';
import { indexAdd, indexCopy, indexFill, indexSelect, repeatInterleave, take } from './index-axis.ts';
import { maskedScatter, maskedSelect } from './masked.ts';
import { argwhere } from './nonzero.ts';
import { pad } from './pad.ts';
import { chunk, split, unbind } from './parts.ts';
import { scatter, scatterAdd, scatterReduce } from './scatter.ts';

/** Functions whose first argument is the tensor. */
export const moving = {
  argwhere,
  at,
  broadcastTo,
  chunk,
  diag,
  diagEmbed,
  diagonal,
  expand,
  expandAs,
  flip,
  gather,
  indexAdd,
  indexCopy,
  indexFill,
  indexPut,
  indexSelect,
  maskedScatter,
  maskedSelect,
  movedim,
  pad,
  repeat,
  repeatInterleave,
  roll,
  rot90,
  scatter,
  scatterAdd,
  scatterReduce,
  split,
  swapaxes,
  take,
  takeAlongAxis,
  tile,
  trace,
  tril,
  triu,
  unbind,
  unfold,
};

/** Functions that write to the tensor and return it. */
export const movingInPlace = { indexPut_ };
