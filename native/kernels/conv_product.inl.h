// The product under a convolution and under its gradient by the input: filters times what each output sees.
//
// No matrix of patches is ever stored: the panels of B that the register tiles read (gemm_tile.inl.h) are packed
// straight out of a window, and stay in the first-level cache until every filter has met them. After: Chetlur et al.,
// "cuDNN: Efficient primitives for deep learning", 2014 (patches made on the way into the fast memory).
#pragma once

#include "split.inl.h"
#include "lanes.inl.h"
#include "gemm_tile.inl.h"
#include "conv_window.inl.h"

// out[f, p] = start[f] + Σ_k a[f, k]·seen(k, p), k = (channel, tap), for each image and group.
struct TapProduct {
  TapGrid grid;
  int64_t images, groups, filters;  // filters of one group
  const float* a;                   // [groups, filters, depth]
  const float* start;               // [groups·filters, kPanel], rows of one value; or null
  const float* input;               // [images, groups, channels, height, width]
  float* out;                       // the grid's first output in the first of [images, groups, filters] planes
  int64_t out_plane, out_row, out_step;

  bool scatters() const { return out_step != 1 || out_row != grid.columns; }
  // Few filters cannot pay for packing: the window is read in place, and a chain fits into one block of K.
  bool is_direct() const { return filters <= 2 && grid.depth() <= kBlockK; }
};

// How the work is cut: regions, ranges of filters where there are few regions, and runs of such items as tasks.
struct TapPlan {
  RegionPlan regions;
  int64_t filter_step, filter_tasks, items, per_task;

  TapPlan(const TapProduct& p, int threads) : regions(p.grid, 1, 1) {
    const TapGrid& g = p.grid;
    const double flops = 2.0 * static_cast<double>(p.images * p.groups * p.filters) *
                         static_cast<double>(larger(1, g.depth())) * static_cast<double>(g.positions());
    const int64_t most = threads == 1 ? 1 : 4 * static_cast<int64_t>(threads);
    const int64_t pieces = larger(1, static_cast<int64_t>(flops / 2097152.0 < static_cast<double>(most)
                                                              ? flops / 2097152.0
                                                              : static_cast<double>(most)));
    const int64_t planes = p.images * p.groups, wanted = ceil_div(pieces, planes);
    int64_t rows = rows_that_fit(g, g.channels, g.columns, 1), columns = g.columns;
    if (rows == 1) columns = smaller(columns, columns_that_fit(g, g.channels, kPanel));
    if (wanted > 1 && g.rows > 1) rows = smaller(rows, ceil_div(g.rows, wanted));
    if (wanted > 1 && g.rows == 1) columns = smaller(columns, ceil_div(ceil_div(g.columns, wanted), kPanel) * kPanel);
    regions = RegionPlan(g, rows, columns);
    const int64_t ranges = ceil_div(pieces, planes * regions.count());
    filter_step = larger(2 * kTileRows, ceil_div(p.filters, ranges));
    filter_tasks = ceil_div(p.filters, filter_step);
    items = planes * regions.count() * filter_tasks;
    per_task = ceil_div(items, smaller(items, pieces));
  }
};

constexpr int64_t kPanelFloats = kBlockK * kPanel + kLanes;

// One worker's memory: the places of the taps, a panel, outputs on their way to scattered places, a window.
struct TapMemory {
  int64_t panel, block, window, floats;

  TapMemory(const TapProduct& p, const TapPlan& plan) {
    panel = aligned_floats(2 * p.grid.taps());
    block = panel + aligned_floats(kPanelFloats);
    window = block + (p.scatters() ? aligned_floats(plan.filter_step * kPanel) : 0);
    const RegionPlan& r = plan.regions;
    floats = window + aligned_floats(window_floats(p.grid, p.grid.channels, r.row_step, r.column_step));
  }
};

inline size_t tap_product_scratch(const TapProduct& p, int threads) {
  return static_cast<size_t>(TapMemory(p, TapPlan(p, threads)).floats) * static_cast<size_t>(threads);
}

// A vector of neighbouring outputs of a panel: where a window has them, and their first column in the panel.
struct Move {
  int64_t from, to;
};

