// Pooling, patches and resampling on every instruction set of this machine and several thread counts, held against their
// definition to the bit, element by element in scalar code. Every array ends at a page that must not be touched.
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "drawn.h"

using namespace lanegrad;

namespace {

void pool_case(Machine& m, const PoolDims& d) {
  const int64_t size = d.in_height * d.in_width, windows = d.out_height * d.out_width;
  Drawn x(d.planes * size), dy(d.planes * windows);
  for (size_t i = 0; i < x.size(); ++i) {
    const uint32_t kind = draw_word() % 16;
    if (kind < 6) x[i] = roundf(2 * x[i]);
    else if (kind == 6) x[i] = NAN;
    else if (kind == 7) x[i] = -INFINITY;
  }
  Array y(d.planes * windows), dx(d.planes * size), want(d.planes * size);
  Guarded<int32_t> indices(count(d.planes * windows), Flush::kEnd);
  m.table.max_pool2d({d, x.data, y.data, indices.data}, m.parallel);
  m.table.max_pool2d_backward({d, dy.data, indices.data, dx.data}, m.parallel);
  for (size_t i = 0; i < want.size(); ++i) want[i] = 0.0f;
  for (int64_t i = 0; i < d.planes * windows; ++i) {
    const float* plane = x.data + i / windows * size;
    const int64_t top = i % windows / d.out_width * d.stride_y - d.pad_top;
    const int64_t left = i % d.out_width * d.stride_x - d.pad_left;
    int64_t place = -1;
    for (int64_t ky = 0; ky < d.kernel_height; ++ky) {
      for (int64_t kx = 0; kx < d.kernel_width; ++kx) {
        const int64_t row = top + ky * d.dilation_y, column = left + kx * d.dilation_x;
        if (row < 0 || row >= d.in_height || column < 0 || column >= d.in_width) continue;
        const int64_t at = row * d.in_width + column;
        if (place < 0 || plane[at] > plane[place] || isnan(plane[at])) place = at;
      }
    }
    const float largest = place < 0 ? -INFINITY : plane[place];
    CHECK(indices[count(i)] == place);
    CHECK(memcmp(&y[count(i)], &largest, sizeof largest) == 0);
    if (place >= 0) want[count(i / windows * size + place)] += dy[count(i)];
  }
  CHECK(memcmp(dx.data, want.data, want.size() * sizeof(float)) == 0);
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<int32_t>(draw_word() * 77777u);
  m.table.max_pool2d_backward({d, dy.data, indices.data, dx.data}, m.parallel);  // stays inside
}

void pools(Machine& m) {
  g_seed = 12;
  for (const int64_t width : {2, 3, 14, 28, 31, 33, 34, 66}) pool_case(m, {3, 5, width, 2, 2, 2, width / 2, 2, 2, 0, 0, 1, 1});
  pool_case(m, {300, 14, 14, 2, 2, 7, 7, 2, 2, 0, 0, 1, 1});
  for (int i = 0; i < 60; ++i) {
    pool_case(m, {between(1, 3), between(1, 8), between(1, 70), between(1, 3), between(1, 4), between(1, 6),
                  between(1, 40), between(1, 3), between(1, 3), between(0, 2), between(0, 2), between(1, 2),
                  between(1, 3)});
  }
}

// Small integers, whose sums of products are exact in any order.
void whole(Drawn& x) {
  for (size_t i = 0; i < x.size(); ++i) x[i] = roundf(4 * x[i]);
}

void patch_case(Machine& m, const PoolDims& d) {
  const int64_t size = d.in_height * d.in_width, taps = d.kernel_height * d.kernel_width;
  const int64_t windows = d.out_height * d.out_width;
  Drawn x(d.planes * size), back(d.planes * taps * windows);
  whole(back);
  Array columns(d.planes * taps * windows), sums(d.planes * size), want(d.planes * size);
  m.table.im2col({d, x.data, columns.data}, m.parallel);
  m.table.col2im({d, back.data, sums.data}, m.parallel);
  for (size_t i = 0; i < want.size(); ++i) want[i] = 0.0f;
  for (int64_t i = 0; i < d.planes * taps * windows; ++i) {
    const int64_t plane = i / windows / taps, tap = i / windows % taps, window = i % windows;
    const int64_t row = window / d.out_width * d.stride_y - d.pad_top + tap / d.kernel_width * d.dilation_y;
    const int64_t column = window % d.out_width * d.stride_x - d.pad_left + tap % d.kernel_width * d.dilation_x;
    const bool inside = row >= 0 && row < d.in_height && column >= 0 && column < d.in_width;
    const int64_t at = plane * size + row * d.in_width + column;
    CHECK(columns[count(i)] == (inside ? x[count(at)] : 0.0f));
    if (inside) want[count(at)] += back[count(i)];
  }
  for (size_t i = 0; i < want.size(); ++i) CHECK(sums[i] == want[i]);
}

// A band of `outputs` over `inputs`: evenly `step` apart (by pairs at 0), or anywhere at all.
struct BandCase {
  int64_t outputs, inputs, taps;
  Guarded<int32_t> spans;
  Drawn weights;

