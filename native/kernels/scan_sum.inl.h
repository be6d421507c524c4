// The scan of sums. A line is cut into blocks of kScanBlock; within one the sum is a chain of float32 additions, and what
// the blocks before it come to is carried in float64 and added to each element of the chain, rounded once. So errors do
// not grow along the line, and blocks of one row advance together. With inner = 1 a block's sum is that of a row
// reduction, with inner > 1 the end of its chain. Reversed, all of this runs from the end.
#pragma once

#include "reduce.inl.h"

// Blocks of one row, in the order of the scan.
inline int64_t scan_blocks(const ScanArgs& args) {
  const bool cut = args.inner == 1 && args.n > kScanBlock && args.op != ScanOp::kProd;
  return cut ? ceil_div(args.n, kScanBlock) : 0;
}

// Doubles for what comes before each block.
inline size_t scan_scratch(const ScanArgs& args, int) { return static_cast<size_t>(2 * args.outer * scan_blocks(args)); }

// Where a block begins in its row; the last one may be shorter.
struct ScanBlock {
  int64_t begin, length;
};
inline ScanBlock scan_block(const ScanArgs& args, int64_t block) {
  const int64_t at = block * kScanBlock, length = smaller(kScanBlock, args.n - at);
  return {args.reverse ? args.n - at - length : at, length};
}

// Chains of `Lines` lines that lie `apart`, onto what comes before each; x and y at the first element in the order of
// the scan. Lines advance together: a single chain would wait for each of its additions.
template <int Lines>
inline void sum_chains(const float* x, float* y, int64_t n, int64_t step, int64_t apart, const float* before) {
  float sums[Lines] = {};
  for (int64_t i = 0, at = 0; i < n; ++i, at += step) {
    LANEGRAD_UNROLL for (int c = 0; c < Lines; ++c) {
      sums[c] += x[at + c * apart];
      y[at + c * apart] = before[c] + sums[c];
    }
  }
}

// The chains of kLanes whole blocks, each a lane: x and y at the beginning of the first, the others `apart` from it.
template <bool Reverse>
inline void sum_block_chains(const float* x, float* y, int64_t apart, const float* before) {
  const vf base = load(before);
  vf sum = zero();
  for (int64_t i = 0; i < kScanBlock; i += kLanes) {
    const int64_t at = Reverse ? kScanBlock - kLanes - i : i;
    vf tile[kLanes];
    load_transposed(x + at, apart, tile);
    LANEGRAD_UNROLL for (int j = 0; j < kLanes; ++j) {
      vf& column = tile[Reverse ? kLanes - 1 - j : j];
      sum = sum + column;
      column = base + sum;
    }
    transpose(tile);
    LANEGRAD_UNROLL for (int l = 0; l < kLanes; ++l) store(y + l * apart + at, tile[l]);
  }
}

// kLanes whole blocks that lie `apart`, x and y at the beginning of the first.
inline void scan_blocks_together(bool reverse, const float* x, float* y, int64_t apart, const float* before) {
  if (reverse) sum_block_chains<true>(x, y, apart, before);
  else sum_block_chains<false>(x, y, apart, before);
}

// What comes before kLanes blocks, whose places in `starts` lie `apart`.
LANEGRAD_INLINE void round_starts(const double* starts, int64_t apart, float (&before)[kLanes]) {
  for (int l = 0; l < kLanes; ++l) before[l] = static_cast<float>(starts[l * apart]);
}

// Blocks [from, to) of one row, those that follow each other together.
inline void scan_row_blocks(const ScanArgs& args, const double* starts, int64_t row, int64_t from, int64_t to) {
  const float* x = args.x + row * args.n;
  float* y = args.y + row * args.n;
  float before[kLanes];
  for (int64_t b = from; b < to;) {
    const ScanBlock block = scan_block(args, b);
    if (b + kLanes <= to && scan_block(args, b + kLanes - 1).length == kScanBlock) {
      round_starts(starts + b, 1, before);
      scan_blocks_together(args.reverse, x + block.begin, y + block.begin, args.reverse ? -kScanBlock : kScanBlock,
                           before);
      b += kLanes;
      continue;
    }
    const int64_t at = args.reverse ? block.begin + block.length - 1 : block.begin;
    before[0] = static_cast<float>(starts[b]);
    sum_chains<1>(x + at, y + at, block.length, args.reverse ? -1 : 1, 0, before);
    ++b;
  }
}