// The outputs [n, n + columns) of a region, in ascending order: the junk that a vector writes past its run is
// overwritten by the next.
inline int plan_moves(const TapGrid& g, const Window& w, const Region& r, int64_t n, int64_t columns, Move* moves) {
  int count = 0;
  int64_t y = n / r.columns, x = n % r.columns;
  for (int64_t to = 0; to < columns; ++y, x = 0) {
    const int64_t run = smaller(r.columns - x, columns - to), from = y * g.step_y * w.row + x;
    for (int64_t i = 0; i < run; i += kLanes) moves[count++] = {from + i, to + i};
    to += run;
  }
  return count;
}

// A walk over k = (channel, tap) of a window.
struct TapWalk {
  const float* data;
  int64_t plane;
  const int64_t* offsets;
  int64_t taps, tap;

  const float* next() {
    const float* here = data + offsets[tap];
    if (++tap == taps) {
      tap = 0;
      data += plane;
    }
    return here;
  }
};

template <int N>
inline void pack_by(TapWalk& walk, int64_t depth, const Move* moves, int64_t width, float* to) {
  Move own[N];
  LANEGRAD_UNROLL for (int i = 0; i < N; ++i) own[i] = moves[i];
  for (int64_t d = 0; d < depth; ++d, to += width) {
    const float* from = walk.next();
    LANEGRAD_UNROLL for (int i = 0; i < N; ++i) store(to + own[i].to, load(from + own[i].from));
  }
}
// A panel [depth, width] of what the outputs of `moves` see; may write kLanes floats past its end.
inline void pack_seen(TapWalk& walk, int64_t depth, const Move* moves, int count, int64_t width, float* to) {
  switch (count) {
    case 1: return pack_by<1>(walk, depth, moves, width, to);
    case 2: return pack_by<2>(walk, depth, moves, width, to);
    case 3: return pack_by<3>(walk, depth, moves, width, to);
    case 4: return pack_by<4>(walk, depth, moves, width, to);
    case 5: return pack_by<5>(walk, depth, moves, width, to);
    case 6: return pack_by<6>(walk, depth, moves, width, to);
  }
  for (int64_t d = 0; d < depth; ++d, to += width) {
    const float* from = walk.next();
    for (int i = 0; i < count; ++i) store(to + moves[i].to, load(from + moves[i].from));
  }
}

// The first full tile of a panel packs it on the way, some rows ahead of what it reads: its arithmetic leaves the ports
// of loads and stores half idle, which a pass of its own would keep waiting.
template <int N>
void pack_and_multiply(TapWalk& walk, const Move* moves, const Tile& t) {
  constexpr int64_t kLead = 8;
  const int64_t depth = t.k, early = smaller(kLead, depth), a_step = t.a_step;
  float* to = t.packed;
  pack_by<N>(walk, early, moves, kPanel, to);
  to += early * kPanel;
  Move own[N];
  LANEGRAD_UNROLL for (int i = 0; i < N; ++i) own[i] = moves[i];
  vf acc[kTileRows][kTileVecs];
  for_tile_rows<kTileVecs, kTileRows>([&](int r, int v) LANEGRAD_INLINE_LAMBDA { acc[r][v] = zero(); });
  const float* a = t.a;
  const float* b = t.packed;
  const auto step = [&]() LANEGRAD_INLINE_LAMBDA {
    vf panel[kTileVecs];
    LANEGRAD_UNROLL for (int v = 0; v < kTileVecs; ++v) panel[v] = load(b + v * kLanes);
    LANEGRAD_UNROLL for (int r = 0; r < kTileRows; ++r) {
      const vf x = bcast(a + r * a_step);
      LANEGRAD_UNROLL for (int v = 0; v < kTileVecs; ++v) acc[r][v] = fma(x, panel[v], acc[r][v]);
    }
    ++a;
    b += kPanel;
  };
  for (int64_t k = depth - early; k > 0; --k, to += kPanel) {
    const float* from = walk.next();
    LANEGRAD_UNROLL for (int i = 0; i < N; ++i) store(to + own[i].to, load(from + own[i].from));
    step();
  }
  for (int64_t k = early; k > 0; --k) step();
  for_tile_rows<kTileVecs, kTileRows>([&](int r, int v) LANEGRAD_INLINE_LAMBDA {
    const int lanes = v < kTileVecs - 1 ? kLanes : t.tail;
    const vf sum = t.start == nullptr
                       ? acc[r][v]
                       : load_lanes(t.start + r * t.start_row + v * kLanes, lanes) + acc[r][v];
    store_lanes(t.c + r * t.c_row + v * kLanes, sum, lanes);
  });
}
// Whether it did: few vectors to move, and a full tile.
inline bool pack_with_tile(TapWalk& walk, const Move* moves, int count, int height, int vecs, const Tile& t) {
  if (height != kTileRows || vecs != kTileVecs) return false;
  switch (count) {
    case 1: return pack_and_multiply<1>(walk, moves, t), true;
    case 2: return pack_and_multiply<2>(walk, moves, t), true;
    case 3: return pack_and_multiply<3>(walk, moves, t), true;
    case 4: return pack_and_multiply<4>(walk, moves, t), true;
    case 5: return pack_and_multiply<5>(walk, moves, t), true;
  }
  return false;
}

