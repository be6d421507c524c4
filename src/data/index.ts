/** Data: samples by index, batches of them, parts of them, and what is done to them on the way. */

export { type AugmentOptions, augment } from './augment/augment.ts';
export {
  type CropOptions,
  type FillOptions,
  type FlipOptions,
  randomCrop,
  randomHorizontalFlip,
  randomRotation,
  randomScale,
  randomShift,
  randomVerticalFlip,
} from './augment/image.ts';
export {
  dropTokens,
  gaussianNoise,
  randomGain,
  randomTimeShift,
  replaceTokens,
  swapTokens,
} from './augment/sequence.ts';
export type { Augmentation } from './augment/step.ts';
export { type Collated, collate } from './collate.ts';
export { ArrayDataset, ConcatDataset, type Dataset, map, Subset, TensorDataset, wholeBatch } from './dataset.ts';
export {
  type Categories,
  type Category,
  LabelEncoder,
  type LabelEncoderState,
  OneHotEncoder,
  type OneHotEncoderOptions,
  type OneHotEncoderState,
} from './fitted/encode.ts';
export type { FeatureOptions } from './fitted/features.ts';
export {
  MinMaxScaler,
  type MinMaxScalerOptions,
  type MinMaxScalerState,
  SimpleImputer,
  type SimpleImputerOptions,
  type SimpleImputerState,
  StandardScaler,
  type StandardScalerState,
} from './fitted/scale.ts';
export { type BatchSource, DataLoader, type DataLoaderOptions, type EpochOptions } from './loader.ts';
export type { Source } from './read/bytes.ts';
export { type CsvOptions, readCsv, type StreamCsvOptions, streamCsv } from './read/csv.ts';
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
  type AddingOptions,
  type AgreementOptions,
  addingProblem,
  agreementSentences,
  type CopyMemoryOptions,
  copyMemory,
  type PronounOptions,
  pronounReference,
  type ResetOptions,
  resetSequences,
  type SequenceSetOptions,
} from './sequences.ts';
export {
  type Fold,
  type KFoldOptions,
  kFold,
  type Labels,
  randomSplit,
  type SplitOptions,
  splitByTime,
  stratifiedSplit,
  type TimeSplitOptions,
  type TrainTestOptions,
  trainTestSplit,
} from './split.ts';
export {
  type BlobOptions,
  blobs,
  circles,
  type Gate,
  gate,
  linearRegression,
  moons,
  type PlaneOptions,
  type SyntheticOptions,
  spirals,
  xor,
} from './synthetic.ts';
export { type BatchContext, type ModuleTransform, moduleTransform, type Transform } from './transform.ts';
export { type WindowDataset, type WindowOptions, windows } from './windows.ts';
