// The backward pass of an LSTM layer; see lstm.inl.h. The gradients of the pre-activations take the place of the gates.
#pragma once

struct LstmBackward : RecurrentBackward {
  LstmTape tape;
  const float* c0;
  float* dc;  // [B, H]

  // dG of one step for rows row0 to row1 and units unit0 to unit1, from dh and dc; dc becomes that of the step before.
  void cells(int64_t walked, int64_t row0, int64_t row1, int64_t unit0, int64_t unit1) const {
    const int64_t hidden = walk.hidden, now = walk.time(walked);
    const float* c_prev = walk.before(walked, tape.c, c0);
    const vf one = set1(1.0f);
    for (int64_t row = row0; row < row1; ++row) {
      for (int64_t unit = unit0; unit < unit1; unit += kLanes) {
        const int lanes = static_cast<int>(smaller(kLanes, unit1 - unit));
        const int64_t at = row * hidden + unit;
        float* gates = tape.gates + kLstmGates * walk.at(now, row) + unit;
        const vf i = load_lanes(gates, lanes), f = load_lanes(gates + hidden, lanes);
        const vf g = load_lanes(gates + 2 * hidden, lanes), o = load_lanes(gates + 3 * hidden, lanes);
        const vf tanh_c = load_lanes(tape.tanh_c + walk.at(now, row) + unit, lanes);
        const vf dh_now = load_lanes(dh + at, lanes);
        const vf dc_now = fma(dh_now * o, fnma(tanh_c, tanh_c, one), load_lanes(dc + at, lanes));
        store_lanes(gates, dc_now * g * (i * (one - i)), lanes);
        store_lanes(gates + hidden, dc_now * load_lanes(c_prev + at, lanes) * (f * (one - f)), lanes);
        store_lanes(gates + 2 * hidden, dc_now * i * fnma(g, g, one), lanes);
        store_lanes(gates + 3 * hidden, dh_now * tanh_c * (o * (one - o)), lanes);
        store_lanes(dc + at, dc_now * f, lanes);
      }
    }
  }
};

inline size_t lstm_backward_scratch(const LstmBackwardArgs& args, int threads) {
  return static_cast<size_t>(whole_lines(args.dims.batch * args.dims.hidden)) +
         backward_scratch(args.dims, kLstmGates, threads);
}

inline void lstm_backward(const LstmBackwardArgs& args, const Parallel& par, Scratch scratch) {
  const RecurrentDims& dims = args.dims;
  const int64_t state = dims.batch * dims.hidden, width = kLstmGates * dims.hidden;
  const size_t state_bytes = static_cast<size_t>(state) * sizeof(float);
  float* dc = scratch.data;
  LstmBackward bwd{begin_backward(args, kLstmGates, par.threads),
                   LstmTape(dims, args.workspace), args.in.c0, dc};
  bwd.grads = bwd.recurrent = bwd.tape.gates;
  if (args.dc_n == nullptr) memset(dc, 0, state_bytes);
  else memcpy(dc, args.dc_n, state_bytes);
  float* rest = walk_backward(bwd, args.dh_n, par, dc + whole_lines(state));
  if (args.dc0 != nullptr) memcpy(args.dc0, dc, state_bytes);
  if (args.db != nullptr) sum_columns(bwd, width, args.db, par);
  weight_gradients(bwd, bwd.grads, width, args.dw_hh, args.dw_ih, par, rest);
  if (args.dx != nullptr) input_gradient(bwd, width, args.in.w_ih, width, nullptr, args.dx, par, rest);
}
