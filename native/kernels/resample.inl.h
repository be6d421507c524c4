// Weighted sums of neighbours along the two axes of planes: average pooling, interpolation, and their gradients. Rows
// are blended first, a vector of columns at a time, into a line that stays in the cache; then the line along itself.
#pragma once

#include "lanes.inl.h"
#include "split.inl.h"

// How the outputs of a block lie to the elements they sum: side by side, two apart, or by pairs of neighbours (an image
// twice as large); or of one length, wherever they lie. Everything else is gathered with a look at each.
enum class Steps : int32_t { kOther, kAnywhere, kOne, kTwo, kHalf };
constexpr int64_t kStepBlock = 2 * kLanes;

struct Taps {
  int64_t first, count;

  Taps(const BandArgs& band, int64_t outputs, int64_t i)
      : first(band.spans[i]), count(larger(0, smaller(band.taps, band.spans[outputs + i]))) {}
};

// Output j of [from, from + count) sums `taps` elements from start + j·step on, for every `stride`-th j.
inline bool steps_evenly(const BandArgs& band, int64_t outputs, int64_t from, int64_t count, int64_t stride,
                         int64_t step) {
  const Taps start(band, outputs, from);
  for (int64_t i = from, k = 0; i < from + count; i += stride, ++k) {
    const Taps taps(band, outputs, i);
    if (taps.count != start.count || taps.first != start.first + k * step) return false;
  }
  return true;
}

// The steps of a block, where all it reads lies in [low, high) of its line.
inline Steps steps_of_block(const BandArgs& band, int64_t outputs, int64_t from, int64_t count, int64_t low,
                            int64_t high) {
  bool alike = true;
  for (int64_t i = from; i < from + count; ++i) {
    const Taps taps(band, outputs, i);
    if (taps.first < low || taps.first + taps.count > high) return Steps::kOther;
    alike = alike && taps.count == Taps(band, outputs, from).count;
  }
  if (steps_evenly(band, outputs, from, count, 1, 1)) return Steps::kOne;
  if (steps_evenly(band, outputs, from, count, 1, 2)) return Steps::kTwo;
  const bool pairs = steps_evenly(band, outputs, from, count, 2, 1) &&
                     (count < 2 || steps_evenly(band, outputs, from + 1, count - 1, 2, 1));
  return pairs ? Steps::kHalf : alike ? Steps::kAnywhere : Steps::kOther;
}

// Rows of the plane at x, blended into a line.
inline void blend_rows(const ResampleArgs& a, const float* x, int64_t row, float* line) {
  const Taps taps(a.rows, a.out_height, row);
  const int64_t from = larger(0, -taps.first), to = smaller(taps.count, a.in_height - taps.first);
  const float* weights = a.rows.weights + row;
  for_lanes(0, a.in_width, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    vf sum = zero();
    for (int64_t t = from; t < to; ++t) {
      sum = fma(bcast(weights + t * a.out_height), load_lanes(x + (taps.first + t) * a.in_width + i, count), sum);
    }
    store_lanes(line + i, sum, count);
  });
}

template <int kStep>
LANEGRAD_INLINE void blend_evenly(const BandArgs& band, int64_t outputs, const float* line, int64_t j, int count,
                                  float* y) {
  const Taps taps(band, outputs, j);
  vf sum = zero();
  for (int64_t t = 0; t < taps.count; ++t) {
    const float* from = line + taps.first + t;
    vf v, odd;
    if (kStep == 2) load_pairs(from, 2 * count - 1, v, odd);
    else v = load_lanes(from, count);
    sum = fma(load_lanes(band.weights + t * outputs + j, count), v, sum);
  }
  store_lanes(y + j, sum, count);
}

// Outputs by pairs: those at even places sum neighbours, and so do those at odd ones.
LANEGRAD_INLINE void blend_pairs(const BandArgs& band, int64_t outputs, const float* line, int64_t j, int count,
                                 float* y) {
  const int evens = (count + 1) / 2, odds = count / 2;
  const Taps even(band, outputs, j), odd(band, outputs, odds > 0 ? j + 1 : j);
  vf even_sum = zero(), odd_sum = zero();
  for (int64_t t = 0; t < larger(even.count, odd.count); ++t) {
    vf even_weight, odd_weight;
    load_pairs(band.weights + t * outputs + j, count, even_weight, odd_weight);
    if (t < even.count) even_sum = fma(even_weight, load_lanes(line + even.first + t, evens), even_sum);
    if (t < odd.count && odds > 0) odd_sum = fma(odd_weight, load_lanes(line + odd.first + t, odds), odd_sum);
  }
  store_pairs(y + j, even_sum, odd_sum, count);
}

// Outputs of one length, all they read inside the line.
LANEGRAD_INLINE void blend_anywhere(const BandArgs& band, int64_t outputs, const float* line, int64_t j, int count,
                                    float* y) {
  const int32_t* first = band.spans + j;
  const int64_t taps = Taps(band, outputs, j).count;
  vf sum = zero();
  for (int64_t t = 0; t < taps; ++t) {
    float values[kLanes];
    if (count == kLanes) {
      LANEGRAD_UNROLL for (int l = 0; l < kLanes; ++l) values[l] = line[first[l] + t];
    } else {
      for (int l = 0; l < kLanes; ++l) values[l] = l < count ? line[first[l] + t] : 0.0f;
    }
    sum = fma(load_lanes(band.weights + t * outputs + j, count), load(values), sum);
  }
  store_lanes(y + j, sum, count);
}

