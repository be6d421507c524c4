// Arguments of the elementwise kernels, reductions and copies; see ../kernel_table.h.
#pragma once

#include <stdint.h>

#include "../opcodes.h"

namespace lanegrad {

constexpr int kMaxRank = 16;

struct UnaryArgs {
  UnaryOp op;
  const float* x;
  float* y;  // may be x
  int64_t n;
  float p0, p1;
};

// PlanKind of src/core/shape.ts.
enum class PlanKind : int32_t { kSame = 0, kScalarA = 1, kScalarB = 2, kStrided = 3 };

// Two broadcast operands. `kStrided`: dims and strides (>= 0) of `rank` axes, and their product is `size`.
struct BroadcastPlan {
  PlanKind kind;
  int32_t rank;
  int64_t size;
  const int32_t* dims;
  const int32_t* a_strides;
  const int32_t* b_strides;
};

struct BinaryArgs {
  BinaryOp op;
  BroadcastPlan plan;
  const float* a;
  const float* b;
  float* y;  // may be an operand of the same size
};

struct CompareArgs {
  CompareOp op;
  BroadcastPlan plan;
  const float* a;
  const float* b;
  uint8_t* y;
};

struct SelectArgs {
  const uint8_t* mask;
  const float* a;
  const float* b;
  float* y;  // may be a or b
  int64_t n;
};

struct LerpArgs {
  const float* a;
  const float* b;
  float* y;  // may be a or b
  int64_t n;
  float weight;
};

struct IscloseArgs {
  const float* a;
  const float* b;
  uint8_t* y;
  int64_t n;
  float rtol, atol;
  bool equal_nan;
};

// [outer, n, inner] -> [outer, inner]. max, min and arg reductions come with n > 0 only.
struct ReduceArgs {
  ReduceOp op;
  const float* x;
  float* y;
  int64_t outer, n, inner;
};

struct ArgReduceArgs {
  ArgReduceOp op;
  const float* x;
  int32_t* y;
  int64_t outer, n, inner;
};

struct ExtremesArgs {
  const float* x;
  float* low;
  float* high;
  int64_t outer, n, inner;
};

// What an array holds; as a bool everything but 0 is written as 1.
enum class Element : int32_t { kFloat32 = 0, kFloat64 = 1, kInt32 = 2, kUint8 = 3, kBool = 4 };
constexpr int32_t kElementCount = 5;

struct ConvertArgs {
  Element from, to;  // nothing is read as kBool
  const void* x;
  void* y;
  int64_t n;
};

// y[sum i*y_stride] = x[sum i*x_stride]; x and y point at the offsets already. Strides of x may be 0 or negative.
struct CopyStridedArgs {
  const float* x;
  float* y;
  int32_t rank;
  const int32_t* dims;
  const int32_t* x_strides;
  const int32_t* y_strides;
};

}  // namespace lanegrad
