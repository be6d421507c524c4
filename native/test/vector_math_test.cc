// The vector mathematics of every instruction set of this machine, against the C library in double: over every 257th
// float (or every n-th, as the first argument says; 1 takes minutes) the error stays within the bound stated in
// simd/math.inl.h, no result leaves the function's range, none falls by more than a last place as the argument grows,
// NaN stays NaN, and the instruction sets with a fused multiply-add agree to the bit. Prints the largest errors it met.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/dispatch.h"
#include "../core/thread_pool.h"
#include "check.h"

using namespace lanegrad;

namespace {

constexpr int kBatch = 1000;  // no multiple of any vector: each batch has a tail

double sigmoid(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }
double softplus(double x) { return (x > 0 ? x : 0) + log1p(exp(-fabs(x))); }

struct Exact {
  float argument, result;
};

struct Function {
  const char* name;
  UnaryOp op;
  double (*reference)(double);
  float least, most;            // the range
  double max_ulp, max_unfused;  // as stated in simd/math.inl.h; the second without a fused multiply-add
  Exact exact[3];
};

constexpr float kInf = INFINITY;

const Function kFunctions[] = {
    {"exp", UnaryOp::kExp, exp, 0, kInf, 1.06, 1.02, {{0, 1}, {-kInf, 0}, {kInf, kInf}}},
    {"expm1", UnaryOp::kExpm1, expm1, -1, kInf, 1.57, 1.71, {{-0.0f, -0.0f}, {-kInf, -1}, {kInf, kInf}}},
    {"log", UnaryOp::kLog, log, -kInf, kInf, 0.84, 0.84, {{1, 0}, {0, -kInf}, {kInf, kInf}}},
    {"log1p", UnaryOp::kLog1p, log1p, -kInf, kInf, 0.84, 0.84, {{-0.0f, -0.0f}, {-1, -kInf}, {kInf, kInf}}},
    {"tanh", UnaryOp::kTanh, tanh, -1, 1, 1.35, 1.38, {{-0.0f, -0.0f}, {-kInf, -1}, {kInf, 1}}},
    {"sigmoid", UnaryOp::kSigmoid, sigmoid, 0, 1, 1.59, 1.45, {{0, 0.5f}, {-kInf, 0}, {kInf, 1}}},
    {"softplus", UnaryOp::kSoftplus, softplus, 0, kInf, 1.04, 1.06, {{-kInf, 0}, {kInf, kInf}, {100, 100}}},
};

float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
uint32_t to_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

// The distance between neighbours of a float result near `want`.
double last_place(double want) {
  int exponent;
  frexp(want, &exponent);
  return ldexp(1.0, exponent - 24 < -149 ? -149 : exponent - 24);
}

// In last places. Around the overflow to infinity both sides of the border count as the border.
double error_of(float got, double want) {
  constexpr double kBorder = 0x1p128;
  if (isnan(want) || isnan(got)) return isnan(want) && isnan(got) ? 0 : INFINITY;
  const double y = isinf(got) ? copysign(kBorder, got) : static_cast<double>(got);
  const double w = fabs(want) > kBorder ? copysign(kBorder, want) : want;
  return fabs(y - w) / last_place(fabs(w) < kBorder ? w : 0x1.fffffep127);
}

struct Sweep {
  const Function& f;
  const KernelTable& table;
  bool fused;
  double worst = 0;
  float worst_at = 0;
  float before = -INFINITY;  // the last result that was a number
  uint64_t digest = 14695981039346656037u;

  void batch(const float* x, int n) {
    float y[kBatch];
    table.unary({f.op, x, y, n, 0, 0}, parallel_with(1));
    for (int i = 0; i < n; ++i) {
      const double error = error_of(y[i], f.reference(static_cast<double>(x[i])));
      if (error > worst) {
        worst = error;
        worst_at = x[i];
      }
      digest = (digest ^ (isnan(y[i]) ? 0x7fc00000u : to_bits(y[i]))) * 1099511628211u;
      if (isnan(y[i])) continue;
      CHECK(y[i] >= f.least && y[i] <= f.most);
      CHECK(y[i] >= before || static_cast<double>(before) - static_cast<double>(y[i]) <= last_place(before));
      before = y[i];
    }
  }

  void run(uint32_t stride) {
    float x[kBatch];
    int n = 0;
    const auto add = [&](uint32_t bits) {
      x[n++] = from_bits(bits);
      if (n == kBatch) {
        batch(x, n);
        n = 0;
      }
    };
    // In ascending order: from −NaN and −∞ to −0, then from 0 to NaN.
    for (int64_t bits = 0xffffffff; bits >= 0x80000000; bits -= stride) add(static_cast<uint32_t>(bits));
    for (int64_t bits = 0; bits <= 0x7fffffff; bits += stride) add(static_cast<uint32_t>(bits));
    batch(x, n);
    CHECK(worst <= (fused ? f.max_ulp : f.max_unfused));
    for (const auto& [argument, result] : f.exact) {
      float y;
      table.unary({f.op, &argument, &y, 1, 0, 0}, parallel_with(1));
      CHECK(to_bits(y) == to_bits(result));
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  const uint32_t stride = argc > 1 ? static_cast<uint32_t>(strtoul(argv[1], nullptr, 10)) : 257;
  CHECK(stride > 0);
  const IsaList& isas = available_isas();
  for (const Function& f : kFunctions) {
    uint64_t digest = 0;
    for (int i = 0; i < isas.count; ++i) {
      Sweep sweep{f, *isas.tables[i], strcmp(isas.tables[i]->name, "baseline") != 0};
      sweep.run(stride);
      printf("%-9s %-9s %.4f ulp at %a\n", f.name, sweep.table.name, sweep.worst, static_cast<double>(sweep.worst_at));
      if (!sweep.fused) continue;
      CHECK(digest == 0 || digest == sweep.digest);
      digest = sweep.digest;
    }
  }
  return 0;
}
