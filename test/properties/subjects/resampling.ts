/** Properties of windows as columns, of resampling, of powers of windows, and of distances. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import { axisIn, broadcasting, calls, distinct, floats, normal, shapes, uniform } from '../draw.ts';
import { type Proof, property } from '../prove.ts';
import * as reference from '../reference/resampling.ts';
import { avgPool, type Windows } from '../reference/spatial.ts';
import { Illegal, type Value } from '../reference/value.ts';
import { type Pooled, per, pools } from './spatial.ts';

interface Columns extends Windows {
  readonly x: number[];
  readonly image: number[];
}

const columns: fc.Arbitrary<Columns> = pools(2, 2).map(({ x, ceilMode: _, ...windows }) => ({
  ...windows,
  x,
  image: x.slice(-2),
}));

/** The shape of what `im2col` gives of such an image; one time in ten a column too many. */
function folded({ x, image, ...windows }: Columns): number[] {
  const size = image.map((n, i) => {
    const room = n + 2 * windows.padding[i] - windows.dilation[i] * (windows.kernel[i] - 1) - 1;
    return Math.max(0, Math.floor(room / windows.stride[i]) + 1);
  });
  const channels = x[x.length - 3] * windows.kernel[0] * windows.kernel[1];
  return [...x.slice(0, -3), channels, size[0] * size[1]];
}

const patches: readonly Proof[] = [
  property<Columns>({
    name: 'im2col',
    draw: calls(columns, (o) => [floats(o.x)]),
    call: ([x], { kernel, ...options }) => ops.im2col(x, kernel, options),
    reference: ([x], o) => reference.im2col(x, o),
    views: true,
  }),
  property<Columns & { odd: number }>({
    name: 'col2im',
    draw: calls(
      fc.tuple(columns, fc.nat({ max: 9 })).map(([o, odd]) => ({ ...o, odd })),
      (o) => {
        const shape = folded(o);
        return [floats(o.odd === 0 ? shape.map((d, i) => (i === shape.length - 1 ? d + 1 : d)) : shape)];
      },
    ),
    call: ([x], { kernel, image, stride, padding, dilation }) =>
      ops.col2im(x, image, kernel, { stride, padding, dilation }),
    reference: ([x], o) => reference.col2im(x, o.image, o),
    views: true,
  }),
];

function powers(name: 'lpPool1d' | 'lpPool2d', axes: number, fn: typeof ops.lpPool2d): Proof {
  return property<Pooled & { p: number }>({
    name,
    draw: calls(
      fc
        .tuple(pools(axes, 1), fc.constantFrom(1, 2, 3))
        .map(([o, p]) => ({ ...o, padding: o.padding.map(() => 0), p })),
      (o) => [floats(o.x, uniform(0.3, 3))],
    ),
    call: ([x], { p, kernel, stride, ceilMode }) => fn(x, p, kernel, { stride, ceilMode }),
    // As in PyTorch the mean of the powers times the size of the whole window.
    reference: ([x], { p, ...o }) => {
      const powered: Value = { ...x, data: x.data.map((v) => v ** p) };
      const y = avgPool(powered, axes, { ...o, countPadding: true, divisor: null });
      if (y instanceof Illegal) return y;
      const whole = o.kernel.reduce((a, b) => a * b, 1);
      const data = y.data.map((v) => (v * whole) ** (1 / p));
      return { ...y, data, bound: data.map((v) => 64 * v) };
    },
    gradientTolerance: 1e-4,
  });
}

interface Resized {
  readonly x: number[];
  readonly out: number[];
  readonly factor: number | null;
  readonly mode: reference.Mode;
  readonly corners: boolean;
}

