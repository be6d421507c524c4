import { describe, expect, test } from 'vitest';
import { backward, detectAnomaly, grad, setAnomalyMode } from '../../src/autograd/index.ts';
import { AutogradError, ConfigError } from '../../src/errors.ts';
import { customFunction, div, log, logsumexp, maskedFill, sqrt, std, tensor, where } from '../../src/ops/index.ts';
import type { Tensor } from '../../src/tensor.ts';

const leaf = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });

/** The line in this file of the statement that `mark` comes with, and the error that `fn` throws. */
function caught(fn: () => unknown): AutogradError {
  try {
    fn();
  } catch (error) {
    expect(error).toBeInstanceOf(AutogradError);
    return error as AutogradError;
  }
  throw new Error('nothing was thrown');
}

/** The line after the one this is called from. */
function nextLine(): string {
  const [, , frame] = (new Error().stack ?? '').split('\n');
  const line = /:(\d+):\d+\)?$/.exec(frame)?.[1];
  return `anomaly.test.ts:${Number(line) + 1}:`;
}

describe('forward', () => {
  test('names the operation, the element and the line that called it', () => {
    const x = leaf([1, -1]);
    let line = '';
    const error = caught(() =>
      detectAnomaly(() => {
        line = nextLine();
        const y = log(x);
        return y.mul(2);
      }),
    );
    expect(error.message).toMatch(/^log: its result is not finite, though its operands are: got NaN at \[1\] of \[2\]/);
    expect(error.message).toContain(line);
    expect(error.code).toBe('ERR_NOT_FINITE');
    expect((error.cause as Error).stack).toContain('anomaly.test.ts');
  });

  test('an operation of others by the name the user called, methods too', () => {
    expect(caught(() => detectAnomaly(() => std(leaf([1])))).message).toMatch(
      /\(called by std at .*anomaly\.test\.ts:/,
    );
    expect(caught(() => detectAnomaly(() => leaf([0]).log())).message).toMatch(/^log: .*-Infinity.*\(called at/);
  });

  test('says which operand was not finite already', () => {
    const error = caught(() => detectAnomaly(() => leaf([1]).mul(tensor([NaN], { dtype: 'float64' }))));
    expect(error.message).toMatch(/^mul: .* as its operand 1 was not: NaN at \[0\]/);
  });

  test('an infinity that went in is let through, and others may be', () => {
    const masked = (mask: boolean[]): Tensor => logsumexp(maskedFill(leaf([1, 2]), tensor(mask), -Infinity), 0);
    expect(detectAnomaly(() => masked([true, false])).item()).toBe(2);
    const nothingLeft = (): Tensor => maskedFill(leaf([1, 2]), tensor([true, true]), -Infinity).softmax(0);
    expect(caught(() => detectAnomaly(nothingLeft)).message).toMatch(
      /^softmax: .* as its operand 0 was not: -Infinity.* got NaN/,
    );
    const logOfZero = (): Tensor => log(leaf([0]));
    expect(() => detectAnomaly(logOfZero)).toThrow(/-Infinity/);
    expect(detectAnomaly(logOfZero, { infinity: false }).item()).toBe(-Infinity);
    expect(() => detectAnomaly(() => log(leaf([-1])), { infinity: false })).toThrow(/NaN/);
  });

  test('also what is not recorded', () => {
    expect(() => detectAnomaly(() => div(tensor([0]), tensor([0])))).toThrow(/^div:/);
  });
});

describe('backward', () => {
  test('names the operation whose rule gave it, and where that was called', () => {
    const x = leaf([0]);
    let line = '';
    const error = caught(() =>
      detectAnomaly(() => {
        line = nextLine();
        const y = sqrt(x);
        y.mul(3).sum().backward();
      }),
    );
    expect(error.message).toMatch(
      /^sqrt: the gradient of its operand 0 is not finite, though the gradient that reached/,
    );
    expect(error.message).toContain(line);
    expect(x.grad).toBeNull();
  });

  test('what a rule computes on the way is not looked at, only what it gives', () => {
    // The gradient of where discards the branch in which the division failed.
    const x = leaf([0, 2]);
    const safe = (): Tensor => where(x.ne(0), x, 1).reciprocal().mul(x.ne(0).to('float64')).sum();
    detectAnomaly(() => safe().backward());
    expect([...(x.grad as Tensor).data]).toEqual([0, -0.25]);
  });

  test('a gradient of the gradient belongs to the operation it came from', () => {
    const x = leaf([0]);
    const error = caught(() =>
      detectAnomaly(() => {
        const [first] = grad(x.abs().pow(1.5).sum(), [x], { createGraph: true });
        return grad(first.sum(), [x]);
      }),
    );
    expect(error.message).toMatch(/called at .*anomaly\.test\.ts/);
  });

  test('a graph recorded before the mode was on has no line', () => {
    const y = sqrt(leaf([0])).sum();
    expect(() => detectAnomaly(() => backward(y))).toThrow(/^sqrt: .*run the forward pass inside detectAnomaly/);
  });

  test('a seed that is not finite', () => {
    const y = leaf([1]).mul(2);
    const run = (): void => detectAnomaly(() => backward(y, tensor([NaN], { dtype: 'float64' })));
    expect(run).toThrow(/as the gradient that reached it was not/);
  });

  test('in the rule of a function of the user', () => {
    const bad = customFunction({ name: 'bad', forward: (_, [x]) => x.mul(1), backward: (_, [dy]) => [dy.div(0)] });
    expect(() =>
      detectAnomaly(() =>
        bad(leaf([1]))
          .sum()
          .backward(),
      ),
    ).toThrow(/^bad: .*Infinity/);
  });
});

test('ends with its function, also by an error, and nests', () => {
  const bad = (): Tensor => log(leaf([-1]));
  expect(() => detectAnomaly(bad)).toThrow(AutogradError);
  expect(bad().item()).toBeNaN();
  setAnomalyMode(true);
  try {
    expect(detectAnomaly(() => 1)).toBe(1);
    expect(bad).toThrow(AutogradError);
  } finally {
    setAnomalyMode(false);
  }
  expect(bad().item()).toBeNaN();
  expect(() => detectAnomaly(async () => {})).toThrow(ConfigError);
});
