// The vector mathematics of every instruction set of this machine, against the C library in double: over every 257th
// float (or every n-th, as the first argument says; `npm run native:test -- --exhaustive` says 1) the error stays within
// the bound stated in simd/math*.inl.h, no result leaves the function's range, none falls by more than a last place as the
// argument grows, NaN stays NaN, and the instruction sets with a fused multiply-add agree to the bit. On all cores.
// Prints the largest errors it met, a line a function and instruction set.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "../core/dispatch.h"
#include "../core/thread_pool.h"
#include "check.h"
#include "fuses.h"
#include "last_place.h"

using namespace lanegrad;

namespace {

constexpr int kBatch = 1000;  // no multiple of any vector: each batch has a tail

double sigmoid(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }
double softplus(double x) { return (x > 0 ? x : 0) + log1p(exp(-fabs(x))); }

double gelu(double x) { return isinf(x) ? fmax(x, -0.0) : 0.5 * x * erfc(x * -0.70710678118654752440); }

double silu(double x) { return isinf(x) ? fmax(x, -0.0) : x / (1 + exp(-x)); }
double mish(double x) { return isinf(x) ? fmax(x, -0.0) : x * tanh(log1p(exp(x))); }

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
  float rises_from = -INFINITY;  // where the function is monotone
};

constexpr float kInf = INFINITY;

constexpr float kHalfPi = 0x1.921fb6p+0f;

// The minimum of x·Φ(x), rounded down.
constexpr float kGeluLeast = -0.16997123f;

