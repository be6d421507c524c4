// Products and the character sampler, on every instruction set of this machine and several thread counts. Products are
// held against the numeric contract to the bit, element by element in scalar code; the sampler against the layers that
// it is made of.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <vector>

#include "machine.h"

using namespace lanegrad;

namespace {

// One element by the contract: blocks of kBlockK, each a chain from 0 (or 16 lanes in the row class), added in order.
float contract(const float* a, int64_t a_step, const float* b, int64_t b_step, int64_t k, const float* start,
               bool row_class) {
  float total = start == nullptr ? 0.0f : *start;
  for (int64_t k0 = 0; k0 < k; k0 += kBlockK) {
    const int64_t end = k0 + kBlockK < k ? k0 + kBlockK : k;
    float lanes[16] = {};
    for (int64_t i = k0; i < end; ++i) {
      float& lane = lanes[row_class ? (i - k0) % 16 : 0];
      lane = fmaf(a[i * a_step], b[i * b_step], lane);
    }
    for (int width = row_class ? 8 : 0; width > 0; width /= 2) {
      for (int l = 0; l < width; ++l) lanes[l] += lanes[l + width];
    }
    total = k0 == 0 && start == nullptr ? lanes[0] : total + lanes[0];
  }
  return total;
}

enum class Start { kNone, kAccumulate, kBias };

void gemm_case(Machine& m, int64_t rows, int64_t cols, int64_t depth, bool ta, bool tb, Start start, int64_t batch) {
  const bool repeat_a = batch > 1 && (draw_word() & 1) != 0;
  const int64_t gap = 3;  // between the products of a batch, and not to be touched
  const int64_t a_stride = repeat_a ? 0 : rows * depth, b_stride = depth * cols, c_stride = rows * cols + gap;
  const Floats a = drawn(rows * depth * batch), b = drawn(depth * cols * batch), bias = drawn(cols);
  const Floats before = start == Start::kAccumulate ? drawn(c_stride * batch) : garbage(c_stride * batch);
  Floats c = before;
  const GemmArgs args{ta,
                      tb,
                      start == Start::kAccumulate,
                      rows,
                      cols,
                      depth,
                      a.data(),
                      b.data(),
                      c.data(),
                      start == Start::kBias ? bias.data() : nullptr,
                      batch,
                      a_stride,
                      b_stride,
                      c_stride};
  m.table.gemm(args, m.parallel, m.scratch(m.table.gemm_scratch(args, m.threads)));
  for (int64_t item = 0; item < batch; ++item) {
    for (int64_t at = 0; at < c_stride; ++at) {
      const int64_t place = item * c_stride + at, i = at / cols, j = at % cols;
      const float got = c[static_cast<size_t>(place)];
      if (i >= rows) {
        CHECK(memcmp(&got, &before[static_cast<size_t>(place)], sizeof got) == 0);
        continue;
      }
      const float* x = a.data() + item * a_stride + (ta ? i : i * depth);
      const float* y = b.data() + item * b_stride + (tb ? j * depth : j);
      const float* from = start == Start::kNone   ? nullptr
                          : start == Start::kBias ? &bias[static_cast<size_t>(j)]
                                                  : &before[static_cast<size_t>(place)];
      const float want = contract(x, ta ? rows : 1, y, tb ? 1 : cols, depth, from, rows == 1 && tb);
      if (m.fused) CHECK(memcmp(&got, &want, sizeof got) == 0);
      else CHECK(fabsf(got - want) <= 0x1p-22f * static_cast<float>(depth + 4));
    }
  }
}

void gemm(Machine& m) {
  g_seed = 5;
  const int64_t sizes[] = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 65, 130};
  for (const int64_t rows : sizes) {
    for (const int64_t cols : sizes) {
      for (const int64_t depth : {0, 1, 2, 17, 255, 257, 600}) {
        if (draw_word() % 16 != 0) continue;  // a sample of them, the same on every machine
        for (int t = 0; t < 4; ++t) {
          const auto start = static_cast<Start>(draw_word() % 3);
          gemm_case(m, rows, cols, depth, (t & 1) != 0, (t & 2) != 0, start, 1 + draw_word() % 3);
        }
      }
    }
  }
  // Cut into tasks, blocks of rows and slabs of columns; with a copy of A; few rows beside a B read in place.
  const int64_t large[][3] = {{700, 96, 300}, {521, 1061, 40}, {40, 300, 300}, {5, 401, 270}, {300, 40, 270}};
  for (const auto& [rows, cols, depth] : large) {
    for (int t = 0; t < 4; ++t) gemm_case(m, rows, cols, depth, (t & 1) != 0, (t & 2) != 0, Start::kBias, 1);
  }
  // A zero does not hide a NaN.
  const Floats zeros(9, 0.0f), nans = garbage(9);
  Floats c(9, 1.0f);
  const GemmArgs args{false, false, false, 3, 3, 3, zeros.data(), nans.data(), c.data(), nullptr, 1, 0, 0, 0};
  m.table.gemm(args, m.parallel, m.scratch(m.table.gemm_scratch(args, m.threads)));
  for (const float v : c) CHECK(isnan(v));
}

