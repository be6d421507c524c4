/**
 * MNIST by a convolutional network.
 *
 * npx tsx bench/accuracy/mnist-cnn.ts [--json]
 */

import { cnn, trainImages } from './image-nets.ts';
import { report } from './report.ts';

const accuracy = await trainImages({
  set: 'mnist',
  model: () => cnn([16, 32], 128, 0.2),
  epochs: 5,
  batchSize: 64,
  lr: 2e-3,
});
report('mnist-cnn', [{ what: 'test accuracy', value: accuracy, target: 0.99, is: 'at least' }]);
