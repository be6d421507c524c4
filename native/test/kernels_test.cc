// The kernels of every instruction set of this machine, on operands that end (or begin) at a page nobody may touch:
// an element read or written outside its array ends the test. Values are held against double precision, and against
// the other thread counts and instruction sets to the bit.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <vector>

#include "../core/dispatch.h"
#include "../core/thread_pool.h"
#include "../core/workspace.h"
#include "fuses.h"
#include "guarded.h"

using namespace lanegrad;

namespace {

uint32_t g_seed = 1;

float draw() {
  g_seed = g_seed * 1664525u + 1013904223u;
  return static_cast<float>(static_cast<int32_t>(g_seed >> 8) - (1 << 23)) * 0x1p-23f;
}

void fill(Guarded<float>& a) {
  for (size_t i = 0; i < a.size(); ++i) a[i] = draw();
}

struct Machine {
  const KernelTable& table;
  int threads;
  Flush flush;
  Parallel parallel = parallel_with(threads);
  Workspace workspace{};

  Scratch scratch(size_t floats) {
    if (floats == 0) return {nullptr, 0};
    float* data = workspace.reserve(floats);
    CHECK(data != nullptr);
    return {data, floats};
  }
};

using Bits = std::vector<float>;

void append(Bits& bits, Guarded<float>& a) { bits.insert(bits.end(), a.data, a.data + a.size()); }

void gemm_case(Machine& m, int64_t rows, int64_t cols, int64_t depth, bool ta, bool tb, Bits& bits) {
  const auto mn = static_cast<size_t>(rows * cols);
  Guarded<float> a(static_cast<size_t>(rows * depth), m.flush), b(static_cast<size_t>(depth * cols), m.flush);
  Guarded<float> c(mn, m.flush), bias(static_cast<size_t>(cols), m.flush);
  fill(a);
  fill(b);
  fill(bias);
  memset(c.data, 0xff, mn * sizeof(float));  // NaNs: an output's old content must not matter
  const GemmArgs args{ta, tb, false, rows, cols, depth, a.data, b.data, c.data, bias.data, 1, 0, 0, 0};
  m.table.gemm(args, m.parallel, m.scratch(m.table.gemm_scratch(args, m.threads)));
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < cols; ++j) {
      double sum = bias[static_cast<size_t>(j)], weight = fabs(sum);
      for (int64_t k = 0; k < depth; ++k) {
        const double x = a[static_cast<size_t>(ta ? k * rows + i : i * depth + k)];
        const double y = b[static_cast<size_t>(tb ? j * depth + k : k * cols + j)];
        sum += x * y;
        weight += fabs(x * y);
      }
      const double error = fabs(static_cast<double>(c[static_cast<size_t>(i * cols + j)]) - sum);
      CHECK(error <= 16 * 0x1p-24 * weight);
    }
  }
  append(bits, c);
}

void gemm(Machine& m, Bits& bits) {
  for (const int64_t rows : {1, 2, 7, 17, 65}) {
    for (const int64_t cols : {1, 3, 16, 49, 130}) {
      for (const int64_t depth : {0, 1, 15, 64, 300}) {
        for (int t = 0; t < 4; ++t) gemm_case(m, rows, cols, depth, (t & 1) != 0, (t & 2) != 0, bits);
      }
    }
  }
}

void elementwise(Machine& m, Bits& bits) {
  for (const size_t n : {1, 2, 15, 16, 17, 31, 67, 70001}) {
    Guarded<float> x(n, m.flush), y(n, m.flush), z(n, m.flush);
    Guarded<uint8_t> mask(n, m.flush);
    fill(x);
    fill(z);
    for (int32_t op = 0; op < kUnaryOpCount; ++op) {
      m.table.unary({static_cast<UnaryOp>(op), x.data, y.data, static_cast<int64_t>(n), 0.25f, 0.75f}, m.parallel);
      if (fuses(m.table)) append(bits, y);
    }
    const BroadcastPlan same{PlanKind::kSame, 0, static_cast<int64_t>(n), nullptr, nullptr, nullptr};
    for (int32_t op = 0; op < kBinaryOpCount; ++op) {
      m.table.binary({static_cast<BinaryOp>(op), same, x.data, z.data, y.data}, m.parallel);
    }
    m.table.compare({CompareOp::kLt, same, x.data, z.data, mask.data}, m.parallel);
    m.table.select({mask.data, x.data, z.data, y.data, static_cast<int64_t>(n)}, m.parallel);
    for (size_t i = 0; i < n; ++i) CHECK(y[i] == fminf(x[i], z[i]));
    append(bits, y);
  }
}

