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

// The numbers of kLanes blocks, by halves.
struct BlockNumbers {
  int32_t low[kLanes], high[kLanes];

  void set(int lane, uint64_t block) {
    low[lane] = static_cast<int32_t>(static_cast<uint32_t>(block));
    high[lane] = static_cast<int32_t>(static_cast<uint32_t>(block >> 32));
  }
};

// Blocks first to first + kLanes − 1, a lane each.
inline PhiloxBlock philox_from(const DrawPlace& place, uint64_t first) {
  BlockNumbers blocks;
  for (int l = 0; l < kLanes; ++l) blocks.set(l, first + l);
  return philox(loadi(blocks.low), loadi(blocks.high), place);
}

// The uniforms of these blocks, in order: 4·kLanes of them.
inline void uniforms_of(const PhiloxBlock& b, float* y) {
  float words[4][kLanes];
  for (int w = 0; w < 4; ++w) {
    // 24 bits fill a float's significand exactly, so no draw rounds up to 1.
    store(words[w], to_float(shr<8>(b.w[w])) * set1(0x1p-24f));
  }
  for (int l = 0; l < kLanes; ++l) {
    for (int w = 0; w < 4; ++w) y[4 * l + w] = words[w][l];
  }
}

inline void uniform_blocks(const DrawPlace& place, uint64_t first, float* y) {
  uniforms_of(philox_from(place, first), y);
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

// Single blocks from anywhere, drawn kLanes at a time: short rows would else leave most lanes idle.
class ScatteredBlocks {
 public:
  explicit ScatteredBlocks(const DrawPlace& place) : place_(place) {}

  // The words skip to skip + count − 1 of a block.
  void add(uint64_t block, int skip, int count, float* y) {
    blocks_.set(n_, block);
    wanted_[n_] = {y, skip, count};
    if (++n_ == kLanes) draw();
  }

  void draw() {
    if (n_ == 0) return;
    for (int l = n_; l < kLanes; ++l) blocks_.set(l, 0);
    float words[4 * kLanes];
    uniforms_of(philox(loadi(blocks_.low), loadi(blocks_.high), place_), words);
    for (int l = 0; l < n_; ++l) {
      const Wanted& wanted = wanted_[l];
      for (int w = 0; w < wanted.count; ++w) wanted.y[w] = words[4 * l + wanted.skip + w];
    }
    n_ = 0;
  }

 private:
  struct Wanted {
    float* y;
    int skip, count;
  };
  const DrawPlace& place_;
  BlockNumbers blocks_;
  Wanted wanted_[kLanes];
  int n_ = 0;
};

inline void uniform_rows(const UniformRowsArgs& args, const Parallel& par) {
  constexpr int64_t kGroup = 4 * kLanes;
  for_chunks(par, args.outer * args.rows * args.inner, 4, kGroup, [&](int64_t from, int64_t to) {
    ScatteredBlocks scattered(args.place);
    // The row at hand, and where its piece begins, in y and within the row's draws.
    const int64_t piece = from / args.inner;
    int64_t row = piece % args.rows;
    int64_t begin = piece * args.inner;
    int64_t drawn = piece / args.rows * args.inner;
    for (int64_t i = from; i < to; begin += args.inner) {
      const int64_t end = smaller(to, begin + args.inner);
      const uint64_t first = args.place.block + static_cast<uint64_t>(row) * args.stride;
      int64_t at = drawn + i - begin;
      while (i < end) {
        const uint64_t block = first + static_cast<uint64_t>(at) / 4;
        const int skip = static_cast<int>(at % 4);
        int64_t count = kGroup;
        if (skip == 0 && end - i >= kGroup) {
          uniform_blocks(args.place, block, args.y + i);
        } else {
          count = smaller(4 - skip, end - i);
          scattered.add(block, skip, static_cast<int>(count), args.y + i);
        }
        i += count;
        at += count;
      }
      if (++row == args.rows) {
        row = 0;
        drawn += args.inner;
      }
    }
    scattered.draw();
  });
}
