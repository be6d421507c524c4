// Convolutions on every instruction set of this machine and several thread counts, held against the numeric contract to
// the bit, element by element in scalar code. Every array ends at a page that must not be touched.
#include <math.h>
#include <stdint.h>
#include <string.h>

#include <vector>

#include "drawn.h"

using namespace lanegrad;

namespace {

// Without a fused multiply-add the sums of `terms` products below 1 differ by their roundings.
void check(const Machine& m, float got, float want, int64_t terms) {
  if (m.fused) CHECK(memcmp(&got, &want, sizeof got) == 0);
  else CHECK(fabsf(got - want) <= 0x1p-22f * static_cast<float>(terms + 8));
}

// Adds `part` to a total that may not have begun.
struct Total {
  float sum = 0;
  bool begun = false;

  void add(float part) {
    sum = begun ? sum + part : part;
    begun = true;
  }
};

// One ascending chain over blocks of kBlockK.
struct Chain {
  Total total;
  float block = 0;
  int64_t terms = 0;

  void take(float a, float b) {
    block = fmaf(a, b, block);
    if (++terms % kBlockK == 0) flush();
  }
  void flush() {
    total.add(block);
    block = 0;
  }
  float result() {
    if (terms % kBlockK != 0 || terms == 0) flush();
    return total.sum;
  }
};

struct Convolution {
  ConvDims d;
  int64_t channels, filters;

  explicit Convolution(const ConvDims& dims)
      : d(dims), channels(dims.in_channels / dims.groups), filters(dims.out_channels / dims.groups) {}
  int64_t x_size() const { return d.batch * d.in_channels * d.in_height * d.in_width; }
  int64_t w_size() const { return d.out_channels * channels * d.kernel_height * d.kernel_width; }
  int64_t y_size() const { return d.batch * d.out_channels * d.out_height * d.out_width; }
  // The places of an element of a filter, and of an input; -1 in the padding.
  size_t w_at(int64_t o, int64_t c, int64_t ky, int64_t kx) const {
    return count(((o * channels + c) * d.kernel_height + ky) * d.kernel_width + kx);
  }
  int64_t x_at(int64_t n, int64_t c, int64_t iy, int64_t ix) const {
    if (iy < 0 || iy >= d.in_height || ix < 0 || ix >= d.in_width) return -1;
    return ((n * d.in_channels + c) * d.in_height + iy) * d.in_width + ix;
  }
  int64_t seen(int64_t n, int64_t c, int64_t oy, int64_t ox, int64_t ky, int64_t kx) const {
    return x_at(n, c, oy * d.stride_y - d.pad_top + ky * d.dilation_y, ox * d.stride_x - d.pad_left + kx * d.dilation_x);
  }
  size_t y_at(int64_t n, int64_t o, int64_t oy, int64_t ox) const {
    return count(((n * d.out_channels + o) * d.out_height + oy) * d.out_width + ox);
  }
};

void forward(Machine& m, const Convolution& c, bool biased) {
  const ConvDims& d = c.d;
  Drawn x(c.x_size()), w(c.w_size()), bias(d.out_channels);
  Array y(c.y_size());
  const Conv2dArgs args{d, x.data, w.data, biased ? bias.data : nullptr, y.data};
  m.table.conv2d(args, m.parallel, m.scratch(m.table.conv2d_scratch(args, m.threads)));
  for (int64_t n = 0; n < d.batch; ++n) {
    for (int64_t o = 0; o < d.out_channels; ++o) {
      for (int64_t oy = 0; oy < d.out_height; ++oy) {
        for (int64_t ox = 0; ox < d.out_width; ++ox) {
          Chain chain;
          if (biased) chain.total.add(bias[count(o)]);
          for (int64_t i = 0; i < c.channels; ++i) {
            for (int64_t ky = 0; ky < d.kernel_height; ++ky) {
              for (int64_t kx = 0; kx < d.kernel_width; ++kx) {
                const int64_t at = c.seen(n, o / c.filters * c.channels + i, oy, ox, ky, kx);
                chain.take(w[c.w_at(o, i, ky, kx)], at < 0 ? 0.0f : x[count(at)]);
              }
            }
          }
          check(m, y[c.y_at(n, o, oy, ox)], chain.result(), chain.terms);
        }
      }
    }
  }
}

// Along one axis: the output that element k of the kernel joins to an input, whether there is one.
bool meets(int64_t place, int64_t k, int64_t stride, int64_t pad, int64_t dilation, int64_t* output) {
  const int64_t from = place + pad - k * dilation;
  *output = from >= 0 ? from / stride : -1;
  return from % stride == 0;
}

void backward_data(Machine& m, const Convolution& c) {
  const ConvDims& d = c.d;
  Drawn w(c.w_size()), dy(c.y_size());
  Array dx(c.x_size());
  const Conv2dBackwardDataArgs args{d, w.data, dy.data, dx.data};
  m.table.conv2d_backward_data(args, m.parallel, m.scratch(m.table.conv2d_backward_data_scratch(args, m.threads)));
  for (int64_t n = 0; n < d.batch; ++n) {
    for (int64_t i = 0; i < d.in_channels; ++i) {
      for (int64_t iy = 0; iy < d.in_height; ++iy) {
        for (int64_t ix = 0; ix < d.in_width; ++ix) {
          Chain chain;
          const int64_t group = i / c.channels;
          for (int64_t o = group * c.filters; o < (group + 1) * c.filters; ++o) {
            for (int64_t ky = 0; ky < d.kernel_height; ++ky) {
              for (int64_t kx = 0; kx < d.kernel_width; ++kx) {
                int64_t oy, ox;
                const bool met = meets(iy, ky, d.stride_y, d.pad_top, d.dilation_y, &oy) &
                                 meets(ix, kx, d.stride_x, d.pad_left, d.dilation_x, &ox);
                if (!met) continue;
                const bool inside = oy >= 0 && oy < d.out_height && ox >= 0 && ox < d.out_width;
                chain.take(w[c.w_at(o, i % c.channels, ky, kx)], inside ? dy[c.y_at(n, o, oy, ox)] : 0.0f);
              }
            }
          }
          check(m, dx[count(c.x_at(n, i, iy, ix))], chain.result(), chain.terms);
        }
      }
    }
  }
}

// A block of places: a chain, or 16 lanes along its rows.
struct Block {
  bool along_lanes;
  float lanes[16] = {};