// Any outputs; what lies outside the line of `size` counts as 0, and so does what is behind an output's last tap.
LANEGRAD_INLINE void blend_gathered(const BandArgs& band, int64_t outputs, const float* line, int64_t size, int64_t j,
                                    int count, float* y) {
  int64_t most = 0;
  for (int l = 0; l < count; ++l) most = larger(most, Taps(band, outputs, j + l).count);
  vf sum = zero();
  for (int64_t t = 0; t < most; ++t) {
    float values[kLanes] = {}, weights[kLanes] = {};
    for (int l = 0; l < count; ++l) {
      const Taps taps(band, outputs, j + l);
      const int64_t at = taps.first + t;
      if (t >= taps.count || at < 0 || at >= size) continue;
      values[l] = line[at];
      weights[l] = band.weights[t * outputs + j + l];
    }
    sum = fma(load(weights), load(values), sum);
  }
  store_lanes(y + j, sum, count);
}

inline void blend_line(const ResampleArgs& a, const int32_t* steps, const float* line, float* y) {
  const BandArgs& band = a.columns;
  const int64_t n = a.out_width;
  for (int64_t block = 0; block < n; block += kStepBlock) {
    const int64_t end = smaller(n, block + kStepBlock);
    const Steps step = static_cast<Steps>(steps[block / kStepBlock]);
    if (step == Steps::kHalf) {
      blend_pairs(band, n, line, block, static_cast<int>(end - block), y);
      continue;
    }
    for_lanes(block, end, [&](int64_t j, int count) LANEGRAD_INLINE_LAMBDA {
      if (step == Steps::kOne) blend_evenly<1>(band, n, line, j, count, y);
      else if (step == Steps::kTwo) blend_evenly<2>(band, n, line, j, count, y);
      else if (step == Steps::kAnywhere) blend_anywhere(band, n, line, j, count, y);
      else blend_gathered(band, n, line, a.in_width, j, count, y);
    });
  }
}

// A line with zeros on both sides, one a worker, behind the steps of all blocks.
struct ResampleLines {
  int64_t blocks, pad, floats;

  explicit ResampleLines(const ResampleArgs& a)
      : blocks(ceil_div(ceil_div(a.out_width, kStepBlock), 16) * 16), pad(ceil_div(a.columns.taps, 16) * 16),
        floats(ceil_div(a.in_width + 2 * pad, 16) * 16) {}
};

struct ResampleTasks {
  const ResampleArgs* args;
  const int32_t* steps;
  float* lines;
  int64_t pad, floats, rows, per_task;

  static void run(void* ctx, int task, int worker) {
    const ResampleTasks& self = *static_cast<const ResampleTasks*>(ctx);
    const ResampleArgs& a = *self.args;
    const bool down = a.rows.spans != nullptr, across = a.columns.spans != nullptr;
    float* line = nullptr;
    if (down && across) {
      float* whole = self.lines + worker * self.floats;
      line = whole + self.pad;
      memset(whole, 0, static_cast<size_t>(self.pad) * sizeof *whole);
      memset(line + a.in_width, 0, static_cast<size_t>(self.floats - self.pad - a.in_width) * sizeof *line);
    }
    const int64_t from = task * self.per_task, to = smaller(self.rows, from + self.per_task);
    for (int64_t i = from; i < to; ++i) {
      const int64_t row = i % a.out_height;
      const float* x = a.x + i / a.out_height * a.in_height * a.in_width;
      float* y = a.y + i * a.out_width;
      if (down) blend_rows(a, x, row, across ? line : y);
      if (across) blend_line(a, self.steps, down ? line : x + row * a.in_width, y);
    }
  }
};

inline size_t resample_scratch(const ResampleArgs& a, int threads) {
  if (a.columns.spans == nullptr) return 0;
  const ResampleLines lines(a);
  return static_cast<size_t>(lines.blocks + (a.rows.spans == nullptr ? 0 : threads * lines.floats));
}

inline void resample(const ResampleArgs& a, const Parallel& par, Scratch scratch) {
  const ResampleLines lines(a);
  int32_t* steps = reinterpret_cast<int32_t*>(scratch.data);
  const bool down = a.rows.spans != nullptr, across = a.columns.spans != nullptr;
  if (across) {
    // A line of its own has zeros around it; a row of the input ends where the next begins.
    const int64_t margin = down ? lines.pad : 0;
    for (int64_t block = 0; block < a.out_width; block += kStepBlock) {
      const int64_t count = smaller(kStepBlock, a.out_width - block);
      steps[block / kStepBlock] = static_cast<int32_t>(
          steps_of_block(a.columns, a.out_width, block, count, -margin, a.in_width + margin));
    }
  }
  const int64_t rows = a.planes * a.out_height;
  const int64_t work = (down ? a.rows.taps * a.in_width : 0) + (across ? a.columns.taps * a.out_width : 0);
  const int64_t per_task = larger(1, kTaskElements / larger(work, 1));
  ResampleTasks tasks = {&a, steps, scratch.data + lines.blocks, lines.pad, lines.floats, rows, per_task};
  if (par.threads < 2 || rows < 2 * per_task) {
    tasks.per_task = rows;
    ResampleTasks::run(&tasks, 0, 0);
  } else {
    par.run_light(par, static_cast<int>(ceil_div(rows, per_task)), ResampleTasks::run, &tasks);
  }
}
