/** What `bits.ts` traces of the kernels that move, convert and draw. */

import type { Backend } from '../../../src/backend/backend.ts';
import { type Add, draw, drawInts, LENGTHS, wild } from './bits-data.ts';

export const movingTraces = {
  convert(k: Backend, add: Add): void {
    for (const n of LENGTHS) {
      const x = wild(9, n).map((v) => v * 1e6);
      for (const make of [Float64Array, Int32Array, Uint8Array]) {
        const [y, back] = [new make(n), new Float32Array(n)];
        k.convert(x, y, false);
        k.convert(y, back, false);
        add(y, back);
      }
      const bools = new Uint8Array(n);
      k.convert(x, bools, true);
      add(bools);
    }
  },
  gatherRows(k: Backend, add: Add): void {
    const y = new Float32Array(3000 * 65);
    k.gatherRows(draw(15, 200 * 65), drawInts(16, 3000, 199), y, 65, 1);
    add(y);
    const z = new Float32Array(70 * 701 * 3);
    k.gatherRows(draw(15, 70 * 90 * 3), drawInts(16, 701, 89), z, 3, 70);
    add(z);
  },
  scatterAddRows(k: Backend, add: Add): void {
    const table = draw(17, 50 * 65);
    k.scatterAddRows(draw(18, 3000 * 65), drawInts(19, 3000, 49), table, 65, 1);
    add(table);
    const tables = draw(17, 70 * 90 * 3);
    k.scatterAddRows(draw(18, 70 * 701 * 3), drawInts(19, 701, 89), tables, 3, 70);
    add(tables);
  },
  setRows(k: Backend, add: Add): void {
    const table = draw(17, 50 * 65);
    k.setRows(draw(18, 3000 * 65), drawInts(19, 3000, 49), table, 65, 1);
    add(table);
    const tables = draw(17, 70 * 90 * 3);
    k.setRows(draw(18, 70 * 701 * 3), drawInts(19, 701, 89), tables, 3, 70);
    add(tables);
  },
  places(k: Backend, add: Add): void {
    const out = new Int32Array(300 * 701);
    k.places(drawInts(19, 701, 49), out, Int32Array.of(2, 300, 701, 50, 0, 0, 1), 50, 1, false, false);
    add(out);
  },
  nonzero(k: Backend, add: Add): void {
    const mask = Uint8Array.from(drawInts(19, 200_000, 2));
    const out = new Int32Array(k.nonzero(mask, null));
    k.nonzero(mask, out);
    add(out);
  },
};

const PLACE = { seedLo: 1, seedHi: 2, streamLo: 3, streamHi: 4, block: 2 ** 32 - 50 };

export const drawTraces = {
  uniform(k: Backend, add: Add): void {
    for (const n of LENGTHS) {
      const y = new Float32Array(n);
      k.uniform(1, 2, 3, 4, 2 ** 32 - 50, y);
      add(y);
    }
  },
  uniformRows(k: Backend, add: Add): void {
    for (const n of LENGTHS) {
      const y = new Float32Array(6 * n);
      k.uniformRows(PLACE, 2 ** 28, 2, 3, n, y);
      add(y);
    }
  },
  uniform53(k: Backend, add: Add): void {
    for (const n of LENGTHS) {
      const y = new Float64Array(n);
      k.uniform53(PLACE, y);
      add(y);
    }
  },
  normal(k: Backend, add: Add): void {
    for (const n of LENGTHS) {
      const [y, wide] = [new Float32Array(n), new Float64Array(n)];
      k.normal(PLACE, y);
      k.normal(PLACE, wide);
      add(y, wide);
    }
  },
  integers(k: Backend, add: Add): void {
    for (const n of LENGTHS) {
      const y = new Int32Array(n);
      k.integers(PLACE, -(2 ** 31), 2 ** 32, y);
      add(y);
    }
  },
};
