/** Properties of convolutions and pooling. */

import * as fc from 'fast-check';
import * as ops from '../../../src/ops/index.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { calls, distinct, floats } from '../draw.ts';
import { type Proof, property } from '../prove.ts';
import * as reference from '../reference/spatial.ts';

export const per = (axes: number, low: number, high: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: low, max: high }), { minLength: axes, maxLength: axes });

interface Convolved extends reference.Convolution {
  readonly x: number[];
  readonly w: number[];
  readonly bias: number[] | null;
}

/** Sizes that mostly fit: one time in ten the channels or the bias do not, and now and then the kernel is too large. */
function convolutions(axes: number): fc.Arbitrary<Convolved> {
  return fc
    .record({
      size: per(axes, 2, 6),
      kernel: per(axes, 1, 3),
      stride: per(axes, 1, 3),
      padding: fc.oneof({ weight: 3, arbitrary: per(axes, 0, 2) }, fc.constantFrom('same' as const, 'valid' as const)),
      dilation: per(axes, 1, 2),
      groups: fc.integer({ min: 1, max: 3 }),
      batch: fc.option(fc.integer({ min: 0, max: 2 }), { freq: 4 }),
      depth: fc.integer({ min: 1, max: 2 }),
      filters: fc.integer({ min: 1, max: 2 }),
      bias: fc.boolean(),
      odd: fc.nat({ max: 20 }),
    })
    .map(({ size, kernel, stride, batch, depth, filters, groups, bias, odd, ...rest }) => {
      const channels = depth * groups;
      return {
        ...rest,
        stride: rest.padding === 'same' && odd > 0 ? stride.map(() => 1) : stride,
        groups: odd === 1 ? groups + 1 : groups,
        x: [...(batch === null ? [] : [batch]), channels, ...size],
        w: [filters * groups, depth + (odd === 2 ? 1 : 0), ...kernel],
        bias: bias ? [filters * groups + (odd === 3 ? 1 : 0)] : null,
      };
    });
}

type Convolve = (x: Tensor, w: Tensor, bias: Tensor | null, options: ops.ConvOptions) => Tensor;

function convolution(name: 'conv1d' | 'conv2d', axes: number, fn: Convolve): Proof {
  return property<Convolved>({
    name,
    proves: name === 'conv2d' ? ['conv2d', 'conv2dBackwardData', 'conv2dBackwardWeight'] : [name],
    draw: calls(convolutions(axes), (o) => [floats(o.x), floats(o.w), ...(o.bias === null ? [] : [floats(o.bias)])]),
    call: ([x, w, b = null as never], { stride, padding, dilation, groups }) =>
      fn(x, w, b, { stride, padding, dilation, groups }),
    reference: ([x, w, b], o) => reference.conv(x, w, b ?? null, axes, o),
    sparse: true,
    gradientTolerance: 1e-4,
  });
}

export interface Pooled extends reference.Windows {
  readonly x: number[];
  readonly ceilMode: boolean;
}

export function pools(axes: number, dilations: number): fc.Arbitrary<Pooled> {
  return fc
    .record({
      size: per(axes, 2, 7),
      kernel: per(axes, 1, 3),
      stride: per(axes, 1, 3),
      padding: per(axes, 0, 1),
      dilation: per(axes, 1, dilations),
      batch: fc.option(fc.integer({ min: 0, max: 2 }), { freq: 4 }),
      channels: fc.integer({ min: 1, max: 2 }),
      ceilMode: fc.boolean(),
      odd: fc.nat({ max: 12 }),
    })
    .map(({ size, padding, kernel, batch, channels, odd, ...rest }) => ({
      ...rest,
      kernel,
      padding: padding.map((p, i) => (odd === 0 ? p : Math.min(p, Math.floor(kernel[i] / 2)))),
      x: [...(batch === null ? [] : [batch]), channels, ...size],
    }));
}

function maxPooling(name: 'maxPool1d' | 'maxPool2d', axes: number, fn: typeof ops.maxPool2d): Proof {
  return property<Pooled>({
    name,
    proves: name === 'maxPool2d' ? ['maxPool2d', 'maxPool2dBackward'] : [name],
    draw: calls(pools(axes, 2), (o) => [floats(o.x, distinct)]),
    call: ([x], { kernel, stride, padding, dilation, ceilMode }) => {
      const y = fn(x, kernel, { stride, padding, dilation, ceilMode, returnIndices: true });
      return [y.values, y.indices];
    },
    reference: ([x], o) => reference.maxPool(x, axes, o, o.ceilMode),
  });
}

interface Transposed {
  readonly x: number[];
  readonly w: number[];
  readonly bias: number[] | null;
  readonly stride: number[];
  readonly padding: number[];
  readonly outputPadding: number[];
  readonly dilation: number[];
  readonly groups: number;
}