const Function kFunctions[] = {
    {"exp", UnaryOp::kExp, exp, 0, kInf, 1.06, 1.02, {{0, 1}, {-kInf, 0}, {kInf, kInf}}},
    {"expm1", UnaryOp::kExpm1, expm1, -1, kInf, 1.57, 1.71, {{-0.0f, -0.0f}, {-kInf, -1}, {kInf, kInf}}},
    {"log", UnaryOp::kLog, log, -kInf, kInf, 0.84, 0.84, {{1, 0}, {0, -kInf}, {kInf, kInf}}},
    {"log1p", UnaryOp::kLog1p, log1p, -kInf, kInf, 0.84, 0.84, {{-0.0f, -0.0f}, {-1, -kInf}, {kInf, kInf}}},
    {"tanh", UnaryOp::kTanh, tanh, -1, 1, 1.35, 1.38, {{-0.0f, -0.0f}, {-kInf, -1}, {kInf, 1}}},
    {"sigmoid", UnaryOp::kSigmoid, sigmoid, 0, 1, 1.59, 1.45, {{0, 0.5f}, {-kInf, 0}, {kInf, 1}}},
    {"softplus", UnaryOp::kSoftplus, softplus, 0, kInf, 1.62, 1.97, {{-kInf, 0}, {kInf, kInf}, {100, 100}}},
    {"erf", UnaryOp::kErf, erf, -1, 1, 1.00, 1.28, {{-0.0f, -0.0f}, {-kInf, -1}, {kInf, 1}}},
    {"sin", UnaryOp::kSin, sin, -1, 1, 0.90, 0.90, {{0, 0}, {-0.0f, -0.0f}, {kInf, NAN}}, kInf},
    {"cos", UnaryOp::kCos, cos, -1, 1, 0.90, 0.90, {{0, 1}, {-0.0f, 1}, {-kInf, NAN}}, kInf},
    {"tan", UnaryOp::kTan, tan, -kInf, kInf, 1.33, 1.33, {{0, 0}, {-0.0f, -0.0f}, {kInf, NAN}}, kInf},
    {"asin", UnaryOp::kAsin, asin, -kHalfPi, kHalfPi, 0.64, 0.66, {{-0.0f, -0.0f}, {1, kHalfPi}, {2, NAN}}},
    {"acos", UnaryOp::kAcos, acos, 0, 2 * kHalfPi, 0.62, 0.64, {{1, 0}, {-1, 2 * kHalfPi}, {-2, NAN}}, kInf},
    {"atan", UnaryOp::kAtan, atan, -kHalfPi, kHalfPi, 1.04, 1.16, {{-0.0f, -0.0f}, {kInf, kHalfPi}, {-kInf, -kHalfPi}}},
    {"sinh", UnaryOp::kSinh, sinh, -kInf, kInf, 1.06, 1.06, {{-0.0f, -0.0f}, {kInf, kInf}, {-kInf, -kInf}}},
    {"cosh", UnaryOp::kCosh, cosh, 1, kInf, 1.06, 1.06, {{0, 1}, {kInf, kInf}, {-kInf, kInf}}, 0},
    {"asinh", UnaryOp::kAsinh, asinh, -kInf, kInf, 1.37, 1.50, {{-0.0f, -0.0f}, {kInf, kInf}, {-kInf, -kInf}}},
    {"acosh", UnaryOp::kAcosh, acosh, 0, kInf, 1.56, 1.57, {{1, 0}, {kInf, kInf}, {0, NAN}}},
    {"atanh", UnaryOp::kAtanh, atanh, -kInf, kInf, 1.34, 1.34, {{-0.0f, -0.0f}, {1, kInf}, {-2, NAN}}},
    {"exp2", UnaryOp::kExp2, exp2, 0, kInf, 1.19, 1.21, {{-149, 0x1p-149f}, {127, 0x1p127f}, {-kInf, 0}}},
    {"log2", UnaryOp::kLog2, log2, -kInf, kInf, 0.84, 0.84, {{0x1p-149f, -149}, {0x1p127f, 127}, {-0.0f, -kInf}}},
    {"log10", UnaryOp::kLog10, log10, -kInf, kInf, 0.77, 0.77, {{1, 0}, {10, 1}, {0, -kInf}}},
    {"erfc", UnaryOp::kErfc, erfc, 0, 2, 1.92, 1.99, {{0, 1}, {-kInf, 2}, {kInf, 0}}, kInf},
    {"silu", UnaryOp::kSilu, silu, -0.2784646f, kInf, 1.18, 1.20, {{-0.0f, -0.0f}, {-kInf, -0.0f}, {kInf, kInf}}, -1.2784646f},
    {"mish", UnaryOp::kMish, mish, -0x1.3c4176p-2f, kInf, 0.56, 0.56, {{-0.0f, -0.0f}, {-kInf, -0.0f}, {kInf, kInf}}, -1.1924f},
    {"gelu", UnaryOp::kGelu, gelu, kGeluLeast, kInf, 2.00, 2.00, {{-0.0f, -0.0f}, {-kInf, -0.0f}, {kInf, kInf}}, -0.6f},
};

float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
// The i-th float in ascending order: from −NaN and −∞ to −0, then from 0 to NaN.
constexpr uint64_t kFloats = uint64_t{1} << 32;
float ascending(uint64_t i) {
  const uint64_t half = kFloats / 2;
  return from_bits(static_cast<uint32_t>(i < half ? kFloats - 1 - i : i - half));
}

struct Table {
  const KernelTable& kernels;
  bool fused = fuses(kernels);
};

struct Worst {
  double error = 0;
  float at = 0;
};

[[noreturn]] void fail(const Function& f, const Table& table, float x, float y, const char* what) {
  fprintf(stderr, "%s, %s: %s: %a gives %a, where %.17g is right\n", f.name, table.kernels.name, what,
          static_cast<double>(x), static_cast<double>(y), f.reference(static_cast<double>(x)));
  abort();
}

// What one table makes of a run of ascending arguments.
struct Run {
  const Function& f;
  const Table& table;
  Worst worst{};
  float before = -INFINITY;  // the last result that was a number
  float y[kBatch]{};

