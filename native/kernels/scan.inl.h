// Scans along the middle axis of [outer, n, inner]: what the elements up to each place come to.
//
// Sums, products and linear scans are carried in float64 and rounded at each store; every line is one ascending chain. A
// row of a sum (inner = 1) that is longer than kScanBlock is cut into blocks instead: each one's sum is taken over 16
// lanes in float64, the sums before a block are added in ascending order, and its chain starts from there. Reversed, all
// of this runs from the end.
#pragma once

#include "lanes.inl.h"
#include "split.inl.h"

// Lines that advance together: a single chain would wait for each of its steps.
constexpr int kLinesTogether = 8;

struct SumLine {
  static constexpr double kNeutral = 0.0;
  static double step(double sum, float x) { return sum + static_cast<double>(x); }
};
struct ProdLine {
  static constexpr double kNeutral = 1.0;
  static double step(double product, float x) { return product * static_cast<double>(x); }
};

// y[i·step] = S over x[0 … i·step] for `lines` lines that lie `apart`, from their starts in `carried`.
template <class S, int Lines>
inline void scan_lines(const float* x, float* y, int64_t n, int64_t step, int64_t apart, const double* starts) {
  double carried[Lines];
  for (int c = 0; c < Lines; ++c) carried[c] = starts[c];
  for (int64_t i = 0, at = 0; i < n; ++i, at += step) {
    LANEGRAD_UNROLL for (int c = 0; c < Lines; ++c) {
      carried[c] = S::step(carried[c], x[at + c * apart]);
      y[at + c * apart] = static_cast<float>(carried[c]);
    }
  }
}

// Lines [from, to) of [outer, n, inner], counted over outer and inner.
template <class S>
inline void scan_range(const ScanArgs& args, int64_t from, int64_t to) {
  const int64_t n = args.n, inner = args.inner;
  const int64_t step = args.reverse ? -inner : inner, first = args.reverse ? (n - 1) * inner : 0;
  const int64_t apart = inner == 1 ? n : 1;
  double neutral[kLinesTogether];
  for (double& v : neutral) v = S::kNeutral;
  for (int64_t line = from; line < to;) {
    const int64_t at = line / inner * n * inner + line % inner + first;
    // Neighbours in memory are neighbours here only within one block of columns.
    const int64_t left = inner == 1 ? to - line : smaller(to - line, inner - line % inner);
    if (left >= kLinesTogether) {
      scan_lines<S, kLinesTogether>(args.x + at, args.y + at, n, step, apart, neutral);
      line += kLinesTogether;
    } else {
      scan_lines<S, 1>(args.x + at, args.y + at, n, step, apart, neutral);
      ++line;
    }
  }
}

inline int64_t scan_blocks(const ScanArgs& args) {
  const bool cut = args.inner == 1 && args.n > kScanBlock && args.op != ScanOp::kProd;
  return cut ? ceil_div(args.n, kScanBlock) : 0;
}

// Doubles for the sums before each block.
inline size_t scan_scratch(const ScanArgs& args, int) { return static_cast<size_t>(2 * args.outer * scan_blocks(args)); }

// Σ x over a block in float64, lane l taking the elements l, l + 16, …
inline double block_sum(const float* x, int64_t n) {
  double lanes[kVirtualLanes] = {};
  int64_t i = 0;
  for (; i + kVirtualLanes <= n; i += kVirtualLanes) {
    LANEGRAD_UNROLL for (int l = 0; l < kVirtualLanes; ++l) lanes[l] += static_cast<double>(x[i + l]);
  }
  for (int l = 0; i < n; ++i, ++l) lanes[l] += static_cast<double>(x[i]);
  for (int half = kVirtualLanes / 2; half > 0; half /= 2) {
    for (int l = 0; l < half; ++l) lanes[l] += lanes[l + half];
  }
  return lanes[0];
}

// Blocks are counted in the order of the scan; the last one may be shorter.
struct ScanBlock {
  int64_t begin, length;
};
inline ScanBlock scan_block(const ScanArgs& args, int64_t block) {
  const int64_t at = block * kScanBlock, length = smaller(kScanBlock, args.n - at);
  return {args.reverse ? args.n - at - length : at, length};
}

