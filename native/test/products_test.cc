// Products, the LSTM and the character sampler, on every instruction set of this machine and several thread counts.
// Products are held against the numeric contract to the bit, element by element in scalar code; the LSTM against a
// plain float64 one; the sampler against the layers that it is made of.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <vector>

#include "../core/dispatch.h"
#include "../core/thread_pool.h"
#include "../core/workspace.h"
#include "check.h"
#include "fuses.h"

using namespace lanegrad;

namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

uint32_t g_seed = 1;
uint32_t draw_word() { return (g_seed = g_seed * 1664525u + 1013904223u) >> 8; }
float draw() { return static_cast<float>(static_cast<int32_t>(draw_word()) - (1 << 23)) * 0x1p-23f; }
Floats drawn(int64_t n, float scale = 1) {
  Floats x(static_cast<size_t>(n));
  for (float& v : x) v = scale * draw();
  return x;
}
Floats garbage(int64_t n) { return Floats(static_cast<size_t>(n), NAN); }

struct Machine {
  const KernelTable& table;
  int threads;
  Parallel parallel = parallel_with(threads);
  bool fused = fuses(table);
  Workspace workspace{};

  // Filled with NaN: nothing may be read from it before it is written.
  Scratch scratch(size_t floats) {
    if (floats == 0) return {nullptr, 0};
    float* data = workspace.reserve(floats);
    CHECK(data != nullptr);
    for (size_t i = 0; i < floats; ++i) data[i] = NAN;
    return {data, floats};
  }
};

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

struct LstmCase {
  LstmDims dims;
  Floats x, w_ih, w_hh, b_ih, b_hh, h0, c0, dy, dh_n, dc_n;

  explicit LstmCase(const LstmDims& d) : dims(d) {
    const float scale = 1.5f / sqrtf(static_cast<float>(d.hidden));
    x = drawn(d.steps * d.batch * d.inputs);
    w_ih = drawn(4 * d.hidden * d.inputs, scale);
    w_hh = drawn(4 * d.hidden * d.hidden, scale);
    for (Floats* b : {&b_ih, &b_hh}) *b = drawn(4 * d.hidden);
    for (Floats* s : {&h0, &c0, &dh_n, &dc_n}) *s = drawn(d.batch * d.hidden);
    dy = drawn(d.steps * d.batch * d.hidden);
  }
  LstmInputs inputs() const {
    return {x.data(), w_ih.data(), w_hh.data(), b_ih.data(), b_hh.data(), h0.data(), c0.data()};
  }
};

// y, h_n, c_n, dx, dw_ih, dw_hh, db, dh0, dc0 of a plain float64 LSTM.
constexpr int kResults = 9;
struct Reference {
  Doubles results[kResults];
};

double sigmoid(double x) { return 1 / (1 + exp(-x)); }

Reference reference_lstm(const LstmCase& in) {
  const auto [steps, batch, inputs, hidden, reverse] = in.dims;
  const auto n = [](int64_t size) { return static_cast<size_t>(size); };
  const auto time = [&, t = steps, r = reverse](int64_t walked) { return r ? t - 1 - walked : walked; };
  const int64_t state = batch * hidden;
  Doubles gates(n(4 * steps * state)), c(n(steps * state)), y(n(steps * state));
  Doubles h_before(in.h0.begin(), in.h0.end()), c_before(in.c0.begin(), in.c0.end());
  const Doubles h0 = h_before, c0 = c_before;
  for (int64_t walked = 0; walked < steps; ++walked) {
    const int64_t t = time(walked);
    Doubles h(n(state));
    for (int64_t b = 0; b < batch; ++b) {
      for (int64_t u = 0; u < hidden; ++u) {
        double* gate = &gates[n((t * batch + b) * 4 * hidden + u)];
        for (int64_t g = 0; g < 4; ++g) {
          const int64_t row = g * hidden + u;
          double sum = static_cast<double>(in.b_ih[n(row)]) + in.b_hh[n(row)];
          for (int64_t k = 0; k < inputs; ++k) {
            sum += static_cast<double>(in.x[n((t * batch + b) * inputs + k)]) * in.w_ih[n(row * inputs + k)];
          }
          for (int64_t k = 0; k < hidden; ++k) sum += h_before[n(b * hidden + k)] * in.w_hh[n(row * hidden + k)];
          gate[g * hidden] = g == 2 ? tanh(sum) : sigmoid(sum);
        }
        const int64_t at = b * hidden + u;
        const double cell = gate[hidden] * c_before[n(at)] + gate[0] * gate[2 * hidden];
        c[n(t * state + at)] = c_before[n(at)] = cell;
        y[n(t * state + at)] = h[n(at)] = gate[3 * hidden] * tanh(cell);
      }
    }
    h_before = h;
  }
  Doubles dx(in.x.size()), dw_ih(in.w_ih.size()), dw_hh(in.w_hh.size()), db(n(4 * hidden));
  Doubles dh(in.dh_n.begin(), in.dh_n.end()), dc(in.dc_n.begin(), in.dc_n.end());
  for (int64_t walked = steps - 1; walked >= 0; --walked) {
    const int64_t t = time(walked), before = walked == 0 ? 0 : time(walked - 1) * state;
    const Doubles& h_prev = walked == 0 ? h0 : y;
    const Doubles& c_prev = walked == 0 ? c0 : c;
    Doubles dh_prev(n(state));
    for (int64_t b = 0; b < batch; ++b) {
      for (int64_t u = 0; u < hidden; ++u) {
        const int64_t at = b * hidden + u, row = t * batch + b;
        const double* gate = &gates[n(row * 4 * hidden + u)];
        const double i = gate[0], f = gate[hidden], g = gate[2 * hidden], o = gate[3 * hidden];
        const double tanh_c = tanh(c[n(t * state + at)]), d = dh[n(at)] + in.dy[n(t * state + at)];
        const double cell = dc[n(at)] + d * o * (1 - tanh_c * tanh_c);
        const double dg[4] = {cell * g * i * (1 - i), cell * c_prev[n(before + at)] * f * (1 - f),
                              cell * i * (1 - g * g), d * tanh_c * o * (1 - o)};
        dc[n(at)] = cell * f;
        for (int64_t q = 0; q < 4; ++q) {
          const int64_t j = q * hidden + u;
          db[n(j)] += dg[q];
          for (int64_t k = 0; k < inputs; ++k) {
            dx[n(row * inputs + k)] += dg[q] * in.w_ih[n(j * inputs + k)];
            dw_ih[n(j * inputs + k)] += dg[q] * in.x[n(row * inputs + k)];
          }
          for (int64_t k = 0; k < hidden; ++k) {
            dh_prev[n(b * hidden + k)] += dg[q] * in.w_hh[n(j * hidden + k)];
            dw_hh[n(j * hidden + k)] += dg[q] * h_prev[n(before + b * hidden + k)];
          }
        }
      }
    }
    dh = dh_prev;
  }
  return {{y, h_before, c_before, dx, dw_ih, dw_hh, db, dh, dc}};
}

