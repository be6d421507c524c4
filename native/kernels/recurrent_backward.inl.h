// The backward pass around each recurrent layer's own cell; see recurrent.inl.h. The steps compute the gradients of the
// pre-activations, and pass dh back; the gradients of weights, biases and inputs follow in one product each over all
// T·B rows. Sums over those rows run in ascending (t, b), blocks of kBlockK, as in any product.
#pragma once

// A layer derives from this and adds
//   cells(walked, row0, row1, unit0, unit1)    the gradients of those pre-activations, from dh
// and where part of dh flows past the products (carries), cells leaves that part in dh, with the step before's dy on it.
struct RecurrentBackward {
  Walk walk;
  RecurrentSplit split;
  RecurrentInputs in;
  int64_t inputs;
  const float* y;
  const float* dy;  // or null
  float* dh0;       // or null
  int64_t depth;    // G·H
  float* grads = nullptr;      // of the pre-activations, rows [T·B] `width` apart
  float* recurrent = nullptr;  // the first row of those that meet h, `depth` in the order of W_hh's rows
  int64_t width = depth;
  bool carries = false;
  float* w_hh = nullptr;  // packed for recurrent·W_hh: [panels][depth, kPanel]
  float* dh = nullptr;    // [B, H]
  int64_t step = 0;

  // dy of the step before `walked`, or null.
  const float* dy_before(int64_t walked) const {
    return walked == 0 || dy == nullptr ? nullptr : dy + walk.at(walk.time(walked - 1), 0);
  }
};

template <class Args>
RecurrentBackward begin_backward(const Args& args, int gates, int threads) {
  const RecurrentDims& dims = args.dims;
  return {Walk(dims), RecurrentSplit(dims, gates, threads), args.in, dims.inputs, args.y, args.dy, args.dh0,
          gates * dims.hidden};
}

// dh of the step before `walked` (dh0 when it is the first): what flows back through W_hh, onto that step's dy.
inline void backward_dh(const RecurrentBackward& bwd, int64_t walked, int64_t row0, int64_t row1, int64_t panel0,
                        int64_t panel1) {
  const Walk& walk = bwd.walk;
  const int64_t hidden = walk.hidden, depth = bwd.depth;
  const float* start = bwd.carries ? bwd.dh : bwd.dy_before(walked);
  float* dh = walked == 0 ? bwd.dh0 : bwd.dh;
  if (dh == nullptr) return;
  for (int64_t panel = panel0; panel < panel1; ++panel) {
    const int64_t unit = panel * kPanel, columns = smaller(kPanel, hidden - unit);
    const int vecs = vectors(columns);
    for (int64_t k = 0; k < depth; k += kBlockK) {
      Tile t{};
      t.k = smaller(kBlockK, depth - k);
      t.a = bwd.recurrent + (walk.time(walked) * walk.rows + row0) * bwd.width + k;
      t.a_step = bwd.width;
      t.b_step = vecs * kLanes;
      t.packed = bwd.w_hh + panel * depth * kPanel + k * t.b_step;
      t.b = t.packed;
      t.c = dh + row0 * hidden + unit;
      t.start = k > 0 ? t.c : start == nullptr ? nullptr : start + row0 * hidden + unit;
      t.c_row = t.start_row = hidden;
      t.tail = static_cast<int>(columns - (vecs - 1) * kLanes);
      multiply_rows(t, row1 - row0, vecs, false, Ahead{});
    }
  }
}

template <class Layer>
void run_backward_pack(void* ctx, int task, int) {
  const RecurrentBackward& bwd = *static_cast<const Layer*>(ctx);
  const int64_t hidden = bwd.walk.hidden, unit = static_cast<int64_t>(task) * kPanel;
  pack_straight(bwd.in.w_hh + unit, hidden, smaller(kPanel, hidden - unit), bwd.depth, bwd.w_hh + unit * bwd.depth);
}