inline void scan_sum_row_blocks(const ScanArgs& args, const double* starts, int64_t row, int64_t from, int64_t to) {
  const float* x = args.x + row * args.n;
  float* y = args.y + row * args.n;
  const int64_t step = args.reverse ? -1 : 1;
  for (int64_t b = from; b < to;) {
    const ScanBlock block = scan_block(args, b);
    const int64_t at = args.reverse ? block.begin + block.length - 1 : block.begin;
    const bool together = b + kLinesTogether <= to && scan_block(args, b + kLinesTogether - 1).length == kScanBlock;
    if (together) scan_lines<SumLine, kLinesTogether>(x + at, y + at, kScanBlock, step, step * kScanBlock, starts + b);
    else scan_lines<SumLine, 1>(x + at, y + at, block.length, step, 0, starts + b);
    b += together ? kLinesTogether : 1;
  }
}

inline void scan_sums(const ScanArgs& args, const Parallel& par, Scratch scratch) {
  const int64_t blocks = scan_blocks(args);
  double* starts = reinterpret_cast<double*>(scratch.data);
  for_chunks(par, args.outer * blocks, kScanBlock, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const ScanBlock block = scan_block(args, i % blocks);
      starts[i] = block_sum(args.x + i / blocks * args.n + block.begin, block.length);
    }
  });
  for (int64_t r = 0; r < args.outer; ++r) {
    double before = 0.0;
    for (int64_t b = r * blocks; b < (r + 1) * blocks; ++b) {
      const double sum = starts[b];
      starts[b] = before;
      before += sum;
    }
  }
  for_chunks(par, args.outer * blocks, kScanBlock, kLinesTogether, [&](int64_t from, int64_t to) {
    while (from < to) {
      const int64_t row = from / blocks, end = smaller(to, (row + 1) * blocks);
      scan_sum_row_blocks(args, starts + row * blocks, row, from - row * blocks, end - row * blocks);
      from = end;
    }
  });
}

inline void linear_scan(const LinearScanArgs& args, const Parallel& par) {
  const int64_t n = args.n, inner = args.inner, step = args.reverse ? -inner : inner;
  // Backwards the weight of a step stands at the place that is left.
  const int64_t weight = args.reverse ? inner : 0;
  for_chunks(par, args.outer * inner, 2 * n, 1, [&](int64_t from, int64_t to) {
    for (int64_t line = from; line < to; ++line) {
      int64_t at = line / inner * n * inner + line % inner + (args.reverse ? (n - 1) * inner : 0);
      double state = static_cast<double>(args.b[at]);
      args.y[at] = static_cast<float>(state);
      for (int64_t k = 1; k < n; ++k) {
        at += step;
        state = static_cast<double>(args.a[at + weight]) * state + static_cast<double>(args.b[at]);
        args.y[at] = static_cast<float>(state);
      }
    }
  });
}

template <bool Largest>
inline void extreme_scan_line(const float* x, float* y, int32_t* indices, int64_t n, int64_t step) {
  float best = x[0];
  int32_t place = 0;
  for (int64_t k = 0, at = 0; k < n; ++k, at += step) {
    const float v = x[at];
    // Of equals the last stands, and after a NaN only another one.
    if (v != v || (Largest ? v >= best : v <= best)) {
      best = v;
      place = static_cast<int32_t>(k);
    }
    y[at] = best;
    indices[at] = place;
  }
}

inline void extreme_scan(const ExtremeScanArgs& args, const Parallel& par) {
  const int64_t n = args.n, inner = args.inner;
  for_chunks(par, args.outer * inner, n, 1, [&](int64_t from, int64_t to) {
    for (int64_t line = from; line < to; ++line) {
      const int64_t at = line / inner * n * inner + line % inner;
      const auto run = args.op == ArgReduceOp::kArgmax ? extreme_scan_line<true> : extreme_scan_line<false>;
      run(args.x + at, args.y + at, args.indices + at, n, inner);
    }
  });
}
