// Loops over arrays by vectors, and over rows in pieces of the 16 virtual lanes.
#pragma once

// step(i, count) for kLanes elements at a time, fewer at the end: a tail runs through the same vector code.
template <class Step>
LANEGRAD_INLINE void for_lanes(int64_t from, int64_t to, const Step& step) {
  int64_t i = from;
  for (; i + kLanes <= to; i += kLanes) step(i, kLanes);
  if (i < to) step(i, static_cast<int>(to - i));
}

LANEGRAD_INLINE v16 load_piece(const float* p, int count) {
  return count == kVirtualLanes ? load16(p) : load16_tail(p, count);
}
LANEGRAD_INLINE void store_piece(float* p, v16 a, int count) {
  if (count == kVirtualLanes) store16(p, a);
  else store16_tail(p, a, count);
}

// Calls term(at, count) for each piece of a row of n; count is 16 for all but the last.
template <class F>
LANEGRAD_INLINE void for_pieces(int64_t n, const F& term) {
  int64_t i = 0;
  for (; i + kVirtualLanes <= n; i += kVirtualLanes) term(i, kVirtualLanes);
  const int left = static_cast<int>(n - i);
  if (left > 0) term(i, left);
}

// Σ over each of R rows of n, in the order of the row reductions whatever is summed: term(acc, r, at, count) returns acc
// with the piece's elements of row r taken into its lanes, and the lanes from count on as they were. Blocks of
// kReduceBlock, each folded by the fixed tree, are added in ascending order. Rows advance together: a single chain would
// wait for each of its additions.
template <int R, class F>
LANEGRAD_INLINE void sum_rows(int64_t n, float (&totals)[R], const F& term) {
  LANEGRAD_UNROLL for (int r = 0; r < R; ++r) totals[r] = 0.0f;
  for (int64_t block = 0; block < n; block += kReduceBlock) {
    v16 acc[R];
    LANEGRAD_UNROLL for (int r = 0; r < R; ++r) acc[r] = zero16();
    const int64_t length = n - block < kReduceBlock ? n - block : kReduceBlock;
    for_pieces(length, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
      LANEGRAD_UNROLL for (int r = 0; r < R; ++r) acc[r] = term(acc[r], r, block + i, count);
    });
    LANEGRAD_UNROLL for (int r = 0; r < R; ++r) totals[r] += hsum(acc[r]);
  }
}

// One row of it: term(acc, at, count).
template <class F>
LANEGRAD_INLINE float sum_pieces(int64_t n, const F& term) {
  float total[1];
  sum_rows(n, total, [&](v16 acc, int, int64_t at, int count) LANEGRAD_INLINE_LAMBDA { return term(acc, at, count); });
  return total[0];
}
