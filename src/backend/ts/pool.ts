/** Max pooling over planes, and its gradient. */

import type { FloatArray } from '../../core/dtype.ts';
import type { PoolDims } from '../arguments.ts';

export function maxPool2d(dims: PoolDims, x: FloatArray, y: FloatArray, indices: Int32Array | null): void {
  const { planes, inHeight, inWidth, kernelHeight, kernelWidth, outHeight, outWidth } = dims;
  const { strideY, strideX, padTop, padLeft, dilationY, dilationX } = dims;
  let to = 0;
  for (let plane = 0; plane < planes; plane++) {
    const base = plane * inHeight * inWidth;
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++, to++) {
        let largest = Number.NEGATIVE_INFINITY;
        let place = -1;
        for (let ky = 0; ky < kernelHeight; ky++) {
          const row = oy * strideY - padTop + ky * dilationY;
          if (row < 0 || row >= inHeight) continue;
          for (let kx = 0; kx < kernelWidth; kx++) {
            const column = ox * strideX - padLeft + kx * dilationX;
            if (column < 0 || column >= inWidth) continue;
            const at = row * inWidth + column;
            const value = x[base + at];
            if (place < 0 || value > largest || Number.isNaN(value)) {
              largest = value;
              place = at;
            }
          }
        }
        y[to] = largest;
        if (indices !== null) indices[to] = place;
      }
    }
  }
}

export function maxPool2dBackward(dims: PoolDims, dy: FloatArray, indices: Int32Array, dx: FloatArray): void {
  const { planes, inHeight, inWidth, outHeight, outWidth } = dims;
  const [size, windows] = [inHeight * inWidth, outHeight * outWidth];
  dx.fill(0, 0, planes * size);
  for (let plane = 0; plane < planes; plane++) {
    const base = plane * size;
    for (let i = plane * windows; i < (plane + 1) * windows; i++) {
      const place = indices[i];
      if (place >= 0 && place < size) dx[base + place] += dy[i];
    }
  }
}
