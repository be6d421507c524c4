/** A module refuses an option that it does not know, under its own name. */

import { expect, test } from 'vitest';
import { ConfigError, nn } from '../../src/index.ts';

const wrong = { strides: 2 } as never;
const layer = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 4 });

const makers: Readonly<Record<string, () => unknown>> = {
  Linear: () => new nn.Linear(2, 3, wrong),
  Bilinear: () => new nn.Bilinear(2, 2, 3, wrong),
  Embedding: () => new nn.Embedding(2, 3, wrong),
  Conv1d: () => new nn.Conv1d(1, 1, 3, wrong),
  Conv2d: () => new nn.Conv2d(1, 1, 3, wrong),
  ConvTranspose2d: () => new nn.ConvTranspose2d(1, 1, 3, wrong),
  MaxPool2d: () => new nn.MaxPool2d(2, wrong),
  AvgPool1d: () => new nn.AvgPool1d(2, wrong),
  AdaptiveMaxPool2d: () => new nn.AdaptiveMaxPool2d(2, wrong),
  BatchNorm1d: () => new nn.BatchNorm1d(2, wrong),
  InstanceNorm2d: () => new nn.InstanceNorm2d(2, wrong),
  LayerNorm: () => new nn.LayerNorm(2, wrong),
  GroupNorm: () => new nn.GroupNorm(1, 2, wrong),
  RNN: () => new nn.RNN(2, 3, wrong),
  GRU: () => new nn.GRU(2, 3, wrong),
  LSTM: () => new nn.LSTM(2, 3, wrong),
  RNNCell: () => new nn.RNNCell(2, 3, wrong),
  LSTMCell: () => new nn.LSTMCell(2, 3, wrong),
  MultiheadAttention: () => new nn.MultiheadAttention(4, 2, wrong),
  TransformerEncoderLayer: () => new nn.TransformerEncoderLayer(4, 2, wrong),
  TransformerEncoder: () => new nn.TransformerEncoder(layer, 1, wrong),
  SinusoidalPositionalEncoding: () => new nn.SinusoidalPositionalEncoding(4, wrong),
  LearnedPositionalEncoding: () => new nn.LearnedPositionalEncoding(5, 4, wrong),
  Dropout: () => new nn.Dropout(0.5, wrong),
  Softplus: () => new nn.Softplus(wrong),
  Upsample: () => new nn.Upsample(wrong),
  CrossEntropyLoss: () => new nn.CrossEntropyLoss(wrong),
  MSELoss: () => new nn.MSELoss(wrong),
  CTCLoss: () => new nn.CTCLoss(wrong),
  TripletMarginLoss: () => new nn.TripletMarginLoss(wrong),
};

test.each(Object.entries(makers))('%s', (name, make) => {
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(`${name}: unknown option: got strides`);
});

test('the option that was meant is named', () => {
  expect(() => new nn.Conv2d(1, 1, 3, wrong)).toThrow('did you mean stride?');
  expect(() => new nn.LSTM(2, 3, { num_layers: 2 } as never)).toThrow('did you mean numLayers?');
});