template <class Layer>
void run_backward_rows(void* ctx, int task, int) {
  const auto& bwd = *static_cast<const Layer*>(ctx);
  const int64_t batch = bwd.walk.rows, hidden = bwd.walk.hidden;
  const int64_t row0 = bwd.split.first_row(task, batch), row1 = bwd.split.first_row(task + 1, batch);
  const int64_t last = larger(0, bwd.step + 1 - bwd.split.steps);
  for (int64_t walked = bwd.step; walked >= last; --walked) {
    bwd.cells(walked, row0, row1, 0, hidden);
    backward_dh(bwd, walked, row0, row1, 0, ceil_div(hidden, kPanel));
  }
}

template <class Layer>
void run_backward_units(void* ctx, int task, int) {
  const auto& bwd = *static_cast<const Layer*>(ctx);
  const int64_t unit = static_cast<int64_t>(task) * kPanel;
  bwd.cells(bwd.step, 0, bwd.walk.rows, unit, smaller(bwd.walk.hidden, unit + kPanel));
}

template <class Layer>
void run_backward_dh(void* ctx, int task, int) {
  const auto& bwd = *static_cast<const Layer*>(ctx);
  backward_dh(bwd, bwd.step, 0, bwd.walk.rows, task, task + 1);
}

// Floats of the scratch, the layer's own not counted: dh, packed W_hh, and what the products need.
inline size_t backward_scratch(const RecurrentDims& dims, int gates, int threads) {
  const int64_t panels = ceil_div(dims.hidden, kPanel);
  return static_cast<size_t>(whole_lines(dims.batch * dims.hidden) + panels * kPanel * gates * dims.hidden) +
         product_scratch(threads);
}

// All steps, from dh_n (or null) on; scratch of backward_scratch floats, of which the rest is returned.
template <class Layer>
float* walk_backward(Layer& bwd, const float* dh_n, const Parallel& par, float* scratch) {
  const int64_t steps = bwd.walk.steps, state = bwd.walk.rows * bwd.walk.hidden;
  const int64_t panels = ceil_div(bwd.walk.hidden, kPanel);
  bwd.dh = scratch;
  bwd.w_hh = scratch + whole_lines(state);
  if (steps > 0) {
    const float* dy = bwd.dy_before(steps);
    for (int64_t j = 0; j < state; ++j) {
      bwd.dh[j] = (dy == nullptr ? 0.0f : dy[j]) + (dh_n == nullptr ? 0.0f : dh_n[j]);
    }
    if (state > 0) {
      par.run(par, static_cast<int>(panels), run_backward_pack<Layer>, &bwd);
      if (bwd.split.by_rows) {
        for (bwd.step = steps - 1; bwd.step >= 0; bwd.step -= bwd.split.steps) {
          par.run(par, static_cast<int>(bwd.split.tasks), run_backward_rows<Layer>, &bwd);
        }
      } else {
        for (bwd.step = steps - 1; bwd.step >= 0; --bwd.step) {
          par.run(par, static_cast<int>(panels), run_backward_units<Layer>, &bwd);
          par.run(par, static_cast<int>(panels), run_backward_dh<Layer>, &bwd);
        }
      }
    }
  } else if (bwd.dh0 != nullptr) {
    const size_t bytes = static_cast<size_t>(state) * sizeof(float);
    if (dh_n == nullptr) memset(bwd.dh0, 0, bytes);
    else memcpy(bwd.dh0, dh_n, bytes);
  }
  return bwd.w_hh + panels * kPanel * bwd.depth;
}

// Columns of the gradients summed over all rows, as a product with a row of ones would: sums[j] of columns [0, count).
struct ColumnSums {
  const float* grads;
  int64_t rows, width, count;
  float* sums;
};
constexpr int64_t kSumColumns = 8 * kLanes;

