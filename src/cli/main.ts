#!/usr/bin/env node
/**
 * The command line. Only the words of it stand here; what a command needs is loaded when it runs, so that help and
 * refusals come at once.
 */

import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { runMain } from './run-main.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

let exitCode = 0;

const program = new Command('lanegrad')
  .description('Train neural networks in Node.js.')
  .version(version)
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .showSuggestionAfterError(true);

program
  .command('train')
  .description('learn to write like the given text files')
  .argument('[files...]', 'UTF-8 text, read as one text in the given order')
  .option('--out <dir>', 'the run folder (default: a new one under runs, named after the first file)')
  .option('--hidden <n>', 'hidden units of each LSTM layer (default: 256)')
  .option('--layers <n>', 'LSTM layers (default: 1)')
  .option('--embed <n>', 'size of a character’s vector (default: 64)')
  .option('--seq <n>', 'characters of each stream that one step reads (default: 64)')
  .option('--batch <n>', 'streams (default: 32)')
  .option('--dropout <p>', 'probability of dropping an output of a layer (default: 0)')
  .option('--lr <rate>', 'learning rate at the start (default: 4e-3)')
  .option('--schedule <name>', 'how the rate falls until the end: cosine, linear or constant (default: cosine)')
  .option('--clip <norm>', 'largest norm of the gradient, 0 for any (default: 5)')
  .option('--weight-decay <w>', 'share of the rate that each weight loses a step, 0 for plain Adam (default: 0.1)')
  .option('--epochs <n>', 'end after so many passes over the text (default: 10)')
  .option('--steps <n>', 'end after so many steps')
  .option('--minutes <m>', 'end after so many minutes of training')
  .option('--val <part>', 'part of the text, at its end, that is kept for validation (default: 0.1)')
  .option('--seed <n>', 'of the initial weights and all draws (default: 1)')
  .option('--threads <n>', 'threads that the native backend uses (default: all cores)')
  .option('--backend <name>', 'auto, native or ts (default: auto)')
  .option('--checkpoint-every <s>', 'save after so many steps, as 200, or so much time, as 30s or 5m (default: 60s)')
  .option('--resume', 'go on with the run in --out')
  .option('--json', 'print one JSON object at the end')
  .action(async (files: string[], options: Record<string, string | boolean>) => {
    const { runTrain } = await import('./commands.ts');
    exitCode = await runTrain(files, options);
  });

program
  .command('generate')
  .description('write text with a trained model')
  .argument('<run>', 'a run folder, or a checkpoint file')
  .option('--seed-text <text>', 'what the text begins with')
  .option('--length <n>', 'characters to write after it (default: 500)')
  .option('--temperature <t>', 'below 1 bolder, 0 always the likeliest character (default: 1)')
  .option('--top-k <k>', 'draw among the k likeliest characters, 0 for all (default: 0)')
  .option('--top-p <p>', 'draw among the likeliest characters that make up p together (default: 1)')
  .option('--seed <n>', 'of the draws (default: another one each time)')
  .action(async (run: string, options: Record<string, string>) => {
    const { runGenerate } = await import('./commands.ts');
    await runGenerate(run, options);
  });

program
  .command('eval')
  .description('measure how well a trained model predicts a text')
  .argument('<run>', 'a run folder, or a checkpoint file')
  .argument('<file>', 'UTF-8 text')
  .option('--json', 'print one JSON object')
  .action(async (run: string, file: string, options: { json?: true }) => {
    const { runEval } = await import('./commands.ts');
    await runEval(run, file, options.json === true);
  });

program
  .command('info')
  .description('show what computes on this machine, and why')
  .option('--json', 'print one JSON object')
  .action(async (options: { json?: true }) => {
    const { runInfo } = await import('./commands.ts');
    runInfo(options.json === true);
  });

runMain(async () => {
  // Without a command, as with --help: what there is to be had.
  if (process.argv.length === 2) program.outputHelp();
  else await program.parseAsync();
  return exitCode;
});
