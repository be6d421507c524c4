// Normalisation of channels: each plane [inner] of x [batch, channels, inner] by the statistics it belongs to, which are
// a channel's over the whole batch (batch norm) or a group of channels' in one sample (group norm).
#pragma once

#include "moments.inl.h"
#include "norm.inl.h"

// Planes have their own moments, in one walk over x while a plane lies in the cache; they are joined in float64, so that
// a large mean costs no digits. Planes of one element are columns.
inline MomentsArgs plane_moments(const BatchMomentsArgs& args, float* mean, float* squares) {
  if (args.inner == 1) return {args.x, mean, squares, 1, args.batch, args.channels};
  return {args.x, mean, squares, args.batch * args.channels, args.inner, 1};
}

inline size_t batch_moments_scratch(const BatchMomentsArgs& args, int threads) {
  const size_t own = args.inner == 1 ? 0 : static_cast<size_t>(2 * args.batch * args.channels);
  return own + moments_scratch(plane_moments(args, nullptr, nullptr), threads);
}

inline void batch_moments(const BatchMomentsArgs& args, const Parallel& par, Scratch scratch) {
  const int64_t batch = args.batch, channels = args.channels, planes = batch * channels;
  const double count = static_cast<double>(batch) * static_cast<double>(args.inner);
  if (args.inner == 1) {
    moments(plane_moments(args, args.mean, args.variance), par, scratch);
    for (int64_t c = 0; c < channels; ++c) args.variance[c] = static_cast<float>(args.variance[c] / count);
    return;
  }
  const float* mean = scratch.data;
  const float* squares = scratch.data + planes;
  const size_t own = static_cast<size_t>(2 * planes);
  moments(plane_moments(args, scratch.data, scratch.data + planes), par, {scratch.data + own, scratch.floats - own});
  const double length = static_cast<double>(args.inner);
  for_chunks(par, channels, 8 * batch, 1, [&](int64_t from, int64_t to) {
    for (int64_t c = from; c < to; ++c) {
      double sum = 0.0, total = 0.0;
      for (int64_t i = c; i < planes; i += channels) sum += static_cast<double>(mean[i]);
      const double centre = sum / static_cast<double>(batch);
      for (int64_t i = c; i < planes; i += channels) {
        const double d = static_cast<double>(mean[i]) - centre;
        total += static_cast<double>(squares[i]) + length * d * d;
      }
      args.mean[c] = static_cast<float>(centre);
      args.variance[c] = static_cast<float>(total / count);
    }
  });
}

// The statistics of a plane.
inline int64_t statistics_of(const ChannelNormDims& d, int64_t plane) {
  const int64_t n = plane / d.channels, c = plane % d.channels;
  return d.groups == 0 ? c : n * d.groups + c / (d.channels / d.groups);
}

inline int64_t statistics_count(const ChannelNormDims& d) { return d.groups == 0 ? d.channels : d.batch * d.groups; }

// Planes of one element that share statistics down the batch: rows of channels, each element with its own.
inline bool in_columns(const ChannelNormDims& d) { return d.inner == 1 && d.groups == 0; }

LANEGRAD_INLINE v16 normalized(v16 x, v16 mean, v16 rstd) {
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) x.r[i] = (x.r[i] - mean.r[i]) * rstd.r[i];
  return x;
}

LANEGRAD_INLINE v16 scaled(v16 v, bool weighted, v16 w, bool biased, v16 b) {
  if (weighted && biased) return fma(v, w, b);
  if (weighted) return v * w;
  return biased ? v + b : v;
}

inline void channel_norm(const ChannelNormArgs& args, const Parallel& par) {
  const ChannelNormDims& d = args.dims;
  const bool weighted = args.weight != nullptr, biased = args.bias != nullptr;
  if (in_columns(d)) {
    for_chunks(par, d.batch, d.channels, 1, [&](int64_t from, int64_t to) {
      for (int64_t n = from; n < to; ++n) {
        const float* x = args.x + n * d.channels;
        float* y = args.y + n * d.channels;
        for_pieces(d.channels, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
          const v16 v = normalized(load_piece(x + i, count), load_piece(args.mean + i, count),
                                   load_piece(args.rstd + i, count));
          const v16 w = weighted ? load_piece(args.weight + i, count) : zero16();
          const v16 b = biased ? load_piece(args.bias + i, count) : zero16();
          store_piece(y + i, scaled(v, weighted, w, biased, b), count);
        });
      }
    });
    return;
  }
  for_chunks(par, d.batch * d.channels, d.inner, 1, [&](int64_t from, int64_t to) {
    for (int64_t p = from; p < to; ++p) {
      const int64_t c = p % d.channels, s = statistics_of(d, p);
      const vf mean = set1(args.mean[s]), rstd = set1(args.rstd[s]);
      const v16 w = weighted ? set16(args.weight[c]) : zero16(), b = biased ? set16(args.bias[c]) : zero16();
      const float* x = args.x + p * d.inner;
      float* y = args.y + p * d.inner;
      for_pieces(d.inner, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
        const v16 v = normalized(load_piece(x + i, count), mean, rstd);
        store_piece(y + i, scaled(v, weighted, w, biased, b), count);
      });
    }
  });
}

