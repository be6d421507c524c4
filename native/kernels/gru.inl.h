// A whole GRU layer in one direction, forward and backward.
//
//   r, z = σ(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh)    q = h·W_hnᵀ + b_hn    n = tanh(x·W_inᵀ + b_in + r·q)
//   h′ = n + z·(h − n)
//
// Workspace, the same on every ISA: n, r, z and q [T, B, 4, H], by the time step of x. Backward turns them into the
// gradients of the input's part of n, of r, of z and of q: the first three columns meet x, the last three h, and r and z
// share their products. Weights are packed in the order n, r, z.
#pragma once

constexpr int kGruGates = 3;
constexpr int kGruArrays = 4;  // n, r, z, q
constexpr int kFirstGate = 2;  // n among PyTorch's r, z, n

inline int64_t gru_workspace(const RecurrentDims& dims) { return recurrent_workspace(dims, kGruArrays); }

// Rows of h_prev are `hidden` apart; `gates` receives n, r, z and q. The bias is that of n (input), r, z, n (recurrent).
struct GruTile : RecurrentTile {
  const float* h_prev;  // h at this block's units
};

// The epilogue of `rows` rows whose sums q, r, z and the input's part of n stand at `pre`. In two passes, so that
// neighbouring iterations do not wait for one another's chain from gate to state.
LANEGRAD_INLINE void activate_gru(const GruTile& t, int rows, float* pre) {
  for (int row = 0; row < rows; ++row) {
    float* from = pre + row * kGruArrays * kLanes;
    float* gates = t.gates + row * t.gate_row;
    const vf q = load(from), r = vsigmoid(load(from + kLanes)), z = vsigmoid(load(from + 2 * kLanes));
    store(from, fma(r, q, load(from + 3 * kLanes)));
    store(from + kLanes, z);
    store_lanes(gates + t.gate_step, r, t.lanes);
    store_lanes(gates + 2 * t.gate_step, z, t.lanes);
    store_lanes(gates + 3 * t.gate_step, q, t.lanes);
  }
  for (int row = 0; row < rows; ++row) {
    const float* from = pre + row * kGruArrays * kLanes;
    const vf n = vtanh(load(from));
    const vf h_prev = load_lanes(t.h_prev + row * t.hidden, t.lanes);
    store_lanes(t.gates + row * t.gate_row, n, t.lanes);
    store_lanes(t.y + row * t.hidden, fma(load(from + kLanes), h_prev - n, n), t.lanes);
  }
}

struct GruCell {
  using Tile = GruTile;
  // The accumulators of three gates, their weights and one broadcast fill the register file.
  static constexpr int kRows = kLanes == 16 ? 8 : kLanes == 8 ? 4 : kFma ? 8 : 3;

  template <int MR>
  static void tile(const Tile& t) {
    constexpr int kRow = kGruArrays * kLanes;
    vf acc[MR][kGruGates];
    alignas(64) float pre[MR * kRow];
    fetch_outputs<MR, kGruArrays>(t);
    input_part<false>(t, acc);
    const vf bias = load_lanes(t.bias + 3 * t.gate_step, t.lanes);
    LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
      store(pre + r * kRow + 3 * kLanes, acc[r][0]);
      acc[r][0] = bias;
    }
    gate_chain(acc, t.h, t.hidden, t.w_hh, t.hidden, t.soon_hh, t.soon_step);
    LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
      LANEGRAD_UNROLL for (int g = 0; g < kGruGates; ++g) store(pre + r * kRow + g * kLanes, acc[r][g]);
    }
    activate_gru(t, MR, pre);
  }
};

struct GruForward : RecurrentForward {
  using Tile = GruTile;
  static constexpr int kVecs = kGruGates, kUnits = kLanes, kRows = GruCell::kRows;

  float* tape;

  static void pack(const float* w, const Walk& walk, int64_t depth, int64_t block, float* packed) {
    pack_gates<kGruGates>(w, walk.hidden, depth, block, kFirstGate, packed);
  }
  void place(Tile& t, int64_t walked, int64_t row, int64_t unit) const {
    t.gates = tape + kGruArrays * walk.at(walk.time(walked), row) + unit;
    t.gate_row = kGruArrays * walk.hidden;
    t.gate_step = walk.hidden;
    t.h_prev = t.h + unit;
  }
  static auto cell(int height, int64_t) { return cell_of_rows<GruCell>(height); }
};

inline size_t gru_scratch(const GruArgs& args, int threads) {
  return recurrent_scratch<GruForward>(args.dims, kGruArrays, threads);
}