// A product and a sum that the source writes apart are rounded apart, whatever the instruction set could fuse.
void separate_rounding(Machine& m) {
  constexpr size_t kCount = 67;
  const float factor = 1.0f / 3, shift = 1.0f / 7;
  Guarded<float> x(kCount, m.flush), y(kCount, m.flush);
  fill(x);
  m.table.unary({UnaryOp::kAffine, x.data, y.data, kCount, factor, shift}, m.parallel);
  int told_apart = 0;
  for (size_t i = 0; i < kCount; ++i) {
    const float product = x[i] * factor;
    CHECK(y[i] == product + shift);
    if (fmaf(x[i], factor, shift) != product + shift) ++told_apart;
  }
  CHECK(told_apart > 5);
}

void rows(Machine& m, Bits& bits) {
  for (const int64_t n : {1, 5, 16, 33, 129}) {
    const int64_t count = 9;
    const auto size = static_cast<size_t>(n * count);
    Guarded<float> x(size, m.flush), y(size, m.flush), dx(size, m.flush);
    Guarded<float> mean(count, m.flush), rstd(count, m.flush), weight(static_cast<size_t>(n), m.flush);
    Guarded<int32_t> targets(count, m.flush);
    fill(x);
    fill(weight);
    for (int64_t i = 0; i < count; ++i) targets[static_cast<size_t>(i)] = static_cast<int32_t>(i % n);

    m.table.softmax({false, x.data, y.data, count, n}, m.parallel);
    append(bits, y);
    CHECK(m.table.cross_entropy({x.data, targets.data, mean.data, rstd.data, count, n, -100}, m.parallel) == -1);
    m.table.cross_entropy_backward({x.data, targets.data, rstd.data, mean.data, dx.data, count, n, -100}, m.parallel);
    append(bits, dx);
    targets[3] = static_cast<int32_t>(n);
    CHECK(m.table.cross_entropy({x.data, targets.data, mean.data, rstd.data, count, n, -100}, m.parallel) == 3);
    CHECK(m.table.gather_rows({x.data, targets.data, y.data, n, count, 1}, m.parallel) == 3);

    m.table.layer_norm({x.data, weight.data, weight.data, y.data, mean.data, rstd.data, count, n, 1e-5}, m.parallel);
    append(bits, y);
    const LayerNormBackwardArgs backward{x.data,  weight.data, mean.data, rstd.data, y.data,
                                         dx.data, weight.data, nullptr,   count,     n};
    m.table.layer_norm_backward(backward, m.parallel, m.scratch(m.table.layer_norm_backward_scratch(backward, m.threads)));
    append(bits, dx);
  }
}

void lstm(Machine& m, Bits& bits) {
  for (const int64_t hidden : {1, 5, 16, 19, 40}) {
    for (const int64_t batch : {1, 3, 8}) {
      const RecurrentDims dims{4, batch, 7, hidden, hidden == 5};
      const auto n = [&](int64_t count) { return static_cast<size_t>(count); };
      const size_t state = n(batch * hidden), gates = n(4 * hidden), outputs = n(dims.steps) * state;
      Guarded<float> x(n(dims.steps * batch * 7), m.flush), w_ih(gates * 7, m.flush), w_hh(gates * n(hidden), m.flush);
      Guarded<float> b(gates, m.flush), h0(state, m.flush), c0(state, m.flush), y(outputs, m.flush);
      Guarded<float> h_n(state, m.flush), c_n(state, m.flush), work(n(m.table.lstm_workspace(dims)), m.flush);
      Guarded<float> dx(x.size(), m.flush), dw_ih(w_ih.size(), m.flush), dw_hh(w_hh.size(), m.flush);
      Guarded<float> db(gates, m.flush), dh0(state, m.flush), dc0(state, m.flush);
      for (Guarded<float>* a : {&x, &w_ih, &w_hh, &b, &h0, &c0}) fill(*a);
      const LstmInputs in{x.data, w_ih.data, w_hh.data, b.data, nullptr, h0.data, c0.data};
      const LstmArgs forward{dims, in, y.data, h_n.data, c_n.data, work.data};
      m.table.lstm(forward, m.parallel, m.scratch(m.table.lstm_scratch(forward, m.threads)));
      const LstmBackwardArgs backward{dims,    in,         y.data,     work.data, y.data,   nullptr, h_n.data,
                                      dx.data, dw_ih.data, dw_hh.data, db.data,   dh0.data, dc0.data};
      m.table.lstm_backward(backward, m.parallel, m.scratch(m.table.lstm_backward_scratch(backward, m.threads)));
      for (Guarded<float>* a : {&y, &h_n, &c_n, &dx, &dw_ih, &dw_hh, &db, &dh0, &dc0}) {
        for (size_t i = 0; i < a->size(); ++i) CHECK(isfinite((*a)[i]));
        append(bits, *a);
      }
    }
  }
}