function resizing(axes: number, modes: readonly reference.Mode[]): Proof {
  const drawn: fc.Arbitrary<Resized> = fc
    .record({
      size: per(axes, 1, 4),
      target: per(axes, 1, 6),
      factor: fc.option(fc.constantFrom(2, 0.5, 3), { freq: 2 }),
      mode: fc.constantFrom(...modes),
      corners: fc.boolean(),
      batch: fc.integer({ min: 0, max: 2 }),
    })
    .map(({ size, target, factor, mode, corners, batch }) => ({
      x: [batch, 2, ...size],
      out: factor === null ? target : size.map((n) => Math.floor(n * factor)),
      factor,
      mode,
      corners: corners && (mode === 'linear' || mode === 'bicubic'),
    }));
  const named = (mode: reference.Mode): ops.InterpolateMode =>
    mode !== 'linear' ? mode : axes === 1 ? 'linear' : axes === 2 ? 'bilinear' : 'trilinear';
  return property<Resized>({
    name: 'interpolate',
    title: `of ${axes} axes`,
    proves: ['interpolate', 'resample'],
    draw: calls(drawn, (o) => [floats(o.x, normal)]),
    call: ([x], { out, factor, mode, corners }) =>
      ops.interpolate(x, {
        ...(factor === null ? { size: out } : { scaleFactor: factor }),
        mode: named(mode),
        alignCorners: mode === 'linear' || mode === 'bicubic' ? corners : null,
      }),
    reference: ([x], { out, factor, mode, corners }) => {
      const size = x.shape.slice(2);
      // As in PyTorch areas alone may be none.
      if (mode !== 'area' && out.some((n) => n < 1)) return new Illegal([], 'ConfigError');
      const scales = size.map((n, i) => (factor === null ? n / out[i] : 1 / factor));
      return reference.interpolate(x, out, scales, mode, corners);
    },
    views: true,
  });
}

const distances: readonly Proof[] = [
  property<{ shapes: number[][]; p: number }>({
    name: 'cdist',
    draw: calls(
      fc
        .record({
          lead: broadcasting(2, 2),
          rows: per(2, 0, 4),
          k: fc.integer({ min: 1, max: 4 }),
          p: fc.constantFrom(2, 1, 3, Infinity),
          odd: fc.nat({ max: 9 }),
        })
        .map(({ lead: [la, lb], rows: [m, n], k, p, odd }) => ({
          shapes:
            odd === 0
              ? [[k], [n, k]]
              : [
                  [...la, m, k],
                  [...lb, n, k + (odd === 1 ? 1 : 0)],
                ],
          p,
        })),
      (o) => [floats(o.shapes[0], distinct), floats(o.shapes[1], uniform(3, 9))],
    ),
    call: ([a, b], { p }) => ops.cdist(a, b, { p }),
    reference: ([a, b], { p }) => {
      const y = reference.cdist(a, b, p);
      return y instanceof Illegal ? new Illegal() : y;
    },
    gradientTolerance: 1e-4,
  }),
  property<{ shapes: number[][]; p: number; keepdim: boolean }>({
    name: 'pairwiseDistance',
    draw: calls(fc.record({ shapes: broadcasting(2, 4), p: fc.constantFrom(2, 1, 3), keepdim: fc.boolean() }), (o) => [
      floats(o.shapes[0], distinct),
      floats(o.shapes[1], uniform(3, 9)),
    ]),
    call: ([a, b], { p, keepdim }) => ops.pairwiseDistance(a, b, { p, keepdim }),
    reference: ([a, b], { p, keepdim }) => reference.pairwiseDistance(a, b, p, 1e-6, keepdim),
    gradientTolerance: 1e-4,
  }),
  property<{ shapes: number[][]; axis: number }>({
    name: 'cosineSimilarity',
    draw: calls(
      shapes(1, 4).chain((shape) =>
        fc.tuple(broadcasting(1, 1), axisIn(shape.length)).map(([, axis]) => ({
          shapes: [shape, axis === 0 && shape.length > 2 ? [...shape, 9] : shape.map((d, i) => (i === 0 ? 1 : d))],
          axis,
        })),
      ),
      (o) => o.shapes.map((s) => floats(s, uniform(0.3, 3))),
    ),
    call: ([a, b], { axis }) => ops.cosineSimilarity(a, b, { axis }),
    reference: ([a, b], { axis }) => {
      const y = reference.cosineSimilarity(a, b, axis, 1e-8);
      return y instanceof Illegal ? new Illegal() : y;
    },
    gradientTolerance: 1e-4,
  }),
];

export const resampling: readonly Proof[] = [
  ...patches,
  powers('lpPool1d', 1, ops.lpPool1d),
  powers('lpPool2d', 2, ops.lpPool2d),
  resizing(1, ['nearest', 'nearest-exact', 'linear', 'area']),
  resizing(2, ['nearest', 'nearest-exact', 'linear', 'bicubic', 'area']),
  resizing(3, ['nearest', 'linear']),
  ...distances,
];
