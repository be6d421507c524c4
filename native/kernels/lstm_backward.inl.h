// The backward pass of an LSTM layer; see lstm.inl.h. The steps compute the gradients of the pre-activations, in place
// of the gates, and pass dh and dc back; the gradients of weights, bias and inputs follow in one product each over all
// T·B rows. Sums over those rows run in ascending (t, b), blocks of kBlockK, as in any product.
#pragma once

struct LstmBackward {
  const LstmBackwardArgs* args;
  LstmTape tape;
  LstmSplit split;
  float* w_hh;  // packed for dG·W_hh: [panels][4H, kPanel]
  float* dh;    // [B, H]
  float* dc;    // [B, H]
  int64_t step;
};

// dG of one step for rows row0 to row1 and units unit0 to unit1, from dh and dc; dc becomes that of the step before.
inline void lstm_backward_cells(const LstmBackward& bwd, int64_t walked, int64_t row0, int64_t row1, int64_t unit0,
                                int64_t unit1) {
  const LstmTape& tape = bwd.tape;
  const int64_t hidden = tape.hidden, now = tape.time(walked);
  const float* c_prev = walked == 0 ? bwd.args->in.c0 : tape.c + tape.at(tape.time(walked - 1), 0);
  const vf one = set1(1.0f);
  for (int64_t row = row0; row < row1; ++row) {
    for (int64_t unit = unit0; unit < unit1; unit += kLanes) {
      const int lanes = static_cast<int>(smaller(kLanes, unit1 - unit));
      const int64_t at = row * hidden + unit;
      float* gates = tape.gates + kGates * tape.at(now, row) + unit;
      const vf i = load_lanes(gates, lanes), f = load_lanes(gates + hidden, lanes);
      const vf g = load_lanes(gates + 2 * hidden, lanes), o = load_lanes(gates + 3 * hidden, lanes);
      const vf tanh_c = load_lanes(tape.tanh_c + tape.at(now, row) + unit, lanes);
      const vf dh = load_lanes(bwd.dh + at, lanes);
      const vf dc = fma(dh * o, fnma(tanh_c, tanh_c, one), load_lanes(bwd.dc + at, lanes));
      store_lanes(gates, dc * g * (i * (one - i)), lanes);
      store_lanes(gates + hidden, dc * load_lanes(c_prev + at, lanes) * (f * (one - f)), lanes);
      store_lanes(gates + 2 * hidden, dc * i * fnma(g, g, one), lanes);
      store_lanes(gates + 3 * hidden, dh * tanh_c * (o * (one - o)), lanes);
      store_lanes(bwd.dc + at, dc * f, lanes);
    }
  }
}

// dh of the step before `walked` (dh0 when it is the first): what flows back through W_hh, onto that step's dy.
inline void lstm_backward_dh(const LstmBackward& bwd, int64_t walked, int64_t row0, int64_t row1, int64_t panel0,
                             int64_t panel1) {
  const LstmBackwardArgs& args = *bwd.args;
  const LstmTape& tape = bwd.tape;
  const int64_t hidden = tape.hidden, depth = kGates * hidden;
  const float* dy = walked == 0 || args.dy == nullptr ? nullptr : args.dy + tape.at(tape.time(walked - 1), 0);
  float* dh = walked == 0 ? args.dh0 : bwd.dh;
  if (dh == nullptr) return;
  for (int64_t panel = panel0; panel < panel1; ++panel) {
    const int64_t unit = panel * kPanel, columns = smaller(kPanel, hidden - unit);
    const int vecs = vectors(columns);
    for (int64_t k = 0; k < depth; k += kBlockK) {
      Tile t{};
      t.k = smaller(kBlockK, depth - k);
      t.a = tape.gates + kGates * tape.at(tape.time(walked), row0) + k;
      t.a_step = depth;
      t.b_step = vecs * kLanes;
      t.packed = bwd.w_hh + panel * depth * kPanel + k * t.b_step;
      t.b = t.packed;
      t.c = dh + row0 * hidden + unit;
      t.start = k > 0 ? t.c : dy == nullptr ? nullptr : dy + row0 * hidden + unit;
      t.c_row = t.start_row = hidden;
      t.tail = static_cast<int>(columns - (vecs - 1) * kLanes);
      multiply_rows(t, row1 - row0, vecs, false, Ahead{});
    }
  }
}