// The kernel's results, those of `wanted` (bits for the last six); NaN stays where nothing is written.
std::vector<Floats> run_lstm(Machine& m, const LstmCase& in, unsigned wanted) {
  const LstmDims& d = in.dims;
  const int64_t state = d.batch * d.hidden;
  std::vector<Floats> out = {garbage(d.steps * state), garbage(state), garbage(state)};
  for (const Floats* like : {&in.x, &in.w_ih, &in.w_hh, &in.b_ih, &in.h0, &in.c0}) {
    out.push_back(garbage(static_cast<int64_t>(like->size())));
  }
  Floats workspace = garbage(m.table.lstm_workspace(d));
  const LstmArgs forward{d, in.inputs(), out[0].data(), out[1].data(), out[2].data(), workspace.data()};
  m.table.lstm(forward, m.parallel, m.scratch(m.table.lstm_scratch(forward, m.threads)));
  const auto asked = [&](int i) { return (wanted >> i & 1) != 0 ? out[static_cast<size_t>(3 + i)].data() : nullptr; };
  const LstmBackwardArgs backward{
      d,        in.inputs(), out[0].data(), workspace.data(), in.dy.data(), in.dh_n.data(), in.dc_n.data(),
      asked(0), asked(1),    asked(2),      asked(3),         asked(4),     asked(5)};
  m.table.lstm_backward(backward, m.parallel, m.scratch(m.table.lstm_backward_scratch(backward, m.threads)));
  return out;
}

constexpr unsigned kAllGradients = 63;

void lstm(Machine& m, std::vector<Floats>& bits) {
  g_seed = 9;
  for (const int64_t hidden : {1, 7, 16, 33}) {
    for (const int64_t inputs : {1, 17, 270}) {
      for (const int64_t batch : {1, 5, 6, 19}) {
        const LstmDims dims{static_cast<int64_t>(draw_word() % 6), batch, inputs, hidden, (draw_word() & 1) != 0};
        const LstmCase in(dims);
        const Reference want = reference_lstm(in);
        const std::vector<Floats> got = run_lstm(m, in, kAllGradients);
        for (size_t r = 0; r < kResults; ++r) {
          double largest = 1e-3;
          for (const double v : want.results[r]) largest = fmax(largest, fabs(v));
          for (size_t i = 0; i < got[r].size(); ++i) CHECK(fabs(got[r][i] - want.results[r][i]) <= 1e-5 * largest);
          bits.push_back(got[r]);
        }
        // What is not wanted is not written, and changes nothing else.
        const unsigned wanted = draw_word() % 64;
        const std::vector<Floats> some = run_lstm(m, in, wanted);
        for (size_t r = 3; r < kResults; ++r) {
          const bool asked = (wanted >> (r - 3) & 1) != 0;
          for (size_t i = 0; i < got[r].size(); ++i) CHECK(asked ? some[r][i] == got[r][i] : isnan(some[r][i]));
        }
      }
    }
  }
}