// Where the backward keeps its sums.
struct ChannelSums {
  float *dy, *dot;                // [channels]: Σ dy and Σ dy·x̂
  float *plane_dy, *plane_dot;    // [batch, channels]: of each plane
  float *mean_dy, *mean_dot;      // [statistics]: means of dy·weight and of dy·weight·x̂
};

inline ChannelSums channel_sums(const ChannelNormDims& d, float* at) {
  const int64_t planes = in_columns(d) ? 0 : d.batch * d.channels, statistics = statistics_count(d);
  ChannelSums sums;
  sums.dy = at;
  sums.dot = sums.dy + d.channels;
  sums.plane_dy = sums.dot + d.channels;
  sums.plane_dot = sums.plane_dy + planes;
  sums.mean_dy = sums.plane_dot + planes;
  sums.mean_dot = sums.mean_dy + statistics;
  return sums;
}

inline size_t channel_norm_backward_scratch(const ChannelNormBackwardArgs& args, int) {
  const ChannelNormDims& d = args.dims;
  const int64_t planes = in_columns(d) ? 0 : d.batch * d.channels;
  return static_cast<size_t>(2 * (d.channels + planes + statistics_count(d)));
}

// Σ dy and Σ dy·x̂ of R planes, each in the order of the row reductions.
template <int R>
inline void sum_planes(const ChannelNormBackwardArgs& args, int64_t plane, const ChannelSums& sums) {
  const int64_t inner = args.dims.inner;
  const float* x = args.x + plane * inner;
  const float* dy = args.dy + plane * inner;
  float totals[2 * R];
  vf mean[R], rstd[R];
  LANEGRAD_UNROLL for (int r = 0; r < R; ++r) {
    const int64_t s = statistics_of(args.dims, plane + r);
    mean[r] = set1(args.mean[s]);
    rstd[r] = set1(args.rstd[s]);
  }
  sum_rows(inner, totals, [&](v16 acc, int s, int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    const int r = s % R;
    const v16 g = load_piece(dy + r * inner + i, count);
    if (s < R) return acc + g;
    v16 v = normalized(load_piece(x + r * inner + i, count), mean[r], rstd[r]);
    if (count < kVirtualLanes) v = first_lanes(v, count);
    return fma(g, v, acc);
  });
  LANEGRAD_UNROLL for (int r = 0; r < R; ++r) {
    sums.plane_dy[plane + r] = totals[r];
    sums.plane_dot[plane + r] = totals[R + r];
  }
}

// The sums of every channel: one ascending chain over its planes.
inline void sum_channels(const ChannelNormBackwardArgs& args, const Parallel& par, const ChannelSums& sums) {
  const ChannelNormDims& d = args.dims;
  if (in_columns(d)) {
    const int64_t pieces = ceil_div(d.channels, kVirtualLanes);
    for_chunks(par, pieces, 2 * d.batch * smaller(d.channels, kVirtualLanes), 1, [&](int64_t from, int64_t to) {
      for (int64_t p = from; p < to; ++p) {
        const int64_t c = p * kVirtualLanes;
        const int count = static_cast<int>(smaller(kVirtualLanes, d.channels - c));
        const v16 mean = load_piece(args.mean + c, count), rstd = load_piece(args.rstd + c, count);
        v16 total = zero16(), dot = zero16();
        for (int64_t n = 0; n < d.batch; ++n) {
          const v16 g = load_piece(args.dy + n * d.channels + c, count);
          total = total + g;
          dot = fma(g, normalized(load_piece(args.x + n * d.channels + c, count), mean, rstd), dot);
        }
        store_piece(sums.dy + c, total, count);
        store_piece(sums.dot + c, dot, count);
      }
    });
    return;
  }
  for_chunks(par, d.batch * d.channels, 2 * d.inner, 1, [&](int64_t from, int64_t to) {
    int64_t p = from;
    for (; p + kRowsTogether <= to; p += kRowsTogether) sum_planes<kRowsTogether>(args, p, sums);
    for (; p < to; ++p) sum_planes<1>(args, p, sums);
  });
  reduce_columns_strip<SumStep>(sums.plane_dy, d.batch, d.channels, d.channels, sums.dy);
  reduce_columns_strip<SumStep>(sums.plane_dot, d.batch, d.channels, d.channels, sums.dot);
}

