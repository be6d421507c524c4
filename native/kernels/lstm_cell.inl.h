// One step of an LSTM for a tile of sequences and one vector of units: the products of all four gates stay in
// registers, and the whole cell is their epilogue, so pre-activations make no second pass through memory.
//
//   pre = bias + x·W_ihᵀ + h·W_hhᵀ    i, f, o = σ(pre), g = tanh(pre)    c = f·c_prev + i·g    h = o·tanh(c)
//
// A block of packed weights is [k][i, f, g, o][kLanes].
#pragma once

constexpr int kLstmGates = 4;
constexpr int kLstmGateLanes = kLstmGates * kLanes;

// Rows of c_prev, c and tanh_c are `hidden` apart; `gates` receives the activated gates.
struct LstmTile : RecurrentTile {
  const float* c_prev;
  float* c;  // may be c_prev
  float* tanh_c;
};

// The epilogue of `rows` rows whose pre-activations stand at `pre`. In two passes, so that neighbouring iterations do
// not wait for one another's chain from gate to state.
LANEGRAD_INLINE void activate_lstm(const LstmTile& t, int rows, const float* pre) {
  for (int r = 0; r < rows; ++r) {
    const float* from = pre + r * kLstmGateLanes;
    float* gates = t.gates + r * t.gate_row;
    const vf i = vsigmoid(load(from)), f = vsigmoid(load(from + kLanes));
    const vf g = vtanh(load(from + 2 * kLanes)), o = vsigmoid(load(from + 3 * kLanes));
    const vf c = fma(f, load_lanes(t.c_prev + r * t.hidden, t.lanes), i * g);
    store_lanes(gates, i, t.lanes);
    store_lanes(gates + t.gate_step, f, t.lanes);
    store_lanes(gates + 2 * t.gate_step, g, t.lanes);
    store_lanes(gates + 3 * t.gate_step, o, t.lanes);
    store_lanes(t.c + r * t.hidden, c, t.lanes);
  }
  for (int r = 0; r < rows; ++r) {
    const int64_t at = r * t.hidden;
    const vf tanh_c = vtanh(load_lanes(t.c + at, t.lanes));
    store_lanes(t.tanh_c + at, tanh_c, t.lanes);
    store_lanes(t.y + at, load_lanes(t.gates + r * t.gate_row + 3 * t.gate_step, t.lanes) * tanh_c, t.lanes);
  }
}

struct LstmCell {
  using Tile = LstmTile;
  // Accumulators, one broadcast a row and one vector of weights fill the register file.
  static constexpr int kRows = kLanes == 16 ? 6 : kLanes == 8 ? 3 : kFma ? 6 : 2;

  template <int MR>
  static void tile(const Tile& t) {
    vf acc[MR][kLstmGates];
    fetch_outputs<MR, kLstmGates>(t);
    for (int r = 0; r < MR; ++r) {
      prefetch(t.c_prev + r * t.hidden);
      prefetch(t.c + r * t.hidden);
      prefetch(t.tanh_c + r * t.hidden);
    }
    input_part<false>(t, acc);
    gate_chain(acc, t.h, t.hidden, t.w_hh, t.hidden, t.soon_hh, t.soon_step);
    alignas(64) float pre[MR * kLstmGateLanes];
    LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
      LANEGRAD_UNROLL for (int g = 0; g < kLstmGates; ++g) store(pre + r * kLstmGateLanes + g * kLanes, acc[r][g]);
    }
    activate_lstm(t, MR, pre);
  }
};