inline void run_lstm_backward_pack(void* ctx, int task, int) {
  const auto& bwd = *static_cast<const LstmBackward*>(ctx);
  const int64_t hidden = bwd.tape.hidden, depth = kGates * hidden, unit = static_cast<int64_t>(task) * kPanel;
  pack_straight(bwd.args->in.w_hh + unit, hidden, smaller(kPanel, hidden - unit), depth, bwd.w_hh + unit * depth);
}

inline void run_lstm_backward_rows(void* ctx, int task, int) {
  const auto& bwd = *static_cast<const LstmBackward*>(ctx);
  const int64_t batch = bwd.tape.rows, hidden = bwd.tape.hidden;
  const int64_t row0 = bwd.split.first_row(task, batch), row1 = bwd.split.first_row(task + 1, batch);
  for (int64_t walked = bwd.tape.steps - 1; walked >= 0; --walked) {
    lstm_backward_cells(bwd, walked, row0, row1, 0, hidden);
    lstm_backward_dh(bwd, walked, row0, row1, 0, ceil_div(hidden, kPanel));
  }
}

inline void run_lstm_backward_units(void* ctx, int task, int) {
  const auto& bwd = *static_cast<const LstmBackward*>(ctx);
  const int64_t unit = static_cast<int64_t>(task) * kPanel;
  lstm_backward_cells(bwd, bwd.step, 0, bwd.tape.rows, unit, smaller(bwd.tape.hidden, unit + kPanel));
}

inline void run_lstm_backward_dh(void* ctx, int task, int) {
  const auto& bwd = *static_cast<const LstmBackward*>(ctx);
  lstm_backward_dh(bwd, bwd.step, 0, bwd.tape.rows, task, task + 1);
}

// db: columns of dG summed over all rows, as a product with a row of ones would.
constexpr int64_t kBiasColumns = 8 * kLanes;

inline void run_lstm_bias_gradient(void* ctx, int task, int) {
  const auto& bwd = *static_cast<const LstmBackward*>(ctx);
  const int64_t width = kGates * bwd.tape.hidden, rows = bwd.tape.steps * bwd.tape.rows;
  const int64_t first = task * kBiasColumns, columns = smaller(kBiasColumns, width - first);
  float* db = bwd.args->db + first;
  memset(db, 0, static_cast<size_t>(columns) * sizeof(float));
  for (int64_t k = 0; k < rows; k += kBlockK) {
    const int64_t end = smaller(rows, k + kBlockK);
    const float* dg = bwd.tape.gates + k * width + first;
    if (columns == kBiasColumns) {
      vf acc[8];
      LANEGRAD_UNROLL for (int v = 0; v < 8; ++v) acc[v] = zero();
      for (int64_t row = k; row < end; ++row, dg += width) {
        LANEGRAD_UNROLL for (int v = 0; v < 8; ++v) acc[v] = acc[v] + load(dg + v * kLanes);
      }
      LANEGRAD_UNROLL for (int v = 0; v < 8; ++v) store(db + v * kLanes, load(db + v * kLanes) + acc[v]);
      continue;
    }
    for (int64_t j = 0; j < columns; j += kLanes) {
      const int lanes = static_cast<int>(smaller(kLanes, columns - j));
      vf acc = zero();
      for (int64_t row = k; row < end; ++row) acc = acc + load_lanes(dg + (row - k) * width + j, lanes);
      store_lanes(db + j, load_lanes(db + j, lanes) + acc, lanes);
    }
  }
}