// Two layers; the state after a walk is that of the layers run over the same characters, to the bit.
void sampler(Machine& m, std::vector<Floats>& bits, int64_t vocab, int64_t hidden) {
  g_seed = 21;
  constexpr int64_t kEmbed = 11;
  constexpr int32_t kSteps = 60, kGiven = 5, kLayers = 2;
  const Floats embedding = drawn(vocab * kEmbed), head = drawn(vocab * hidden, 2), head_bias = drawn(vocab);
  Floats w_ih[kLayers], w_hh[kLayers], b[kLayers];
  CharSamplerWeights weights{{vocab, kEmbed, hidden, kLayers}, embedding.data(), {}, head.data(), head_bias.data()};
  for (int32_t l = 0; l < kLayers; ++l) {
    w_ih[l] = drawn(4 * hidden * (l == 0 ? kEmbed : hidden), 0.4f);
    w_hh[l] = drawn(4 * hidden * hidden, 0.4f);
    b[l] = drawn(4 * hidden);
    weights.layers[l] = {w_ih[l].data(), w_hh[l].data(), b[l].data(), b[l].data()};
  }
  Workspace packed;
  float* copy = packed.reserve(m.table.char_sampler_size(weights.dims));
  CHECK(copy != nullptr);
  m.table.char_sampler_pack(weights, copy);
  std::vector<double> draws(kSteps);
  for (double& v : draws) v = draw_word() * 0x1p-24;
  const Floats start = drawn(2 * kLayers * hidden);
  Floats state = start;
  std::vector<int32_t> ids(kSteps + 1, -1);
  for (int32_t i = 0; i < kGiven; ++i) ids[static_cast<size_t>(i)] = static_cast<int32_t>(draw_word() % static_cast<uint32_t>(vocab));
  CharSamplerArgs args{weights.dims, copy, ids.data(), draws.data(), state.data(), kGiven, kSteps, 0.8, 0.95, 20};
  const auto run = [&] {
    return m.table.char_sampler_run(args, m.parallel, m.scratch(m.table.char_sampler_run_scratch(args, m.threads)));
  };
  CHECK(run() == -1);
  Floats below(kSteps * kEmbed);
  for (size_t i = 0; i < kSteps; ++i) {
    CHECK(ids[i + 1] >= 0 && ids[i + 1] < vocab);
    memcpy(&below[i * kEmbed], &embedding[static_cast<size_t>(ids[i]) * kEmbed], kEmbed * sizeof(float));
  }
  for (int32_t l = 0; l < kLayers; ++l) {
    const RecurrentDims dims{kSteps, 1, l == 0 ? kEmbed : hidden, hidden, false};
    const float* h0 = &start[static_cast<size_t>(l * hidden)];
    const float* c0 = &start[static_cast<size_t>((kLayers + l) * hidden)];
    Floats y(static_cast<size_t>(kSteps * hidden)), h(static_cast<size_t>(hidden)), c(h), workspace = garbage(m.table.lstm_workspace(dims));
    const LstmInputs in{below.data(), w_ih[l].data(), w_hh[l].data(), b[l].data(), b[l].data(), h0, c0};
    const LstmArgs layer{dims, in, y.data(), h.data(), c.data(), workspace.data()};
    m.table.lstm(layer, m.parallel, m.scratch(m.table.lstm_scratch(layer, m.threads)));
    CHECK(memcmp(h.data(), &state[static_cast<size_t>(l * hidden)], static_cast<size_t>(hidden) * sizeof(float)) == 0);
    CHECK(memcmp(c.data(), &state[static_cast<size_t>((kLayers + l) * hidden)], static_cast<size_t>(hidden) * sizeof(float)) == 0);
    below = y;
  }
  bits.push_back(state);
  ids[2] = vocab;
  CHECK(run() == 2);
  CHECK(memcmp(state.data(), bits.back().data(), state.size() * sizeof(float)) == 0);
}

std::vector<Floats> everything(const KernelTable& table, int threads) {
  Machine m{table, threads};
  std::vector<Floats> bits;
  gemm(m);
  // The first layer's input part out of a table and not; layers that the threads share and such that they do not.
  sampler(m, bits, 37, 19);
  sampler(m, bits, 61, 19);
  sampler(m, bits, 37, 150);
  return bits;
}

}  // namespace

int main() {
  test_machines("products", everything);
  return 0;
}
