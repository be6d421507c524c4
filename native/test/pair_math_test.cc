// The functions of two operands of every instruction set of this machine, against the C library in double: every pair of
// special values, and random pairs of all magnitudes and of those where a power is neither 0 nor infinite. The error stays
// within the bound stated in simd/math*.inl.h, signs of zeros are right, and the instruction sets with a fused
// multiply-add agree to the bit. Prints the largest errors it met, a line a function and instruction set.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <random>
#include <vector>

#include "../core/dispatch.h"
#include "../core/thread_pool.h"
#include "check.h"
#include "fuses.h"
#include "last_place.h"

using namespace lanegrad;

namespace {

double remainder_of(double a, double b) {
  const double rest = fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

// Rounded to a float as the quotient towards zero is, before one is taken off.
double floor_divide(double a, double b) {
  if (b == 0) return a / b;
  const long double rest = fmodl(a, b);
  if (isnan(rest)) return NAN;
  const long double whole = roundl((static_cast<long double>(a) - rest) / b);
  const long double floored = rest != 0 && (rest < 0) != (b < 0) ? whole - 1 : whole;
  return floored == 0 ? copysign(0.0, a / b) : static_cast<double>(floored);
}

double logaddexp(double a, double b) {
  if (isnan(a) || isnan(b)) return NAN;
  return a == b ? a + 0.6931471805599453 : fmax(a, b) + log1p(exp(-fabs(a - b)));
}

double itself(double, double, double want) { return want; }
double largest_part(double a, double b, double) { return fmax(fmax(fabs(a), fabs(b)), 0.6931471805599453); }

struct Function {
  const char* name;
  BinaryOp op;
  double (*reference)(double, double);
  double max_ulp;  // on every instruction set
  double (*scale)(double a, double b, double want) = itself;  // what the last place is one of
};

const Function kFunctions[] = {
    {"pow", BinaryOp::kPow, pow, 1.30},
    {"atan2", BinaryOp::kAtan2, atan2, 1.20},
    {"hypot", BinaryOp::kHypot, hypot, 1.25},
    {"fmod", BinaryOp::kFmod, fmod, 0},
    {"remainder", BinaryOp::kRemainder, remainder_of, 0.5},
    {"floorDivide", BinaryOp::kFloorDivide, floor_divide, 1},
    {"logaddexp", BinaryOp::kLogaddexp, logaddexp, 2, largest_part},
};

const float kSpecials[] = {0.0f,     -0.0f,        1.0f,        -1.0f,       2.0f,        -2.0f,        3.0f,     -3.0f,
                           0.5f,     -0.5f,        1.5f,        0x1p-149f,   -0x1p-149f,  1e-40f,       0x1p-126f, 3e38f,
                           -3e38f,   8388607.5f,   16777215.0f, 16777216.0f, -16777217.0f, 0x1.000002p+0f, 127.0f,   -149.0f,
                           INFINITY, -INFINITY,    NAN,         0.99999994f, -1.0000001f, 150.0f};
constexpr int kSpecialCount = sizeof kSpecials / sizeof kSpecials[0];
constexpr int kBatch = 1003;  // no multiple of any vector
constexpr int kBatches = 400;

class Pairs {
 public:
  float a[kBatch], b[kBatch];

  // The first batch is every pair of special values; the others take turns at four kinds of magnitudes.
  void fill(int batch) {
    for (int i = 0; i < kBatch; ++i) {
      const uint64_t r = random_();
      const double u = static_cast<double>(r & 0xffffff) / 0x1p24, v = static_cast<double>((r >> 24) & 0xffffff) / 0x1p24;
      const int exponent = static_cast<int>(r >> 59);
      if (batch == 0) {
        a[i] = kSpecials[i % kSpecialCount];
        b[i] = kSpecials[(i / kSpecialCount) % kSpecialCount];
      } else if (batch % 4 == 0) {
        const uint32_t words[2] = {static_cast<uint32_t>(r), static_cast<uint32_t>(r >> 32)};
        memcpy(&a[i], &words[0], sizeof a[i]);
        memcpy(&b[i], &words[1], sizeof b[i]);
      } else if (batch % 4 == 1) {
        a[i] = static_cast<float>(4 * u);
        b[i] = static_cast<float>(40 * v - 20);
      } else if (batch % 4 == 2) {
        a[i] = static_cast<float>(1 + (u - 0.5) * ldexp(1.0, -exponent / 2));
        b[i] = static_cast<float>(ldexp(v - 0.5, exponent));
      } else {
        a[i] = static_cast<float>(ldexp(u - 0.5, exponent - 8));
        b[i] = static_cast<float>(ldexp(v - 0.5, exponent / 2 - 4));
      }
    }
  }

 private:
  std::mt19937_64 random_{7};
};

struct Worst {
  double error = 0;
  float a = 0, b = 0;
};

void check(const Function& f, const KernelTable& table, const Pairs& pairs, const float* y, Worst& worst) {
  for (int i = 0; i < kBatch; ++i) {
    const double a = static_cast<double>(pairs.a[i]), b = static_cast<double>(pairs.b[i]);
    const double want = f.reference(a, b);
    const double error = error_of(y[i], want, f.scale(a, b, want));
    if (error > worst.error) worst = {error, pairs.a[i], pairs.b[i]};
    const bool wrong_zero = want == 0 && f.scale == itself && signbit(y[i]) != signbit(want);
    if (error > f.max_ulp || wrong_zero) {
      fprintf(stderr, "%s, %s: of %a and %a gives %a, where %.17g is right\n", f.name, table.name, a, b,
              static_cast<double>(y[i]), want);
      abort();
    }
  }
}

BinaryArgs arguments(BinaryOp op, const Pairs& pairs, float* y) {
  BinaryArgs args{};
  args.op = op;
  args.plan.kind = PlanKind::kSame;
  args.plan.size = kBatch;
  args.a = pairs.a;
  args.b = pairs.b;
  args.y = y;
  return args;
}

void sweep(const Function& f, const std::vector<const KernelTable*>& tables) {
  std::vector<Worst> worst(tables.size());
  Pairs pairs;
  for (int batch = 0; batch < kBatches; ++batch) {
    pairs.fill(batch);
    float first[kBatch];
    bool have_first = false;
    for (size_t t = 0; t < tables.size(); ++t) {
      float y[kBatch];
      tables[t]->binary(arguments(f.op, pairs, y), parallel_with(1));
      check(f, *tables[t], pairs, y, worst[t]);
      if (!fuses(*tables[t])) continue;
      if (!have_first) memcpy(first, y, sizeof y);
      have_first = true;
      for (int i = 0; i < kBatch; ++i) CHECK(to_bits(first[i]) == to_bits(y[i]) || (isnan(first[i]) && isnan(y[i])));
    }
  }
  for (size_t t = 0; t < tables.size(); ++t) {
    const auto& [error, a, b] = worst[t];
    printf("%-11s %-9s %.4f ulp at %a, %a\n", f.name, tables[t]->name, error, static_cast<double>(a),
           static_cast<double>(b));
  }
}

}  // namespace

int main() {
  const IsaList& isas = available_isas();
  std::vector<const KernelTable*> tables;
  for (int i = 0; i < isas.count; ++i) tables.push_back(isas.tables[i]);
  for (const Function& f : kFunctions) sweep(f, tables);
  return 0;
}
