// Arguments of the products, the kernels along rows, and the normalisations; see ../kernel_table.h.
#pragma once

#include <stdint.h>

namespace lanegrad {

// c = op(a)·op(b) (+ bias | + c), `batch` times. m, n and batch are > 0; k may be 0.
struct GemmArgs {
  bool trans_a, trans_b, accumulate;
  int64_t m, n, k;
  const float* a;
  const float* b;
  float* c;
  const float* bias;  // [n] or null
  int64_t batch, a_stride, b_stride, c_stride;
};

struct GatherRowsArgs {
  const float* table;
  const int32_t* ids;
  float* y;
  int64_t rows, count, width, outer = 1;  // table [outer, rows, width], ids [count], y [outer, count, width]
};

struct ScatterAddRowsArgs {
  const float* src;
  const int32_t* ids;
  float* table;
  int64_t rows, count, width, outer = 1;  // src [outer, count, width], table [outer, rows, width]
};

// The rows of src in place of those of the table: the arguments of adding them.
using SetRowsArgs = ScatterAddRowsArgs;

// places[i] (+)= sum i_a*base_strides_a + id*stride, where id = ids[sum i_a*id_strides_a], plus n if it is negative. `shift`
// and `limit` say which ids there are: those for which id + shift lies in [0, limit).
struct PlacesArgs {
  const int32_t* ids;
  int32_t* places;
  int64_t count;  // ids
  int32_t rank;
  const int32_t* dims;
  const int32_t* base_strides;
  const int32_t* id_strides;
  uint32_t n, shift, limit;
  int32_t stride;
  bool accumulate;
};

struct NonzeroArgs {
  const uint8_t* mask;
  int32_t* places;  // [room] or null, if none is wanted
  int64_t n, room;
};

struct SoftmaxArgs {
  bool log;
  const float* x;
  float* y;
  int64_t rows, n;
};

struct SoftmaxBackwardArgs {
  bool log;
  const float* y;
  const float* dy;
  float* dx;
  int64_t rows, n;
};

struct CrossEntropyArgs {
  const float* x;
  const int32_t* targets;
  float* losses;
  float* lse;
  int64_t rows, classes, ignore_index;
};

struct CrossEntropyBackwardArgs {
  const float* x;
  const int32_t* targets;  // one out of range counts as no class: the kernel must not index with it
  const float* lse;
  const float* d_losses;
  float* dx;
  int64_t rows, classes, ignore_index;
};

struct LayerNormArgs {
  const float* x;
  const float* weight;  // [n] or null
  const float* bias;    // [n] or null
  float* y;
  float* mean;
  float* rstd;
  int64_t rows, n;
  double eps;
};

struct LayerNormBackwardArgs {
  const float* x;
  const float* weight;  // [n] or null
  const float* mean;
  const float* rstd;
  const float* dy;
  float* dx;        // [rows, n] or null
  float* d_weight;  // [n] or null
  float* d_bias;    // [n] or null
  int64_t rows, n;
};

// Planes [inner] of x [batch, channels, inner]. Statistics are a channel's over the batch (groups 0), or those of each of
// `groups` groups of channels in one sample.
struct ChannelNormDims {
  int64_t batch, channels, inner, groups;
};

struct BatchMomentsArgs {
  const float* x;
  float* mean;
  float* variance;
  int64_t batch, channels, inner;
};

struct ChannelNormArgs {
  ChannelNormDims dims;
  const float* x;
  const float* weight;  // [channels] or null
  const float* bias;    // [channels] or null
  const float* mean;    // [statistics]
  const float* rstd;
  float* y;
};

struct ChannelNormBackwardArgs {
  ChannelNormDims dims;
  bool fixed;  // the statistics do not depend on x
  const float* x;
  const float* weight;  // [channels] or null
  const float* mean;    // [statistics]
  const float* rstd;
  const float* dy;
  float* dx;        // as x, or null
  float* d_weight;  // [channels] or null
  float* d_bias;    // [channels] or null
};

}  // namespace lanegrad