  void take(int64_t column, float a, float b) {
    float& lane = lanes[along_lanes ? column % 16 : 0];
    lane = fmaf(a, b, lane);
  }
  float result() {
    for (int width = along_lanes ? 8 : 0; width > 0; width /= 2) {
      for (int l = 0; l < width; ++l) lanes[l] += lanes[l + width];
    }
    return lanes[0];
  }
};

float weight_element(const Convolution& c, const float* x, const float* dy, int64_t o, int64_t i, int64_t ky,
                     int64_t kx) {
  const ConvDims& d = c.d;
  const bool along_lanes = c.filters <= 4;
  const int64_t limit = along_lanes ? kReduceBlock : kBlockK;
  const int64_t block_columns = d.out_width < limit ? d.out_width : limit;
  const int64_t block_rows = limit / d.out_width < 1 ? 1 : limit / d.out_width;
  int64_t most = (int64_t{1} << 22) / c.w_size();
  most = most < 1 ? 1 : most > 16 ? 16 : most;
  const int64_t images = (d.batch + most - 1) / most;
  Total total;
  for (int64_t n0 = 0; n0 < d.batch; n0 += images) {
    Total run;
    for (int64_t n = n0; n < d.batch && n < n0 + images; ++n) {
      for (int64_t y0 = 0; y0 < d.out_height; y0 += block_rows) {
        for (int64_t x0 = 0; x0 < d.out_width; x0 += block_columns) {
          Block block{along_lanes};
          for (int64_t oy = y0; oy < d.out_height && oy < y0 + block_rows; ++oy) {
            for (int64_t ox = x0; ox < d.out_width && ox < x0 + block_columns; ++ox) {
              const int64_t at = c.seen(n, o / c.filters * c.channels + i, oy, ox, ky, kx);
              block.take(ox - x0, dy[c.y_at(n, o, oy, ox)], at < 0 ? 0.0f : x[count(at)]);
            }
          }
          run.add(block.result());
        }
      }
    }
    total.add(run.sum);
  }
  return total.sum;
}

// A row reduction: 16 lanes, in blocks of kReduceBlock.
float sum_row(const float* x, int64_t n) {
  Total total;
  for (int64_t from = 0; from < n; from += kReduceBlock) {
    float lanes[16] = {};
    for (int64_t i = from; i < n && i < from + kReduceBlock; ++i) lanes[(i - from) % 16] += x[i];
    for (int width = 8; width > 0; width /= 2) {
      for (int l = 0; l < width; ++l) lanes[l] += lanes[l + width];
    }
    total.add(lanes[0]);
  }
  return total.sum;
}

void backward_weight(Machine& m, const Convolution& c) {
  const ConvDims& d = c.d;
  Drawn x(c.x_size()), dy(c.y_size());
  Array dw(c.w_size()), db(d.out_channels);
  const Conv2dBackwardWeightArgs args{d, x.data, dy.data, dw.data, db.data};
  m.table.conv2d_backward_weight(args, m.parallel,
                                 m.scratch(m.table.conv2d_backward_weight_scratch(args, m.threads)));
  const int64_t plane = d.out_height * d.out_width, terms = d.batch * plane;
  for (int64_t o = 0; o < d.out_channels; ++o) {
    Total bias;
    for (int64_t n = 0; n < d.batch; ++n) bias.add(sum_row(dy.data + (n * d.out_channels + o) * plane, plane));
    check(m, db[count(o)], bias.sum, terms);
    for (int64_t i = 0; i < c.channels; ++i) {
      for (int64_t ky = 0; ky < d.kernel_height; ++ky) {
        for (int64_t kx = 0; kx < d.kernel_width; ++kx) {
          check(m, dw[c.w_at(o, i, ky, kx)], weight_element(c, x.data, dy.data, o, i, ky, kx), terms);
        }
      }
    }
  }
}

ConvDims drawn_dims() {
  ConvDims d{};
  d.batch = between(1, 3);
  d.groups = between(0, 2) == 0 ? between(2, 4) : 1;
  d.in_channels = d.groups * between(1, 6);
  d.out_channels = d.groups * (between(0, 3) == 0 ? between(16, 40) : between(1, 9));
  d.in_height = between(1, 9);
  d.in_width = between(1, 40);
  d.kernel_height = between(1, 4);
  d.kernel_width = between(1, 4);
  d.out_height = between(1, 9);
  d.out_width = between(1, 40);
  d.stride_y = between(1, 3);
  d.stride_x = between(1, 3);
  d.pad_top = between(0, 3);
  d.pad_left = between(0, 3);
  d.dilation_y = between(1, 3);
  d.dilation_x = between(1, 3);
  return d;
}

void convolutions(Machine& m) {
  g_seed = 11;
  std::vector<ConvDims> all = {
      // Several regions, runs of images, blocks of k and of places, ranges of filters and channels.
      {20, 1, 1, 16, 12, 12, 5, 5, 12, 12, 1, 1, 2, 2, 1, 1},
      {2, 1, 30, 40, 20, 70, 3, 3, 20, 70, 1, 1, 1, 1, 1, 1},
      {1, 1, 70, 33, 9, 11, 1, 1, 9, 11, 1, 1, 0, 0, 1, 1},
      {1, 1, 64, 9, 1, 1500, 1, 3, 1, 1500, 1, 1, 0, 1, 1, 1},
      {1, 1, 2, 2, 1, 9000, 1, 3, 1, 9000, 1, 1, 0, 1, 1, 1},
      {1, 1, 24, 20, 31, 40, 3, 3, 16, 20, 2, 2, 1, 1, 1, 1},
      // Inputs read in place up to their very end.
      {1, 1, 3, 8, 6, 50, 2, 2, 5, 49, 1, 1, 0, 0, 1, 1},
      {1, 3, 3, 3, 6, 50, 2, 2, 5, 49, 1, 1, 0, 0, 1, 1},
  };
  for (int i = 0; i < 60; ++i) all.push_back(drawn_dims());
  for (size_t i = 0; i < all.size(); ++i) {
    const Convolution c(all[i]);
    forward(m, c, i % 2 == 0);
    backward_data(m, c);
    backward_weight(m, c);
  }
}

}  // namespace

int main() {
  on_machines("conv", convolutions);
  return 0;
}
