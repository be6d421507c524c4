// The scan of log Σ eˣ. Lines advance together in vectors, a lane each: rows, columns, or blocks of one row, which start
// from the fold of those before them.
#pragma once

#include "scan.inl.h"
#include "scan_sum.inl.h"

constexpr int kLogLines = 32;
constexpr int kLogVectors = kLogLines / kLanes;

// One line: where it begins, and its length.
struct LogLine {
  const float* x;
  float* y;
  int64_t n;
};

inline void scan_log_lines(const LogLine* lines, int count, const float* starts, int64_t step) {
  alignas(64) float buffer[kLogLines];
  vf carried[kLogVectors];
  int64_t longest = 0;
  for (int l = 0; l < kLogLines; ++l) buffer[l] = l < count ? starts[l] : -INFINITY;
  for (int l = 0; l < count; ++l) longest = larger(longest, lines[l].n);
  LANEGRAD_UNROLL for (int v = 0; v < kLogVectors; ++v) carried[v] = load(buffer + v * kLanes);
  for (int64_t i = 0; i < longest; ++i) {
    for (int l = 0; l < count; ++l) {
      if (i < lines[l].n) buffer[l] = lines[l].x[i * step];
    }
    LANEGRAD_UNROLL for (int v = 0; v < kLogVectors; ++v) {
      carried[v] = vlogaddexp(carried[v], load(buffer + v * kLanes));
      store(buffer + v * kLanes, carried[v]);
    }
    for (int l = 0; l < count; ++l) {
      if (i < lines[l].n) lines[l].y[i * step] = buffer[l];
    }
  }
}

// log Σ eˣ over a block: −∞ of −∞ alone, +∞ with one of them.
inline float block_log_sum_exp(const float* x, int64_t n) {
  const float most = reduce_row<MaxStep>(x, n);
  if (!(fabsf(most) < INFINITY)) return most;
  const vf shift = set1(most);
  const float sum = sum_pieces(n, [&](v16 acc, int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    v16 v = load_piece(x + i, count);
    LANEGRAD_UNROLL for (int r = 0; r < kRegisters; ++r) v.r[r] = vexp(v.r[r] - shift);
    if (count < kVirtualLanes) v = first_lanes(v, count);
    return acc + v;
  });
  return most + first_lane(vlog(set1(sum)));
}

// Lines in the order of the scan, each cut into `blocks`; `starts` holds what comes before each block, or is null.
inline void scan_log_range(const ScanArgs& args, int64_t blocks, const float* starts, int64_t from, int64_t to) {
  const int64_t n = args.n, inner = args.inner;
  const int64_t step = args.reverse ? -inner : inner;
  for (int64_t i = from; i < to; i += kLogLines) {
    const int count = static_cast<int>(smaller(kLogLines, to - i));
    LogLine lines[kLogLines];
    float begin[kLogLines];
    for (int l = 0; l < count; ++l) {
      const int64_t line = (i + l) / blocks;
      const ScanBlock block = blocks == 1 ? ScanBlock{0, n} : scan_block(args, (i + l) % blocks);
      const int64_t place = args.reverse ? block.begin + block.length - 1 : block.begin;
      const int64_t at = line / inner * n * inner + line % inner + place * inner;
      lines[l] = {args.x + at, args.y + at, block.length};
      begin[l] = starts == nullptr ? -INFINITY : starts[i + l];
    }
    scan_log_lines(lines, count, begin, step);
  }
}

inline void scan_log_sums(const ScanArgs& args, const Parallel& par, Scratch scratch) {
  constexpr int64_t kWeight = 16;  // of an exponential and a logarithm beside light work
  const int64_t blocks = scan_blocks(args);
  if (blocks == 0) {
    for_chunks(par, args.outer * args.inner, kWeight * args.n, kLogLines,
               [&](int64_t from, int64_t to) { scan_log_range(args, 1, nullptr, from, to); });
    return;
  }
  float* starts = scratch.data;
  for_chunks(par, args.outer * blocks, kWeight * kScanBlock, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const ScanBlock block = scan_block(args, i % blocks);
      starts[i] = block_log_sum_exp(args.x + i / blocks * args.n + block.begin, block.length);
    }
  });
  for (int64_t r = 0; r < args.outer; ++r) {
    vf before = set1(-INFINITY);
    for (int64_t b = r * blocks; b < (r + 1) * blocks; ++b) {
      const vf block = set1(starts[b]);
      starts[b] = first_lane(before);
      before = vlogaddexp(before, block);
    }
  }
  for_chunks(par, args.outer * blocks, kWeight * kScanBlock, kLogLines,
             [&](int64_t from, int64_t to) { scan_log_range(args, blocks, starts, from, to); });
}

inline void scan(const ScanArgs& args, const Parallel& par, Scratch scratch) {
  switch (args.op) {
    case ScanOp::kSum: return scan_sums(args, par, scratch);
    case ScanOp::kProd: return scan_products(args, par);
    case ScanOp::kLogsumexp: return scan_log_sums(args, par, scratch);
  }
}