  void batch(const float* x, const double* want, int n) {
    table.kernels.unary({f.op, x, y, n, 0, 0}, parallel_with(1));
    for (int i = 0; i < n; ++i) {
      const double error = error_of(y[i], want[i]);
      if (error > worst.error) worst = {error, x[i]};
      if (error > (table.fused ? f.max_ulp : f.max_unfused)) fail(f, table, x[i], y[i], "beyond the stated error");
      if (isnan(y[i])) continue;
      if (!(y[i] >= f.least && y[i] <= f.most)) fail(f, table, x[i], y[i], "out of range");
      if (x[i] >= f.rises_from) {
        const bool falls = y[i] < before && static_cast<double>(before) - static_cast<double>(y[i]) > last_place(before);
        if (falls) fail(f, table, x[i], y[i], "less than of a smaller argument");
        before = y[i];
      }
    }
  }
  void compare(const Run& other, const float* x, int n) const {
    for (int i = 0; i < n; ++i) {
      const bool same = to_bits(y[i]) == to_bits(other.y[i]) || (isnan(y[i]) && isnan(other.y[i]));
      if (!same) fail(f, table, x[i], y[i], "other bits than the first instruction set");
    }
  }
};

// Every stride-th float from `first` to `end`, and the one before, so that no fall hides between two segments.
std::vector<Worst> sweep_segment(const Function& f, const std::vector<Table>& tables, uint64_t stride, uint64_t first,
                                 uint64_t end) {
  std::vector<Run> runs;
  for (const Table& table : tables) runs.push_back({f, table});
  float x[kBatch];
  double want[kBatch];
  for (uint64_t i = first < stride ? first : first - stride; i < end;) {
    int n = 0;
    for (; n < kBatch && i < end; ++n, i += stride) {
      x[n] = ascending(i);
      want[n] = f.reference(static_cast<double>(x[n]));
    }
    const Run* fused = nullptr;
    for (Run& run : runs) {
      run.batch(x, want, n);
      if (!run.table.fused) continue;
      if (fused != nullptr) run.compare(*fused, x, n);
      else fused = &run;
    }
  }
  std::vector<Worst> worst;
  for (const Run& run : runs) worst.push_back(run.worst);
  return worst;
}

void sweep(const Function& f, const std::vector<Table>& tables, uint64_t stride) {
  for (const Table& table : tables) {
    for (const auto& [argument, result] : f.exact) {
      float y;
      table.kernels.unary({f.op, &argument, &y, 1, 0, 0}, parallel_with(1));
      if (to_bits(y) != to_bits(result) && !(isnan(y) && isnan(result))) fail(f, table, argument, y, "not exact");
    }
  }
  constexpr uint64_t kSegments = 512;
  const uint64_t per_segment = (kFloats / stride + kSegments) / kSegments * stride;
  std::vector<Worst> worst(tables.size());
  std::mutex mutex;
  std::atomic<uint64_t> next{0};
  const auto work = [&] {
    for (uint64_t first; (first = next.fetch_add(per_segment)) < kFloats;) {
      const uint64_t end = first + per_segment < kFloats ? first + per_segment : kFloats;
      const std::vector<Worst> found = sweep_segment(f, tables, stride, first, end);
      const std::lock_guard lock(mutex);
      for (size_t t = 0; t < found.size(); ++t) {
        if (found[t].error > worst[t].error) worst[t] = found[t];
      }
    }
  };
  std::vector<std::thread> threads(std::thread::hardware_concurrency());
  for (std::thread& thread : threads) thread = std::thread(work);
  work();
  for (std::thread& thread : threads) thread.join();
  for (size_t t = 0; t < tables.size(); ++t) {
    const auto& [error, at] = worst[t];
    printf("%-9s %-9s %.4f ulp at %a\n", f.name, tables[t].kernels.name, error, static_cast<double>(at));
  }
  fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t stride = argc > 1 ? strtoul(argv[1], nullptr, 10) : 257;
  CHECK(stride > 0);
  const IsaList& isas = available_isas();
  std::vector<Table> tables;
  for (int i = 0; i < isas.count; ++i) tables.push_back({*isas.tables[i]});
  for (const Function& f : kFunctions) sweep(f, tables, stride);
  return 0;
}
