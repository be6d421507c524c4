// Workloads over planes: convolutions, pooling, patches, resampling, and the norms of channels.
#include <initializer_list>

#include "workloads.h"

namespace lanegrad {

// Each class of the convolutions, cut along images, rows, columns, filters and channels.
void conv2d(Machine& m) {
  constexpr ConvDims kShapes[] = {
      {64, 1, 1, 16, 12, 12, 5, 5, 12, 12, 1, 1, 2, 2, 1, 1},  {2, 1, 40, 35, 23, 23, 3, 3, 23, 23, 1, 1, 1, 1, 1, 1},
      {2, 1, 33, 65, 33, 33, 3, 3, 16, 16, 2, 2, 0, 0, 1, 1},  {2, 24, 24, 24, 40, 40, 3, 3, 40, 40, 1, 1, 1, 1, 1, 1},
      {1, 1, 64, 128, 20, 20, 1, 1, 20, 20, 1, 1, 0, 0, 1, 1}, {1, 1, 16, 40, 1, 3000, 1, 3, 1, 2998, 1, 1, 0, 0, 1, 1},
  };
  for (const ConvDims& d : kShapes) {
    const int64_t images = d.batch * d.in_channels * d.in_height * d.in_width;
    const int64_t places = d.batch * d.out_channels * d.out_height * d.out_width;
    const int64_t weights = d.out_channels * (d.in_channels / d.groups) * d.kernel_height * d.kernel_width;
    const Drawn x(m, images), w(m, weights), bias(m, d.out_channels), dy(m, places);
    Result<float> y(m, places), dx(m, images), dw(m, weights), db(m, d.out_channels);
    const Conv2dArgs forward{d, x.data, w.data, bias.data, y.data};
    m.table.conv2d(forward, m.parallel, m.scratch(m.table.conv2d_scratch(forward, m.threads)));
    const Conv2dBackwardDataArgs data{d, w.data, dy.data, dx.data};
    m.table.conv2d_backward_data(data, m.parallel, m.scratch(m.table.conv2d_backward_data_scratch(data, m.threads)));
    const Conv2dBackwardWeightArgs weight{d, x.data, dy.data, dw.data, db.data};
    m.table.conv2d_backward_weight(weight, m.parallel,
                                   m.scratch(m.table.conv2d_backward_weight_scratch(weight, m.threads)));
  }
}

void max_pool2d(Machine& m) {
  constexpr PoolDims kShapes[] = {
      {300, 18, 18, 2, 2, 9, 9, 2, 2, 0, 0, 1, 1},
      {300, 18, 18, 3, 3, 18, 18, 1, 1, 1, 1, 1, 1},
  };
  for (const PoolDims& d : kShapes) {
    const int64_t images = d.planes * d.in_height * d.in_width, windows = d.planes * d.out_height * d.out_width;
    const Drawn x(m, images), dy(m, windows);
    Result<float> y(m, windows), dx(m, images);
    Result<int32_t> indices(m, windows);
    m.table.max_pool2d({d, x.data, y.data, indices.data}, m.parallel);
    m.table.max_pool2d_backward({d, dy.data, indices.data, dx.data}, m.parallel);
  }
}

void patches(Machine& m) {
  constexpr PoolDims kShapes[] = {
      {70, 18, 21, 3, 2, 8, 20, 2, 1, 0, 0, 1, 1},
      {70, 18, 21, 3, 3, 18, 21, 1, 1, 2, 2, 2, 2},
  };
  for (const PoolDims& d : kShapes) {
    const int64_t images = d.planes * d.in_height * d.in_width;
    const int64_t columns = d.planes * d.kernel_height * d.kernel_width * d.out_height * d.out_width;
    const Drawn x(m, images), dy(m, columns);
    Result<float> y(m, columns), dx(m, images);
    m.table.im2col({d, x.data, y.data}, m.parallel);
    m.table.col2im({d, dy.data, dx.data}, m.parallel);
  }
}

// A band of `taps` elements for each of n outputs over n_in inputs, the last ones cut at the edge.
struct DrawnBand {
  DrawnBand(Machine& m, int64_t n, int64_t n_in, int64_t taps)
      : spans(static_cast<size_t>(2 * n), m.flush), weights(m, n * taps), args{spans.data, weights.data, taps} {
    for (int64_t i = 0; i < n; ++i) {
      const int64_t from = i * n_in / n;
      spans.data[i] = static_cast<int32_t>(from);
      spans.data[n + i] = static_cast<int32_t>(from + taps <= n_in ? taps : n_in - from);
    }
  }

  Guarded<int32_t> spans;
  Drawn weights;
  BandArgs args;
};

// Rows alone, columns alone, both; larger and smaller.
void resample(Machine& m) {
  constexpr int64_t kPlanes = 40, kHeight = 33, kWidth = 37, kOther = 71, kLess = 19;
  const Drawn x(m, kPlanes * kHeight * kWidth);
  const DrawnBand rows(m, kOther, kHeight, 2), columns(m, kLess, kWidth, 4);
  const BandArgs none{nullptr, nullptr, 0};
  const ResampleArgs shapes[] = {
      {kPlanes, kHeight, kWidth, kOther, kWidth, rows.args, none, x.data, nullptr},
      {kPlanes, kHeight, kWidth, kHeight, kLess, none, columns.args, x.data, nullptr},
      {kPlanes, kHeight, kWidth, kOther, kLess, rows.args, columns.args, x.data, nullptr},
  };
  for (ResampleArgs args : shapes) {
    Result<float> y(m, kPlanes * args.out_height * args.out_width);
    args.y = y.data;
    m.table.resample(args, m.parallel, m.scratch(m.table.resample_scratch(args, m.threads)));
  }
}

// Statistics of a channel and of a group; planes that are rows, and planes of one element.
void channel_norm(Machine& m) {
  constexpr ChannelNormDims kShapes[] = {
      {9, 35, 261, 0}, {3, 5, 9001, 0}, {701, 131, 1, 0}, {9, 36, 261, 4}, {5, 12, 4099, 12}, {701, 132, 1, 11},
  };
  for (const ChannelNormDims& d : kShapes) {
    const int64_t size = d.batch * d.channels * d.inner;
    const int64_t statistics = d.groups == 0 ? d.channels : d.batch * d.groups;
    const Drawn x(m, size, 3), weight(m, d.channels), bias(m, d.channels), dy(m, size);
    const Drawn group_mean(m, statistics), group_rstd(m, statistics);
    Result<float> mean(m, d.channels), variance(m, d.channels), y(m, size);
    const BatchMomentsArgs moments{x.data, mean.data, variance.data, d.batch, d.channels, d.inner};
    m.table.batch_moments(moments, m.parallel, m.scratch(m.table.batch_moments_scratch(moments, m.threads)));
    m.table.channel_norm({d, x.data, weight.data, bias.data, group_mean.data, group_rstd.data, y.data}, m.parallel);
    for (const bool fixed : {false, true}) {
      Result<float> dx(m, size), d_weight(m, d.channels), d_bias(m, d.channels);
      const ChannelNormBackwardArgs args{d,       fixed,   x.data,        weight.data, group_mean.data, group_rstd.data,
                                         dy.data, dx.data, d_weight.data, d_bias.data};
      m.table.channel_norm_backward(args, m.parallel, m.scratch(m.table.channel_norm_backward_scratch(args, m.threads)));
    }
  }
}

}  // namespace lanegrad
