import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { backendInfo } from '../../src/backend/select.ts';
import { loadCheckpoint } from '../../src/io/checkpoint.ts';
import { loadSafetensors } from '../../src/io/safetensors.ts';
import { filesIn, temporaryFolder } from '../io/folder.ts';
import { type Finished, folderWithText, lanegrad, metricsOf, sampleText, TINY } from './run.ts';
import { differences } from './tensors.ts';

const TIMEOUT = { timeout: 120_000 };

async function succeed(args: readonly string[], cwd: string, env?: Record<string, string>): Promise<Finished> {
  const finished = await lanegrad(args, { cwd, env });
  if (finished.code !== 0) throw new Error(`exit ${finished.code}: ${finished.stderr}`);
  return finished;
}

const checkpointOf = (cwd: string, run: string) => join(cwd, run, 'checkpoint.safetensors');

describe('train', TIMEOUT, () => {
  test('prints one JSON object, keeps its files, and says no carriage return without a terminal', async () => {
    const cwd = folderWithText();
    const { stdout, stderr } = await succeed(
      ['train', 'text.txt', '--out', 'runs/a', ...TINY, '--steps', '25', '--json'],
      cwd,
    );
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(Object.keys(report)).toEqual([
      'steps',
      'seconds',
      'chars',
      'charsPerSecond',
      'trainLoss',
      'valLoss',
      'checkpoint',
      'backend',
      'isa',
      'threads',
    ]);
    const { backend, isa, threads } = backendInfo();
    expect(report).toMatchObject({
      steps: 25,
      chars: 25 * 4 * 16,
      checkpoint: 'runs/a/checkpoint.safetensors',
      backend,
      isa,
      threads,
    });
    expect(report.charsPerSecond).toBeCloseTo((report.chars as number) / (report.seconds as number), 6);
    expect(stderr).toMatch(/^100% · step 25\/25 · loss \d\.\d{4} · val \d\.\d{4} · [\d,]+ chars\/s · 0s left$/m);
    expect(stderr).not.toContain('\r');
    expect(filesIn(join(cwd, 'runs', 'a'))).toEqual([
      'best.safetensors',
      'checkpoint.safetensors',
      'metrics.jsonl',
      'previous.safetensors',
    ]);
    const lines = metricsOf(join(cwd, 'runs', 'a'));
    expect(lines.filter((line) => line.loss !== undefined).map((line) => line.step)).toEqual([10, 20, 25]);
    expect(lines.filter((line) => line.validationLoss !== undefined).at(-1)).toMatchObject({
      step: 25,
      validationLoss: report.valLoss,
    });
  });

  test('a checkpoint is weights under their plain names, and the rest under __train__', async () => {
    const cwd = folderWithText();
    await succeed(['train', 'text.txt', '--out', 'a', ...TINY, '--layers', '2', '--steps', '2'], cwd);
    const { tensors, metadata } = loadSafetensors(checkpointOf(cwd, 'a'));
    const weights = Object.keys(tensors).filter((name) => !name.startsWith('__train__.'));
    const lstm = [0, 1].flatMap((layer) =>
      ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map((name) => `lstm.${name}_l${layer}`),
    );
    expect(weights.sort()).toEqual(['emb.weight', 'head.bias', 'head.weight', ...lstm].sort());
    expect(tensors['lstm.weight_ih_l0'].shape).toEqual([48, 6]);
    expect(tensors['__train__.state.h'].shape).toEqual([2, 4, 12]);
    expect(Object.keys(metadata).sort()).toEqual([
      'config',
      'corpus',
      'generator',
      'model',
      'optimizer',
      'progress',
      'times',
      'vocabulary',
    ]);
    expect(JSON.parse(metadata.vocabulary)).toMatch(/^\n .*naïve|😀/su);
  });

  test('for people: the result and what comes next; a run folder is chosen where none is named', async () => {
    const cwd = folderWithText();
    const first = await succeed(['train', 'text.txt', ...TINY, '--steps', '3', '--val', '0'], cwd);
    expect(first.stdout).toMatch(
      /^trained 3 steps in \ds, [\d,]+ characters a second\ntraining loss \d\.\d+ \(nats a character\)\nsaved in runs\/text\nwrite text with: lanegrad generate runs\/text\n$/,
    );
    await succeed(['train', 'text.txt', ...TINY, '--steps', '3'], cwd);
    expect(filesIn(join(cwd, 'runs'))).toEqual(['text', 'text-2']);
  });

  test('several files are one text, and --epochs counts passes over it', async () => {
    const cwd = temporaryFolder();
    for (const [i, part] of [sampleText(20), sampleText(35)].entries()) writeFileSync(join(cwd, `${i}.txt`), part);
    const { stdout } = await succeed(
      ['train', '0.txt', '1.txt', '--out', 'a', ...TINY, '--epochs', '2', '--json'],
      cwd,
    );
    const size = Array.from(sampleText(20) + sampleText(35)).length;
    const perEpoch = Math.floor(Math.floor((Math.floor(size * 0.9) - 1) / 4) / 16);
    expect(JSON.parse(stdout)).toMatchObject({ steps: 2 * perEpoch });
  });

  test('--minutes ends by the clock of training', async () => {
    const cwd = folderWithText();
    const began = performance.now();
    const { stdout } = await succeed(['train', 'text.txt', '--out', 'a', ...TINY, '--minutes', '0.02', '--json'], cwd);
    const { seconds, steps } = JSON.parse(stdout) as { seconds: number; steps: number };
    expect(seconds).toBeGreaterThanOrEqual(1.2);
    expect(seconds).toBeLessThan(Math.min(3, (performance.now() - began) / 1000));
    expect(steps).toBeGreaterThan(3);
    const again = await succeed(['train', '--out', 'a', '--resume', '--minutes', '0.03', '--json'], cwd);
    expect((JSON.parse(again.stdout) as { seconds: number }).seconds).toBeGreaterThanOrEqual(1.8);
  });
});