// `columns` outputs from the n-th of a region on, one row of `block` each `filters`, to their places.
inline void scatter_outputs(const TapProduct& p, const Region& r, int64_t n, int64_t columns, int64_t filters,
                            const float* block, int64_t block_row, float* out) {
  for (int64_t f = 0; f < filters; ++f, block += block_row, out += p.out_plane) {
    int64_t y = n / r.columns, x = n % r.columns;
    for (int64_t i = 0; i < columns; ++y, x = 0) {
      float* to = out + y * p.out_row + x * p.out_step;
      for (const int64_t end = i + smaller(r.columns - x, columns - i); i < end; ++i, to += p.out_step) *to = block[i];
    }
  }
}

// `filters` filters over one region by register tiles; a, start and out at the first of them, out at the region.
inline void multiply_region(const TapProduct& p, const Region& r, const Window& w, const int64_t* offsets,
                            int64_t filters, const float* a, const float* start, float* out, float* panel,
                            float* block) {
  const TapGrid& g = p.grid;
  const int64_t depth = g.depth(), positions = r.positions();
  const RowTiles tiles(filters);
  Move moves[kPanel];
  for (int64_t n = 0; n < positions; n += kPanel) {
    const int64_t columns = smaller(kPanel, positions - n);
    const int vecs = static_cast<int>(ceil_div(columns, kLanes));
    const int count = plan_moves(g, w, r, n, columns, moves);
    TapWalk walk{w.data, w.plane, offsets, g.taps(), 0};
    int64_t k = 0;
    do {
      Tile t{};
      t.k = smaller(kBlockK, depth - k);
      t.a = a + k;
      t.a_step = depth;
      t.b = t.packed = panel;
      t.b_step = vecs * kLanes;
      t.c = p.scatters() ? block : out + n;
      t.c_row = p.scatters() ? kPanel : p.out_plane;
      t.start = k > 0 ? t.c : start;
      t.start_row = k > 0 ? t.c_row : kPanel;
      t.tail = static_cast<int>(columns - (vecs - 1) * kLanes);
      const bool packed = pack_with_tile(walk, moves, count, tiles.height(0), vecs, t);
      if (!packed) pack_seen(walk, t.k, moves, count, vecs * kLanes, panel);
      for (int64_t i = 0; i < tiles.count; ++i) {
        const int height = tiles.height(i);
        if (i > 0 || !packed) tile_of<TileMode::kInPlace>(height, vecs)(t);
        t.a += height * t.a_step;
        t.c += height * t.c_row;
        if (t.start != nullptr) t.start += height * t.start_row;
      }
      k += kBlockK;
    } while (k < depth);
    if (p.scatters()) scatter_outputs(p, r, n, columns, filters, block, kPanel, out);
  }
}

// N vectors of outputs of one filter: chains over k, read where the window has them.
template <int N>
LANEGRAD_INLINE void sum_seen(TapWalk walk, int64_t depth, const float* a, const Move* moves, vf* sums) {
  Move own[N];
  vf acc[N];
  LANEGRAD_UNROLL for (int i = 0; i < N; ++i) {
    own[i] = moves[i];
    acc[i] = zero();
  }
  for (int64_t k = 0; k < depth; ++k) {
    const float* from = walk.next();
    const vf weight = bcast(a + k);
    LANEGRAD_UNROLL for (int i = 0; i < N; ++i) acc[i] = fma(weight, load(from + own[i].from), acc[i]);
  }
  LANEGRAD_UNROLL for (int i = 0; i < N; ++i) sums[i] = acc[i];
}

