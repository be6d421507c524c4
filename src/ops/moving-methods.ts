/** The methods that move elements: indexing, rearranging, repeating, cutting. `tensor-methods` hangs them onto Tensor. */

import { at, indexPut, indexPut_ } from './indexing/at.ts';
import { gather, takeAlongAxis } from './indexing/gather.ts';
import { indexAdd, indexCopy, indexFill, indexSelect, repeatInterleave, take } from './indexing/index-axis.ts';
import { maskedScatter, maskedSelect } from './indexing/masked.ts';
import { argwhere } from './indexing/nonzero.ts';
import { chunk, split, unbind } from './indexing/parts.ts';
import { scatter, scatterAdd, scatterReduce } from './indexing/scatter.ts';
import { movedim, repeat, swapaxes, tile, unfold } from './movement/arrange.ts';
import { diag, diagEmbed, diagonal, trace, tril, triu } from './movement/diagonal.ts';
import { flip, roll, rot90 } from './movement/flip.ts';
import { pad } from './movement/pad.ts';
import { broadcastTo, expand, expandAs } from './reduction/broadcast.ts';

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