describe('the same seed gives the same bits', TIMEOUT, () => {
  const training = [
    'train',
    'text.txt',
    '--hidden',
    '40',
    '--layers',
    '2',
    '--batch',
    '6',
    '--seq',
    '24',
    '--dropout',
    '0.2',
    '--steps',
    '30',
  ];

  test('with one thread and with two, and another seed gives others', async () => {
    const cwd = folderWithText();
    await succeed([...training, '--out', 'one', '--threads', '1'], cwd);
    await succeed([...training, '--out', 'two', '--threads', '2'], cwd);
    await succeed([...training, '--out', 'other', '--seed', '2'], cwd);
    expect(differences(checkpointOf(cwd, 'one'), checkpointOf(cwd, 'two'))).toEqual([]);
    expect(differences(checkpointOf(cwd, 'one'), checkpointOf(cwd, 'other')).length).toBeGreaterThan(20);
  });

  test('with every instruction set that has a fused multiply-add; the baseline and TypeScript stay near', async (context) => {
    const { isas } = backendInfo();
    if (isas.length === 0) return context.skip('there is no addon here');
    const cwd = folderWithText();
    for (const isa of isas) await succeed([...training, '--out', isa], cwd, { LANEGRAD_ISA: isa });
    const fused = isas.filter((isa) => isa !== 'baseline');
    for (const isa of fused.slice(1))
      expect(differences(checkpointOf(cwd, fused[0]), checkpointOf(cwd, isa)), isa).toEqual([]);

    await succeed([...training, '--out', 'ts', '--backend', 'ts'], cwd);
    const near = loadCheckpoint(join(cwd, isas[0]));
    for (const other of ['baseline', 'ts']) {
      const { weights, documents } = loadCheckpoint(join(cwd, other));
      // The same draws on every backend; sums in another order, over 30 steps of Adam.
      expect(documents.generator).toEqual(near.documents.generator);
      for (const [name, { data }] of Object.entries(weights)) {
        const furthest = Math.max(...Array.from(data, (w, i) => Math.abs(w - near.weights[name].data[i])));
        expect(furthest, `${other} ${name}`).toBeLessThan(2e-3);
      }
    }
  });
});

