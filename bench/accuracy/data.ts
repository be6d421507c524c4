/** The data sets of the accuracy scripts; the README says where each can be had. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { data, type Tensor } from '../../src/index.ts';

const folder = process.env.LANEGRAD_DATA || fileURLToPath(new URL('../../../shared/data', import.meta.url));

/** The path of a file of a data set; without it the script ends, saying what is missing. */
export function dataPath(name: string): string {
  const path = join(folder, name);
  if (existsSync(path)) return path;
  console.error(
    `${path} is missing. LANEGRAD_DATA names the folder of the data sets; the README says where to get them.`,
  );
  process.exit(1);
}

export interface Images {
  /** Bytes as they are, [N, 28, 28]. */
  readonly x: Tensor;
  /** int32 [N]. */
  readonly y: Tensor;
}

/** MNIST or Fashion-MNIST, the training or the test part. */
export async function images(set: 'mnist' | 'fashion-mnist', part: 'train' | 't10k'): Promise<Images> {
  const read = (file: string) => data.readIdx(dataPath(`${set}/${part}-${file}-ubyte.gz`));
  const [x, y] = [await read('images-idx3'), await read('labels-idx1')];
  return { x, y: y.to('int32') };
}

/** Grey values as a network takes them: [N, 1, 28, 28], of mean 0 and deviation 1 over the training images. */
export function standardised({ x, y }: Images, like: Images): data.TensorDataset {
  const [n, h, w] = x.shape;
  const grey = like.x.to('float32');
  const [mean, deviation] = [grey.mean().item(), grey.std().item()];
  return new data.TensorDataset(x.to('float32').sub(mean).div(deviation).reshape([n, 1, h, w]), y);
}
