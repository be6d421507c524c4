// What this machine can do at most, measured beside the kernels that are held against it (bench/).
#pragma once

#include "split.inl.h"

constexpr int kMaxYardstickThreads = 64;
// Chains enough to cover the latency of two fused multiply-adds a cycle, and no more than there are registers for.
constexpr int kYardstickFmas = kLanes == 4 && !kFma ? 8 : 12;

inline float sum_of_lanes(vf x) {
  float lanes[kLanes], sum = 0.0f;
  store(lanes, x);
  for (int l = 0; l < kLanes; ++l) sum += lanes[l];
  return sum;
}

struct YardstickTask {
  const YardstickArgs* args;
  int64_t share;
  float* sums;  // one a task, so that nothing that was computed can be left out
};

inline float chain_fmas(int64_t rounds) {
  vf acc[kYardstickFmas];
  LANEGRAD_UNROLL for (int v = 0; v < kYardstickFmas; ++v) acc[v] = set1(static_cast<float>(v));
  const vf factor = set1(0.5f), term = set1(0.25f);
  for (int64_t i = 0; i < rounds; ++i) {
    LANEGRAD_UNROLL for (int v = 0; v < kYardstickFmas; ++v) acc[v] = fma(acc[v], factor, term);
  }
  vf sum = zero();
  LANEGRAD_UNROLL for (int v = 0; v < kYardstickFmas; ++v) sum = sum + acc[v];
  return sum_of_lanes(sum);
}

// Starts from what the round before found, so that no round can be left out for being the same.
inline float read_through(const float* x, int64_t n, float before) {
  constexpr int kChains = 8;
  vf acc[kChains];
  LANEGRAD_UNROLL for (int v = 0; v < kChains; ++v) acc[v] = set1(before);
  int64_t i = 0;
  for (; i + kChains * kLanes <= n; i += kChains * kLanes) {
    LANEGRAD_UNROLL for (int v = 0; v < kChains; ++v) acc[v] = acc[v] + load(x + i + v * kLanes);
  }
  vf sum = zero();
  LANEGRAD_UNROLL for (int v = 0; v < kChains; ++v) sum = sum + acc[v];
  float total = sum_of_lanes(sum);
  for (; i < n; ++i) total += x[i];
  return total;
}

inline void run_yardstick(void* ctx, int task, int) {
  const auto& own = *static_cast<const YardstickTask*>(ctx);
  const YardstickArgs& args = *own.args;
  const int64_t from = smaller(args.n, task * own.share), n = smaller(args.n, from + own.share) - from;
  float sum = 0.0f;
  switch (args.what) {
    case Yardstick::kFma:
      sum = chain_fmas(args.rounds);
      break;
    case Yardstick::kRead:
      for (int64_t i = 0; i < args.rounds; ++i) sum = read_through(args.x + from, n, sum);
      break;
    case Yardstick::kCopy:
      for (int64_t i = 0; i < args.rounds; ++i) {
        memcpy(args.y + from, args.x + from, static_cast<size_t>(n) * sizeof(float));
      }
      break;
  }
  own.sums[task] = sum;
}

inline double yardstick(const YardstickArgs& args, const Parallel& par) {
  float sums[kMaxYardstickThreads] = {};
  const int threads = par.threads < kMaxYardstickThreads ? par.threads : kMaxYardstickThreads;
  YardstickTask task{&args, ceil_div(args.n, threads), sums};
  par.run(par, threads, run_yardstick, &task);
  float sum = 0.0f;
  for (int t = 0; t < threads; ++t) sum += sums[t];
  // An impossible sum: the compiler cannot know.
  const double rounds = static_cast<double>(args.rounds) + (sum == 0x1.fp-100f ? 1.0 : 0.0);
  if (args.what == Yardstick::kFma) return rounds * threads * 2.0 * kYardstickFmas * kLanes;
  const double bytes = static_cast<double>(args.n) * sizeof(float);
  return rounds * bytes * (args.what == Yardstick::kCopy ? 2.0 : 1.0);
}
