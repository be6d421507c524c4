// What every vector header ends with: parts of a vector, and the 16 virtual lanes of the numeric contract (lane l takes
// elements l, l + 16, …; the fold pairs lanes at distances 8, 4, 2, 1), so that every ISA sums in one order.
#pragma once

constexpr int kVirtualLanes = 16;
constexpr int kRegisters = kVirtualLanes / kLanes;

struct v16 {
  vf r[kRegisters];
};

LANEGRAD_INLINE v16 zero16() {
  v16 a;
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) a.r[i] = zero();
  return a;
}
LANEGRAD_INLINE v16 set16(float x) {
  v16 a;
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) a.r[i] = set1(x);
  return a;
}
LANEGRAD_INLINE v16 load16(const float* p) {
  v16 a;
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) a.r[i] = load(p + i * kLanes);
  return a;
}
// The first n of 16 elements, 0 < n < 16; the other lanes hold `fill`, the neutral element of what follows.
LANEGRAD_INLINE v16 load16_tail(const float* p, int n, float fill) {
  v16 a;
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) {
    const int left = n - i * kLanes;
    if (left >= kLanes) a.r[i] = load(p + i * kLanes);
    else if (left <= 0) a.r[i] = set1(fill);
    else a.r[i] = select(gt(set1i(left), iota()), load_tail(p + i * kLanes, left), set1(fill));
  }
  return a;
}
LANEGRAD_INLINE v16 load16_tail(const float* p, int n) { return load16_tail(p, n, 0.0f); }
LANEGRAD_INLINE void store16(float* p, v16 a) {
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) store(p + i * kLanes, a.r[i]);
}
LANEGRAD_INLINE void store16_tail(float* p, v16 a, int n) {
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) {
    const int left = n - i * kLanes;
    if (left >= kLanes) store(p + i * kLanes, a.r[i]);
    else if (left > 0) store_tail(p + i * kLanes, a.r[i], left);
  }
}
// Zeros in the lanes from n on.
LANEGRAD_INLINE v16 first_lanes(v16 a, int n) {
  if (n >= kVirtualLanes) return a;
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) {
    a.r[i] = select(gt(set1i(n - i * kLanes), iota()), a.r[i], zero());
  }
  return a;
}

LANEGRAD_INLINE v16 operator+(v16 a, v16 b) {
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) a.r[i] = a.r[i] + b.r[i];
  return a;
}
LANEGRAD_INLINE v16 operator*(v16 a, v16 b) {
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) a.r[i] = a.r[i] * b.r[i];
  return a;
}
LANEGRAD_INLINE v16 fma(v16 a, v16 b, v16 c) {
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) c.r[i] = fma(a.r[i], b.r[i], c.r[i]);
  return c;
}

// Combines the lanes by `Op::apply(lower, upper)` in the fixed tree.
template <class Op>
LANEGRAD_INLINE float fold(vf x) {
  if constexpr (kLanes > 8) x = Op::apply(x, xor_lanes<8>(x));
  if constexpr (kLanes > 4) x = Op::apply(x, xor_lanes<4>(x));
  x = Op::apply(x, xor_lanes<2>(x));
  return first_lane(Op::apply(x, xor_lanes<1>(x)));
}
template <class Op>
LANEGRAD_INLINE float fold(v16 a) {
  LANEGRAD_UNROLL for (int width = kRegisters / 2; width > 0; width /= 2) {
    LANEGRAD_UNROLL for (int i = 0; i < width; ++i) a.r[i] = Op::apply(a.r[i], a.r[i + width]);
  }
  return fold<Op>(a.r[0]);
}
struct FoldSum {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return a + b; }
};
LANEGRAD_INLINE float hsum(v16 a) { return fold<FoldSum>(a); }

// The first n lanes, 0 < n ≤ kLanes.
LANEGRAD_INLINE vf load_lanes(const float* p, int n) { return n == kLanes ? load(p) : load_tail(p, n); }
LANEGRAD_INLINE void store_lanes(float* p, vf a, int n) {
  if (n == kLanes) store(p, a);
  else store_tail(p, a, n);
}

// The first n of 2·kLanes elements, 0 < n, those at even and at odd places apart; the missing ones read as 0.
LANEGRAD_INLINE void load_pairs(const float* p, int n, vf& even, vf& odd) {
  even = n < kLanes ? load_tail(p, n) : load(p);
  odd = n <= kLanes ? zero() : n < 2 * kLanes ? load_tail(p + kLanes, n - kLanes) : load(p + kLanes);
  deinterleave(even, odd);
}
LANEGRAD_INLINE void store_pairs(float* p, vf even, vf odd, int n) {
  interleave(even, odd);
  store_lanes(p, even, n < kLanes ? n : kLanes);
  if (n > kLanes) store_lanes(p + kLanes, odd, n - kLanes);
}

// 0 or 1 for the first n lanes of a mask, 0 < n < kLanes, and back.
LANEGRAD_INLINE void store_bytes_tail(uint8_t* p, vm m, int n) {
  uint8_t all[kLanes];
  store_bytes(all, m);
  for (int i = 0; i < n; ++i) p[i] = all[i];
}
LANEGRAD_INLINE vm load_bytes_tail(const uint8_t* p, int n) {
  uint8_t all[kLanes] = {};
  for (int i = 0; i < n; ++i) all[i] = p[i];
  return load_bytes(all);
}
LANEGRAD_INLINE void store_lanes(uint8_t* p, vm m, int n) {
  if (n == kLanes) store_bytes(p, m);
  else store_bytes_tail(p, m, n);
}
LANEGRAD_INLINE vm load_lanes(const uint8_t* p, int n) { return n == kLanes ? load_bytes(p) : load_bytes_tail(p, n); }
