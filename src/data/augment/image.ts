/** Steps for images [C, H, W] or [H, W]. What lies outside an image is `fill`. */

import { turn } from '../../core/elementary.ts';
import type { Generator } from '../../core/rng.ts';
import type { Shape } from '../../core/shape.ts';
import { ShapeError } from '../../errors.ts';
import { checkCount } from '../draws.ts';
import { type Augmentation, between, checkProbability, checkRange, imageSize, type Step } from './step.ts';

/**
 * An image looked up elsewhere: each place, counted from the middle, at (a·y + b·x, c·y + d·x) from the middle, between
 * pixels linearly.
 */
function warp(
  op: string,
  input: Float64Array,
  shape: Shape,
  output: Float64Array,
  fill: number,
  [a, b, c, d]: readonly [number, number, number, number],
): void {
  const { channels, height, width } = imageSize(op, shape);
  const [cy, cx] = [(height - 1) / 2, (width - 1) / 2];
  for (let plane = 0; plane < channels * height * width; plane += height * width) {
    for (let y = 0, out = plane; y < height; y++) {
      for (let x = 0; x < width; x++, out++) {
        const sy = a * (y - cy) + b * (x - cx) + cy;
        const sx = c * (y - cy) + d * (x - cx) + cx;
        const [y0, x0] = [Math.floor(sy), Math.floor(sx)];
        const [fy, fx] = [sy - y0, sx - x0];
        const at = plane + y0 * width + x0;
        const [above, below] = [y0 >= 0 && y0 < height, y0 >= -1 && y0 < height - 1];
        const [left, right] = [x0 >= 0 && x0 < width, x0 >= -1 && x0 < width - 1];
        // A neighbour that counts for nothing is left out, so that its value, infinite or not a number, does too.
        let top = above && left ? input[at] : fill;
        if (fx !== 0) top = top * (1 - fx) + (above && right ? input[at + 1] : fill) * fx;
        if (fy !== 0) {
          let bottom = below && left ? input[at + width] : fill;
          if (fx !== 0) bottom = bottom * (1 - fx) + (below && right ? input[at + width + 1] : fill) * fx;
          top = top * (1 - fy) + bottom * fy;
        }
        output[out] = top;
      }
    }
  }
}

/** Fills an image of another size or the same from whole pixels. */
function move(
  input: Float64Array,
  from: Shape,
  output: Float64Array,
  to: Shape,
  fill: number,
  dy: number,
  dx: number,
): void {
  const [a, b] = [imageSize('move', from), imageSize('move', to)];
  for (let c = 0, out = 0; c < b.channels; c++) {
    for (let y = 0; y < b.height; y++) {
      for (let x = 0; x < b.width; x++, out++) {
        const [sy, sx] = [y + dy, x + dx];
        const inside = sy >= 0 && sy < a.height && sx >= 0 && sx < a.width;
        output[out] = inside ? input[(c * a.height + sy) * a.width + sx] : fill;
      }
    }
  }
}

function sameSize(op: string): (input: Shape) => Shape {
  return (input) => {
    imageSize(op, input);
    return input;
  };
}

export interface FlipOptions {
  /** How often. Default 0.5. */
  p?: number;
}

function flip(op: string, { p }: Required<FlipOptions>, vertical: boolean): Step {
  return {
    shape: sameSize(op),
    apply(input, shape, output, draws) {
      const flipped = draws.uniform53(1)[0] < p;
      const { channels, height, width } = imageSize(op, shape);
      for (let row = 0; row < channels * height; row++) {
        const from = flipped && vertical ? row - (row % height) + height - 1 - (row % height) : row;
        for (let x = 0; x < width; x++) {
          output[row * width + x] = input[from * width + (flipped && !vertical ? width - 1 - x : x)];
        }
      }
    },
  };
}

/** Left and right change places in a part of the images. @throws ConfigError if `p` is no probability */
export function randomHorizontalFlip({ p = 0.5 }: FlipOptions = {}): Augmentation {
  return { kind: 'randomHorizontalFlip', options: { p: checkProbability('randomHorizontalFlip', p) } };
}

/** Top and bottom change places in a part of the images. @throws ConfigError if `p` is no probability */
export function randomVerticalFlip({ p = 0.5 }: FlipOptions = {}): Augmentation {
  return { kind: 'randomVerticalFlip', options: { p: checkProbability('randomVerticalFlip', p) } };
}

export interface FillOptions {
  /** What lies outside the image. Default 0. */
  fill?: number;
}

interface RangeStep {
  readonly range: readonly [number, number];
  readonly fill: number;
}

/**
 * Turns by an angle from [−degrees, degrees) or the given range, counter-clockwise, about the middle.
 *
 * @throws ConfigError  if the angles are no range
 */
