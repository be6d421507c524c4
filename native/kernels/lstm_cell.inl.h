// One step of an LSTM for a tile of sequences and one vector of units: the products of all four gates stay in
// registers, and the whole cell is their epilogue, so pre-activations make no second pass through memory.
//
//   pre = bias + x·W_ihᵀ + h·W_hhᵀ     (input part: blocks of kBlockK as any product; recurrent part: one chain over H)
//   i, f, o = σ(pre), g = tanh(pre)    c = f·c_prev + i·g    h = o·tanh(c)
//
// Weights are packed gate by gate for each vector of units: [block of units][k][i, f, g, o][kLanes], zero-padded.
#pragma once

constexpr int kGates = 4;
constexpr int kGateLanes = kGates * kLanes;
// Accumulators, one broadcast a row and one vector of weights fill the register file.
constexpr int kCellRows = kLanes == 16 ? 6 : kLanes == 8 ? 3 : kFma ? 6 : 2;

// Packs [4H, depth] weights, block of units by block, into [blocks][depth][kGates][kLanes].
inline void pack_gates(const float* w, int64_t hidden, int64_t depth, int64_t block, float* packed) {
  const int64_t unit = block * kLanes;
  const int lanes = static_cast<int>(smaller(kLanes, hidden - unit));
  for (int gate = 0; gate < kGates; ++gate) {
    pack_transposed(w + (gate * hidden + unit) * depth, depth, lanes, depth,
                    packed + block * depth * kGateLanes + gate * kLanes, kGateLanes);
  }
}

// Everything at its first row and first unit. Rows of h, c_prev, c, tanh_c and y are `hidden` apart, of gates 4·hidden.
struct CellTile {
  int64_t inputs, hidden;
  const float* x;     // rows `inputs` apart; null where `gates` holds the input part already
  const float* w_ih;  // this block of the packed weights
  const float* w_hh;
  const float* bias;  // [4, hidden]
  const float* h;
  const float* c_prev;
  float* gates;  // the activated gates
  float* c;      // may be c_prev
  float* tanh_c;
  float* y;   // h of this step; must not be h
  int lanes;  // units in this block
};

template <int MR>
LANEGRAD_INLINE void gate_chain(vf (&acc)[MR][kGates], const float* x, int64_t x_row, const float* w, int64_t depth) {
  constexpr int kAhead = 8;  // values of k: a block of weights is larger than the first-level cache
  for (int64_t k = 0; k < depth; ++k) {
    LANEGRAD_UNROLL for (int g = 0; g < kGateLanes; g += 16) prefetch(w + kAhead * kGateLanes + g);
    vf rows[MR];
    LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) rows[r] = bcast(x + r * x_row + k);
    LANEGRAD_UNROLL for (int g = 0; g < kGates; ++g) {
      const vf weights = load(w + g * kLanes);
      LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) acc[r][g] = fma(rows[r], weights, acc[r][g]);
    }
    w += kGateLanes;
  }
}

// The epilogue of `rows` rows whose pre-activations stand at `pre`. In two passes, so that neighbouring iterations do
// not wait for one another's chain from gate to state.
LANEGRAD_INLINE void activate_cells(const CellTile& t, int rows, const float* pre) {
  for (int r = 0; r < rows; ++r) {
    const float* from = pre + r * kGateLanes;
    float* gates = t.gates + kGates * r * t.hidden;
    const vf i = vsigmoid(load(from)), f = vsigmoid(load(from + kLanes));
    const vf g = vtanh(load(from + 2 * kLanes)), o = vsigmoid(load(from + 3 * kLanes));
    const vf c = fma(f, load_lanes(t.c_prev + r * t.hidden, t.lanes), i * g);
    store_lanes(gates, i, t.lanes);
    store_lanes(gates + t.hidden, f, t.lanes);
    store_lanes(gates + 2 * t.hidden, g, t.lanes);
    store_lanes(gates + 3 * t.hidden, o, t.lanes);
    store_lanes(t.c + r * t.hidden, c, t.lanes);
  }
  for (int r = 0; r < rows; ++r) {
    const int64_t at = r * t.hidden;
    const vf tanh_c = vtanh(load_lanes(t.c + at, t.lanes));
    store_lanes(t.tanh_c + at, tanh_c, t.lanes);
    store_lanes(t.y + at, load_lanes(t.gates + kGates * at + 3 * t.hidden, t.lanes) * tanh_c, t.lanes);
  }
}

using CellFn = void (*)(const CellTile&);

template <int MR>
void cell_tile(const CellTile& t) {
  vf acc[MR][kGates];
  const int64_t gate_row = kGates * t.hidden;
  const int lanes = t.lanes;
  // Where the epilogue reads and writes is fetched while the products are formed.
  for (int r = 0; r < MR; ++r) {
    const int64_t at = r * t.hidden;
    LANEGRAD_UNROLL for (int g = 0; g < kGates; ++g) prefetch(t.gates + kGates * at + g * t.hidden);
    prefetch(t.c_prev + at);
    prefetch(t.c + at);
    prefetch(t.tanh_c + at);
    prefetch(t.y + at);
  }
  // Once through for each block of the input; the sum so far rests in `gates` between blocks.
  int64_t k = 0;
  do {
    const bool first = k == 0;
    if (t.x != nullptr) {
      const int64_t depth = smaller(kBlockK, t.inputs - k);
      LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
        LANEGRAD_UNROLL for (int g = 0; g < kGates; ++g) acc[r][g] = zero();
      }
      gate_chain(acc, t.x + k, t.inputs, t.w_ih + k * kGateLanes, depth);
      LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
        LANEGRAD_UNROLL for (int g = 0; g < kGates; ++g) {
          const float* start = first ? t.bias + g * t.hidden : t.gates + r * gate_row + g * t.hidden;
          acc[r][g] = load_lanes(start, lanes) + acc[r][g];
        }
      }
      k += kBlockK;
      if (k < t.inputs) {
        LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
          LANEGRAD_UNROLL for (int g = 0; g < kGates; ++g) {
            store_lanes(t.gates + r * gate_row + g * t.hidden, acc[r][g], lanes);
          }
        }
      }
    } else {
      LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
        LANEGRAD_UNROLL for (int g = 0; g < kGates; ++g) {
          acc[r][g] = load_lanes(t.gates + r * gate_row + g * t.hidden, lanes);
        }
      }
    }
  } while (t.x != nullptr && k < t.inputs);
  gate_chain(acc, t.h, t.hidden, t.w_hh, t.hidden);
  alignas(64) float pre[MR * kGateLanes];
  LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
    LANEGRAD_UNROLL for (int g = 0; g < kGates; ++g) store(pre + r * kGateLanes + g * kLanes, acc[r][g]);
  }
  activate_cells(t, MR, pre);
}

template <int MR = kCellRows>
CellFn cell_of_rows(int rows) {
  if constexpr (MR > 1) {
    if (rows < MR) return cell_of_rows<MR - 1>(rows);
  }
  return cell_tile<MR>;
}
