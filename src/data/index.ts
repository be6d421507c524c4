/** Data: samples by index, batches of them, parts of them, and what is done to them on the way. */

export { type Collated, collate } from './collate.ts';
export { ArrayDataset, ConcatDataset, type Dataset, map, Subset, TensorDataset } from './dataset.ts';
export { type BatchSource, DataLoader, type DataLoaderOptions } from './loader.ts';
export type { Source } from './read/bytes.ts';
export { type CsvOptions, readCsv, streamCsv } from './read/csv.ts';
export { readIdx } from './read/idx.ts';
export { formatNpy, parseNpy, readNpy, writeNpy } from './read/npy.ts';
export { type Cell, type Column, type ColumnType, Table } from './read/table.ts';
export { readJsonLines, readLines, readText } from './read/text.ts';
export {
  RandomSampler,
  type RandomSamplerOptions,
  type Sampler,
  SequentialSampler,
  WeightedRandomSampler,
} from './sampler.ts';
export {
  type Fold,
  type KFoldOptions,
  kFold,
  type Labels,
  randomSplit,
  type SplitOptions,
  splitByTime,
  stratifiedSplit,
  type TrainTestOptions,
  trainTestSplit,
} from './split.ts';
export { type BatchContext, type ModuleTransform, moduleTransform, type Transform } from './transform.ts';
