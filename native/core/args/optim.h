// Arguments of random numbers, optimizers and clipping; see ../kernel_table.h.
#pragma once

#include <stdint.h>

#include "../opcodes.h"

namespace lanegrad {

// Where draws begin: counter (block low, block high, stream low, stream high) under key (seed low, seed high).
struct DrawPlace {
  uint32_t seed_lo, seed_hi, stream_lo, stream_hi;
  uint64_t block;
};

struct UniformArgs {
  DrawPlace place;
  float* y;
  int64_t n;
};

// y [outer, rows, inner]: row r is drawn from the blocks place.block + r·stride on, in the order of its elements.
struct UniformRowsArgs {
  DrawPlace place;
  uint64_t stride;
  int64_t outer, rows, inner;
  float* y;
};

struct Uniform53Args {
  DrawPlace place;
  double* y;
  int64_t n;
};

struct NormalArgs {
  DrawPlace place;
  float* y;      // or null
  double* wide;  // in its place
  int64_t n;
};

struct IntegersArgs {
  DrawPlace place;
  double low, count;  // integers from [low, low + count)
  int32_t* y;
  int64_t n;
};

struct AdamParam {
  float* p;
  const float* g;
  float* m;
  float* v;
  float* v_max;  // or null, for all or for none
  int64_t n;
};

// The numbers of AdamStep; doubles, so that derived factors are rounded once.
struct AdamArgs {
  const AdamParam* params;
  int64_t count;
  double lr, beta1, beta2, eps, weight_decay, bias_correction1, bias_correction2;
  bool decoupled, maximize;
};

struct SgdParam {
  float* p;
  const float* g;
  float* momentum;  // or null, for all or for none
  int64_t n;
};

struct SgdArgs {
  const SgdParam* params;
  int64_t count;
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize, first;
};

struct UpdateParam {
  float* p;
  const float* g;
  float* states[3];  // those that the rule needs; one it can do without is null, for all or for none
  int64_t n;
};

// The numbers of UpdateStep.
struct UpdateArgs {
  const UpdateParam* params;
  int64_t count;
  UpdateRule rule;
  double rate, beta1, beta2, eps, weight_decay, keep, momentum, correction, average, grow, shrink, low, high;
  bool adaptive, maximize;
};

struct ArraySpan {
  float* data;
  int64_t n;
};

struct SumSquaresArgs {
  const ArraySpan* arrays;
  int64_t count;
};

struct ScaleArgs {
  const ArraySpan* arrays;
  int64_t count;
  float factor;
};

}  // namespace lanegrad
