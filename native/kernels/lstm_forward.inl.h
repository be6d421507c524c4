// The forward pass of an LSTM layer; see lstm.inl.h.
#pragma once

struct LstmForward : RecurrentForward {
  using Tile = LstmTile;
  static constexpr int kVecs = kLstmGates, kUnits = kLanes, kRows = LstmCell::kRows;

  LstmTape tape;
  const float* c0;

  static void pack(const float* w, const Walk& walk, int64_t depth, int64_t block, float* packed) {
    pack_gates<kLstmGates>(w, walk.hidden, depth, block, 0, packed);
  }
  void place(Tile& t, int64_t walked, int64_t row, int64_t unit) const {
    const int64_t at = walk.at(walk.time(walked), row);
    t.gates = tape.gates + kLstmGates * at + unit;
    t.gate_row = kLstmGates * walk.hidden;
    t.gate_step = walk.hidden;
    t.c_prev = walk.before(walked, tape.c, c0) + row * walk.hidden + unit;
    t.c = tape.c + at + unit;
    t.tanh_c = tape.tanh_c + at + unit;
  }
  static auto cell(int height, int64_t) { return cell_of_rows<LstmCell>(height); }
};

inline size_t lstm_scratch(const LstmArgs& args, int threads) {
  return recurrent_scratch<LstmForward>(args.dims, kLstmGates, threads);
}

inline void lstm(const LstmArgs& args, const Parallel& par, Scratch scratch) {
  const RecurrentDims& dims = args.dims;
  const size_t state = static_cast<size_t>(dims.batch * dims.hidden) * sizeof(float);
  if (state == 0) return;
  if (dims.steps == 0) {
    memcpy(args.h_n, args.in.h0, state);
    memcpy(args.c_n, args.in.c0, state);
    return;
  }
  LstmForward fwd{begin_forward<LstmForward>(dims, kLstmGates, args.in, args.y, par.threads),
                  LstmTape(dims, args.workspace), args.in.c0};
  sum_biases(args.in.b_ih, args.in.b_hh, kLstmGates * dims.hidden, scratch.data);
  float* product = place_scratch(fwd, scratch.data, kLstmGates);
  par.run(par, static_cast<int>(fwd.blocks), run_pack<LstmForward>, &fwd);
  if (!fwd.input_in_cell) {
    multiply_inputs(fwd, 0, kLstmGates, fwd.bias, fwd.tape.gates, kLstmGates * dims.hidden, par, product);
  }
  walk_forward(fwd, par);
  const int64_t last = fwd.walk.at(fwd.walk.time(dims.steps - 1), 0);
  memcpy(args.h_n, args.y + last, state);
  memcpy(args.c_n, fwd.tape.c + last, state);
}
