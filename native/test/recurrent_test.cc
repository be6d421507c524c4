// The recurrent layers, on every instruction set of this machine and several thread counts, against plain float64 ones.
#include <stdio.h>

#include "machine.h"

using namespace lanegrad;

namespace {

enum class Kind { kLstm, kGru, kTanh, kRelu };
constexpr Kind kKinds[] = {Kind::kLstm, Kind::kGru, Kind::kTanh, Kind::kRelu};
constexpr int kMostGates = 4;
int gates_of(Kind kind) { return kind == Kind::kLstm ? 4 : kind == Kind::kGru ? 3 : 1; }

size_t n(int64_t size) { return static_cast<size_t>(size); }

struct Case {
  Kind kind;
  RecurrentDims dims;
  Floats x, w_ih, w_hh, b_ih, b_hh, h0, c0, dy, dh_n, dc_n;

  Case(Kind k, const RecurrentDims& d) : kind(k), dims(d) {
    // Sums of a few units: of a state that is nearly ±1, 1 − h² has lost what the gradients are compared by.
    const auto scale = [](int64_t inputs) { return 1.5f / sqrtf(static_cast<float>(inputs)); };
    const int64_t rows = gates_of(k) * d.hidden;
    x = drawn(d.steps * d.batch * d.inputs);
    w_ih = drawn(rows * d.inputs, scale(d.inputs));
    w_hh = drawn(rows * d.hidden, scale(d.hidden));
    for (Floats* b : {&b_ih, &b_hh}) *b = drawn(rows);
    for (Floats* s : {&h0, &c0, &dh_n, &dc_n}) *s = drawn(d.batch * d.hidden);
    dy = drawn(d.steps * d.batch * d.hidden);
  }
  LstmInputs inputs() const {
    return {x.data(), w_ih.data(), w_hh.data(), b_ih.data(), b_hh.data(), h0.data(), c0.data()};
  }
};

enum Result { kY, kHn, kCn, kDx, kDwIh, kDwHh, kDbIh, kDbHh, kDh0, kDc0, kResults };
constexpr int kFirstGradient = kDx;
// The second bias of a layer that knows only their sum, and the cell state of one without, are no results.
bool has(Kind kind, int result) {
  if (result == kCn || result == kDc0) return kind == Kind::kLstm;
  return result != kDbHh || kind == Kind::kGru;
}

double sigmoid(double x) { return 1 / (1 + exp(-x)); }

// The sums over x and over h of each gate of one unit in one step, with their biases, and its state before.
struct Unit {
  double input[kMostGates], recurrent[kMostGates], h, c;
};
struct State {
  double h, c;
};

State step_unit(Kind kind, const Unit& u) {
  const double* a = u.input;
  const double* b = u.recurrent;
  if (kind == Kind::kLstm) {
    const double c = sigmoid(a[1] + b[1]) * u.c + sigmoid(a[0] + b[0]) * tanh(a[2] + b[2]);
    return {sigmoid(a[3] + b[3]) * tanh(c), c};
  }
  if (kind == Kind::kGru) {
    const double z = sigmoid(a[1] + b[1]), candidate = tanh(a[2] + sigmoid(a[0] + b[0]) * b[2]);
    return {(1 - z) * candidate + z * u.h, 0};
  }
  const double sum = a[0] + b[0];
  return {kind == Kind::kTanh ? tanh(sum) : fmax(sum, 0), 0};
}

// Fills in the gradients of the sums, and returns what flows to the state before past them.
State unit_gradients(Kind kind, const Unit& u, const State& d, double* d_input, double* d_recurrent) {
  const double* a = u.input;
  const double* b = u.recurrent;
  const auto both = [&](int gate, double value) { d_input[gate] = d_recurrent[gate] = value; };
  if (kind == Kind::kLstm) {
    const double i = sigmoid(a[0] + b[0]), f = sigmoid(a[1] + b[1]), g = tanh(a[2] + b[2]), o = sigmoid(a[3] + b[3]);
    const double tanh_c = tanh(f * u.c + i * g), dc = d.c + d.h * o * (1 - tanh_c * tanh_c);
    both(0, dc * g * i * (1 - i));
    both(1, dc * u.c * f * (1 - f));
    both(2, dc * i * (1 - g * g));
    both(3, d.h * tanh_c * o * (1 - o));
    return {0, dc * f};
  }
  if (kind == Kind::kGru) {
    const double r = sigmoid(a[0] + b[0]), z = sigmoid(a[1] + b[1]), candidate = tanh(a[2] + r * b[2]);
    d_input[2] = d.h * (1 - z) * (1 - candidate * candidate);
    d_recurrent[2] = d_input[2] * r;
    both(0, d_input[2] * b[2] * r * (1 - r));
    both(1, d.h * (u.h - candidate) * z * (1 - z));
    return {d.h * z, 0};
  }
  const double h = step_unit(kind, u).h;
  both(0, d.h * (kind == Kind::kTanh ? 1 - h * h : h > 0 ? 1 : 0));
  return {0, 0};
}

std::vector<Doubles> reference(const Case& in) {
  const auto [steps, batch, inputs, hidden, reverse] = in.dims;
  const auto time = [&, t = steps, r = reverse](int64_t walked) { return r ? t - 1 - walked : walked; };
  const int64_t state = batch * hidden, gates = gates_of(in.kind);
  std::vector<Unit> units(n(steps * state));
  std::vector<Doubles> out(kResults);
  out[kHn].assign(in.h0.begin(), in.h0.end());
  out[kCn].assign(in.c0.begin(), in.c0.end());
  out[kY].resize(n(steps * state));
  std::vector<Doubles> before(n(steps));
  for (int64_t walked = 0; walked < steps; ++walked) {
    const int64_t t = time(walked);
    const Doubles h = before[n(t)] = out[kHn];
    for (int64_t b = 0; b < batch; ++b) {
      for (int64_t j = 0; j < hidden; ++j) {
        const int64_t at = b * hidden + j;
        Unit& u = units[n(t * state + at)];
        u.h = h[n(at)];
        u.c = out[kCn][n(at)];
        for (int64_t g = 0; g < gates; ++g) {
          const int64_t row = g * hidden + j;
          u.input[g] = in.b_ih[n(row)];
          u.recurrent[g] = in.b_hh[n(row)];
          for (int64_t k = 0; k < inputs; ++k) {
            u.input[g] += static_cast<double>(in.x[n((t * batch + b) * inputs + k)]) * in.w_ih[n(row * inputs + k)];
          }
          for (int64_t k = 0; k < hidden; ++k) u.recurrent[g] += h[n(b * hidden + k)] * in.w_hh[n(row * hidden + k)];
        }
        const State after = step_unit(in.kind, u);
        out[kHn][n(at)] = out[kY][n(t * state + at)] = after.h;
        out[kCn][n(at)] = after.c;
      }
    }
  }
  out[kDx].resize(in.x.size());
  out[kDwIh].resize(in.w_ih.size());
  out[kDwHh].resize(in.w_hh.size());
  out[kDbIh].resize(in.b_ih.size());
  out[kDbHh].resize(in.b_hh.size());
  out[kDh0].assign(in.dh_n.begin(), in.dh_n.end());
  out[kDc0].assign(in.dc_n.begin(), in.dc_n.end());
  for (int64_t walked = steps - 1; walked >= 0; --walked) {
    const int64_t t = time(walked);
    Doubles dh_before(n(state));
    for (int64_t b = 0; b < batch; ++b) {
      for (int64_t j = 0; j < hidden; ++j) {
        const int64_t at = b * hidden + j, sample = t * batch + b;
        double d_input[kMostGates], d_recurrent[kMostGates];
        const State d{out[kDh0][n(at)] + in.dy[n(t * state + at)], out[kDc0][n(at)]};
        const State past = unit_gradients(in.kind, units[n(t * state + at)], d, d_input, d_recurrent);
        dh_before[n(at)] += past.h;
        out[kDc0][n(at)] = past.c;
        for (int64_t g = 0; g < gates; ++g) {
          const int64_t row = g * hidden + j;
          out[kDbIh][n(row)] += d_input[g];
          out[kDbHh][n(row)] += d_recurrent[g];
          for (int64_t k = 0; k < inputs; ++k) {
            out[kDx][n(sample * inputs + k)] += d_input[g] * in.w_ih[n(row * inputs + k)];
            out[kDwIh][n(row * inputs + k)] += d_input[g] * in.x[n(sample * inputs + k)];
          }
          for (int64_t k = 0; k < hidden; ++k) {
            dh_before[n(b * hidden + k)] += d_recurrent[g] * in.w_hh[n(row * hidden + k)];
            out[kDwHh][n(row * hidden + k)] += d_recurrent[g] * before[n(t)][n(b * hidden + k)];
          }
        }
      }
    }
    out[kDh0] = dh_before;
  }
  return out;
}

// The kernel's results, of the gradients those of `wanted` (one bit each); NaN stays where nothing is written.
std::vector<Floats> run(Machine& m, const Case& in, unsigned wanted) {
  const RecurrentDims& d = in.dims;
  const int64_t state = d.batch * d.hidden;
  std::vector<Floats> out = {garbage(d.steps * state), garbage(state), garbage(state)};
  for (const Floats* like : {&in.x, &in.w_ih, &in.w_hh, &in.b_ih, &in.b_hh, &in.h0, &in.c0}) {
    out.push_back(garbage(static_cast<int64_t>(like->size())));
  }
  const auto at = [&](int result) { return out[n(result)].data(); };
  const auto asked = [&](int result) { return (wanted >> result & 1) != 0 ? at(result) : nullptr; };
  const LstmInputs inputs = in.inputs();
  if (in.kind == Kind::kLstm) {
    Floats workspace = garbage(m.table.lstm_workspace(d));
    const LstmArgs forward{d, inputs, at(kY), at(kHn), at(kCn), workspace.data()};
    m.table.lstm(forward, m.parallel, m.scratch(m.table.lstm_scratch(forward, m.threads)));
    const LstmBackwardArgs backward{d,
                                    inputs,
                                    at(kY),
                                    workspace.data(),
                                    in.dy.data(),
                                    in.dh_n.data(),
                                    in.dc_n.data(),
                                    asked(kDx),
                                    asked(kDwIh),
                                    asked(kDwHh),
                                    asked(kDbIh),
                                    asked(kDh0),
                                    asked(kDc0)};
    m.table.lstm_backward(backward, m.parallel, m.scratch(m.table.lstm_backward_scratch(backward, m.threads)));
  } else if (in.kind == Kind::kGru) {
    Floats workspace = garbage(m.table.gru_workspace(d));
    const GruArgs forward{d, inputs, at(kY), at(kHn), workspace.data()};
    m.table.gru(forward, m.parallel, m.scratch(m.table.gru_scratch(forward, m.threads)));
    const GruBackwardArgs backward{d,          inputs,       at(kY),       workspace.data(), in.dy.data(), in.dh_n.data(),
                                   asked(kDx), asked(kDwIh), asked(kDwHh), asked(kDbIh),     asked(kDbHh), asked(kDh0)};
    m.table.gru_backward(backward, m.parallel, m.scratch(m.table.gru_backward_scratch(backward, m.threads)));
  } else {
    const bool relu = in.kind == Kind::kRelu;
    const RnnArgs forward{d, inputs, relu, at(kY), at(kHn)};
    m.table.rnn(forward, m.parallel, m.scratch(m.table.rnn_scratch(forward, m.threads)));
    const RnnBackwardArgs backward{d,          inputs,       relu,         at(kY),       in.dy.data(), in.dh_n.data(),
                                   asked(kDx), asked(kDwIh), asked(kDwHh), asked(kDbIh), asked(kDh0)};
    m.table.rnn_backward(backward, m.parallel, m.scratch(m.table.rnn_backward_scratch(backward, m.threads)));
  }
  return out;
}

constexpr unsigned kAllGradients = ~0u;

void check(Machine& m, const Case& in, std::vector<Floats>& bits) {
  const std::vector<Doubles> want = reference(in);
  const std::vector<Floats> got = run(m, in, kAllGradients);
  for (int r = 0; r < kResults; ++r) {
    if (!has(in.kind, r)) continue;
    double largest = 1e-3;
    for (const double v : want[n(r)]) largest = fmax(largest, fabs(v));
    for (size_t i = 0; i < got[n(r)].size(); ++i) CHECK(fabs(got[n(r)][i] - want[n(r)][i]) <= 1e-5 * largest);
    bits.push_back(got[n(r)]);
  }
  // What is not wanted is not written, and changes nothing else.
  const unsigned wanted = draw_word();
  const std::vector<Floats> some = run(m, in, wanted);
  for (int r = kFirstGradient; r < kResults; ++r) {
    const bool asked = has(in.kind, r) && (wanted >> r & 1) != 0;
    for (size_t i = 0; i < got[n(r)].size(); ++i) {
      CHECK(asked ? some[n(r)][i] == got[n(r)][i] : isnan(some[n(r)][i]));
    }
  }
}

std::vector<Floats> everything(const KernelTable& table, int threads) {
  Machine m{table, threads};
  std::vector<Floats> bits;
  for (const Kind kind : kKinds) {
    g_seed = 9;
    for (const int64_t hidden : {1, 7, 16, 33, 70}) {
      for (const int64_t inputs : {1, 17, 270}) {
        for (const int64_t batch : {1, 5, 8, 19}) {
          const RecurrentDims dims{draw_word() % 6, batch, inputs, hidden, (draw_word() & 1) != 0};
          check(m, Case(kind, dims), bits);
        }
      }
    }
    // Few sequences and many units: the units of each step are shared among the threads.
    check(m, Case(kind, {2, 2, 5, 300, true}), bits);
  }
  return bits;
}

}  // namespace

int main() {
  test_machines("recurrent", everything);
  return 0;
}