function transposed(axes: number): fc.Arbitrary<Transposed> {
  return fc
    .record({
      size: per(axes, 1, 4),
      kernel: per(axes, 1, 3),
      stride: per(axes, 1, 3),
      padding: per(axes, 0, 1),
      outputPadding: per(axes, 0, 1),
      dilation: per(axes, 1, 2),
      groups: fc.integer({ min: 1, max: 2 }),
      batch: fc.option(fc.integer({ min: 0, max: 2 }), { freq: 4 }),
      depth: fc.integer({ min: 1, max: 2 }),
      filters: fc.integer({ min: 1, max: 2 }),
      bias: fc.boolean(),
      odd: fc.nat({ max: 14 }),
    })
    .map(({ size, kernel, batch, depth, filters, groups, bias, odd, outputPadding, ...rest }) => ({
      ...rest,
      outputPadding: outputPadding.map((p, i) => (odd === 0 ? p : Math.min(p, rest.stride[i] - 1))),
      groups: odd === 1 ? groups + 2 : groups,
      x: [...(batch === null ? [] : [batch]), depth * groups, ...size],
      w: [depth * groups + (odd === 2 ? groups : 0), filters, ...kernel],
      bias: bias ? [filters * groups + (odd === 3 ? 1 : 0)] : null,
    }));
}

function transposing(name: 'convTranspose1d' | 'convTranspose2d', axes: number, fn: typeof ops.convTranspose2d): Proof {
  return property<Transposed>({
    name,
    draw: calls(transposed(axes), (o) => [floats(o.x), floats(o.w), ...(o.bias === null ? [] : [floats(o.bias)])]),
    call: ([x, w, b = null as never], { stride, padding, outputPadding, dilation, groups }) =>
      fn(x, w, b, { stride, padding, outputPadding, dilation, groups }),
    reference: ([x, w, b], o) => reference.convTranspose(x, w, b ?? null, axes, o),
    sparse: true,
    gradientTolerance: 1e-4,
  });
}

interface Averaged extends Pooled {
  readonly countPadding: boolean;
  readonly divisor: number | null;
}

function averaging(name: 'avgPool1d' | 'avgPool2d', axes: number, fn: typeof ops.avgPool2d): Proof {
  const drawn: fc.Arbitrary<Averaged> = fc
    .tuple(pools(axes, 1), fc.boolean(), fc.option(fc.constantFrom(2, 3), { freq: 4 }))
    .map(([o, countPadding, divisor]) => ({ ...o, countPadding, divisor }));
  return property<Averaged>({
    name,
    draw: calls(drawn, (o) => [floats(o.x)]),
    call: ([x], { kernel, stride, padding, ceilMode, countPadding, divisor }) =>
      fn(x, kernel, { stride, padding, ceilMode, countIncludePad: countPadding, divisorOverride: divisor }),
    reference: ([x], o) => reference.avgPool(x, axes, o),
  });
}

interface Adapted {
  readonly x: number[];
  readonly out: number[];
}

function adapted(axes: number): fc.Arbitrary<Adapted> {
  return fc
    .record({
      size: per(axes, 1, 6),
      out: per(axes, 1, 4),
      batch: fc.option(fc.integer({ min: 0, max: 2 }), { freq: 4 }),
      channels: fc.integer({ min: 1, max: 2 }),
    })
    .map(({ size, out, batch, channels }) => ({ x: [...(batch === null ? [] : [batch]), channels, ...size], out }));
}

function adaptive(axes: number, average: typeof ops.adaptiveAvgPool2d, largest: typeof ops.adaptiveMaxPool2d): Proof[] {
  return [
    property<Adapted>({
      name: `adaptiveAvgPool${axes}d`,
      draw: calls(adapted(axes), (o) => [floats(o.x)]),
      call: ([x], { out }) => average(x, out),
      reference: ([x], { out }) => reference.adaptiveAvgPool(x, axes, out),
      views: true,
    }),
    property<Adapted>({
      name: `adaptiveMaxPool${axes}d`,
      draw: calls(adapted(axes), (o) => [floats(o.x, distinct)]),
      call: ([x], { out }) => {
        const { values, indices } = largest(x, out, { returnIndices: true });
        return [values, indices];
      },
      reference: ([x], { out }) => reference.adaptiveMaxPool(x, axes, out),
      views: true,
    }),
  ];
}

export const spatial: readonly Proof[] = [
  convolution('conv1d', 1, ops.conv1d),
  convolution('conv2d', 2, ops.conv2d),
  maxPooling('maxPool1d', 1, ops.maxPool1d),
  maxPooling('maxPool2d', 2, ops.maxPool2d),
  transposing('convTranspose1d', 1, ops.convTranspose1d),
  transposing('convTranspose2d', 2, ops.convTranspose2d),
  averaging('avgPool1d', 1, ops.avgPool1d),
  averaging('avgPool2d', 2, ops.avgPool2d),
  ...adaptive(1, ops.adaptiveAvgPool1d, ops.adaptiveMaxPool1d),
  ...adaptive(2, ops.adaptiveAvgPool2d, ops.adaptiveMaxPool2d),
];
