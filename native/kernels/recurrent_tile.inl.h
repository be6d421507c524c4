// The register tile of the recurrent layers: for some sequences and one block of units, kVecs vectors of sums a sequence
// stay in registers through the input part and the recurrent part of a step, and the cell is their epilogue.
//
//   input part: bias + x·W_ihᵀ, blocks of kBlockK as any product; recurrent part: one chain over H
//
// Weights are packed for each block of units, [k][kVecs][kLanes], zero-padded.
#pragma once

// Packs [G·H, depth] weights, one vector a gate, into [k][G][kLanes]; vector v holds gate (first + v) mod G.
template <int kGates>
void pack_gates(const float* w, int64_t hidden, int64_t depth, int64_t block, int first, float* packed) {
  const int64_t unit = block * kLanes;
  const int lanes = static_cast<int>(smaller(kLanes, hidden - unit));
  for (int v = 0; v < kGates; ++v) {
    pack_transposed(w + ((first + v) % kGates * hidden + unit) * depth, depth, lanes, depth,
                    packed + (block * depth * kGates + v) * kLanes, kGates * kLanes);
  }
}

// Everything at its first row and first unit. Rows of h and y are `hidden` apart.
struct RecurrentTile {
  int64_t inputs, hidden;
  const float* x;     // rows `inputs` apart; null where `gates` holds the input part already
  const float* w_ih;  // this block of the packed weights
  const float* w_hh;
  // Weights that the next block will want: this tile fetches kSoonFloats of them, one piece for each k of either part.
  const float* soon_ih;
  const float* soon_hh;
  int64_t soon_step;  // kSoonFloats, or 0 where there is nothing to fetch
  const float* bias;  // of vector v at v·gate_step
  const float* h;
  float* gates;  // keeps the sums between blocks of the input: vector v of row r at r·gate_row + v·gate_step
  int64_t gate_row, gate_step;
  float* y;   // h of this step; must not be h
  int lanes;  // units in the last vector of the block, and in every one where gate_step is not kLanes
};

// Two cache lines: with two tiles or more, that is the whole next block of four gates on AVX-512 before it is needed.
// Without it a block waits for the third-level cache or for memory, its first tile alone at a time.
constexpr int kSoonFloats = 32;

// acc += x·w, for rows of x x_row apart and packed w.
template <int MR, int kVecs>
LANEGRAD_INLINE void gate_chain(vf (&acc)[MR][kVecs], const float* x, int64_t x_row, const float* w, int64_t depth,
                                const float* soon, int64_t soon_step) {
  constexpr int kAhead = 8;  // values of k: a block of weights is larger than the first-level cache
  constexpr int kStep = kVecs * kLanes;
  for (int64_t k = 0; k < depth; ++k) {
    LANEGRAD_UNROLL for (int v = 0; v < kStep; v += 16) prefetch(w + kAhead * kStep + v);
    LANEGRAD_UNROLL for (int v = 0; v < kSoonFloats; v += 16) prefetch(soon + v);
    soon += soon_step;
    vf rows[MR];
    LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) rows[r] = bcast(x + r * x_row + k);
    LANEGRAD_UNROLL for (int v = 0; v < kVecs; ++v) {
      const vf weights = load(w + v * kLanes);
      LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) acc[r][v] = fma(rows[r], weights, acc[r][v]);
    }
    w += kStep;
  }
}

// Where the epilogue writes is fetched while the products are formed.
template <int MR, int kVecs>
LANEGRAD_INLINE void fetch_outputs(const RecurrentTile& t) {
  for (int r = 0; r < MR; ++r) {
    LANEGRAD_UNROLL for (int v = 0; v < kVecs; ++v) prefetch(t.gates + r * t.gate_row + v * t.gate_step);
    prefetch(t.y + r * t.hidden);
  }
}

// The input part of the sums. kWide: the vectors are neighbouring units and not gates, so all but the last are full.
template <bool kWide, int MR, int kVecs>
LANEGRAD_INLINE void input_part(const RecurrentTile& t, vf (&acc)[MR][kVecs]) {
  // Read once: the compiler must assume that a store to the gates changes t.
  const int tail = t.lanes;
  const int64_t gate_row = t.gate_row, gate_step = t.gate_step;
  float* gates = t.gates;
  const auto each = [&](const auto& body) LANEGRAD_INLINE_LAMBDA {
    LANEGRAD_UNROLL for (int r = 0; r < MR; ++r) {
      LANEGRAD_UNROLL for (int v = 0; v < kVecs; ++v) {
        body(acc[r][v], r * gate_row + v * gate_step, v * gate_step, kWide && v < kVecs - 1 ? kLanes : tail);
      }
    }
  };
  if (t.x == nullptr) {
    each([&](vf& sum, int64_t at, int64_t, int lanes)
             LANEGRAD_INLINE_LAMBDA { sum = load_lanes(gates + at, lanes); });
    return;
  }
  // Once through for each block of the input; the sum so far rests in `gates` between blocks.
  int64_t k = 0;
  do {
    each([&](vf& sum, int64_t, int64_t, int) LANEGRAD_INLINE_LAMBDA { sum = zero(); });
    gate_chain(acc, t.x + k, t.inputs, t.w_ih + k * kVecs * kLanes, smaller(kBlockK, t.inputs - k),
               t.soon_ih + k * t.soon_step, t.soon_step);
    const bool first = k == 0;
    each([&](vf& sum, int64_t at, int64_t bias, int lanes) LANEGRAD_INLINE_LAMBDA {
      sum = load_lanes(first ? t.bias + bias : gates + at, lanes) + sum;
    });
    k += kBlockK;
    if (k < t.inputs) {
      each([&](vf& sum, int64_t at, int64_t, int lanes)
               LANEGRAD_INLINE_LAMBDA { store_lanes(gates + at, sum, lanes); });
    }
  } while (k < t.inputs);
}

// A cell has kRows, the most rows of its tile, and tile<MR>, which computes one of MR rows.
template <class Cell, int MR = Cell::kRows>
auto cell_of_rows(int rows) -> void (*)(const typename Cell::Tile&) {
  if constexpr (MR > 1) {
    if (rows < MR) return cell_of_rows<Cell, MR - 1>(rows);
  }
  return Cell::template tile<MR>;
}
