/**
 * Fashion-MNIST by softmax regression on raw pixels (0 to 255): batch size, learning rate, epochs and penalty searched on
 * a validation split, the best choice trained on all training images.
 *
 * npx tsx bench/accuracy/fashion-softmax.ts [--json]
 */

import { data, models, type Tensor, train } from '../../src/index.ts';
import { type Images, images } from './data.ts';
import { report } from './report.ts';

const table = ({ x, y }: Images) => new data.TensorDataset(x.to('float32').reshape([-1, 784]), y);
const [training, test] = [table(await images('fashion-mnist', 'train')), table(await images('fashion-mnist', 't10k'))];

interface Setting {
  readonly batchSize: number;
  readonly lr: number;
  readonly epochs: number;
  readonly l2: number;
}

/** All samples of a part as tensors. */
function whole(part: data.Dataset<Tensor[]>): [x: Tensor, y: Tensor] {
  return data.wholeBatch(part) as [Tensor, Tensor];
}

function learn(part: data.Dataset<Tensor[]>, setting: Setting): Promise<models.SoftmaxRegression> {
  return new models.SoftmaxRegression({ solver: 'descent', seed: 1, ...setting }).fit(...whole(part));
}

const known: Setting = { batchSize: 1024, lr: 2e-6, epochs: 60, l2: 0.5 };
const found = await train.search(
  { batchSize: [256, 1024], lr: [5e-7, 2e-6], epochs: [30, 60], l2: [0.5, 20] },
  async (choice, context) => {
    const model = await learn(context.train, choice);
    return model.score(...whole(context.validation));
  },
  { data: training, validation: 1 / 6, stratify: training.tensors[1], mode: 'max', seed: 1 },
);
console.error(found.toString());
const best = found.best!;
const accuracyOf = async (setting: Setting) => (await learn(training, setting)).score(...whole(test));
const [searched, stated] = [await accuracyOf(best.choice), await accuracyOf(known)];
report(
  'fashion-softmax',
  [
    { what: 'test accuracy of the best choice', value: searched, target: 0.84, is: 'at least' },
    { what: 'test accuracy at (1024, 2e−6, 60, .5)', value: stated, target: 0.83, is: 'at least' },
  ],
  { best: JSON.stringify(best.choice), 'its validation accuracy': best.value.toFixed(4), trials: found.trials.length },
);