inline void run_column_sums(void* ctx, int task, int) {
  const auto& job = *static_cast<const ColumnSums*>(ctx);
  const int64_t width = job.width, first = task * kSumColumns, columns = smaller(kSumColumns, job.count - first);
  float* sums = job.sums + first;
  memset(sums, 0, static_cast<size_t>(columns) * sizeof(float));
  for (int64_t k = 0; k < job.rows; k += kBlockK) {
    const int64_t end = smaller(job.rows, k + kBlockK);
    const float* row_at = job.grads + k * width + first;
    if (columns == kSumColumns) {
      vf acc[8];
      LANEGRAD_UNROLL for (int v = 0; v < 8; ++v) acc[v] = zero();
      for (int64_t row = k; row < end; ++row, row_at += width) {
        LANEGRAD_UNROLL for (int v = 0; v < 8; ++v) acc[v] = acc[v] + load(row_at + v * kLanes);
      }
      LANEGRAD_UNROLL for (int v = 0; v < 8; ++v) store(sums + v * kLanes, load(sums + v * kLanes) + acc[v]);
      continue;
    }
    for (int64_t j = 0; j < columns; j += kLanes) {
      const int lanes = static_cast<int>(smaller(kLanes, columns - j));
      vf acc = zero();
      for (int64_t row = k; row < end; ++row) acc = acc + load_lanes(row_at + (row - k) * width + j, lanes);
      store_lanes(sums + j, load_lanes(sums + j, lanes) + acc, lanes);
    }
  }
}

inline void sum_columns(const RecurrentBackward& bwd, int64_t count, float* sums, const Parallel& par) {
  ColumnSums job{bwd.grads, bwd.walk.steps * bwd.walk.rows, bwd.width, count, sums};
  par.run(par, static_cast<int>(ceil_div(count, kSumColumns)), run_column_sums, &job);
}

// dW_hh and dW_ih (null: not wanted) of the pre-activations whose gradients are `count` columns from `columns` on.
inline void weight_gradients(const RecurrentBackward& bwd, const float* columns, int64_t count, float* dw_hh,
                             float* dw_ih, const Parallel& par, float* scratch) {
  const Walk& walk = bwd.walk;
  const int64_t rows = walk.steps * walk.rows, hidden = walk.hidden;
  Product of_state{};
  of_state.a = columns;
  of_state.lda = bwd.width;
  of_state.trans_a = true;
  of_state.m = count;
  of_state.k = rows;
  Product of_input = of_state;
  // The state before each step: y one step earlier in the walk, and h0 for the step walked first.
  of_state.n = of_state.ldb = of_state.ldc = hidden;
  of_state.late = walk.reverse ? larger(0, rows - walk.rows) : smaller(rows, walk.rows);
  of_state.b = walk.reverse ? bwd.y + walk.rows * hidden : bwd.in.h0;
  of_state.b_late = walk.reverse ? bwd.in.h0 : bwd.y;
  of_state.c = dw_hh;
  of_input.n = of_input.ldb = of_input.ldc = bwd.inputs;
  of_input.late = rows;
  of_input.b = bwd.in.x;
  of_input.c = dw_ih;
  if (dw_hh != nullptr && dw_ih != nullptr) of_state.also = &of_input;
  if (dw_hh != nullptr) multiply(of_state, par, scratch);
  else if (dw_ih != nullptr) multiply(of_input, par, scratch);
}

// dx = gradients·W_ih, where the first `late` of the `depth` columns meet the rows of w_ih and the rest those of w_late.
inline void input_gradient(const RecurrentBackward& bwd, int64_t depth, const float* w_ih, int64_t late,
                           const float* w_late, float* dx, const Parallel& par, float* scratch) {
  Product p{};
  p.a = bwd.grads;
  p.lda = bwd.width;
  p.m = bwd.walk.steps * bwd.walk.rows;
  p.n = p.ldb = p.ldc = bwd.inputs;
  p.k = depth;
  p.b = w_ih;
  p.late = late;
  p.b_late = w_late;
  p.c = dx;
  multiply(p, par, scratch);
}
