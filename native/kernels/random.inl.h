// Uniforms from Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011): a
// block of four words is a function of its number alone, so kLanes blocks are made at a time and any task can begin
// anywhere.
#pragma once

#include "split.inl.h"

struct PhiloxBlock {
  vi w[4];
};

LANEGRAD_INLINE vi set_word(uint32_t x) { return set1i(static_cast<int32_t>(x)); }

inline PhiloxBlock philox(vi low, vi high, const DrawPlace& place) {
  PhiloxBlock b = {{low, high, set_word(place.stream_lo), set_word(place.stream_hi)}};
  uint32_t key0 = place.seed_lo, key1 = place.seed_hi;
  for (int round = 0; round < 10; ++round) {
    vi high0, high1;
    const vi low0 = mul_wide(b.w[0], set_word(0xD2511F53u), high0);
    const vi low1 = mul_wide(b.w[2], set_word(0xCD9E8D57u), high1);
    b = {{high1 ^ b.w[1] ^ set_word(key0), low1, high0 ^ b.w[3] ^ set_word(key1), low0}};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return b;
}

// Blocks first to first + kLanes − 1, a lane each.
inline PhiloxBlock philox_from(const DrawPlace& place, uint64_t first) {
  int32_t low[kLanes], high[kLanes];
  for (int l = 0; l < kLanes; ++l) {
    low[l] = static_cast<int32_t>(static_cast<uint32_t>(first + l));
    high[l] = static_cast<int32_t>(static_cast<uint32_t>((first + l) >> 32));
  }
  return philox(loadi(low), loadi(high), place);
}

// The uniforms of blocks first to first + kLanes − 1, in order: 4·kLanes of them.
inline void uniform_blocks(const DrawPlace& place, uint64_t first, float* y) {
  const PhiloxBlock b = philox_from(place, first);
  float words[4][kLanes];
  for (int w = 0; w < 4; ++w) {
    // 24 bits fill a float's significand exactly, so no draw rounds up to 1.
    store(words[w], to_float(shr<8>(b.w[w])) * set1(0x1p-24f));
  }
  for (int l = 0; l < kLanes; ++l) {
    for (int w = 0; w < 4; ++w) y[4 * l + w] = words[w][l];
  }
}

inline void uniform(const UniformArgs& args, const Parallel& par) {
  constexpr int64_t kGroup = 4 * kLanes;
  for_chunks(par, args.n, 4, kGroup, [&](int64_t from, int64_t to) {
    int64_t i = from;
    for (; i + kGroup <= to; i += kGroup) uniform_blocks(args.place, args.place.block + i / 4, args.y + i);
    if (i == to) return;
    float last[kGroup];
    uniform_blocks(args.place, args.place.block + i / 4, last);
    memcpy(args.y + i, last, (to - i) * sizeof(float));
  });
}
