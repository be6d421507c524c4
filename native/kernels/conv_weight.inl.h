// The gradients of a convolution by its weight and by its bias.
//
// The transpose of the weight's gradient is a product [channel and tap, place]·[place, filter]: of dy, a block of
// places is packed so that filters lie side by side, and what the taps see is read one value at a time straight from a
// window, so that no patch is copied. Runs of images are summed apart, so that threads may share a batch; their number
// follows from the sizes alone. With few filters a group the lanes run along the places instead.
#pragma once

#include "conv_product.inl.h"
#include "gemm_pack.inl.h"
#include "reduce.inl.h"

constexpr int64_t kLaneFilters = 4;        // so few that lanes along the filters would mostly idle
constexpr int64_t kImageRuns = 16;         // runs of images, each with a gradient of its own
constexpr int64_t kRunElements = 4194304;  // elements of all these gradients

// How a weight's gradient is computed; `runs` to `block_columns` follow from the sizes alone.
struct WeightPlan {
  int64_t channels, filters, taps, depth;  // of one group
  bool along_lanes;
  int64_t runs, images_a_run;
  int64_t block_rows, block_columns;  // places that are summed in one chain
  int64_t filter_row;                 // floats of a row of filters in the sums
  int64_t row_step, column_step;      // of a region
  int64_t channel_step, channel_tasks, items, per_task;
  int64_t runs_at, panel, window, worker_floats;  // of a worker's memory, which begins with the places of the taps

  WeightPlan(const ConvDims& d, int threads) {
    channels = d.in_channels / d.groups;
    filters = d.out_channels / d.groups;
    taps = d.kernel_height * d.kernel_width;
    depth = channels * taps;
    along_lanes = filters <= kLaneFilters;
    const int64_t size = larger(1, d.out_channels * depth);
    images_a_run = ceil_div(larger(1, d.batch), larger(1, smaller(kImageRuns, kRunElements / size)));
    runs = ceil_div(larger(1, d.batch), images_a_run);
    const int64_t block = along_lanes ? kReduceBlock : kBlockK;
    block_rows = smaller(larger(1, d.out_height), larger(1, block / larger(1, d.out_width)));
    block_columns = smaller(larger(1, d.out_width), block);
    filter_row = along_lanes ? filters : ceil_div(filters, kLanes) * kLanes;

    const double flops = 2.0 * static_cast<double>(d.batch * d.out_channels) * static_cast<double>(depth) *
                         static_cast<double>(d.out_height * d.out_width);
    const double most = threads == 1 ? 1.0 : 4.0 * threads;
    const auto pieces = larger(1, static_cast<int64_t>(flops / 2097152.0 < most ? flops / 2097152.0 : most));
    const int64_t ranges = smaller(larger(1, channels), ceil_div(pieces, runs * d.groups));
    channel_step = ceil_div(larger(1, channels), ranges);
    channel_tasks = ceil_div(channels, channel_step);
    items = runs * d.groups * channel_tasks;
    per_task = ceil_div(larger(1, items), smaller(larger(1, items), pieces));

    const TapGrid g = forward_grid(d, nullptr);
    row_step = rows_that_fit(g, channel_step, g.columns, block_rows);
    column_step = row_step > block_rows || block_columns == d.out_width
                      ? larger(1, d.out_width)
                      : columns_that_fit(g, channel_step, block_columns);
    runs_at = aligned_floats(2 * taps);
    panel = runs_at + aligned_floats(4 * block_rows);
    window = panel + (along_lanes ? 0 : aligned_floats(kBlockK * kPanel));
    worker_floats = window + aligned_floats(window_floats(g, channel_step, row_step, column_step));
  }
  // [runs, groups, depth, filter_row]
  int64_t sums_floats(const ConvDims& d) const { return aligned_floats(runs * d.groups * depth * filter_row); }
};

// A piece of a row of the grid in a block: its place in a window, and its length.
struct Run {
  int64_t from, count;
};

