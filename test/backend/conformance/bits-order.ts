/** Traces of sorting, selection, scans and moments. */

import type { Backend } from '../../../src/backend/backend.ts';
import { ArgReduceOp, ScanOp } from '../../../src/backend/opcodes.ts';
import { type Add, draw, drawInts, wild } from './bits-data.ts';
import type { Extents } from './harness.ts';

/** One long row, many short ones, columns. */
const EXTENTS: Extents[] = [
  [1, 300_001, 1],
  [3, 40_003, 1],
  [700, 65, 1],
  [2, 3000, 1],
  [9, 131, 70],
  [1, 40, 3001],
];
const ROWS: [rows: number, n: number][] = [
  [1, 100_003],
  [7, 5000],
  [300, 300],
  [3000, 20],
];

type OrderMethod = 'moments' | 'scan' | 'linearScan' | 'extremeScan' | 'sortRows' | 'topRows' | 'rankRows';

export const orderTraces: Record<OrderMethod, (k: Backend, add: Add) => void> = {
  moments(k, add) {
    for (const [outer, n, inner] of EXTENTS) {
      const [mean, squares] = [new Float32Array(outer * inner), new Float32Array(outer * inner)];
      k.moments(draw(81, outer * n * inner, 3, 5), mean, squares, outer, n, inner);
      add(mean, squares);
    }
  },
  scan(k, add) {
    for (const op of Object.values(ScanOp)) {
      for (const [outer, n, inner] of EXTENTS) {
        for (const reverse of [false, true]) {
          const y = new Float32Array(outer * n * inner);
          const x = op === ScanOp.prod ? draw(82, y.length, 0.9, 1.1) : draw(83, y.length, -2, 1.5);
          k.scan(op, reverse, x, y, outer, n, inner);
          add(y);
        }
      }
    }
  },
  linearScan(k, add) {
    for (const [outer, n, inner] of EXTENTS) {
      for (const reverse of [false, true]) {
        const y = new Float32Array(outer * n * inner);
        k.linearScan(reverse, draw(84, y.length), draw(85, y.length), y, outer, n, inner);
        add(y);
      }
    }
  },
  extremeScan(k, add) {
    for (const op of Object.values(ArgReduceOp)) {
      for (const [outer, n, inner] of EXTENTS) {
        const y = new Float32Array(outer * n * inner);
        const indices = new Int32Array(y.length);
        k.extremeScan(op, draw(86, y.length), y, indices, outer, n, inner);
        add(y, indices);
      }
    }
  },
  sortRows(k, add) {
    for (const [rows, n] of ROWS) {
      for (const descending of [false, true]) {
        const [y, indices] = [new Float32Array(rows * n), new Int32Array(rows * n)];
        k.sortRows(descending, wild(87, rows * n), y, indices, rows, n);
        k.sortRows(descending, wild(87, rows * n), y, null, rows, n);
        add(y, indices);
      }
    }
  },
  topRows(k, add) {
    for (const [rows, n] of ROWS) {
      for (const largest of [false, true]) {
        const indices = new Int32Array(rows * 17);
        k.topRows(largest, wild(88, rows * n), indices, rows, n, 17);
        add(indices);
      }
    }
  },
  rankRows(k, add) {
    for (const [rows, n] of ROWS) {
      for (const m of [2, 6]) {
        const indices = new Int32Array(rows * m);
        k.rankRows(wild(89, rows * n), drawInts(90, rows * m, n - 1), indices, rows, n, m);
        add(indices);
      }
    }
  },
};
