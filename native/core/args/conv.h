// Arguments of the convolutions, of pooling and of resampling; see ../kernel_table.h.
#pragma once

#include <stdint.h>

namespace lanegrad {

// groups divides both numbers of channels; kernel sizes, strides and dilations are at least 1. Output (y, x) meets the
// kernel's element (i, j) at the input's (y·stride_y − pad_top + i·dilation_y, x·stride_x − pad_left + j·dilation_x).
struct ConvDims {
  int64_t batch, groups, in_channels, out_channels, in_height, in_width, kernel_height, kernel_width;
  int64_t out_height, out_width, stride_y, stride_x, pad_top, pad_left, dilation_y, dilation_x;
};

struct Conv2dArgs {
  ConvDims dims;
  const float* x;     // [N, C, H, W]
  const float* w;     // [O, C/groups, kh, kw]
  const float* bias;  // [O] or null
  float* y;           // [N, O, out_height, out_width]
};

struct Conv2dBackwardDataArgs {
  ConvDims dims;
  const float* w;
  const float* dy;
  float* dx;
};

struct Conv2dBackwardWeightArgs {
  ConvDims dims;
  const float* x;
  const float* dy;
  float* dw;
  float* db;  // or null
};

struct PoolDims {
  int64_t planes, in_height, in_width, kernel_height, kernel_width, out_height, out_width;
  int64_t stride_y, stride_x, pad_top, pad_left, dilation_y, dilation_x;
};

struct MaxPool2dArgs {
  PoolDims dims;
  const float* x;
  float* y;
  int32_t* indices;  // or null
};

struct MaxPool2dBackwardArgs {
  PoolDims dims;
  const float* dy;
  const int32_t* indices;  // unchecked: the kernel must not write where one outside the plane points
  float* dx;
};

// x [planes, in_height, in_width] and columns [planes, kernel_height·kernel_width, out_height·out_width], one to the
// other.
struct PatchArgs {
  PoolDims dims;
  const float* from;
  float* to;
};

// A band matrix: output i of n sums weights[t·n + i] times element spans[i] + t for the t below spans[n + i], which is
// at most `taps`. Spans are unchecked: a kernel must leave out what lies outside. Null spans: the axis stays as it is.
struct BandArgs {
  const int32_t* spans;
  const float* weights;
  int64_t taps;
};

struct ResampleArgs {
  int64_t planes, in_height, in_width, out_height, out_width;
  BandArgs rows, columns;
  const float* x;
  float* y;
};

}  // namespace lanegrad