inline void gru(const GruArgs& args, const Parallel& par, Scratch scratch) {
  const RecurrentDims& dims = args.dims;
  const int64_t hidden = dims.hidden;
  const size_t state = static_cast<size_t>(dims.batch * hidden) * sizeof(float);
  if (state == 0) return;
  if (dims.steps == 0) {
    memcpy(args.h_n, args.in.h0, state);
    return;
  }
  GruForward fwd{begin_forward<GruForward>(dims, kGruGates, args.in, args.y, par.threads), args.workspace};
  // Those of n stay apart: the reset gate scales the recurrent one.
  const float* b_ih = args.in.b_ih;
  const float* b_hh = args.in.b_hh;
  float* bias = scratch.data;
  sum_biases(b_ih == nullptr ? nullptr : b_ih + 2 * hidden, nullptr, hidden, bias);
  sum_biases(b_ih, b_hh, 2 * hidden, bias + hidden);
  sum_biases(nullptr, b_hh == nullptr ? nullptr : b_hh + 2 * hidden, hidden, bias + 3 * hidden);
  float* product = place_scratch(fwd, bias, kGruArrays);
  par.run(par, static_cast<int>(fwd.blocks), run_pack<GruForward>, &fwd);
  if (!fwd.input_in_cell) {
    const int64_t row = kGruArrays * hidden;
    multiply_inputs(fwd, kFirstGate, 1, bias, fwd.tape, row, par, product);
    multiply_inputs(fwd, 0, 2, bias + hidden, fwd.tape + hidden, row, par, product);
  }
  walk_forward(fwd, par);
  memcpy(args.h_n, args.y + fwd.walk.at(fwd.walk.time(dims.steps - 1), 0), state);
}

struct GruBackward : RecurrentBackward {
  // From dh, of which what the update gate lets through stays in dh, on the dy of the step before.
  void cells(int64_t walked, int64_t row0, int64_t row1, int64_t unit0, int64_t unit1) const {
    const int64_t hidden = walk.hidden, now = walk.time(walked);
    const float* h_prev = walk.before(walked, y, in.h0);
    const float* dy_prev = dy_before(walked);
    const vf one = set1(1.0f);
    for (int64_t row = row0; row < row1; ++row) {
      for (int64_t unit = unit0; unit < unit1; unit += kLanes) {
        const int lanes = static_cast<int>(smaller(kLanes, unit1 - unit));
        const int64_t at = row * hidden + unit;
        float* gates = grads + kGruArrays * walk.at(now, row) + unit;
        const vf n = load_lanes(gates, lanes), r = load_lanes(gates + hidden, lanes);
        const vf z = load_lanes(gates + 2 * hidden, lanes), q = load_lanes(gates + 3 * hidden, lanes);
        const vf dh_now = load_lanes(dh + at, lanes);
        const vf dn = dh_now * (one - z) * fnma(n, n, one);
        const vf dq = dn * r;
        store_lanes(gates, dn, lanes);
        store_lanes(gates + hidden, dq * q * (one - r), lanes);
        store_lanes(gates + 2 * hidden, dh_now * (load_lanes(h_prev + at, lanes) - n) * (z * (one - z)), lanes);
        store_lanes(gates + 3 * hidden, dq, lanes);
        const vf past = dh_now * z;
        store_lanes(dh + at, dy_prev == nullptr ? past : past + load_lanes(dy_prev + at, lanes), lanes);
      }
    }
  }
};

inline size_t gru_backward_scratch(const GruBackwardArgs& args, int threads) {
  return static_cast<size_t>(whole_lines(kGruArrays * args.dims.hidden)) +
         backward_scratch(args.dims, kGruGates, threads);
}

inline void gru_backward(const GruBackwardArgs& args, const Parallel& par, Scratch scratch) {
  const RecurrentDims& dims = args.dims;
  const int64_t hidden = dims.hidden, inputs = dims.inputs;
  const size_t bytes = static_cast<size_t>(hidden) * sizeof(float);
  float* sums = scratch.data;  // of n, r, z, q
  GruBackward bwd{begin_backward(args, kGruGates, par.threads)};
  bwd.grads = args.workspace;
  bwd.width = kGruArrays * hidden;
  bwd.recurrent = bwd.grads + hidden;
  bwd.carries = true;
  float* rest = walk_backward(bwd, args.dh_n, par, sums + whole_lines(kGruArrays * hidden));
  if (args.db_ih != nullptr || args.db_hh != nullptr) sum_columns(bwd, kGruArrays * hidden, sums, par);
  const auto put_bias = [&](float* db, const float* of_n) {
    if (db == nullptr) return;
    memcpy(db, sums + hidden, 2 * bytes);
    memcpy(db + 2 * hidden, of_n, bytes);
  };
  put_bias(args.db_ih, sums);
  put_bias(args.db_hh, sums + 3 * hidden);
  const auto of_n = [&](float* dw, int64_t row) { return dw == nullptr ? nullptr : dw + 2 * hidden * row; };
  weight_gradients(bwd, bwd.grads + hidden, 2 * hidden, args.dw_hh, args.dw_ih, par, rest);
  weight_gradients(bwd, bwd.grads, hidden, nullptr, of_n(args.dw_ih, inputs), par, rest);
  weight_gradients(bwd, bwd.grads + 3 * hidden, hidden, of_n(args.dw_hh, hidden), nullptr, par, rest);
  if (args.dx != nullptr) {
    const float* w_n = args.in.w_ih + 2 * hidden * inputs;
    input_gradient(bwd, kGruGates * hidden, w_n, hidden, args.in.w_ih, args.dx, par, rest);
  }
}
