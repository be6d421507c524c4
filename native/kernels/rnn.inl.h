// A whole plain recurrent layer in one direction, forward and backward: h′ = f(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh) with
// f = tanh or the positive part. What f did is seen in h′, so there is no workspace; and with one gate alone a tile
// takes several neighbouring vectors of units.
#pragma once

constexpr int kRnnVecs = 4;
constexpr int kRnnUnits = kRnnVecs * kLanes;

struct RnnTile : RecurrentTile {
  bool relu;
};

template <int kVecs>
struct RnnCell {
  using Tile = RnnTile;
  static constexpr int kRows = LstmCell::kRows;  // as many accumulators, where all vectors are units

  template <int MR>
  static void tile(const Tile& t) {
    vf acc[MR][kVecs];
    fetch_outputs<MR, kVecs>(t);
    input_part<true>(t, acc);
    gate_chain(acc, t.h, t.hidden, t.w_hh, t.hidden, t.soon_hh, t.soon_step);
    if (t.relu) {
      for_tile_rows<kVecs, MR>([&](int r, int v) LANEGRAD_INLINE_LAMBDA {
        // Compared this way round, NaN stays NaN.
        const vf y = select(le(acc[r][v], zero()), zero(), acc[r][v]);
        store_lanes(t.y + r * t.hidden + v * kLanes, y, v < kVecs - 1 ? kLanes : t.lanes);
      });
      return;
    }
    alignas(64) float pre[MR * kVecs * kLanes];
    for_tile_rows<kVecs, MR>([&](int r, int v) LANEGRAD_INLINE_LAMBDA { store(pre + (r * kVecs + v) * kLanes, acc[r][v]); });
    for (int r = 0; r < MR; ++r) {
      for (int v = 0; v < kVecs; ++v) {
        const vf y = vtanh(load(pre + (r * kVecs + v) * kLanes));
        store_lanes(t.y + r * t.hidden + v * kLanes, y, v < kVecs - 1 ? kLanes : t.lanes);
      }
    }
  }
};

template <int kVecs = kRnnVecs>
auto rnn_cell(int height, int vecs) -> void (*)(const RnnTile&) {
  if constexpr (kVecs > 1) {
    if (vecs < kVecs) return rnn_cell<kVecs - 1>(height, vecs);
  }
  return cell_of_rows<RnnCell<kVecs>>(height);
}

struct RnnForward : RecurrentForward {
  using Tile = RnnTile;
  static constexpr int kVecs = kRnnVecs, kUnits = kRnnUnits, kRows = RnnCell<kRnnVecs>::kRows;

  bool relu;

  static void pack(const float* w, const Walk& walk, int64_t depth, int64_t block, float* packed) {
    const int64_t unit = block * kRnnUnits, units = smaller(kRnnUnits, walk.hidden - unit);
    for (int64_t v = 0; v < units; v += kLanes) {
      pack_transposed(w + (unit + v) * depth, depth, static_cast<int>(smaller(kLanes, units - v)), depth,
                      packed + unit * depth + v, vectors(units) * kLanes);
    }
  }
  void place(Tile& t, int64_t, int64_t, int64_t) const {
    t.gates = t.y;  // the sums rest where the state will be
    t.gate_row = walk.hidden;
    t.gate_step = kLanes;
    t.relu = relu;
  }
  static auto cell(int height, int64_t units) { return rnn_cell(height, vectors(units)); }
};

inline size_t rnn_scratch(const RnnArgs& args, int threads) {
  return recurrent_scratch<RnnForward>(args.dims, 1, threads);
}

inline void rnn(const RnnArgs& args, const Parallel& par, Scratch scratch) {
  const RecurrentDims& dims = args.dims;
  const size_t state = static_cast<size_t>(dims.batch * dims.hidden) * sizeof(float);
  if (state == 0) return;
  if (dims.steps == 0) {
    memcpy(args.h_n, args.in.h0, state);
    return;
  }
  RnnForward fwd{begin_forward<RnnForward>(dims, 1, args.in, args.y, par.threads), args.relu};
  sum_biases(args.in.b_ih, args.in.b_hh, dims.hidden, scratch.data);
  float* product = place_scratch(fwd, scratch.data, 1);
  par.run(par, static_cast<int>(fwd.blocks), run_pack<RnnForward>, &fwd);
  if (!fwd.input_in_cell) multiply_inputs(fwd, 0, 1, fwd.bias, args.y, dims.hidden, par, product);
  walk_forward(fwd, par);
  memcpy(args.h_n, args.y + fwd.walk.at(fwd.walk.time(dims.steps - 1), 0), state);
}

struct RnnBackward : RecurrentBackward {
  bool relu;

  void cells(int64_t walked, int64_t row0, int64_t row1, int64_t unit0, int64_t unit1) const {
    const int64_t now = walk.time(walked);
    for (int64_t row = row0; row < row1; ++row) {
      const int64_t at = walk.at(now, row);
      for_lanes(unit0, unit1, [&](int64_t unit, int lanes) LANEGRAD_INLINE_LAMBDA {
        const vf h = load_lanes(y + at + unit, lanes), dh_now = load_lanes(dh + row * walk.hidden + unit, lanes);
        const vf slope = fnma(h, h, set1(1.0f));
        store_lanes(grads + at + unit, relu ? select(le(h, zero()), zero(), dh_now) : dh_now * slope, lanes);
      });
    }
  }
};

inline size_t rnn_backward_scratch(const RnnBackwardArgs& args, int threads) {
  const RecurrentDims& dims = args.dims;
  return static_cast<size_t>(whole_lines(recurrent_workspace(dims, 1))) + backward_scratch(dims, 1, threads);
}

inline void rnn_backward(const RnnBackwardArgs& args, const Parallel& par, Scratch scratch) {
  const RecurrentDims& dims = args.dims;
  RnnBackward bwd{begin_backward(args, 1, par.threads), args.relu};
  bwd.grads = bwd.recurrent = scratch.data;
  float* rest = walk_backward(bwd, args.dh_n, par, scratch.data + whole_lines(recurrent_workspace(dims, 1)));
  if (args.db != nullptr) sum_columns(bwd, dims.hidden, args.db, par);
  weight_gradients(bwd, bwd.grads, dims.hidden, args.dw_hh, args.dw_ih, par, rest);
  if (args.dx != nullptr) input_gradient(bwd, dims.hidden, args.in.w_ih, dims.hidden, nullptr, args.dx, par, rest);
}
