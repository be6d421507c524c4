// Convolutions: the output, and the gradient by the input as convolutions of the output's gradient, one for each
// residue of the stride.
#pragma once

#include "conv_product.inl.h"
#include "conv_weight.inl.h"

inline TapProduct forward_product(const Conv2dArgs& args, const int64_t* at) {
  const ConvDims& d = args.dims;
  TapProduct p{};
  p.grid = forward_grid(d, at);
  p.images = d.batch;
  p.groups = d.groups;
  p.filters = d.out_channels / d.groups;
  p.a = args.w;
  p.input = args.x;
  p.out = args.y;
  p.out_plane = d.out_height * d.out_width;
  p.out_row = d.out_width;
  p.out_step = 1;
  return p;
}

inline size_t conv2d_scratch(const Conv2dArgs& args, int threads) {
  const int64_t start = args.bias == nullptr ? 0 : args.dims.out_channels * kPanel;
  return static_cast<size_t>(taps_floats(args.dims) + start) +
         tap_product_scratch(forward_product(args, nullptr), threads);
}

inline void conv2d(const Conv2dArgs& args, const Parallel& par, Scratch scratch) {
  auto* at = reinterpret_cast<int64_t*>(scratch.data);
  float* rest = scratch.data + taps_floats(args.dims);
  forward_taps(args.dims, at);
  TapProduct p = forward_product(args, at);
  if (args.bias != nullptr) {
    p.start = rest;
    for (int64_t f = 0; f < args.dims.out_channels; ++f) {
      for (int64_t i = 0; i < kPanel; i += kLanes) store(rest + f * kPanel + i, bcast(args.bias + f));
    }
    rest += args.dims.out_channels * kPanel;
  }
  multiply_taps(p, par, rest);
}

// Along one axis, the places of the input that the stride maps to one residue: the first of them and their number, the
// kernel's elements that reach them, and where in dy those look.
struct Residue {
  int64_t first, count, taps, origin, reach;

  // Writes the elements to `element` and their places to `at`, `taps` of each, unless these are null.
  Residue(int64_t place, int64_t size, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation, int64_t* element,
          int64_t* at)
      : first(place), count(ceil_div(size - place, stride)), taps(0), origin(0), reach(0) {
    const int64_t residue = (place + pad) % stride;
    int64_t nearest = 0, furthest = 0;
    for (int64_t k = 0; k < kernel; ++k) {
      if (k * dilation % stride != residue) continue;
      furthest = (k * dilation - residue) / stride;
      if (taps == 0) nearest = furthest;
      if (at != nullptr) {
        element[taps] = k;
        at[taps] = furthest;
      }
      ++taps;
    }
    reach = furthest - nearest;
    origin = (place + pad) / stride - furthest;
    // Ascending elements of the kernel look at descending places.
    for (int64_t i = 0; at != nullptr && i < taps; ++i) at[i] = furthest - at[i];
  }
};

// The memory of the gradient by the input: taps, the weights of one residue, a product's own.
struct DataMemory {
  int64_t *element_y = nullptr, *element_x = nullptr, *at_y = nullptr, *at_x = nullptr;
  float* weights = nullptr;

  DataMemory() = default;
  DataMemory(const ConvDims& d, float* data) {
    element_y = reinterpret_cast<int64_t*>(data);
    at_y = element_y + d.kernel_height;
    element_x = at_y + d.kernel_height;
    at_x = element_x + d.kernel_width;
    weights = data + 2 * taps_floats(d);
  }
};