// What each set of statistics passes on: the means of g = dy·weight and of g·x̂ over its elements.
inline void average_sums(const ChannelNormBackwardArgs& args, const ChannelSums& sums) {
  const ChannelNormDims& d = args.dims;
  const auto weight = [&](int64_t c) { return args.weight == nullptr ? 1.0f : args.weight[c]; };
  if (d.groups == 0) {
    const float count = static_cast<float>(d.batch * d.inner);
    for (int64_t c = 0; c < d.channels; ++c) {
      sums.mean_dy[c] = weight(c) * sums.dy[c] / count;
      sums.mean_dot[c] = weight(c) * sums.dot[c] / count;
    }
    return;
  }
  const int64_t members = d.channels / d.groups;
  const float count = static_cast<float>(members * d.inner);
  for (int64_t s = 0; s < d.batch * d.groups; ++s) {
    float total = 0.0f, dot = 0.0f;
    for (int64_t p = s * members; p < (s + 1) * members; ++p) {
      total += weight(p % d.channels) * sums.plane_dy[p];
      dot += weight(p % d.channels) * sums.plane_dot[p];
    }
    sums.mean_dy[s] = total / count;
    sums.mean_dot[s] = dot / count;
  }
}

// rstd·(g − mean(g) − x̂·mean(g·x̂)) with g = dy·weight.
LANEGRAD_INLINE v16 passed_on(v16 g, v16 v, v16 rstd, v16 mean_dy, v16 mean_dot) {
  LANEGRAD_UNROLL for (int i = 0; i < kRegisters; ++i) {
    g.r[i] = rstd.r[i] * fnma(v.r[i], mean_dot.r[i], g.r[i] - mean_dy.r[i]);
  }
  return g;
}

inline void channel_norm_dx(const ChannelNormBackwardArgs& args, const Parallel& par, const ChannelSums& sums) {
  const ChannelNormDims& d = args.dims;
  const bool weighted = args.weight != nullptr;
  if (in_columns(d)) {
    for_chunks(par, d.batch, 2 * d.channels, 1, [&](int64_t from, int64_t to) {
      for (int64_t n = from; n < to; ++n) {
        const int64_t at = n * d.channels;
        for_pieces(d.channels, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
          v16 g = load_piece(args.dy + at + i, count);
          const v16 rstd = load_piece(args.rstd + i, count);
          if (weighted) g = g * load_piece(args.weight + i, count);
          if (args.fixed) g = g * rstd;
          else {
            const v16 v = normalized(load_piece(args.x + at + i, count), load_piece(args.mean + i, count), rstd);
            g = passed_on(g, v, rstd, load_piece(sums.mean_dy + i, count), load_piece(sums.mean_dot + i, count));
          }
          store_piece(args.dx + at + i, g, count);
        });
      }
    });
    return;
  }
  for_chunks(par, d.batch * d.channels, 2 * d.inner, 1, [&](int64_t from, int64_t to) {
    for (int64_t p = from; p < to; ++p) {
      const int64_t s = statistics_of(d, p), at = p * d.inner;
      const v16 w = weighted ? set16(args.weight[p % d.channels]) : zero16(), rstd = set16(args.rstd[s]);
      const vf mean = set1(args.mean[s]);
      const v16 mean_dy = args.fixed ? zero16() : set16(sums.mean_dy[s]);
      const v16 mean_dot = args.fixed ? zero16() : set16(sums.mean_dot[s]);
      for_pieces(d.inner, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
        v16 g = load_piece(args.dy + at + i, count);
        if (weighted) g = g * w;
        if (args.fixed) g = g * rstd;
        else g = passed_on(g, normalized(load_piece(args.x + at + i, count), mean, rstd.r[0]), rstd, mean_dy, mean_dot);
        store_piece(args.dx + at + i, g, count);
      });
    }
  });
}

inline void channel_norm_backward(const ChannelNormBackwardArgs& args, const Parallel& par, Scratch scratch) {
  const ChannelNormDims& d = args.dims;
  const ChannelSums sums = channel_sums(d, scratch.data);
  const bool wants_sums = args.d_weight != nullptr || args.d_bias != nullptr;
  if (wants_sums || !args.fixed) sum_channels(args, par, sums);
  const size_t bytes = static_cast<size_t>(d.channels) * sizeof(float);
  if (args.d_weight != nullptr) memcpy(args.d_weight, sums.dot, bytes);
  if (args.d_bias != nullptr) memcpy(args.d_bias, sums.dy, bytes);
  if (args.dx == nullptr) return;
  if (!args.fixed) average_sums(args, sums);
  channel_norm_dx(args, par, sums);
}
