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

// Σ over a row of n, in the order of the row reductions whatever is summed: term(acc, at, count) returns acc with the
// piece's elements taken into its lanes, and the lanes from count on as they were. Blocks of kReduceBlock, each folded
// by the fixed tree, are added in ascending order.
template <class F>
LANEGRAD_INLINE float sum_pieces(int64_t n, const F& term) {
  float total = 0.0f;
  for (int64_t block = 0; block < n; block += kReduceBlock) {
    v16 acc = zero16();
    const int64_t length = n - block < kReduceBlock ? n - block : kReduceBlock;
    for_pieces(length, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA { acc = term(acc, block + i, count); });
    total += hsum(acc);
  }
  return total;
}
