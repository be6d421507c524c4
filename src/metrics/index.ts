/** Metrics: of all outputs at once as functions, and fed batch by batch as classes. */

export {
  Accuracy,
  accuracy,
  BalancedAccuracy,
  balancedAccuracy,
  FalsePositiveRate,
  FScore,
  falsePositiveRate,
  fScore,
  Precision,
  precision,
  Recall,
  recall,
  Specificity,
  specificity,
  TopKAccuracy,
  type TopKOptions,
  topKAccuracy,
  ZeroOneLoss,
  zeroOneLoss,
} from './classification.ts';
export {
  type Average,
  type AverageOptions,
  type ClassCounts,
  ConfusionMatrix,
  type ConfusionMatrixOptions,
  confusionMatrix,
  type FScoreOptions,
} from './confusion-matrix.ts';
export {
  BitsPerCharacter,
  bitsPerCharacter,
  LogLoss,
  type LogLossOptions,
  logLoss,
  Perplexity,
  type PerplexityOptions,
  perplexity,
} from './likelihood.ts';
export type { MergeableMetric, Metric } from './metric.ts';
export {
  AveragePrecision,
  auc,
  averagePrecision,
  type ClassAverage,
  type PrecisionRecallCurve,
  precisionRecallCurve,
  type RankingOptions,
  RocAuc,
  type RocCurve,
  rocAuc,
  rocCurve,
} from './ranking.ts';
export {
  MeanAbsoluteError,
  MeanSquaredError,
  meanAbsoluteError,
  meanSquaredError,
  R2Score,
  RootMeanSquaredError,
  r2Score,
  rootMeanSquaredError,
} from './regression.ts';
export { ClassificationReport, classificationReport, type ReportOptions, type ReportRow } from './report.ts';
export type { DecisionOptions, Values } from './values.ts';
