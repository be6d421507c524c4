// Products, linear scans and extremes up to each place, along the middle axis of [outer, n, inner]. Products and linear
// scans are carried in float64 and rounded at each store; every line is one ascending chain, or with `reverse` one from
// the end.
#pragma once

#include "split.inl.h"

// Products of `Lines` lines that lie `apart`; x and y at the first element in the order of the scan. Lines advance
// together: a single chain would wait for each of its steps.
template <int Lines>
inline void product_lines(const float* x, float* y, int64_t n, int64_t step, int64_t apart) {
  double products[Lines];
  for (double& product : products) product = 1.0;
  for (int64_t i = 0, at = 0; i < n; ++i, at += step) {
    LANEGRAD_UNROLL for (int c = 0; c < Lines; ++c) {
      products[c] *= static_cast<double>(x[at + c * apart]);
      y[at + c * apart] = static_cast<float>(products[c]);
    }
  }
}

inline void scan_products(const ScanArgs& args, const Parallel& par) {
  constexpr int kTogether = 8;
  const int64_t n = args.n, inner = args.inner, apart = inner == 1 ? n : 1;
  const int64_t step = args.reverse ? -inner : inner, first = args.reverse ? (n - 1) * inner : 0;
  for_chunks(par, args.outer * inner, n, kTogether, [&](int64_t from, int64_t to) {
    for (int64_t line = from; line < to;) {
      const int64_t at = line / inner * n * inner + line % inner + first;
      // Lines that follow each other lie `apart` only within one block of columns.
      const int64_t left = inner == 1 ? to - line : smaller(to - line, inner - line % inner);
      const bool together = left >= kTogether;
      if (together) product_lines<kTogether>(args.x + at, args.y + at, n, step, apart);
      else product_lines<1>(args.x + at, args.y + at, n, step, apart);
      line += together ? kTogether : 1;
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

// Of equals the last stands, and after a NaN only another one.
template <bool Largest>
struct Reached {
  static bool by(float v, float best) { return v != v || (Largest ? v >= best : v <= best); }
  LANEGRAD_INLINE vm by(vf v, vf best) { return is_nan(v) | (Largest ? ge(v, best) : le(v, best)); }
};

template <bool Largest>
inline void extreme_scan_row(const float* x, float* y, int32_t* indices, int64_t n) {
  float best = x[0];
  int32_t place = 0;
  for (int64_t k = 0; k < n; k += kLanes) {
    const int count = static_cast<int>(smaller(kLanes, n - k));
    // Most vectors of a long row reach nothing new.
    if (count == kLanes && !any(Reached<Largest>::by(load(x + k), set1(best)))) {
      store(y + k, set1(best));
      storei(indices + k, set1i(place));
      continue;
    }
    for (int64_t i = k; i < k + count; ++i) {
      if (Reached<Largest>::by(x[i], best)) {
        best = x[i];
        place = static_cast<int32_t>(i);
      }
      y[i] = best;
      indices[i] = place;
    }
  }
}

template <bool Largest>
inline void extreme_scan_columns(const float* x, float* y, int32_t* indices, int64_t n, int64_t inner, int count) {
  vf best = load_lanes(x, count);
  vi place = set1i(0);
  for (int64_t k = 0; k < n; ++k) {
    const vf v = load_lanes(x + k * inner, count);
    const vm take = Reached<Largest>::by(v, best);
    best = select(take, v, best);
    place = select(take, set1i(static_cast<int32_t>(k)), place);
    store_lanes(y + k * inner, best, count);
    if (count == kLanes) {
      storei(indices + k * inner, place);
    } else {
      int32_t places[kLanes];
      storei(places, place);
      memcpy(indices + k * inner, places, count * sizeof(int32_t));
    }
  }
}

template <bool Largest>
inline void extreme_scan_by(const ExtremeScanArgs& args, const Parallel& par) {
  const int64_t n = args.n, inner = args.inner;
  if (inner == 1) {
    for_chunks(par, args.outer, n, 1, [&](int64_t from, int64_t to) {
      for (int64_t r = from; r < to; ++r) {
        extreme_scan_row<Largest>(args.x + r * n, args.y + r * n, args.indices + r * n, n);
      }
    });
    return;
  }
  const int64_t groups = ceil_div(inner, kLanes);
  for_chunks(par, args.outer * groups, n * smaller(inner, kLanes), 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      const int64_t j = i % groups * kLanes, at = i / groups * n * inner + j;
      const int count = static_cast<int>(smaller(kLanes, inner - j));
      extreme_scan_columns<Largest>(args.x + at, args.y + at, args.indices + at, n, inner, count);
    }
  });
}

inline void extreme_scan(const ExtremeScanArgs& args, const Parallel& par) {
  switch (args.op) {
    case ArgReduceOp::kArgmax: return extreme_scan_by<true>(args, par);
    case ArgReduceOp::kArgmin: return extreme_scan_by<false>(args, par);
  }
}
