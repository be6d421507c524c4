// Draws of 53 random bits, and what is made of them in float64 by the operations of src/core/rng.ts, in their order and
// each rounded by itself: the same bits as there.
#pragma once

#include "random.inl.h"

// Blocks of Philox, and so pairs of draws, at a time; each step is a loop over them that the compiler makes vectors of.
constexpr int kDrawPairs = 64;

// Draws of [0, 1): the first and the second of each block.
struct DrawPairs {
  double first[kDrawPairs], second[kDrawPairs];
};

inline void draw_pairs(const DrawPlace& place, uint64_t block, DrawPairs& u) {
  int32_t words[4][kDrawPairs];
  for (int i = 0; i < kDrawPairs; i += kLanes) {
    const PhiloxBlock b = philox_from(place, block + i);
    storei(words[0] + i, shr<5>(b.w[0]));
    storei(words[1] + i, shr<6>(b.w[1]));
    storei(words[2] + i, shr<5>(b.w[2]));
    storei(words[3] + i, shr<6>(b.w[3]));
  }
  for (int i = 0; i < kDrawPairs; ++i) u.first[i] = (words[0][i] * 0x1p26 + words[1][i]) * 0x1p-53;
  for (int i = 0; i < kDrawPairs; ++i) u.second[i] = (words[2][i] * 0x1p26 + words[3][i]) * 0x1p-53;
}

// write(u, y) for every 2·kDrawPairs elements of y in order; the last of them through a copy.
template <class T, class Write>
inline void for_draws(const Parallel& par, const DrawPlace& place, T* y, int64_t n, int64_t weight, const Write& write) {
  constexpr int64_t kGroup = 2 * kDrawPairs;
  for_chunks(par, n, weight, kGroup, [&](int64_t from, int64_t to) {
    DrawPairs u;
    for (int64_t i = from; i < to; i += kGroup) {
      draw_pairs(place, place.block + static_cast<uint64_t>(i) / 2, u);
      if (i + kGroup <= to) {
        write(u, y + i);
      } else {
        T last[kGroup];
        write(u, last);
        memcpy(y + i, last, (to - i) * sizeof(T));
      }
    }
  });
}

inline void uniform53(const Uniform53Args& args, const Parallel& par) {
  for_draws(par, args.place, args.y, args.n, 2, [](const DrawPairs& u, double* y) {
    for (int i = 0; i < kDrawPairs; ++i) {
      y[2 * i] = u.first[i];
      y[2 * i + 1] = u.second[i];
    }
  });
}

inline void integers(const IntegersArgs& args, const Parallel& par) {
  const double low = args.low, count = args.count;
  for_draws(par, args.place, args.y, args.n, 2, [=](const DrawPairs& u, int32_t* y) {
    for (int i = 0; i < kDrawPairs; ++i) {
      y[2 * i] = static_cast<int32_t>(low + floor(u.first[i] * count));
      y[2 * i + 1] = static_cast<int32_t>(low + floor(u.second[i] * count));
    }
  });
}

constexpr double kInverseOdd[] = {1.0 / 25, 1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13,
                                  1.0 / 11, 1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3,  1.0};
constexpr double kLn2 = 0.6931471805599453, kSqrtHalf = 0.7071067811865476, kPi = 3.141592653589793;
constexpr double kSine[] = {-1.0 / 6,        1.0 / 120,        -1.0 / 5040,         1.0 / 362880,
                            -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000};
constexpr double kCosine[] = {-1.0 / 2,       1.0 / 24,        -1.0 / 720,         1.0 / 40320,
                              -1.0 / 3628800, 1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000};

// logOf of src/core/elementary.ts for x in (0, 1].
LANEGRAD_INLINE double log_of(double x) {
  int64_t word;
  memcpy(&word, &x, sizeof word);
  double exponent = static_cast<double>(static_cast<int32_t>(word >> 52) - 1022);
  const int64_t mantissa = (word & 0xfffffffffffffLL) | 0x3fe0000000000000LL;
  double m;  // in [1/2, 1)
  memcpy(&m, &mantissa, sizeof m);
  const bool low = m < kSqrtHalf;
  m = low ? m + m : m;
  exponent = low ? exponent - 1.0 : exponent;
  const double s = (m - 1.0) / (m + 1.0), s2 = s * s;
  double tail = 0.0;
  LANEGRAD_UNROLL for (int k = 0; k < 13; ++k) tail = tail * s2 + kInverseOdd[k];
  return exponent * kLn2 + 2.0 * s * tail;
}

template <int kCount>
LANEGRAD_INLINE double series_of(const double (&coefficients)[kCount], double r2) {
  double sum = 0.0;
  LANEGRAD_UNROLL for (int k = kCount - 1; k >= 0; --k) sum = (sum + coefficients[k]) * r2;
  return 1.0 + sum;
}

// Pairs by Box and Muller, cosine first: `turn` of src/core/elementary.ts at the second draw, by the radius of the first.
template <class T>
inline void normals(const DrawPlace& place, T* y, int64_t n, const Parallel& par) {
  for_draws(par, place, y, n, 8, [](const DrawPairs& u, T* y) {
    double radius[kDrawPairs], cosine[kDrawPairs], sine[kDrawPairs];
    for (int i = 0; i < kDrawPairs; ++i) radius[i] = sqrt(-2.0 * log_of(1.0 - u.first[i]));
    for (int i = 0; i < kDrawPairs; ++i) {
      const double quarter = floor(u.second[i] * 4.0 + 0.5);
      const double r = (u.second[i] - quarter / 4.0) * 2.0 * kPi, r2 = r * r;
      const double c = series_of(kCosine, r2), s = r * series_of(kSine, r2);
      const bool odd = quarter == 1.0 || quarter == 3.0;
      const double first = odd ? s : c, second = odd ? c : s;
      cosine[i] = quarter == 1.0 || quarter == 2.0 ? -first : first;
      sine[i] = quarter == 2.0 || quarter == 3.0 ? -second : second;
    }
    for (int i = 0; i < kDrawPairs; ++i) {
      y[2 * i] = static_cast<T>(radius[i] * cosine[i]);
      y[2 * i + 1] = static_cast<T>(radius[i] * sine[i]);
    }
  });
}

inline void normal(const NormalArgs& args, const Parallel& par) {
  if (args.y != nullptr) normals(args.place, args.y, args.n, par);
  else normals(args.place, args.wide, args.n, par);
}