void gru(Machine& m, Bits& bits) {
  for (const int64_t hidden : {1, 5, 16, 19, 40}) {
    for (const int64_t batch : {1, 3, 8}) {
      const RecurrentDims dims{4, batch, 7, hidden, hidden == 5};
      const auto n = [&](int64_t count) { return static_cast<size_t>(count); };
      const size_t state = n(batch * hidden), gates = n(3 * hidden), outputs = n(dims.steps) * state;
      Guarded<float> x(n(dims.steps * batch * 7), m.flush), w_ih(gates * 7, m.flush), w_hh(gates * n(hidden), m.flush);
      Guarded<float> b(gates, m.flush), h0(state, m.flush), y(outputs, m.flush), h_n(state, m.flush);
      Guarded<float> work(n(m.table.gru_workspace(dims)), m.flush), dx(x.size(), m.flush), dw_ih(w_ih.size(), m.flush);
      Guarded<float> dw_hh(w_hh.size(), m.flush), db_ih(gates, m.flush), db_hh(gates, m.flush), dh0(state, m.flush);
      for (Guarded<float>* a : {&x, &w_ih, &w_hh, &b, &h0}) fill(*a);
      const RecurrentInputs in{x.data, w_ih.data, w_hh.data, nullptr, b.data, h0.data};
      const GruArgs forward{dims, in, y.data, h_n.data, work.data};
      m.table.gru(forward, m.parallel, m.scratch(m.table.gru_scratch(forward, m.threads)));
      const GruBackwardArgs backward{dims,    in,         y.data,     work.data,  y.data,     h_n.data,
                                     dx.data, dw_ih.data, dw_hh.data, db_ih.data, db_hh.data, dh0.data};
      m.table.gru_backward(backward, m.parallel, m.scratch(m.table.gru_backward_scratch(backward, m.threads)));
      for (Guarded<float>* a : {&y, &h_n, &dx, &dw_ih, &dw_hh, &db_ih, &db_hh, &dh0}) {
        for (size_t i = 0; i < a->size(); ++i) CHECK(isfinite((*a)[i]));
        append(bits, *a);
      }
    }
  }
}

void rnn(Machine& m, Bits& bits) {
  for (const int64_t hidden : {1, 5, 16, 19, 40, 130}) {
    for (const int64_t batch : {1, 3, 8}) {
      const RecurrentDims dims{4, batch, 7, hidden, hidden == 5};
      const auto n = [&](int64_t count) { return static_cast<size_t>(count); };
      const size_t state = n(batch * hidden), units = n(hidden), outputs = n(dims.steps) * state;
      Guarded<float> x(n(dims.steps * batch * 7), m.flush), w_ih(units * 7, m.flush), w_hh(units * units, m.flush);
      Guarded<float> b(units, m.flush), h0(state, m.flush), y(outputs, m.flush), h_n(state, m.flush);
      Guarded<float> dx(x.size(), m.flush), dw_ih(w_ih.size(), m.flush), dw_hh(w_hh.size(), m.flush);
      Guarded<float> db(units, m.flush), dh0(state, m.flush);
      for (Guarded<float>* a : {&x, &w_ih, &w_hh, &b, &h0}) fill(*a);
      const RecurrentInputs in{x.data, w_ih.data, w_hh.data, b.data, nullptr, h0.data};
      const RnnArgs forward{dims, in, batch == 3, y.data, h_n.data};
      m.table.rnn(forward, m.parallel, m.scratch(m.table.rnn_scratch(forward, m.threads)));
      const RnnBackwardArgs backward{dims,    in,         batch == 3, y.data,  y.data,  nullptr,
                                     dx.data, dw_ih.data, dw_hh.data, db.data, dh0.data};
      m.table.rnn_backward(backward, m.parallel, m.scratch(m.table.rnn_backward_scratch(backward, m.threads)));
      for (Guarded<float>* a : {&y, &h_n, &dx, &dw_ih, &dw_hh, &db, &dh0}) {
        for (size_t i = 0; i < a->size(); ++i) CHECK(isfinite((*a)[i]));
        append(bits, *a);
      }
    }
  }
}

Bits everything(const KernelTable& table, int threads, Flush flush) {
  g_seed = 1;
  Machine m{table, threads, flush};
  Bits bits;
  gemm(m, bits);
  elementwise(m, bits);
  separate_rounding(m);
  rows(m, bits);
  lstm(m, bits);
  gru(m, bits);
  rnn(m, bits);
  return bits;
}

bool same_bits(const Bits& a, const Bits& b) {
  return a.size() == b.size() && memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

int main() {
  retain_pool();
  const IsaList& list = available_isas();
  const Bits best = everything(*list.tables[0], 1, Flush::kEnd);
  for (int i = 0; i < list.count; ++i) {
    const KernelTable& table = *list.tables[i];
    const Bits one = everything(table, 1, Flush::kEnd);
    if (fuses(table)) CHECK(same_bits(one, best));
    for (const int threads : {2, 3, 7}) CHECK(same_bits(everything(table, threads, Flush::kStart), one));
    printf("kernels: %s ok\n", table.name);
  }
  release_pool();
  return 0;
}
