/** A small legal call of every kernel of the addon, for the tests of the boundary to spoil. */

import type { NativeAddon, SamplerHandle } from '../../../src/backend/native/addon.ts';
import {
  type Argument,
  f32,
  f64,
  flag,
  i32,
  inOut,
  inOutI32,
  inPlace,
  int,
  list,
  num,
  out,
  outF64,
  outI32,
  outU8,
  u8,
} from './arguments.ts';

type NotKernels = 'abi' | 'init' | 'info' | 'setIsa' | 'setThreads' | 'mxcsr' | 'prepareBuffer' | 'runCharSampler';
export type KernelName = Exclude<keyof NativeAddon, NotKernels>;

const [T, B, I, H] = [3, 5, 4, 7];
const recurrentSizes = [int(T), int(B), int(I), int(H), flag(false)];
const recurrentOperands = (gates: number): Argument[] => [
  f32(T * B * I),
  f32(gates * H * I),
  f32(gates * H * H),
  f32(gates * H, { optional: true }),
  f32(gates * H, { optional: true }),
  f32(B * H),
];
const optionalInputs = (...sizes: number[]): Argument[] => sizes.map((n) => f32(n, { optional: true }));
const optionalOutputs = (...sizes: number[]): Argument[] => sizes.map((n) => out(n, { optional: true }));

/** batch, groups, channels in and out, input, kernel, output, stride, padding in front, dilation. */
const convSizes = [
  int(2),
  int(2, 1),
  int(4),
  int(6),
  ...[5, 19].map((n) => int(n)),
  ...[3, 2].map((n) => int(n, 1)),
  ...[3, 20].map((n) => int(n)),
  ...[2, 1].map((n) => int(n, 1)),
  ...[1, 1].map((n) => int(n)),
  ...[1, 1].map((n) => int(n, 1)),
];
const [convX, convW, convY] = [2 * 4 * 5 * 19, 6 * 2 * 3 * 2, 2 * 6 * 3 * 20];
/** planes, input, kernel, output, stride, padding in front, dilation. */
const poolSizes = [
  int(3),
  ...[6, 38].map((n) => int(n)),
  ...[2, 2].map((n) => int(n, 1)),
  ...[3, 19].map((n) => int(n)),
  ...[2, 2].map((n) => int(n, 1)),
  ...[0, 0].map((n) => int(n)),
  ...[1, 1].map((n) => int(n, 1)),
];
/** Output i of n sums the elements 2i and 2i + 1. */
const bandOf = (n: number): number[] => Array.from({ length: 2 * n }, (_, i) => (i < n ? 2 * i : 2));
const [poolX, poolY] = [3 * 6 * 38, 3 * 3 * 19];

const params = [19, 1, 40];
const each = (make: (n: number) => ReturnType<typeof f32>): ReturnType<typeof f32>[] => params.map((n) => make(n));
const positive = (n: number): ReturnType<typeof f32> =>
  inOut(n, { values: Array.from({ length: n }, (_, i) => i / n) });

/** The arrays that a kernel changes, whose lengths are the sizes. */
const updated = list(
  each((n) => inOut(n, { gives: true })),
  false,
  true,
);

const [V, E] = [11, 6];
const samplerWeights = [
  f32(4 * H * E),
  f32(4 * H * H),
  f32(4 * H),
  f32(4 * H),
  f32(4 * H * H),
  f32(4 * H * H),
  f32(4 * H),
  f32(4 * H),
];
const samplerArguments = [
  list(samplerWeights, false, true),
  int(V, 1),
  int(E, 1),
  int(H, 1),
  int(2, 1),
  f32(V * E),
  f32(V * H),
  f32(V),
];

/** Where draws begin: seed, stream, block. */
const place = [1, 2, 3, 4, 5].map((n) => int(n));

/** `[rank, dims, strides, strides]` of a [3, 4] array against a [3, 1] and of its transpose. */
const broadcast = i32([2, 3, 4, 4, 1, 1, 0], { optional: false });
const transpose = i32([2, 3, 4, 1, 3, 4, 1]);
/** A list of 3 ids, walked four times. */
const placesLayout = i32([2, 4, 3, 14, 0, 0, 1]);

