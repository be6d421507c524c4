/**
 * Fashion-MNIST by a network with one hidden layer.
 *
 * npx tsx bench/accuracy/fashion-mlp.ts [--json]
 */

import { mlp, trainImages } from './image-nets.ts';
import { report } from './report.ts';

const accuracy = await trainImages({
  set: 'fashion-mnist',
  model: () => mlp(256, 0.2),
  epochs: 8,
  batchSize: 128,
  lr: 2e-3,
});
report('fashion-mlp', [{ what: 'test accuracy', value: accuracy, target: 0.885, is: 'at least' }]);