/** Sends a signal as soon as the run's metrics reach a step. */
async function interruptAt(
  step: number,
  signal: NodeJS.Signals,
  args: readonly string[],
  cwd: string,
  run: string,
): Promise<Finished> {
  let running = true;
  const finished = lanegrad(args, {
    cwd,
    onStart: async (child) => {
      while (running && (metricsOf(join(cwd, run)).at(-1)?.step ?? -1) < step) await setTimeout(2);
      child.kill(signal);
    },
  });
  const result = await finished;
  running = false;
  return result;
}

describe('interrupted', TIMEOUT, () => {
  // So large that 200 steps take seconds on either backend, and the signal comes in the middle.
  const hidden = backendInfo().backend === 'native' ? '224' : '40';
  const training = [
    'train',
    'text.txt',
    '--hidden',
    hidden,
    '--batch',
    '8',
    '--seq',
    '32',
    '--dropout',
    '0.1',
    '--steps',
    '200',
  ];

  test('by Ctrl-C near step 100 and gone on with: the same bits as in one piece', async () => {
    const cwd = folderWithText();
    await succeed([...training, '--out', 'whole'], cwd);
    const { code, stdout } = await interruptAt(90, 'SIGINT', [...training, '--out', 'parts'], cwd, 'parts');
    expect(code).toBe(130);
    expect(stdout).toMatch(/^stopped after \d+ steps[\s\S]*go on with: lanegrad train --out parts --resume\n$/);
    const { step } = loadCheckpoint(join(cwd, 'parts')).documents.progress as { step: number };
    expect(step).toBeGreaterThanOrEqual(90);
    expect(step).toBeLessThan(200);
    expect(filesIn(join(cwd, 'parts'))).not.toContain('.lock');
    const { stdout: report } = await succeed(['train', '--out', 'parts', '--resume', '--steps', '200', '--json'], cwd);
    expect(JSON.parse(report)).toMatchObject({ steps: 200 });
    expect(differences(checkpointOf(cwd, 'whole'), checkpointOf(cwd, 'parts'))).toEqual([]);
    const course = (run: string) =>
      metricsOf(join(cwd, run))
        .filter((line) => line.saved === undefined)
        .map((line) => ({ ...line, seconds: 0 }));
    expect(course('parts')).toEqual(course('whole'));
  });

  test('by SIGTERM it exits with 143, and prints its JSON', async () => {
    const cwd = folderWithText();
    const { code, stdout } = await interruptAt(20, 'SIGTERM', [...training, '--out', 'a', '--json'], cwd, 'a');
    expect(code).toBe(143);
    expect((JSON.parse(stdout) as { steps: number }).steps).toBeGreaterThanOrEqual(20);
  });

  test('a second trainer is refused and told who is there; a killed one is replaced', async () => {
    const cwd = folderWithText();
    let pid = 0;
    const first = lanegrad([...training, '--out', 'a', '--steps', '100000'], {
      cwd,
      onStart: async (child) => {
        pid = child.pid as number;
        while (!existsSync(checkpointOf(cwd, 'a'))) await setTimeout(5);
        const second = await lanegrad(['train', '--out', 'a', '--resume'], { cwd });
        child.kill('SIGKILL');
        expect([second.code, second.stderr]).toEqual([2, expect.stringContaining(`written by process ${pid}`)]);
      },
    });
    expect((await first).code).toBe('SIGKILL');
    expect(JSON.parse(readFileSync(join(cwd, 'a', '.lock'), 'utf8'))).toMatchObject({ pid });
    await succeed(['train', '--out', 'a', '--resume', '--steps', '1'], cwd);
    expect(filesIn(join(cwd, 'a'))).not.toContain('.lock');
  });
});