  BandCase(int64_t outputs, int64_t inputs, int64_t taps, int64_t step)
      : outputs(outputs), inputs(inputs), taps(taps), spans(count(2 * outputs), Flush::kEnd), weights(taps * outputs) {
    whole(weights);
    for (int64_t i = 0; i < outputs; ++i) {
      const int64_t even = step == 0 ? i / 2 - 1 : i * step - 1;
      spans[count(i)] = static_cast<int32_t>(step < 0 ? between(-inputs - 3, 2 * inputs) : even);
      spans[count(outputs + i)] = static_cast<int32_t>(step < 0 ? between(-1, taps + 1) : taps);
    }
  }

  BandArgs args() const { return {spans.data, weights.data, taps}; }
  float at(int64_t output, int64_t input) const {
    const int64_t t = input - spans.data[count(output)];
    return t >= 0 && t < taps && t < spans.data[count(outputs + output)] ? weights.data[count(t * outputs + output)] : 0.0f;
  }
};

void resample_case(Machine& m, int64_t planes, const BandCase* down, const BandCase* across, int64_t height,
                   int64_t width) {
  ResampleArgs a{};
  a.planes = planes;
  a.in_height = height;
  a.in_width = width;
  a.out_height = down == nullptr ? height : down->outputs;
  a.out_width = across == nullptr ? width : across->outputs;
  if (down != nullptr) a.rows = down->args();
  if (across != nullptr) a.columns = across->args();
  Drawn x(planes * height * width);
  whole(x);
  Array y(planes * a.out_height * a.out_width);
  a.x = x.data;
  a.y = y.data;
  m.table.resample(a, m.parallel, m.scratch(m.table.resample_scratch(a, m.threads)));
  for (int64_t i = 0; i < planes * a.out_height * a.out_width; ++i) {
    const int64_t plane = i / a.out_width / a.out_height, row = i / a.out_width % a.out_height, column = i % a.out_width;
    float sum = 0;
    for (int64_t r = 0; r < height; ++r) {
      const float weight = down == nullptr ? (r == row) : down->at(row, r);
      if (weight == 0.0f) continue;
      for (int64_t c = 0; c < width; ++c) {
        const float other = across == nullptr ? (c == column) : across->at(column, c);
        sum += weight * other * x[count((plane * height + r) * width + c)];
      }
    }
    CHECK(y[count(i)] == sum);
  }
}

void resamplings(Machine& m) {
  g_seed = 13;
  for (const int64_t step : {0, 1, 2, 3, -1}) {
    for (const int64_t width : {1, 5, 16, 31, 33, 70}) {
      const int64_t outputs = between(1, 70), taps = between(1, 5);
      const BandCase down(between(1, 6), 4, 3, step), across(outputs, width, taps, step);
      resample_case(m, 3, &down, &across, 4, width);
      resample_case(m, 3, nullptr, &across, 4, width);
      resample_case(m, 3, &down, nullptr, 4, width);
    }
  }
  const BandCase down(9, 18, 2, 2), across(19, 38, 2, 2);
  resample_case(m, 200, &down, &across, 18, 38);
}

void patches(Machine& m) {
  g_seed = 14;
  for (int i = 0; i < 60; ++i) {
    patch_case(m, {between(1, 3), between(1, 8), between(1, 70), between(1, 3), between(1, 4), between(1, 6),
                   between(1, 40), between(1, 3), between(1, 3), between(0, 2), between(0, 2), between(1, 2),
                   between(1, 3)});
  }
}

void everything(Machine& m) {
  pools(m);
  patches(m);
  resamplings(m);
}

}  // namespace

int main() {
  on_machines("pool", everything);
  return 0;
}
