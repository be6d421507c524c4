// What the recurrent layers share: the walk over the steps, how it is shared among threads, and the forward pass around
// each layer's own cell. The register tile stands in recurrent_tile.inl.h, the backward pass in recurrent_backward.inl.h.
//
// Two ways to share the steps among threads, chosen from the problem's size; they give the same bits, since both
// compute every element by the same chain. With enough sequences each thread takes its own through a run of steps, so
// that the weights are read as seldom as can be; with few, the units of each step are shared. The threads meet after
// each run or step: one that has lost its core for a while, or wakes late, holds up the rest no longer than that.
#pragma once

constexpr int64_t kMostWorkspace = int64_t{1} << 52;
constexpr int64_t kFewestRows = 4;  // of a task: with fewer, the weights' traffic dominates
constexpr double kFlopsPerStep = 262144.0;  // a step worth sharing: its weights alone take some µs to read
constexpr double kFlopsPerRun = 3e7;        // of a task: some 100 µs

// Floats of a workspace with `arrays` arrays [T, B, H].
inline int64_t recurrent_workspace(const RecurrentDims& dims, int64_t arrays) {
  const double floats = static_cast<double>(arrays) * static_cast<double>(dims.steps) *
                        static_cast<double>(dims.batch) * static_cast<double>(dims.hidden);
  return floats < static_cast<double>(kMostWorkspace) ? arrays * dims.steps * dims.batch * dims.hidden : kMostWorkspace;
}

inline int64_t whole_lines(int64_t floats) { return (floats + 15) / 16 * 16; }

// Where the steps lie in memory, and the order in which they are walked.
struct Walk {
  int64_t steps, rows, hidden;  // rows of one step: the batch
  bool reverse;

  explicit Walk(const RecurrentDims& dims)
      : steps(dims.steps), rows(dims.batch), hidden(dims.hidden), reverse(dims.reverse) {}
  int64_t time(int64_t walked) const { return reverse ? steps - 1 - walked : walked; }
  int64_t at(int64_t time, int64_t row) const { return (time * rows + row) * hidden; }
  // The state [B, H] that a step starts from, out of all states [T, B, H] and the one before the first step.
  const float* before(int64_t walked, const float* states, const float* first) const {
    return walked == 0 ? first : states + at(time(walked - 1), 0);
  }
};

// How the rows and units of the steps are shared.
struct RecurrentSplit {
  bool by_rows;
  int64_t tasks;  // row ranges
  int64_t steps;  // that a range goes through before the threads meet

  RecurrentSplit(const RecurrentDims& dims, int gates, int threads) {
    const int64_t ranges = larger(1, smaller(threads, dims.batch / kFewestRows));
    const double per_input = 2.0 * gates * static_cast<double>(dims.batch) * static_cast<double>(dims.hidden);
    by_rows = ranges >= threads || per_input * static_cast<double>(dims.hidden) < kFlopsPerStep;
    tasks = by_rows ? ranges : 1;
    const double per_range = per_input * static_cast<double>(dims.hidden + dims.inputs) / static_cast<double>(tasks);
    const bool whole = tasks == 1 || per_range * static_cast<double>(dims.steps) < kFlopsPerRun;
    steps = whole ? dims.steps : static_cast<int64_t>(kFlopsPerRun / per_range) + 1;
  }
  int64_t first_row(int64_t task, int64_t batch) const { return batch * task / tasks; }
};

#include "recurrent_tile.inl.h"

// A forward pass. A layer derives from this and adds
//   Tile, kRows                          its tile, and the rows that it has at most
//   kUnits, kVecs                        units of a block, and vectors of packed weights that they take for each k
//   pack(w, walk, depth, block, packed)  packs one block of [G·H, depth] weights
//   place(tile, walked, row, unit)       says where the tile's gates and states are
//   cell(height, units)                  the function that computes such a tile
struct RecurrentForward {
  Walk walk;
  RecurrentSplit split;
  RecurrentInputs in;
  int64_t inputs;
  float* y;
  int64_t blocks;  // of units
  // With few sequences one product over all steps reads W_ih once; with many the cell computes its input part itself,
  // and the pre-activations never leave the registers.
  bool input_in_cell;
  const float* bias;
  float* w_ih;
  float* w_hh;
  int64_t step;  // walked, or the first of a run
};

inline bool input_in_cell(const RecurrentDims& dims, int cell_rows) {
  return dims.batch >= cell_rows && dims.inputs > 0;
}

template <class Layer>
RecurrentForward begin_forward(const RecurrentDims& dims, int gates, const RecurrentInputs& in, float* y, int threads) {
  return {Walk(dims),
          RecurrentSplit(dims, gates, threads),
          in,
          dims.inputs,
          y,
          ceil_div(dims.hidden, Layer::kUnits),
          input_in_cell(dims, Layer::kRows),
          nullptr,
          nullptr,
          nullptr,
          0};
}

// Floats of the scratch: biases (of `biases` gates), packed weights, and what the product of the inputs needs.
template <class Layer>
size_t recurrent_scratch(const RecurrentDims& dims, int biases, int threads) {
  const bool in_cell = input_in_cell(dims, Layer::kRows);
  const int64_t blocks = ceil_div(dims.hidden, Layer::kUnits);
  const int64_t depth = dims.hidden + (in_cell ? dims.inputs : 0);
  const size_t packed =
      static_cast<size_t>(whole_lines(biases * dims.hidden) + whole_lines(blocks * depth * Layer::kVecs * kLanes));
  return packed + (in_cell ? 0 : product_scratch(threads));
}

