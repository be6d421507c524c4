/**
 * Fashion-MNIST by a convolutional network.
 *
 * npx tsx bench/accuracy/fashion-cnn.ts [--json]
 */

import { cnn, trainImages } from './image-nets.ts';
import { report } from './report.ts';

const accuracy = await trainImages({
  set: 'fashion-mnist',
  model: () => cnn([16, 32], 128, 0.2),
  epochs: 8,
  batchSize: 64,
  lr: 2e-3,
});
report('fashion-cnn', [{ what: 'test accuracy', value: accuracy, target: 0.905, is: 'at least' }]);
