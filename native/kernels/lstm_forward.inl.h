// The forward pass of an LSTM layer; see lstm.inl.h.
#pragma once

struct LstmForward {
  const LstmArgs* args;
  LstmTape tape;
  LstmSplit split;
  int64_t blocks;  // of kLanes units
  bool input_in_cell;
  const float* bias;
  float* w_ih;
  float* w_hh;
  int64_t step;  // walked, where units are shared
};

// With few sequences one product over all steps reads W_ih once; with many the cell computes its input part itself,
// and the pre-activations never leave the registers.
inline bool lstm_input_in_cell(const LstmDims& dims) { return dims.batch >= kCellRows && dims.inputs > 0; }

inline void lstm_forward_cells(const LstmForward& fwd, int64_t walked, int64_t row0, int64_t row1, int64_t block0,
                               int64_t block1) {
  const LstmArgs& args = *fwd.args;
  const LstmTape& tape = fwd.tape;
  const int64_t hidden = tape.hidden, inputs = args.dims.inputs, now = tape.time(walked);
  const float* h_prev = walked == 0 ? args.in.h0 : args.y + tape.at(tape.time(walked - 1), 0);
  const float* c_prev = walked == 0 ? args.in.c0 : tape.c + tape.at(tape.time(walked - 1), 0);
  const RowTiles tiles(row1 - row0, kCellRows);
  for (int64_t block = block0; block < block1; ++block) {
    const int64_t unit = block * kLanes;
    CellTile t{};
    t.inputs = inputs;
    t.hidden = hidden;
    t.w_ih = fwd.w_ih + block * inputs * kGateLanes;
    t.w_hh = fwd.w_hh + block * hidden * kGateLanes;
    t.bias = fwd.bias + unit;
    t.lanes = static_cast<int>(smaller(kLanes, hidden - unit));
    int64_t row = row0;
    for (int64_t i = 0; i < tiles.count; ++i) {
      const int64_t at = tape.at(now, row) + unit;
      t.x = fwd.input_in_cell ? args.in.x + (now * tape.rows + row) * inputs : nullptr;
      t.h = h_prev + row * hidden;
      t.c_prev = c_prev + row * hidden + unit;
      t.gates = tape.gates + kGates * tape.at(now, row) + unit;
      t.c = tape.c + at;
      t.tanh_c = tape.tanh_c + at;
      t.y = args.y + at;
      const int height = tiles.height(i);
      cell_of_rows(height)(t);
      row += height;
    }
  }
}

inline void run_lstm_pack(void* ctx, int task, int) {
  const auto& fwd = *static_cast<const LstmForward*>(ctx);
  const LstmArgs& args = *fwd.args;
  if (fwd.input_in_cell) pack_gates(args.in.w_ih, args.dims.hidden, args.dims.inputs, task, fwd.w_ih);
  pack_gates(args.in.w_hh, args.dims.hidden, args.dims.hidden, task, fwd.w_hh);
}

inline void run_lstm_rows(void* ctx, int task, int) {
  const auto& fwd = *static_cast<const LstmForward*>(ctx);
  const int64_t batch = fwd.tape.rows;
  const int64_t row0 = fwd.split.first_row(task, batch), row1 = fwd.split.first_row(task + 1, batch);
  for (int64_t walked = 0; walked < fwd.tape.steps; ++walked) {
    lstm_forward_cells(fwd, walked, row0, row1, 0, fwd.blocks);
  }
}

inline void run_lstm_units(void* ctx, int task, int) {
  const auto& fwd = *static_cast<const LstmForward*>(ctx);
  lstm_forward_cells(fwd, fwd.step, 0, fwd.tape.rows, task, task + 1);
}

inline size_t lstm_scratch(const LstmArgs& args, int threads) {
  const LstmDims& dims = args.dims;
  const int64_t blocks = ceil_div(dims.hidden, kLanes);
  const int64_t inputs = lstm_input_in_cell(dims) ? dims.inputs : 0;
  const size_t packed = static_cast<size_t>(whole_lines(kGates * dims.hidden) +
                                            whole_lines(blocks * (inputs + dims.hidden) * kGateLanes));
  return packed + (lstm_input_in_cell(dims) ? 0 : product_scratch(threads));
}

inline void lstm(const LstmArgs& args, const Parallel& par, Scratch scratch) {
  const LstmDims& dims = args.dims;
  const size_t state = static_cast<size_t>(dims.batch * dims.hidden) * sizeof(float);
  if (state == 0) return;
  if (dims.steps == 0) {
    memcpy(args.h_n, args.in.h0, state);
    memcpy(args.c_n, args.in.c0, state);
    return;
  }
  float* bias = scratch.data;
  for (int64_t j = 0; j < kGates * dims.hidden; ++j) {
    bias[j] = (args.in.b_ih == nullptr ? 0.0f : args.in.b_ih[j]) + (args.in.b_hh == nullptr ? 0.0f : args.in.b_hh[j]);
  }
  const int64_t blocks = ceil_div(dims.hidden, kLanes);
  LstmForward fwd{&args,
                  LstmTape(dims, args.workspace),
                  LstmSplit(dims, par.threads),
                  blocks,
                  lstm_input_in_cell(dims),
                  bias,
                  nullptr,
                  nullptr,
                  0};
  fwd.w_ih = bias + whole_lines(kGates * dims.hidden);
  fwd.w_hh = fwd.w_ih + (fwd.input_in_cell ? blocks * dims.inputs * kGateLanes : 0);
  par.run(par, static_cast<int>(blocks), run_lstm_pack, &fwd);
  if (!fwd.input_in_cell) {
    Product p{};
    p.m = dims.steps * dims.batch;
    p.n = kGates * dims.hidden;
    p.k = p.lda = p.ldb = p.late = dims.inputs;
    p.a = args.in.x;
    p.b = args.in.w_ih;
    p.trans_b = true;
    p.start = bias;
    p.c = fwd.tape.gates;
    p.ldc = p.n;
    multiply(p, par, fwd.w_hh + blocks * dims.hidden * kGateLanes);
  }
  if (fwd.split.by_rows) {
    par.run(par, static_cast<int>(fwd.split.tasks), run_lstm_rows, &fwd);
  } else {
    for (; fwd.step < dims.steps; ++fwd.step) par.run(par, static_cast<int>(blocks), run_lstm_units, &fwd);
  }
  const int64_t last = fwd.tape.at(fwd.tape.time(dims.steps - 1), 0);
  memcpy(args.h_n, args.y + last, state);
  memcpy(args.c_n, fwd.tape.c + last, state);
}
