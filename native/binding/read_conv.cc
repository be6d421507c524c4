// Readers of the convolutions, of pooling and of resampling.
#include "readers.h"

namespace lanegrad {
namespace {

// The largest window of the padded input that a kernel may have to build, in elements: 2⁴⁰ are past any memory, and
// small enough for every product that the kernels form of the sizes to stay within 64 bits.
constexpr int64_t kMostPadded = int64_t{1} << 40;

// Refuses geometries whose padded input passes kMostPadded elements in `channels` channels.
void check_reach(Args& in, int64_t channels, int64_t rows, int64_t columns) {
  if (in.mul(channels + 1, rows, columns) <= kMostPadded) return;
  in.refuse(ErrorClass::kLimit, "the padded input is too large: got %lld by %lld elements in %lld channels",
            static_cast<long long>(rows), static_cast<long long>(columns), static_cast<long long>(channels));
}

// What `outputs` steps of a kernel pass over along one axis, at most.
int64_t span(Args& in, int64_t outputs, int64_t stride, int64_t kernel, int64_t dilation) {
  return in.add(in.add(in.mul(outputs, stride), in.mul(kernel - 1, dilation)), 1);
}

// (inHeight, inWidth, kernelHeight, kernelWidth, outHeight, outWidth, strideY, strideX, padTop, padLeft, dilationY,
//  dilationX, …)
template <class Dims>
void read_window(Args& in, Dims& d) {
  d.in_height = in.dim("inHeight");
  d.in_width = in.dim("inWidth");
  d.kernel_height = in.integer("kernelHeight", 1, kMaxDim);
  d.kernel_width = in.integer("kernelWidth", 1, kMaxDim);
  d.out_height = in.dim("outHeight");
  d.out_width = in.dim("outWidth");
  d.stride_y = in.integer("strideY", 1, kMaxDim);
  d.stride_x = in.integer("strideX", 1, kMaxDim);
  d.pad_top = in.dim("padTop");
  d.pad_left = in.dim("padLeft");
  d.dilation_y = in.integer("dilationY", 1, kMaxDim);
  d.dilation_x = in.integer("dilationX", 1, kMaxDim);
}

// (batch, groups, inChannels, outChannels, window…, …)
ConvDims read_conv_dims(Args& in) {
  ConvDims d{};
  d.batch = in.dim("batch");
  d.groups = in.integer("groups", 1, kMaxDim);
  d.in_channels = in.dim("inChannels");
  d.out_channels = in.dim("outChannels");
  read_window(in, d);
  if (in.ok() && (d.in_channels % d.groups != 0 || d.out_channels % d.groups != 0)) {
    in.refuse(ErrorClass::kShape, "groups must divide the channels: got %lld of %lld and %lld",
              static_cast<long long>(d.groups), static_cast<long long>(d.in_channels),
              static_cast<long long>(d.out_channels));
  }
  const int64_t rows = span(in, d.out_height, d.stride_y, d.kernel_height, d.dilation_y);
  const int64_t columns = span(in, d.out_width, d.stride_x, d.kernel_width, d.dilation_x);
  const int64_t channels = d.in_channels > d.out_channels ? d.in_channels : d.out_channels;
  // With a stride, a window holds the columns of each tap apart; the gradient by the input looks over dy instead.
  check_reach(in, channels, rows, in.add(columns, in.mul(d.kernel_width, d.out_width)));
  check_reach(in, channels, in.add(rows, in.add(d.in_height, d.pad_top)), in.add(columns, in.add(d.in_width, d.pad_left)));
  // A gradient of the weight for each run of images, and the widest rows of it.
  check_reach(in, 64, in.mul(d.out_channels / d.groups + 64, d.in_channels + 1), in.mul(d.kernel_height, d.kernel_width));
  return d;
}

struct ConvSizes {
  int64_t x, w, y;