// Fills in where biases and packed weights lie; returns the scratch of the product.
template <class Layer>
float* place_scratch(Layer& layer, float* bias, int biases) {
  constexpr int64_t kBlockFloats = Layer::kVecs * kLanes;
  layer.bias = bias;
  layer.w_ih = bias + whole_lines(biases * layer.walk.hidden);
  layer.w_hh = layer.w_ih + (layer.input_in_cell ? layer.blocks * layer.inputs * kBlockFloats : 0);
  return bias + whole_lines(biases * layer.walk.hidden) +
         whole_lines((layer.w_hh - layer.w_ih) + layer.blocks * layer.walk.hidden * kBlockFloats);
}

template <class Layer>
void run_pack(void* ctx, int task, int) {
  const auto& layer = *static_cast<const Layer*>(ctx);
  if (layer.input_in_cell) Layer::pack(layer.in.w_ih, layer.walk, layer.inputs, task, layer.w_ih);
  Layer::pack(layer.in.w_hh, layer.walk, layer.walk.hidden, task, layer.w_hh);
}

template <class Layer>
void walk_cells(const Layer& layer, int64_t walked, int64_t row0, int64_t row1, int64_t block0, int64_t block1) {
  const Walk& walk = layer.walk;
  const int64_t hidden = walk.hidden, now = walk.time(walked);
  const float* h_prev = walk.before(walked, layer.y, layer.in.h0);
  const RowTiles tiles(row1 - row0, Layer::kRows);
  for (int64_t block = block0; block < block1; ++block) {
    const int64_t unit = block * Layer::kUnits, units = smaller(Layer::kUnits, hidden - unit);
    typename Layer::Tile t{};
    t.inputs = layer.inputs;
    t.hidden = hidden;
    t.w_ih = layer.w_ih + block * layer.inputs * Layer::kVecs * kLanes;
    t.w_hh = layer.w_hh + block * hidden * Layer::kVecs * kLanes;
    t.bias = layer.bias + unit;
    t.lanes = static_cast<int>((units - 1) % kLanes + 1);
    int64_t row = row0;
    const int64_t next = block + 1 < block1 ? block + 1 : block0;
    for (int64_t i = 0; i < tiles.count; ++i) {
      const bool fetch = tiles.count > 1 && i * kSoonFloats < Layer::kVecs * kLanes;
      const int64_t piece = next * Layer::kVecs * kLanes + i * kSoonFloats;
      t.soon_ih = fetch ? layer.w_ih + piece * layer.inputs : t.w_ih;
      t.soon_hh = fetch ? layer.w_hh + piece * hidden : t.w_hh;
      t.soon_step = fetch ? kSoonFloats : 0;
      t.x = layer.input_in_cell ? layer.in.x + (now * walk.rows + row) * layer.inputs : nullptr;
      t.h = h_prev + row * hidden;
      t.y = layer.y + walk.at(now, row) + unit;
      layer.place(t, walked, row, unit);
      const int height = tiles.height(i);
      Layer::cell(height, units)(t);
      row += height;
    }
  }
}

template <class Layer>
void run_rows(void* ctx, int task, int) {
  const auto& layer = *static_cast<const Layer*>(ctx);
  const int64_t batch = layer.walk.rows;
  const int64_t row0 = layer.split.first_row(task, batch), row1 = layer.split.first_row(task + 1, batch);
  const int64_t end = smaller(layer.walk.steps, layer.step + layer.split.steps);
  for (int64_t walked = layer.step; walked < end; ++walked) walk_cells(layer, walked, row0, row1, 0, layer.blocks);
}

template <class Layer>
void run_units(void* ctx, int task, int) {
  const auto& layer = *static_cast<const Layer*>(ctx);
  walk_cells(layer, layer.step, 0, layer.walk.rows, task, task + 1);
}

template <class Layer>
void walk_forward(Layer& layer, const Parallel& par) {
  if (layer.split.by_rows) {
    for (; layer.step < layer.walk.steps; layer.step += layer.split.steps) {
      par.run(par, static_cast<int>(layer.split.tasks), run_rows<Layer>, &layer);
    }
  } else {
    for (; layer.step < layer.walk.steps; ++layer.step) {
      par.run(par, static_cast<int>(layer.blocks), run_units<Layer>, &layer);
    }
  }
}

// The input part of `gates` gates from the first-th on, for all steps, where the cells do not compute it:
// c = bias + x·W_ihᵀ, rows `ldc` apart.
inline void multiply_inputs(const RecurrentForward& layer, int64_t first, int64_t gates, const float* bias, float* c,
                            int64_t ldc, const Parallel& par, float* scratch) {
  Product p{};
  p.m = layer.walk.steps * layer.walk.rows;
  p.n = gates * layer.walk.hidden;
  p.k = p.lda = p.ldb = p.late = layer.inputs;
  p.a = layer.in.x;
  p.b = layer.in.w_ih + first * layer.walk.hidden * layer.inputs;
  p.trans_b = true;
  p.start = bias;
  p.c = c;
  p.ldc = ldc;
  multiply(p, par, scratch);
}

// Σ of both biases, where they are given.
inline void sum_biases(const float* b_ih, const float* b_hh, int64_t n, float* sum) {
  for (int64_t j = 0; j < n; ++j) sum[j] = (b_ih == nullptr ? 0.0f : b_ih[j]) + (b_hh == nullptr ? 0.0f : b_hh[j]);
}

#include "recurrent_backward.inl.h"