inline TapProduct data_product(const Conv2dBackwardDataArgs& args, const Residue& y, const Residue& x,
                               const DataMemory& memory) {
  const ConvDims& d = args.dims;
  TapProduct p{};
  p.grid.channels = y.taps * x.taps == 0 ? 0 : d.out_channels / d.groups;
  p.grid.height = d.out_height;
  p.grid.width = d.out_width;
  p.grid.rows = y.count;
  p.grid.columns = x.count;
  p.grid.step_y = p.grid.step_x = 1;
  p.grid.origin_y = y.origin;
  p.grid.origin_x = x.origin;
  p.grid.taps_y = y.taps;
  p.grid.taps_x = x.taps;
  p.grid.at_y = memory.at_y;
  p.grid.at_x = memory.at_x;
  p.grid.reach_y = y.reach;
  p.grid.reach_x = x.reach;
  p.images = d.batch;
  p.groups = d.groups;
  p.filters = d.in_channels / d.groups;
  p.a = memory.weights;
  p.input = args.dy;
  p.out = args.dx + y.first * d.in_width + x.first;
  p.out_plane = d.in_height * d.in_width;
  p.out_row = d.stride_y * d.in_width;
  p.out_step = d.stride_x;
  return p;
}

// Calls body(product, y, x) for each pair of residues.
template <class Body>
inline void for_residues(const Conv2dBackwardDataArgs& args, const DataMemory& memory, const Body& body) {
  const ConvDims& d = args.dims;
  for (int64_t i = 0; i < smaller(d.stride_y, d.in_height); ++i) {
    const Residue y(i, d.in_height, d.kernel_height, d.stride_y, d.pad_top, d.dilation_y, memory.element_y,
                    memory.at_y);
    for (int64_t j = 0; j < smaller(d.stride_x, d.in_width); ++j) {
      const Residue x(j, d.in_width, d.kernel_width, d.stride_x, d.pad_left, d.dilation_x, memory.element_x,
                      memory.at_x);
      body(data_product(args, y, x, memory), y, x);
    }
  }
}

// [groups, C/groups, (output channel, kernel row, kernel column)] of the elements that reach a pair of residues.
inline void turn_weights(const Conv2dBackwardDataArgs& args, const Residue& y, const Residue& x,
                         const DataMemory& memory, const Parallel& par) {
  const ConvDims& d = args.dims;
  const int64_t channels = d.in_channels / d.groups, filters = d.out_channels / d.groups;
  const int64_t kernel = d.kernel_height * d.kernel_width, depth = filters * y.taps * x.taps;
  for_chunks(par, d.in_channels, depth, 1, [&](int64_t from, int64_t to) {
    for (int64_t c = from; c < to; ++c) {
      const float* w = args.w + (c / channels * filters * channels + c % channels) * kernel;
      float* turned = memory.weights + c * depth;
      for (int64_t f = 0; f < filters; ++f, w += channels * kernel) {
        for (int64_t i = 0; i < y.taps; ++i) {
          const float* row = w + memory.element_y[i] * d.kernel_width;
          for (int64_t j = 0; j < x.taps; ++j) *turned++ = row[memory.element_x[j]];
        }
      }
    }
  });
}

// What lies in front of a product's own memory.
inline int64_t data_floats(const ConvDims& d) {
  const int64_t kernel = d.kernel_height * d.kernel_width;
  return 2 * taps_floats(d) + aligned_floats(d.out_channels * (d.in_channels / d.groups) * kernel);
}

inline size_t conv2d_backward_data_scratch(const Conv2dBackwardDataArgs& args, int threads) {
  size_t most = 0;
  for_residues(args, DataMemory(), [&](const TapProduct& p, const Residue&, const Residue&) {
    const size_t floats = tap_product_scratch(p, threads);
    if (floats > most) most = floats;
  });
  return static_cast<size_t>(data_floats(args.dims)) + most;
}

inline void conv2d_backward_data(const Conv2dBackwardDataArgs& args, const Parallel& par, Scratch scratch) {
  const DataMemory memory(args.dims, scratch.data);
  for_residues(args, memory, [&](const TapProduct& p, const Residue& y, const Residue& x) {
    turn_weights(args, y, x, memory, par);
    multiply_taps(p, par, scratch.data + data_floats(args.dims));
  });
}