// One filter over one region, kDirect vectors at a time; a `Move` leads to the place among the region's outputs.
inline void multiply_direct(const TapProduct& p, const Region& r, const Window& w, const int64_t* offsets,
                            const float* a, const float* start, float* out) {
  constexpr int kDirect = 8;
  const TapGrid& g = p.grid;
  const TapWalk walk{w.data, w.plane, offsets, g.taps(), 0};
  const int64_t depth = g.depth(), positions = r.positions();
  const vf bias = start == nullptr ? zero() : load(start);
  Move moves[kDirect];
  int lanes[kDirect];
  int count = 0;
  const auto flush = [&] {
    vf sums[kDirect];
    if (count == kDirect) sum_seen<kDirect>(walk, depth, a, moves, sums);
    else for (int i = 0; i < count; ++i) sum_seen<1>(walk, depth, a, moves + i, sums + i);
    for (int i = 0; i < count; ++i) {
      const vf sum = start == nullptr ? sums[i] : bias + sums[i];
      if (!p.scatters()) {
        store_lanes(out + moves[i].to, sum, lanes[i]);
        continue;
      }
      float row[kLanes];
      store(row, sum);
      scatter_outputs(p, r, moves[i].to, lanes[i], 1, row, 0, out);
    }
    count = 0;
  };
  for (int64_t n = 0; n < positions;) {
    const int64_t y = n / r.columns, x = n % r.columns;
    lanes[count] = static_cast<int>(smaller(kLanes, r.columns - x));
    moves[count] = {y * g.step_y * w.row + x, n};
    n += lanes[count];
    if (++count == kDirect) flush();
  }
  flush();
}

struct TapTasks {
  const TapProduct* product;
  const TapPlan* plan;
  TapMemory memory;
  float* scratch;
};

inline void run_tap_task(void* ctx, int task, int worker) {
  const auto& tasks = *static_cast<const TapTasks*>(ctx);
  const TapProduct& p = *tasks.product;
  const TapPlan& plan = *tasks.plan;
  const TapGrid& g = p.grid;
  float* memory = tasks.scratch + worker * tasks.memory.floats;
  auto* offsets = reinterpret_cast<int64_t*>(memory);
  const int64_t input_floats = g.channels * g.height * g.width;
  const float* end = p.input + p.images * p.groups * input_floats;
  const int64_t last = smaller(plan.items, (task + 1) * plan.per_task);
  for (int64_t item = task * plan.per_task; item < last; ++item) {
    const int64_t range = item % plan.filter_tasks, rest = item / plan.filter_tasks;
    const int64_t planes = rest / plan.regions.count(), group = planes % p.groups;
    const Region r = plan.regions.region(g, rest % plan.regions.count());
    const Window w = open_window(g, r, g.channels, p.input + planes * input_floats, end, memory + tasks.memory.window);
    tap_offsets(g, w, r.columns, offsets);
    const int64_t first = range * plan.filter_step, filters = smaller(plan.filter_step, p.filters - first);
    const int64_t filter = group * p.filters + first;
    const float* a = p.a + filter * g.depth();
    const float* start = p.start == nullptr ? nullptr : p.start + filter * kPanel;
    float* out = p.out + (planes * p.filters + first) * p.out_plane + r.row * p.out_row + r.column * p.out_step;
    if (!p.is_direct()) {
      multiply_region(p, r, w, offsets, filters, a, start, out, memory + tasks.memory.panel,
                      memory + tasks.memory.block);
      continue;
    }
    for (int64_t f = 0; f < filters; ++f) {
      multiply_direct(p, r, w, offsets, a + f * g.depth(), start == nullptr ? nullptr : start + f * kPanel,
                      out + f * p.out_plane);
    }
  }
}

// Needs tap_product_scratch floats.
inline void multiply_taps(const TapProduct& p, const Parallel& par, float* scratch) {
  if (p.images * p.groups * p.filters * p.grid.positions() == 0) return;
  const TapPlan plan(p, par.threads);
  TapTasks tasks{&p, &plan, TapMemory(p, plan), scratch};
  par.run(par, static_cast<int>(ceil_div(plan.items, plan.per_task)), run_tap_task, &tasks);
}