export interface Call {
  readonly name: string;
  readonly run: (addon: NativeAddon, args: unknown[]) => unknown;
  readonly args: readonly Argument[];
}

/** The calls, by kernel; a kernel without one is a compile error. */
export function callsOf(addon: NativeAddon): Call[] {
  const lstmWorkspace = addon.lstmWorkspaceSize(T, B, I, H, false);
  const gruWorkspace = addon.gruWorkspaceSize(T, B, I, H, false);
  const table: Record<KernelName, Argument[][]> = {
    unary: [[int(7), num(0), num(0), f32(37, { gives: true }), inPlace(37)]],
    binary: [
      [int(2), int(0), int(37), i32([], { optional: true, gives: true }), f32(37), f32(37), inPlace(37)],
      [int(0), int(1), int(37), i32([], { optional: true, gives: true }), f32(1), f32(37), inPlace(37)],
      [int(1), int(3), int(12), broadcast, f32(12), f32(3), inPlace(12)],
    ],
    compare: [[int(2), int(3), int(12), broadcast, f32(12), f32(3), outU8(12)]],
    select: [[u8([0, 1, 2, 0, 255], { gives: true }), f32(5), f32(5), inPlace(5)]],
    lerp: [[num(0.3), f32(37, { gives: true }), f32(37), inPlace(37)]],
    isclose: [[num(1e-5), num(1e-8), flag(true), f32(37, { gives: true }), f32(37), outU8(37)]],
    reduce: [
      [int(0), int(3), int(21), int(1), f32(63), out(3)],
      [int(1), int(3), int(5), int(4), f32(60), out(12)],
    ],
    argReduce: [[int(0), int(3), int(21), int(1), f32(63), outI32(3)]],
    extremes: [[int(3), int(21, 1), int(1), f32(63), out(3), out(3)]],
    moments: [
      [int(3), int(21, 1), int(1), f32(63), out(3), out(3)],
      [int(3), int(5, 1), int(4), f32(60), out(12), out(12)],
    ],
    scan: [
      [int(0), flag(false), int(2), int(300), int(1), f32(600), out(600)],
      [int(2), flag(true), int(2), int(7), int(3), f32(42), out(42)],
    ],
    linearScan: [[flag(true), int(2), int(7), int(3), f32(42), f32(42), out(42)]],
    extremeScan: [[int(1), int(2), int(7), int(3), f32(42), out(42), outI32(42)]],
    sortRows: [
      [flag(false), int(2), int(40), f32(80), out(80, { optional: true }), outI32(80, { optional: true })],
      [flag(true), int(3), int(9), f32(27), out(27, { optional: true }), outI32(27, { optional: true })],
    ],
    topRows: [[flag(true), int(2), int(40), int(3), f32(80), outI32(6)]],
    rankRows: [[int(2), int(40), int(2), f32(80), i32([0, 39, 7, 20]), outI32(4)]],
    copyStrided: [[int(2), int(3), transpose, f32(14), out(15)]],
    convert: [
      [int(0), int(2), f32(37, { gives: true }), outI32(37)],
      [int(2), int(0), i32([1, 2, 3], { gives: true }), out(3)],
      [int(0), int(4), f32(37, { gives: true }), outU8(37)],
      [int(3), int(1), u8([1, 2, 3], { gives: true }), outF64(3)],
    ],
    gemm: [
      [
        flag(false),
        flag(true),
        flag(false),
        int(7),
        int(9),
        int(11),
        int(1),
        int(0),
        int(0),
        int(0),
        f32(77),
        f32(99),
        out(63),
        f32(9, { optional: true }),
      ],
      [
        flag(true),
        flag(false),
        flag(false),
        int(2),
        int(3),
        int(5),
        int(3),
        int(10),
        int(0),
        int(6),
        f32(30),
        f32(15),
        out(18),
        f32(3, { optional: true }),
      ],
    ],
    gatherRows: [
      [int(1), int(5), f32(35, { gives: true }), i32([6, 0, 3, 3], { gives: true }), out(20)],
      [int(3), int(2), f32(42, { gives: true }), i32([6, 0, 3, 3], { gives: true }), out(24)],
    ],
    scatterAddRows: [[int(1), int(5), f32(20), i32([6, 0, 3, 3], { gives: true }), inOut(35, { gives: true })]],
    setRows: [[int(1), int(5), f32(20), i32([6, 0, 3, 3], { gives: true }), inOut(35, { gives: true })]],
    places: [[int(7), int(2), flag(true), flag(false), placesLayout, i32([6, -7, 3], { gives: true }), outI32(12)]],
    nonzero: [[int(3), u8([1, 0, 7, 0, 255, 1], { gives: true }), outI32(3, { optional: true })]],
    softmax: [[flag(false), int(3), int(19), f32(57), out(57)]],
    softmaxBackward: [[flag(true), int(3), int(19), f32(57), f32(57), out(57)]],
    crossEntropy: [[int(4), int(9), int(-100, -Infinity), f32(36), i32([0, 8, -100, 3]), out(4), out(4)]],
    crossEntropyBackward: [
      [int(4), int(9), int(-100, -Infinity), f32(36), i32([0, 8, -100, 3]), f32(4), f32(4), out(36)],
    ],
    layerNorm: [
      [
        int(3),
        int(19),
        num(1e-5),
        f32(57),
        f32(19, { optional: true }),
        f32(19, { optional: true }),
        out(57),
        out(3),
        out(3),
      ],
    ],
    layerNormBackward: [
      [
        int(3),
        int(19),
        f32(57),
        f32(19, { optional: true }),
        f32(3),
        f32(3),
        f32(57),
        out(57, { optional: true }),
        out(19, { optional: true }),
        out(19, { optional: true }),
      ],
    ],
    batchMoments: [[int(3), int(5), int(19), f32(285), out(5), out(5)]],
    channelNorm: [0, 2].map((groups) => [
      ...[int(3), int(4), int(19), int(groups)],
      f32(228),
      ...optionalInputs(4, 4),
      ...(groups === 0 ? [f32(4), f32(4)] : [f32(6), f32(6)]),
      out(228),
    ]),
    channelNormBackward: [0, 2].map((groups) => [
      ...[int(3), int(4), int(19), int(groups), flag(false)],
      f32(228),
      ...optionalInputs(4),
      ...(groups === 0 ? [f32(4), f32(4)] : [f32(6), f32(6)]),
      f32(228),
      ...optionalOutputs(228, 4, 4),
    ]),
    lstmWorkspaceSize: [recurrentSizes],
    lstm: [
      [
        ...recurrentSizes,
        ...recurrentOperands(4),
        f32(B * H),
        ...[T * B * H, B * H, B * H, lstmWorkspace].map((n) => out(n)),
      ],
    ],
    lstmBackward: [
      [
        ...recurrentSizes,
        ...recurrentOperands(4),
        f32(B * H),
        f32(T * B * H),
        inOut(lstmWorkspace),
        ...optionalInputs(T * B * H, B * H, B * H),
        ...optionalOutputs(T * B * I, 4 * H * I, 4 * H * H, 4 * H, B * H, B * H),
      ],
    ],
    gruWorkspaceSize: [recurrentSizes],
    gru: [[...recurrentSizes, ...recurrentOperands(3), ...[T * B * H, B * H, gruWorkspace].map((n) => out(n))]],
    gruBackward: [
      [
        ...recurrentSizes,
        ...recurrentOperands(3),
        f32(T * B * H),
        inOut(gruWorkspace),
        ...optionalInputs(T * B * H, B * H),
        ...optionalOutputs(T * B * I, 3 * H * I, 3 * H * H, 3 * H, 3 * H, B * H),
      ],
    ],
    rnn: [[...recurrentSizes, flag(true), ...recurrentOperands(1), ...[T * B * H, B * H].map((n) => out(n))]],
    rnnBackward: [
      [
        ...recurrentSizes,
        flag(true),
        ...recurrentOperands(1),
        f32(T * B * H),
        ...optionalInputs(T * B * H, B * H),
        ...optionalOutputs(T * B * I, H * I, H * H, H, B * H),
      ],
    ],
    conv2d: [[...convSizes, f32(convX), f32(convW), f32(6, { optional: true }), out(convY)]],
    conv2dBackwardData: [[...convSizes, f32(convW), f32(convY), out(convX)]],
    conv2dBackwardWeight: [[...convSizes, f32(convX), f32(convY), out(convW), out(6, { optional: true })]],
    maxPool2d: [[...poolSizes, f32(poolX), out(poolY), outI32(poolY, { optional: true })]],
    maxPool2dBackward: [
      [...poolSizes, f32(poolY), i32(Array.from({ length: poolY }, (_, i) => (i * 7) % 240)), out(poolX)],
    ],
    im2col: [[...poolSizes, f32(poolX), out(4 * poolY)]],
    col2im: [[...poolSizes, f32(4 * poolY), out(poolX)]],
    resample: [
      [
        ...[3, 6, 38, 3, 19].map((n) => int(n)),
        ...[2, 2].map((n) => int(n)),
        ...[3, 19].flatMap((n) => [i32(bandOf(n)), f32(2 * n)]),
        f32(poolX),
        out(poolY),
      ],
    ],
    uniform: [[...place, out(37, { gives: true })]],
    uniformRows: [[...place, int(9), int(2), int(3), int(7), out(42)]],
    uniform53: [[...place, outF64(37, { gives: true })]],
    normal: [[...place, flag(false), out(37, { gives: true })]],
    integers: [[...place, int(-3, -(2 ** 31)), int(7, 1), outI32(37, { gives: true })]],
    adam: [
      [
        updated,
        list(each((n) => f32(n))),
        list(each(inOut)),
        list(each(positive)),
        list(each(positive), true),
        ...[1e-3, 0.9, 0.999, 1e-8, 0.01, 0.1, 0.001].map(num),
        flag(false),
        flag(false),
      ],
    ],
    sgd: [
      [
        updated,
        list(each((n) => f32(n))),
        list(each(inOut), true),
        ...[1e-3, 0.9, 0, 0.01].map(num),
        flag(true),
        flag(false),
        flag(false),
      ],
    ],
    // Adagrad and RMSprop do without the second list, Adadelta and Rprop do not; the third is RMSprop's alone.
    update: [0, 1, 2, 6].map((rule) => [
      updated,
      list(each((n) => f32(n))),
      list(each(positive)),
      list(each(positive), rule < 2),
      list(each(inOut), true),
      int(rule),
      ...[1e-3, 0.9, 0.999, 1e-8, 0.01, 1, 0.5, 1, 1, 1.2, 0.5, 1e-6, 50].map(num),
      flag(true),
      flag(false),
    ]),
    sumSquares: [
      [
        list(
          each((n) => f32(n, { gives: true })),
          false,
          true,
        ),
      ],
    ],
    scale: [[updated, num(0.5)]],
    createCharSampler: [samplerArguments],
    yardstick: [[int(2), int(2), f32(19, { gives: true }), out(19)]],
  };
  const calls = Object.entries(table).flatMap(([name, variants]) =>
    variants.map((args, i): Call => {
      const run = (on: NativeAddon, given: unknown[]): unknown =>
        (on[name as KernelName] as (...rest: unknown[]) => unknown)(...given);
      return { name: variants.length > 1 ? `${name} ${i}` : name, run, args };
    }),
  );
  let sampler: SamplerHandle | null = null;
  calls.push({
    name: 'runCharSampler',
    args: [int(2, 1), int(4), num(0.8), int(3), num(0.9), inOutI32([1, 2, 0, 0, 0]), f64(4), inOut(2 * 2 * H)],
    run(on, given) {
      const weights = samplerWeights.map(({ n }) => new Float32Array(n).fill(0.01));
      sampler ??= on.createCharSampler(
        weights,
        V,
        E,
        H,
        2,
        new Float32Array(V * E),
        new Float32Array(V * H),
        new Float32Array(V),
      );
      const run = on.runCharSampler as (...rest: unknown[]) => unknown;
      return run(sampler, ...given);
    },
  });
  return calls;
}