// sums[r, :] (+)= Σ over the places of `runs` of rows[r][place]·panel[place, :], for MR taps and NV vectors of filters.
template <int NV, int MR>
void sum_taps(const float* const* rows, const Run* runs, int64_t run_count, const float* panel, bool first, float* sums,
              int64_t sums_row) {
  vf acc[MR][NV];
  LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) { LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = zero(); }
  for (int64_t i = 0; i < run_count; ++i) {
    const float* row[MR];
    LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) row[r] = rows[r] + runs[i].from;
    const int64_t count = runs[i].count;
    for (int64_t p = 0; p < count; ++p, panel += NV * kLanes) {
      vf filters[NV];
      LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) filters[v] = load(panel + v * kLanes);
      LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
        const vf seen = bcast(row[r] + p);
        LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) acc[r][v] = fma(seen, filters[v], acc[r][v]);
      }
    }
  }
  LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
    LANEGRAD_UNROLL for (int v = 0; v < NV; ++v) {
      float* to = sums + r * sums_row + v * kLanes;
      store(to, first ? acc[r][v] : load(to) + acc[r][v]);
    }
  }
}

using SumTapsFn = void (*)(const float* const*, const Run*, int64_t, const float*, bool, float*, int64_t);

// One vector of filters leaves registers for more taps, whose chains then cover the latency of an addition.
template <int NV>
constexpr int kSumRows = NV == 1 && kLanes == 16 ? 13 : kTileRows;
constexpr int kMostSumRows = 13;

template <int NV, int MR = kSumRows<NV>>
SumTapsFn sum_taps_of_rows(int rows) {
  if constexpr (MR > 1) {
    if (rows < MR) return sum_taps_of_rows<NV, MR - 1>(rows);
  }
  return sum_taps<NV, MR>;
}
template <int NV = kTileVecs>
SumTapsFn sum_taps_of(int rows, int vecs) {
  if constexpr (NV > 1) {
    if (vecs < NV) return sum_taps_of<NV - 1>(rows, vecs);
  }
  return sum_taps_of_rows<NV>(rows);
}

// A block of places by register tiles: dy at the block's first place in the group's first plane, `sums` at the first
// of `channels` channels.
inline void sum_block(const WeightPlan& plan, const Window& w, const int64_t* offsets, const Run* runs,
                      int64_t run_count, int64_t places, int64_t channels, const float* dy, int64_t dy_plane,
                      float* panel, bool first, float* sums) {
  const int64_t rows = channels * plan.taps;
  for (int64_t f = 0; f < plan.filters; f += kPanel) {
    const int64_t columns = smaller(kPanel, plan.filters - f);
    const int vecs = static_cast<int>(ceil_div(columns, kLanes));
    for (int64_t v = 0; v < columns; v += kLanes) {
      pack_transposed(dy + (f + v) * dy_plane, dy_plane, static_cast<int>(smaller(kLanes, columns - v)), places,
                      panel + v, vecs * kLanes);
    }
    const RowTiles tiles(rows, vecs == 1 ? kSumRows<1> : kTileRows);
    TapWalk walk{w.data, w.plane, offsets, plan.taps, 0};
    for (int64_t i = 0; i < tiles.count; ++i) {
      const int height = tiles.height(i);
      const float* row[kMostSumRows];
      for (int r = 0; r < height; ++r) row[r] = walk.next();
      sum_taps_of(height, vecs)(row, runs, run_count, panel, first, sums + tiles.first_row(i) * plan.filter_row + f,
                                plan.filter_row);
    }
  }
}

// Dots of one filter's dy with what MR taps see, over one block; sums `sums_step` apart.
template <int MR>
inline void dot_taps(const float* const* rows, const Run* runs, int64_t run_count, const float* dy, bool first,
                     float* sums, int64_t sums_step) {
  v16 acc[MR];
  LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) acc[r] = zero16();
  for (int64_t i = 0; i < run_count; ++i) {
    const int64_t from = runs[i].from;
    for_pieces(runs[i].count, [&](int64_t p, int count) LANEGRAD_INLINE_LAMBDA {
      const v16 d = load_piece(dy + p, count);
      LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) acc[r] = fma(d, load_piece(rows[r] + from + p, count), acc[r]);
    });
    dy += runs[i].count;
  }
  LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
    const float sum = hsum(acc[r]);
    sums[r * sums_step] = first ? sum : sums[r * sums_step] + sum;
  }
}