  ConvSizes(Args& in, const ConvDims& d)
      : x(in.mul(in.mul(d.batch, d.in_channels), d.in_height, d.in_width)),
        w(in.mul(in.mul(d.out_channels, d.in_channels / d.groups), d.kernel_height, d.kernel_width)),
        y(in.mul(in.mul(d.batch, d.out_channels), d.out_height, d.out_width)) {}
};

}  // namespace

// (dims…, x, w, bias | null, y)
bool read_conv2d(Args& in, Conv2dArgs& a) {
  a.dims = read_conv_dims(in);
  const ConvSizes sizes(in, a.dims);
  a.x = in.in("x", sizes.x);
  a.w = in.in("w", sizes.w);
  a.bias = in.in_or_null("bias", a.dims.out_channels);
  a.y = in.out("y", sizes.y);
  return sizes.y > 0;
}

// (dims…, w, dy, dx)
bool read_conv2d_backward_data(Args& in, Conv2dBackwardDataArgs& a) {
  a.dims = read_conv_dims(in);
  const ConvSizes sizes(in, a.dims);
  a.w = in.in("w", sizes.w);
  a.dy = in.in("dy", sizes.y);
  a.dx = in.out("dx", sizes.x);
  return sizes.x > 0;
}

// (dims…, x, dy, dw, db | null)
bool read_conv2d_backward_weight(Args& in, Conv2dBackwardWeightArgs& a) {
  a.dims = read_conv_dims(in);
  const ConvSizes sizes(in, a.dims);
  a.x = in.in("x", sizes.x);
  a.dy = in.in("dy", sizes.y);
  a.dw = in.out("dw", sizes.w);
  a.db = in.out_or_null("db", a.dims.out_channels);
  return a.dims.out_channels > 0;
}

namespace {

// (planes, window…, …)
PoolDims read_pool_dims(Args& in) {
  PoolDims d{};
  d.planes = in.dim("planes");
  read_window(in, d);
  // Keeps every place that the kernels form within 64 bits.
  span(in, d.out_height, d.stride_y, d.kernel_height, d.dilation_y);
  span(in, d.out_width, d.stride_x, d.kernel_width, d.dilation_x);
  // The place of an element in its plane is an int32.
  if (in.mul(d.in_height, d.in_width) > kMaxDim) {
    in.refuse(ErrorClass::kLimit, "a plane is too large: got %lld by %lld elements",
              static_cast<long long>(d.in_height), static_cast<long long>(d.in_width));
  }
  return d;
}

}  // namespace

// (dims…, x, y, indices | null)
bool read_max_pool2d(Args& in, MaxPool2dArgs& a) {
  const PoolDims d = a.dims = read_pool_dims(in);
  const int64_t outputs = in.mul(d.planes, d.out_height, d.out_width);
  a.x = in.in("x", in.mul(d.planes, d.in_height, d.in_width));
  a.y = in.out("y", outputs);
  a.indices = in.out_i32_or_null("indices", outputs);
  return outputs > 0;
}

// (dims…, dy, indices, dx)
bool read_max_pool2d_backward(Args& in, MaxPool2dBackwardArgs& a) {
  const PoolDims d = a.dims = read_pool_dims(in);
  const int64_t outputs = in.mul(d.planes, d.out_height, d.out_width);
  const int64_t inputs = in.mul(d.planes, d.in_height, d.in_width);
  a.dy = in.in("dy", outputs);
  a.indices = in.in_i32("indices", outputs);
  a.dx = in.out("dx", inputs);
  return inputs > 0;
}

namespace {

struct PatchSizes {
  int64_t x, columns;

  PatchSizes(Args& in, const PoolDims& d)
      : x(in.mul(d.planes, d.in_height, d.in_width)),
        columns(in.mul(in.mul(d.planes, d.kernel_height, d.kernel_width), d.out_height, d.out_width)) {}
};

// (spans | null, weights | null); both or neither.
BandArgs read_band(Args& in, int64_t outputs, int64_t taps) {
  BandArgs band{};
  band.taps = taps;
  int64_t length = 0;
  band.spans = in.in_i32_or_null("spans", &length);
  band.weights = in.in_or_null("weights", in.mul(taps, outputs));
  if (!in.ok()) return band;
  if ((band.spans == nullptr) != (band.weights == nullptr)) {
    in.refuse(ErrorClass::kBuffer, "spans and weights come together");
  } else if (band.spans != nullptr && length < 2 * outputs) {
    in.refuse(ErrorClass::kBuffer, "spans must have at least %lld elements: got %lld",
              static_cast<long long>(2 * outputs), static_cast<long long>(length));
  }
  return band;
}

}  // namespace

// (dims…, x, columns)
bool read_im2col(Args& in, PatchArgs& a) {
  a.dims = read_pool_dims(in);
  const PatchSizes sizes(in, a.dims);
  a.from = in.in("x", sizes.x);
  a.to = in.out("columns", sizes.columns);
  return sizes.columns > 0;
}

// (dims…, columns, x)
bool read_col2im(Args& in, PatchArgs& a) {
  a.dims = read_pool_dims(in);
  const PatchSizes sizes(in, a.dims);
  a.from = in.in("columns", sizes.columns);
  a.to = in.out("x", sizes.x);
  return sizes.x > 0;
}

// (planes, inHeight, inWidth, outHeight, outWidth, rowTaps, columnTaps, rows: spans, weights, columns: spans, weights,
//  x, y)
bool read_resample(Args& in, ResampleArgs& a) {
  a.planes = in.dim("planes");
  a.in_height = in.dim("inHeight");
  a.in_width = in.dim("inWidth");
  a.out_height = in.dim("outHeight");
  a.out_width = in.dim("outWidth");
  const int64_t row_taps = in.dim("rowTaps");
  const int64_t column_taps = in.dim("columnTaps");
  a.rows = read_band(in, a.out_height, row_taps);
  a.columns = read_band(in, a.out_width, column_taps);
  if (in.ok() && ((a.rows.spans == nullptr && a.in_height != a.out_height) ||
                  (a.columns.spans == nullptr && a.in_width != a.out_width))) {
    in.refuse(ErrorClass::kShape, "an axis without a band keeps its size");
  }
  const int64_t outputs = in.mul(a.planes, a.out_height, a.out_width);
  a.x = in.in("x", in.mul(a.planes, a.in_height, a.in_width));
  a.y = in.out("y", outputs);
  // Without a band on either axis there is nothing to sum.
  if (in.ok() && a.rows.spans == nullptr && a.columns.spans == nullptr) {
    in.refuse(ErrorClass::kShape, "at least one axis needs a band");
  }
  return outputs > 0;
}

}  // namespace lanegrad