export function randomRotation(
  degrees: number | readonly [number, number],
  { fill = 0 }: FillOptions = {},
): Augmentation {
  const op = 'randomRotation';
  return { kind: op, options: { range: checkRange(op, 'degrees', degrees), fill } satisfies RangeStep };
}

function rotation({ range, fill }: RangeStep): Step {
  const op = 'randomRotation';
  return {
    shape: sameSize(op),
    apply(input, shape, output, draws) {
      const turns = between(range, draws.uniform53(1)[0]) / 360;
      const [cos, sin] = turn(turns - Math.floor(turns));
      // Rows count downwards: what is turned counter-clockwise is looked up clockwise.
      warp(op, input, shape, output, fill, [cos, sin, -sin, cos]);
    },
  };
}

/**
 * Enlarges by a factor from [low, high) about the middle; below 1 the image shrinks within its frame.
 *
 * @throws ConfigError  if the factors are no range above 0
 */
export function randomScale(factors: readonly [number, number], { fill = 0 }: FillOptions = {}): Augmentation {
  const op = 'randomScale';
  const range = checkRange(op, 'the factors', factors);
  if (!(range[0] > 0)) checkRange(op, 'the factors (above 0)', [NaN, NaN]);
  return { kind: op, options: { range, fill } satisfies RangeStep };
}

function scaling({ range, fill }: RangeStep): Step {
  const op = 'randomScale';
  return {
    shape: sameSize(op),
    apply(input, shape, output, draws) {
      const factor = between(range, draws.uniform53(1)[0]);
      warp(op, input, shape, output, fill, [1 / factor, 0, 0, 1 / factor]);
    },
  };
}

interface ShiftStep {
  readonly most: readonly [number, number];
  readonly fill: number;
}

function pair(op: string, name: string, value: number | readonly number[], least: number): readonly [number, number] {
  const [a, b] = typeof value === 'number' ? [value, value] : value;
  return [checkCount(op, name, a, least), checkCount(op, name, b, least)];
}

/**
 * Moves by whole pixels, up to `most` rows and columns either way.
 *
 * @throws ConfigError  if that is no integer from 0
 */
export function randomShift(most: number | readonly [number, number], { fill = 0 }: FillOptions = {}): Augmentation {
  return {
    kind: 'randomShift',
    options: { most: pair('randomShift', 'the shift', most, 0), fill } satisfies ShiftStep,
  };
}

function drawShift(draws: Generator, [rows, columns]: readonly [number, number]): [number, number] {
  const [a, b] = draws.uniform53(2);
  return [Math.floor(a * (rows + 1)), Math.floor(b * (columns + 1))];
}

function shifting({ most, fill }: ShiftStep): Step {
  return {
    shape: sameSize('randomShift'),
    apply(input, shape, output, draws) {
      const [dy, dx] = drawShift(draws, [2 * most[0], 2 * most[1]]);
      move(input, shape, output, shape, fill, dy - most[0], dx - most[1]);
    },
  };
}

export interface CropOptions extends FillOptions {
  /** Pixels of `fill` on every side before the crop. Default 0. */
  padding?: number;
}

interface CropStep extends Required<CropOptions> {
  readonly size: readonly [number, number];
}

/**
 * A part of the given size from anywhere in the image.
 *
 * @throws ConfigError  if the size or the padding is out of range
 * @throws ShapeError   (of the transform) if the image with its padding is smaller
 */
export function randomCrop(
  size: number | readonly [number, number],
  { padding = 0, fill = 0 }: CropOptions = {},
): Augmentation {
  const op = 'randomCrop';
  checkCount(op, 'padding', padding, 0);
  return { kind: op, options: { size: pair(op, 'the size', size, 1), padding, fill } satisfies CropStep };
}

function cropping({ size, padding, fill }: CropStep): Step {
  const op = 'randomCrop';
  const room = (shape: Shape): [number, number] => {
    const { height, width } = imageSize(op, shape);
    return [height + 2 * padding - size[0], width + 2 * padding - size[1]];
  };
  const shapeOf = (input: Shape): Shape => {
    if (room(input).some((space) => space < 0)) {
      const expected = `at least ${size.join(' × ')} with padding ${padding}`;
      throw new ShapeError({ op, problem: 'the image is smaller than the crop', got: input, expected });
    }
    return [...input.slice(0, -2), ...size];
  };
  return {
    shape: shapeOf,
    apply(input, shape, output, draws) {
      const [dy, dx] = drawShift(draws, room(shape));
      move(input, shape, output, shapeOf(shape), fill, dy - padding, dx - padding);
    },
  };
}

export const imageSteps = {
  randomHorizontalFlip: (options: Required<FlipOptions>): Step => flip('randomHorizontalFlip', options, false),
  randomVerticalFlip: (options: Required<FlipOptions>): Step => flip('randomVerticalFlip', options, true),
  randomRotation: rotation,
  randomScale: scaling,
  randomShift: shifting,
  randomCrop: cropping,
};