// The same block with lanes along the places.
inline void dot_block(const WeightPlan& plan, const Window& w, const int64_t* offsets, const Run* runs,
                      int64_t run_count, int64_t channels, const float* dy, int64_t dy_plane, bool first, float* sums) {
  constexpr int kDots = kLanes == 16 ? 8 : 4;
  const int64_t rows = channels * plan.taps;
  for (int64_t f = 0; f < plan.filters; ++f) {
    TapWalk walk{w.data, w.plane, offsets, plan.taps, 0};
    for (int64_t r = 0; r < rows;) {
      const float* row[kDots];
      const int count = rows - r < kDots ? 1 : kDots;
      for (int i = 0; i < count; ++i) row[i] = walk.next();
      (count == kDots ? dot_taps<kDots> : dot_taps<1>)(row, runs, run_count, dy + f * dy_plane, first,
                                                       sums + r * plan.filter_row + f, plan.filter_row);
      r += count;
    }
  }
}

struct WeightTasks {
  const Conv2dBackwardWeightArgs* args;
  const WeightPlan* plan;
  const int64_t* at;
  float* sums;
  float* memory;
};

// One run of images, one group, one range of channels.
inline void sum_weight_item(const WeightTasks& tasks, int64_t item, float* memory) {
  const ConvDims& d = tasks.args->dims;
  const WeightPlan& plan = *tasks.plan;
  TapGrid g = forward_grid(d, tasks.at);
  const int64_t first_channel = item % plan.channel_tasks * plan.channel_step, rest = item / plan.channel_tasks;
  const int64_t group = rest % d.groups, run = rest / d.groups;
  const int64_t channels = smaller(plan.channel_step, plan.channels - first_channel);
  const int64_t in_plane = d.in_height * d.in_width, out_plane = d.out_height * d.out_width;
  auto* offsets = reinterpret_cast<int64_t*>(memory);
  auto* runs = reinterpret_cast<Run*>(memory + plan.runs_at);
  const float* end = tasks.args->x + d.batch * d.in_channels * in_plane;
  float* sums = tasks.sums + ((run * d.groups + group) * plan.depth + first_channel * plan.taps) * plan.filter_row;
  const RegionPlan regions(g, plan.row_step, plan.column_step);
  bool first = true;
  const int64_t last_image = smaller(d.batch, (run + 1) * plan.images_a_run);
  for (int64_t image = run * plan.images_a_run; image < last_image; ++image) {
    const float* x = tasks.args->x + (image * d.in_channels + group * plan.channels + first_channel) * in_plane;
    const float* dy = tasks.args->dy + (image * d.out_channels + group * plan.filters) * out_plane;
    for (int64_t i = 0; i < regions.count(); ++i) {
      const Region r = regions.region(g, i);
      const Window w = open_window(g, r, channels, x, end, memory + plan.window);
      tap_offsets(g, w, r.columns, offsets);
      for (int64_t y = 0; y < r.rows; y += plan.block_rows) {
        const int64_t rows = smaller(plan.block_rows, r.rows - y);
        for (int64_t c = 0; c < r.columns; c += plan.block_columns) {
          const int64_t columns = smaller(plan.block_columns, r.columns - c);
          for (int64_t j = 0; j < rows; ++j) runs[j] = {(y + j) * g.step_y * w.row + c, columns};
          const float* at = dy + (r.row + y) * d.out_width + r.column + c;
          if (plan.along_lanes) dot_block(plan, w, offsets, runs, rows, channels, at, out_plane, first, sums);
          else sum_block(plan, w, offsets, runs, rows, rows * columns, channels, at, out_plane, memory + plan.panel,
                         first, sums);
          first = false;
        }
      }
    }
  }
}