// Two layers; the state after a walk is that of the layers run over the same characters, to the bit.
void sampler(Machine& m, std::vector<Floats>& bits) {
  g_seed = 21;
  constexpr int64_t kVocab = 37, kEmbed = 11, kHidden = 19;
  constexpr int32_t kSteps = 60, kGiven = 5, kLayers = 2;
  const Floats embedding = drawn(kVocab * kEmbed), head = drawn(kVocab * kHidden, 2), head_bias = drawn(kVocab);
  Floats w_ih[kLayers], w_hh[kLayers], b[kLayers];
  CharSamplerWeights weights{{kVocab, kEmbed, kHidden, kLayers}, embedding.data(), {}, head.data(), head_bias.data()};
  for (int32_t l = 0; l < kLayers; ++l) {
    w_ih[l] = drawn(4 * kHidden * (l == 0 ? kEmbed : kHidden), 0.4f);
    w_hh[l] = drawn(4 * kHidden * kHidden, 0.4f);
    b[l] = drawn(4 * kHidden);
    weights.layers[l] = {w_ih[l].data(), w_hh[l].data(), b[l].data(), b[l].data()};
  }
  Workspace packed;
  float* copy = packed.reserve(m.table.char_sampler_size(weights.dims));
  CHECK(copy != nullptr);
  m.table.char_sampler_pack(weights, copy);
  std::vector<double> draws(kSteps);
  for (double& v : draws) v = draw_word() * 0x1p-24;
  const Floats start = drawn(2 * kLayers * kHidden);
  Floats state = start;
  std::vector<int32_t> ids(kSteps + 1, -1);
  for (int32_t i = 0; i < kGiven; ++i) ids[static_cast<size_t>(i)] = static_cast<int32_t>(draw_word() % kVocab);
  CharSamplerArgs args{weights.dims, copy, ids.data(), draws.data(), state.data(), kGiven, kSteps, 0.8, 0.95, 20};
  const auto run = [&] {
    return m.table.char_sampler_run(args, m.parallel, m.scratch(m.table.char_sampler_run_scratch(args, m.threads)));
  };
  CHECK(run() == -1);
  Floats below(kSteps * kEmbed);
  for (size_t i = 0; i < kSteps; ++i) {
    CHECK(ids[i + 1] >= 0 && ids[i + 1] < kVocab);
    memcpy(&below[i * kEmbed], &embedding[static_cast<size_t>(ids[i]) * kEmbed], kEmbed * sizeof(float));
  }
  for (int32_t l = 0; l < kLayers; ++l) {
    const LstmDims dims{kSteps, 1, l == 0 ? kEmbed : kHidden, kHidden, false};
    const float* h0 = &start[static_cast<size_t>(l * kHidden)];
    const float* c0 = &start[static_cast<size_t>((kLayers + l) * kHidden)];
    Floats y(kSteps * kHidden), h(kHidden), c(kHidden), workspace = garbage(m.table.lstm_workspace(dims));
    const LstmInputs in{below.data(), w_ih[l].data(), w_hh[l].data(), b[l].data(), b[l].data(), h0, c0};
    const LstmArgs layer{dims, in, y.data(), h.data(), c.data(), workspace.data()};
    m.table.lstm(layer, m.parallel, m.scratch(m.table.lstm_scratch(layer, m.threads)));
    CHECK(memcmp(h.data(), &state[static_cast<size_t>(l * kHidden)], kHidden * sizeof(float)) == 0);
    CHECK(memcmp(c.data(), &state[static_cast<size_t>((kLayers + l) * kHidden)], kHidden * sizeof(float)) == 0);
    below = y;
  }
  bits.push_back(state);
  ids[2] = kVocab;
  CHECK(run() == 2);
  CHECK(memcmp(state.data(), bits.back().data(), state.size() * sizeof(float)) == 0);
}

std::vector<Floats> everything(const KernelTable& table, int threads) {
  Machine m{table, threads};
  std::vector<Floats> bits;
  gemm(m);
  lstm(m, bits);
  sampler(m, bits);
  return bits;
}

bool same_bits(const std::vector<Floats>& a, const std::vector<Floats>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].size() != b[i].size()) return false;
    if (!a[i].empty() && memcmp(a[i].data(), b[i].data(), a[i].size() * sizeof(float)) != 0) return false;
  }
  return true;
}

}  // namespace

int main() {
  retain_pool();
  const IsaList& list = available_isas();
  const std::vector<Floats> best = everything(*list.tables[0], 1);
  for (int i = 0; i < list.count; ++i) {
    const KernelTable& table = *list.tables[i];
    const std::vector<Floats> one = everything(table, 1);
    if (fuses(table)) CHECK(same_bits(one, best));
    for (const int threads : {2, 8}) CHECK(same_bits(everything(table, threads), one));
    printf("products: %s ok\n", table.name);
  }
  release_pool();
  return 0;
}
