/** The patches that windows see of planes, as columns, and back. */

import type { FloatArray } from '../../core/dtype.ts';
import type { PoolDims } from '../arguments.ts';

/** Calls visit(place in x, place in columns) for each element of each window that lies inside, in the order of columns. */
function walkPatches(dims: PoolDims, visit: (at: number, column: number) => void): void {
  const { planes, inHeight, inWidth, kernelHeight, kernelWidth, outHeight, outWidth } = dims;
  const { strideY, strideX, padTop, padLeft, dilationY, dilationX } = dims;
  let column = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      for (let kx = 0; kx < kernelWidth; kx++) {
        for (let oy = 0; oy < outHeight; oy++) {
          const row = oy * strideY - padTop + ky * dilationY;
          if (row < 0 || row >= inHeight) {
            column += outWidth;
            continue;
          }
          for (let ox = 0; ox < outWidth; ox++, column++) {
            const x = ox * strideX - padLeft + kx * dilationX;
            if (x >= 0 && x < inWidth) visit((plane * inHeight + row) * inWidth + x, column);
          }
        }
      }
    }
  }
}

function columnsOf(d: PoolDims): number {
  return d.planes * d.kernelHeight * d.kernelWidth * d.outHeight * d.outWidth;
}

export function im2col(dims: PoolDims, x: FloatArray, columns: FloatArray): void {
  columns.fill(0, 0, columnsOf(dims));
  walkPatches(dims, (at, column) => {
    columns[column] = x[at];
  });
}

export function col2im(dims: PoolDims, columns: FloatArray, x: FloatArray): void {
  x.fill(0, 0, dims.planes * dims.inHeight * dims.inWidth);
  walkPatches(dims, (at, column) => {
    x[at] += columns[column];
  });
}