inline void run_weight_task(void* ctx, int task, int worker) {
  const auto& tasks = *static_cast<const WeightTasks*>(ctx);
  const WeightPlan& plan = *tasks.plan;
  for (int64_t i = task * plan.per_task; i < smaller(plan.items, (task + 1) * plan.per_task); ++i) {
    sum_weight_item(tasks, i, tasks.memory + worker * plan.worker_floats);
  }
}

// dw = the sums of the runs, added in ascending order, filters first again.
inline void join_runs(const Conv2dBackwardWeightArgs& args, const WeightPlan& plan, const float* sums,
                      const Parallel& par) {
  const int64_t groups = args.dims.groups, blocks = ceil_div(plan.depth, kLanes);
  const int64_t run_floats = groups * plan.depth * plan.filter_row;
  for_chunks(par, groups * blocks, plan.runs * kLanes * plan.filters, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t group = i / blocks, k = i % blocks * kLanes;
      const int taps = static_cast<int>(smaller(kLanes, plan.depth - k));
      for (int64_t f = 0; f < plan.filters; f += kLanes) {
        const int filters = static_cast<int>(smaller(kLanes, plan.filters - f));
        const float* row = sums + (group * plan.depth + k) * plan.filter_row + f;
        vf square[kLanes];
        for (int r = 0; r < kLanes; ++r, row += plan.filter_row) {
          square[r] = zero();
          if (r >= taps) continue;
          square[r] = load_lanes(row, filters);
          for (int64_t s = 1; s < plan.runs; ++s) square[r] = square[r] + load_lanes(row + s * run_floats, filters);
        }
        transpose(square);
        float* dw = args.dw + (group * plan.filters + f) * plan.depth + k;
        for (int r = 0; r < filters; ++r) store_lanes(dw + r * plan.depth, square[r], taps);
      }
    }
  });
}

// db = the planes of dy, each reduced as a row, added in ascending order.
inline void sum_planes(const Conv2dBackwardWeightArgs& args, const Parallel& par) {
  const ConvDims& d = args.dims;
  const int64_t plane = d.out_height * d.out_width;
  for_chunks(par, d.out_channels, d.batch * plane, 1, [&](int64_t from, int64_t to) {
    for (int64_t f = from; f < to; ++f) {
      float sum = 0.0f;
      for (int64_t image = 0; image < d.batch && plane > 0; ++image) {
        const float part = reduce_row<SumStep>(args.dy + (image * d.out_channels + f) * plane, plane);
        sum = image == 0 ? part : sum + part;
      }
      args.db[f] = sum;
    }
  });
}

inline size_t conv2d_backward_weight_scratch(const Conv2dBackwardWeightArgs& args, int threads) {
  const WeightPlan plan(args.dims, threads);
  return static_cast<size_t>(taps_floats(args.dims) + plan.sums_floats(args.dims)) +
         static_cast<size_t>(plan.worker_floats) * static_cast<size_t>(threads);
}

inline void conv2d_backward_weight(const Conv2dBackwardWeightArgs& args, const Parallel& par, Scratch scratch) {
  const ConvDims& d = args.dims;
  if (args.db != nullptr) sum_planes(args, par);
  const WeightPlan plan(d, par.threads);
  const int64_t size = d.out_channels * plan.depth;
  if (size == 0) return;
  if (d.batch * d.out_height * d.out_width == 0) {
    for (int64_t i = 0; i < size; ++i) args.dw[i] = 0.0f;
    return;
  }
  auto* at = reinterpret_cast<int64_t*>(scratch.data);
  forward_taps(d, at);
  float* sums = scratch.data + taps_floats(d);
  WeightTasks tasks{&args, &plan, at, sums, sums + plan.sums_floats(d)};
  par.run(par, static_cast<int>(ceil_div(plan.items, plan.per_task)), run_weight_task, &tasks);
  join_runs(args, plan, sums, par);
}