// The gradients that are products over all rows.
inline void lstm_weight_gradients(const LstmBackward& bwd, const Parallel& par, float* scratch) {
  const LstmBackwardArgs& args = *bwd.args;
  const LstmTape& tape = bwd.tape;
  const int64_t rows = tape.steps * tape.rows, hidden = tape.hidden, inputs = args.dims.inputs;
  const int64_t width = kGates * hidden;
  Product dw_hh{};
  dw_hh.a = tape.gates;
  dw_hh.lda = width;
  dw_hh.trans_a = true;
  dw_hh.m = width;
  dw_hh.k = rows;
  Product dw_ih = dw_hh;
  // The state before each step: y one step earlier in the walk, and h0 for the step walked first.
  dw_hh.n = dw_hh.ldb = dw_hh.ldc = hidden;
  dw_hh.late = tape.reverse ? larger(0, rows - tape.rows) : smaller(rows, tape.rows);
  dw_hh.b = tape.reverse ? args.y + tape.rows * hidden : args.in.h0;
  dw_hh.b_late = tape.reverse ? args.in.h0 : args.y;
  dw_hh.c = args.dw_hh;
  dw_ih.n = dw_ih.ldb = dw_ih.ldc = inputs;
  dw_ih.late = rows;
  dw_ih.b = args.in.x;
  dw_ih.c = args.dw_ih;
  if (args.dw_hh != nullptr && args.dw_ih != nullptr) {
    dw_hh.also = &dw_ih;
    multiply(dw_hh, par, scratch);
  } else if (args.dw_hh != nullptr) {
    multiply(dw_hh, par, scratch);
  } else if (args.dw_ih != nullptr) {
    multiply(dw_ih, par, scratch);
  }
  if (args.dx != nullptr) {
    Product dx{};
    dx.a = tape.gates;
    dx.m = rows;
    dx.n = dx.ldb = dx.ldc = inputs;
    dx.k = dx.lda = dx.late = width;
    dx.b = args.in.w_ih;
    dx.c = args.dx;
    multiply(dx, par, scratch);
  }
}

inline size_t lstm_backward_scratch(const LstmBackwardArgs& args, int threads) {
  const int64_t hidden = args.dims.hidden, panels = ceil_div(hidden, kPanel);
  return static_cast<size_t>(2 * whole_lines(args.dims.batch * hidden) + panels * kPanel * kGates * hidden) +
         product_scratch(threads);
}

inline void lstm_backward(const LstmBackwardArgs& args, const Parallel& par, Scratch scratch) {
  const LstmDims& dims = args.dims;
  const int64_t state = dims.batch * dims.hidden, lines = whole_lines(state);
  const size_t state_bytes = static_cast<size_t>(state) * sizeof(float);
  const int64_t panels = ceil_div(dims.hidden, kPanel);
  float* dh = scratch.data;
  float* dc = dh + lines;
  LstmBackward bwd{&args, LstmTape(dims, args.workspace), LstmSplit(dims, par.threads), dc + lines, dh, dc, 0};
  if (args.dc_n == nullptr) memset(dc, 0, state_bytes);
  else memcpy(dc, args.dc_n, state_bytes);
  if (dims.steps > 0) {
    const float* dy = args.dy == nullptr ? nullptr : args.dy + bwd.tape.at(bwd.tape.time(dims.steps - 1), 0);
    for (int64_t j = 0; j < state; ++j) {
      dh[j] = (dy == nullptr ? 0.0f : dy[j]) + (args.dh_n == nullptr ? 0.0f : args.dh_n[j]);
    }
    if (state > 0) {
      par.run(par, static_cast<int>(panels), run_lstm_backward_pack, &bwd);
      if (bwd.split.by_rows) {
        par.run(par, static_cast<int>(bwd.split.tasks), run_lstm_backward_rows, &bwd);
      } else {
        for (bwd.step = dims.steps - 1; bwd.step >= 0; --bwd.step) {
          par.run(par, static_cast<int>(panels), run_lstm_backward_units, &bwd);
          par.run(par, static_cast<int>(panels), run_lstm_backward_dh, &bwd);
        }
      }
    }
  } else if (args.dh0 != nullptr) {
    if (args.dh_n == nullptr) memset(args.dh0, 0, state_bytes);
    else memcpy(args.dh0, args.dh_n, state_bytes);
  }
  if (args.dc0 != nullptr) memcpy(args.dc0, dc, state_bytes);
  if (args.db != nullptr) {
    par.run(par, static_cast<int>(ceil_div(kGates * dims.hidden, kBiasColumns)), run_lstm_bias_gradient, &bwd);
  }
  lstm_weight_gradients(bwd, par, dc + lines + panels * kPanel * kGates * dims.hidden);
}
