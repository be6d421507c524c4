/** Flowers, birds and cars: tables with rows that lack nothing, and scales learned from the part that is trained on. */

import { data, type Tensor } from '../../src/index.ts';
import { dataPath } from './data.ts';

export async function readTable(file: string): Promise<data.Table> {
  return (await data.readCsv(dataPath(file))).dropMissing();
}

/** For `crossValidate`: inputs of mean 0 and deviation 1; targets stay as they are. */
export function scaleInputs(train: data.Dataset<Tensor[]>): (batch: Tensor[]) => Tensor[] {
  const [x] = data.wholeBatch(train) as Tensor[];
  const scaler = new data.StandardScaler().fit(x);
  return ([inputs, ...rest]) => [scaler.transform(inputs), ...rest];
}
