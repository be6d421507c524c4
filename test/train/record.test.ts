import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.ts';
import { TrainingRecord } from '../../src/train/record.ts';

function walked(steps: number): TrainingRecord {
  const record = new TrainingRecord();
  for (let i = 0; i < steps; i++) {
    record.add(i, 0.5);
    if (i % 40 === 39) record.addValidation(100 - i);
  }
  return record;
}

describe('TrainingRecord', () => {
  test('counts steps and seconds, and means the latest losses', () => {
    const record = walked(250);
    expect([record.step, record.seconds]).toEqual([250, 125]);
    expect(record.meanLoss(10)).toBe(244.5);
    expect(record.meanLoss()).toBe(199.5);
    expect(new TrainingRecord().meanLoss()).toBeNaN();
  });

  test('remembers the last and the best validation, and where the last was', () => {
    const record = walked(45);
    expect([record.lastValidation, record.bestValidation, record.validated]).toEqual([
      61,
      61,
      { step: 40, seconds: 20 },
    ]);
    expect(record.addValidation(70)).toBe(false);
    expect([record.lastValidation, record.bestValidation, record.validated.step]).toEqual([70, 61, 45]);
    expect(record.addValidation(61)).toBe(false);
    expect(record.addValidation(60)).toBe(true);
  });

  test.each([0, 5, 45, 250])('comes back from its snapshot after %d steps, times outside the tensors', (steps) => {
    const record = walked(steps);
    const { train, documents } = record.snapshot();
    const restored = TrainingRecord.restore({ train, documents: JSON.parse(JSON.stringify(documents)) });
    expect(restored.snapshot()).toEqual(record.snapshot());
    restored.add(3, 1);
    record.add(3, 1);
    expect(restored.meanLoss(10)).toBe(record.meanLoss(10));
    const slower = walked(steps);
    slower.seconds += 7;
    expect(slower.snapshot().train).toEqual(train);
  });

  test.each([
    ['progress', { progress: undefined }],
    ['a step of text', { progress: { step: '1', validatedStep: 0 } }],
    ['a negative step', { progress: { step: -1, validatedStep: 0 } }],
    ['half a step', { progress: { step: 0.5, validatedStep: 0 } }],
    ['times', { times: null }],
    ['endless time', { times: { seconds: null, validatedSeconds: 0 } }],
  ])('a snapshot without %s is refused', (_, documents) => {
    const good = walked(5).snapshot();
    expect(() => TrainingRecord.restore({ ...good, documents: { ...good.documents, ...documents } })).toThrow(
      CheckpointError,
    );
  });

  test('a snapshot without its tensors is refused', () => {
    const { documents } = walked(5).snapshot();
    expect(() => TrainingRecord.restore({ train: {}, documents })).toThrow(/recent_losses is missing/);
  });
});