// kLanes rows, block by block: rows of few blocks advance together.
inline void scan_rows_together(const ScanArgs& args, const double* starts, int64_t row, int64_t blocks) {
  const float* x = args.x + row * args.n;
  float* y = args.y + row * args.n;
  float before[kLanes];
  for (int64_t b = 0; b < blocks; ++b) {
    const ScanBlock block = scan_block(args, b);
    round_starts(starts + b, blocks, before);
    if (block.length == kScanBlock) {
      scan_blocks_together(args.reverse, x + block.begin, y + block.begin, args.n, before);
    } else {
      const int64_t at = args.reverse ? block.begin + block.length - 1 : block.begin;
      sum_chains<kLanes>(x + at, y + at, block.length, args.reverse ? -1 : 1, args.n, before);
    }
  }
}

// The sums of blocks [from, to), counted over all rows.
inline void sum_blocks(const ScanArgs& args, int64_t blocks, double* sums, int64_t from, int64_t to) {
  for (int64_t i = from; i < to;) {
    const int64_t b = i % blocks, last = b + kRowsTogether - 1;
    const ScanBlock block = scan_block(args, b);
    const float* x = args.x + i / blocks * args.n + block.begin;
    float found[kRowsTogether];
    const bool together = i + kRowsTogether <= to && last < blocks && scan_block(args, last).length == kScanBlock;
    if (together) reduce_blocks<SumStep>(x, args.reverse ? -kScanBlock : kScanBlock, kScanBlock, found);
    else found[0] = reduce_block<SumStep>(x, block.length);
    for (int k = 0; k < (together ? kRowsTogether : 1); ++k) sums[i++] = static_cast<double>(found[k]);
  }
}

// Sums of blocks become what comes before each; returns what comes after them.
inline double sums_before(double* sums, int64_t count, double before) {
  for (int64_t b = 0; b < count; ++b) {
    const double sum = sums[b];
    sums[b] = before;
    before += sum;
  }
  return before;
}

// Whole rows, whose blocks are still in the first-level cache when their chains follow their sums.
inline void scan_whole_rows(const ScanArgs& args, int64_t blocks, double* starts, int64_t from, int64_t to) {
  for (int64_t row = from; row < to;) {
    double* own = starts + row * blocks;
    if (blocks < 2 * kLanes && row + kLanes <= to) {
      sum_blocks(args, blocks, starts, row * blocks, (row + kLanes) * blocks);
      for (int r = 0; r < kLanes; ++r) sums_before(own + r * blocks, blocks, 0.0);
      scan_rows_together(args, own, row, blocks);
      row += kLanes;
      continue;
    }
    double before = 0.0;
    for (int64_t b = 0; b < blocks; b += kLanes) {
      const int64_t end = smaller(blocks, b + kLanes);
      sum_blocks(args, blocks, starts, row * blocks + b, row * blocks + end);
      before = sums_before(own + b, end - b, before);
      scan_row_blocks(args, own, row, b, end);
    }
    ++row;
  }
}

inline void scan_cut_rows(const ScanArgs& args, const Parallel& par, Scratch scratch) {
  const int64_t blocks = scan_blocks(args);
  double* starts = reinterpret_cast<double*>(scratch.data);
  if (par.threads < 2 || blocks < 2 * kLanes) {
    for_chunks(par, args.outer, args.n, kLanes,
               [&](int64_t from, int64_t to) { scan_whole_rows(args, blocks, starts, from, to); });
    return;
  }
  for_chunks(par, args.outer * blocks, kScanBlock, 1,
             [&](int64_t from, int64_t to) { sum_blocks(args, blocks, starts, from, to); });
  for (int64_t r = 0; r < args.outer; ++r) sums_before(starts + r * blocks, blocks, 0.0);
  for_chunks(par, args.outer * blocks, kScanBlock, kLanes, [&](int64_t begin, int64_t end) {
    for (int64_t from = begin; from < end;) {
      const int64_t row = from / blocks, to = smaller(end, (row + 1) * blocks);
      scan_row_blocks(args, starts + row * blocks, row, from - row * blocks, to - row * blocks);
      from = to;
    }
  });
}

// Rows of at most one block.
inline void scan_short_rows(const ScanArgs& args, int64_t from, int64_t to) {
  constexpr int kTogether = 8;
  constexpr float kNothing[kTogether] = {};
  const int64_t n = args.n, step = args.reverse ? -1 : 1, first = args.reverse ? n - 1 : 0;
  int64_t r = from;
  for (; r + kTogether <= to; r += kTogether) {
    sum_chains<kTogether>(args.x + r * n + first, args.y + r * n + first, n, step, n, kNothing);
  }
  for (; r < to; ++r) sum_chains<1>(args.x + r * n + first, args.y + r * n + first, n, step, n, kNothing);
}

// `Vectors` vectors of adjacent columns, the last one of `count` lanes; x and y at the first row in the order of the scan.
template <int Vectors>
inline void sum_columns(const float* x, float* y, int64_t n, int64_t step, int count) {
  alignas(64) float ends[Vectors * kLanes];
  double before[Vectors * kLanes] = {};
  const auto lanes = [&](int v) LANEGRAD_INLINE_LAMBDA { return v + 1 < Vectors ? kLanes : count; };
  for (int64_t block = 0; block < n; block += kScanBlock) {
    vf sum[Vectors], base[Vectors];
    for (int j = 0; j < Vectors * kLanes; ++j) ends[j] = static_cast<float>(before[j]);
    LANEGRAD_UNROLL for (int v = 0; v < Vectors; ++v) {
      sum[v] = zero();
      base[v] = load(ends + v * kLanes);
    }
    for (int64_t i = block; i < smaller(n, block + kScanBlock); ++i) {
      LANEGRAD_UNROLL for (int v = 0; v < Vectors; ++v) {
        sum[v] = sum[v] + load_lanes(x + i * step + v * kLanes, lanes(v));
        store_lanes(y + i * step + v * kLanes, base[v] + sum[v], lanes(v));
      }
    }
    LANEGRAD_UNROLL for (int v = 0; v < Vectors; ++v) store(ends + v * kLanes, sum[v]);
    for (int j = 0; j < Vectors * kLanes; ++j) before[j] += static_cast<double>(ends[j]);
  }
}

inline void scan_sum_columns(const ScanArgs& args, const Parallel& par) {
  constexpr int kVectors = 4;
  constexpr int64_t kStrip = kVectors * kLanes;
  const int64_t n = args.n, inner = args.inner, strips = ceil_div(inner, kStrip);
  const int64_t step = args.reverse ? -inner : inner, first = args.reverse ? (n - 1) * inner : 0;
  for_chunks(par, args.outer * strips, n * smaller(inner, kStrip), 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t left = i % strips * kStrip, width = smaller(kStrip, inner - left);
      const int64_t at = i / strips * n * inner + first + left;
      if (width == kStrip) {
        sum_columns<kVectors>(args.x + at, args.y + at, n, step, kLanes);
        continue;
      }
      for (int64_t j = 0; j < width; j += kLanes) {
        sum_columns<1>(args.x + at + j, args.y + at + j, n, step, static_cast<int>(smaller(kLanes, width - j)));
      }
    }
  });
}

inline void scan_sums(const ScanArgs& args, const Parallel& par, Scratch scratch) {
  if (args.inner > 1) return scan_sum_columns(args, par);
  if (scan_blocks(args) > 0) return scan_cut_rows(args, par, scratch);
  for_chunks(par, args.outer, args.n, 1, [&](int64_t from, int64_t to) { scan_short_rows(args, from, to); });
}
