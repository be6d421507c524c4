// The argument structs of the kernels, and the table of them that each instruction set exports.
//
// One field a method of `Backend` (src/backend/backend.ts); names, meanings and the numeric contract are those of that
// file. Sizes are elements. By the time a kernel runs, the binding has checked that every array reaches as far as the
// sizes say, that opcodes are in range, and that outputs overlap nothing they must not; sizes are at most 2^31 - 1 and
// any of them may be 0. Values inside Int32Arrays (ids, targets) are unchecked. Optional arrays are null.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "../kernels/parallel.h"
#include "opcodes.h"

namespace lanegrad {

constexpr int kMaxRank = 16;
constexpr int kMaxLayers = 64;
constexpr int kMaxSamplerSteps = 256;
constexpr int64_t kBlockK = 256;        // K_BLOCK of backend.ts: part of the numeric contract, no tuning parameter
constexpr int64_t kReduceBlock = 4096;  // REDUCE_BLOCK of backend.ts

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

// y[sum i*y_stride] = x[sum i*x_stride]; x and y point at the offsets already. Strides of x may be 0 or negative.
struct CopyStridedArgs {
  const float* x;
  float* y;
  int32_t rank;
  const int32_t* dims;
  const int32_t* x_strides;
  const int32_t* y_strides;
};

// c = op(a)·op(b) (+ bias | + c), `batch` times. m, n and batch are > 0; k may be 0.
struct GemmArgs {
  bool trans_a, trans_b, accumulate;
  int64_t m, n, k;
  const float* a;
  const float* b;
  float* c;
  const float* bias;  // [n] or null
  int64_t batch, a_stride, b_stride, c_stride;
};

struct GatherRowsArgs {
  const float* table;
  const int32_t* ids;
  float* y;
  int64_t rows, count, width;  // table [rows, width], ids [count], y [count, width]
};

struct ScatterAddRowsArgs {
  const float* src;
  const int32_t* ids;
  float* table;
  int64_t rows, count, width;  // src [count, width], table [rows, width]
};

struct SoftmaxArgs {
  bool log;
  const float* x;
  float* y;
  int64_t rows, n;
};

struct SoftmaxBackwardArgs {
  bool log;
  const float* y;
  const float* dy;
  float* dx;
  int64_t rows, n;
};

struct CrossEntropyArgs {
  const float* x;
  const int32_t* targets;
  float* losses;
  float* lse;
  int64_t rows, classes, ignore_index;
};

struct CrossEntropyBackwardArgs {
  const float* x;
  const int32_t* targets;  // one out of range counts as no class: the kernel must not index with it
  const float* lse;
  const float* d_losses;
  float* dx;
  int64_t rows, classes, ignore_index;
};

struct LayerNormArgs {
  const float* x;
  const float* weight;  // [n] or null
  const float* bias;    // [n] or null
  float* y;
  float* mean;
  float* rstd;
  int64_t rows, n;
  double eps;
};

struct LayerNormBackwardArgs {
  const float* x;
  const float* weight;  // [n] or null
  const float* mean;
  const float* rstd;
  const float* dy;
  float* dx;        // [rows, n] or null
  float* d_weight;  // [n] or null
  float* d_bias;    // [n] or null
  int64_t rows, n;
};

struct LstmDims {
  int64_t steps, batch, inputs, hidden;
  bool reverse;
};

struct LstmInputs {
  const float* x;     // [T, B, I]
  const float* w_ih;  // [4H, I]
  const float* w_hh;  // [4H, H]
  const float* b_ih;  // [4H] or null
  const float* b_hh;  // [4H] or null
  const float* h0;    // [B, H]
  const float* c0;    // [B, H]
};

struct LstmArgs {
  LstmDims dims;
  LstmInputs in;
  float* y;          // [T, B, H]
  float* h_n;        // [B, H]
  float* c_n;        // [B, H]
  float* workspace;  // lstm_workspace(dims)
};

struct LstmBackwardArgs {
  LstmDims dims;
  LstmInputs in;
  const float* y;
  float* workspace;  // consumed
  const float* dy;   // [T, B, H] or null for zeros
  const float* dh_n;
  const float* dc_n;
  float* dx;  // each of the six may be null: not wanted
  float* dw_ih;
  float* dw_hh;
  float* db;
  float* dh0;
  float* dc0;
};

// word = (block low, block high, stream low, stream high) under key (seed low, seed high).
struct UniformArgs {
  uint32_t seed_lo, seed_hi, stream_lo, stream_hi;
  uint64_t block;
  float* y;
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

struct CharSamplerDims {
  int64_t vocab, embed, hidden;
  int32_t layers;  // 1 to kMaxLayers
};

struct CharSamplerLayer {
  const float* w_ih;  // [4H, E] in the first layer, [4H, H] above
  const float* w_hh;  // [4H, H]
  const float* b_ih;  // [4H]
  const float* b_hh;  // [4H]
};

struct CharSamplerWeights {
  CharSamplerDims dims;
  const float* embedding;  // [V, E]
  CharSamplerLayer layers[kMaxLayers];
  const float* head_weight;  // [V, H]
  const float* head_bias;    // [V]
};

struct CharSamplerArgs {
  CharSamplerDims dims;
  const float* packed;   // what char_sampler_pack of the same table wrote
  int32_t* ids;          // [steps + 1]
  const double* draws;   // [steps]
  float* state;          // [2, layers, H]
  int32_t given, steps;  // 1 <= given, 0 <= steps <= kMaxSamplerSteps
  double temperature, top_p;
  int64_t top_k;
};

// A kernel that keeps a `_scratch` twin gets that many floats; a null twin means none. The size may depend on the
// arguments' sizes, flags and thread count, not on what the arrays hold.
struct KernelTable {
  const char* name;

  void (*unary)(const UnaryArgs&, const Parallel&);
  void (*binary)(const BinaryArgs&, const Parallel&);
  void (*compare)(const CompareArgs&, const Parallel&);
  void (*select)(const SelectArgs&, const Parallel&);

  void (*reduce)(const ReduceArgs&, const Parallel&, Scratch);
  size_t (*reduce_scratch)(const ReduceArgs&, int threads);
  void (*arg_reduce)(const ArgReduceArgs&, const Parallel&);

  void (*copy_strided)(const CopyStridedArgs&, const Parallel&);

  void (*gemm)(const GemmArgs&, const Parallel&, Scratch);
  size_t (*gemm_scratch)(const GemmArgs&, int threads);

  int64_t (*gather_rows)(const GatherRowsArgs&, const Parallel&);
  int64_t (*scatter_add_rows)(const ScatterAddRowsArgs&, const Parallel&);

  void (*softmax)(const SoftmaxArgs&, const Parallel&);
  void (*softmax_backward)(const SoftmaxBackwardArgs&, const Parallel&);
  int64_t (*cross_entropy)(const CrossEntropyArgs&, const Parallel&);
  void (*cross_entropy_backward)(const CrossEntropyBackwardArgs&, const Parallel&);

  void (*layer_norm)(const LayerNormArgs&, const Parallel&);
  void (*layer_norm_backward)(const LayerNormBackwardArgs&, const Parallel&);

  // Size and layout are the same on every ISA, so that a backward may follow on another one.
  int64_t (*lstm_workspace)(const LstmDims&);
  void (*lstm)(const LstmArgs&, const Parallel&, Scratch);
  size_t (*lstm_scratch)(const LstmArgs&, int threads);
  void (*lstm_backward)(const LstmBackwardArgs&, const Parallel&, Scratch);
  size_t (*lstm_backward_scratch)(const LstmBackwardArgs&, int threads);

  void (*uniform)(const UniformArgs&, const Parallel&);

  void (*adam)(const AdamArgs&, const Parallel&);
  void (*sgd)(const SgdArgs&, const Parallel&);
  double (*sum_squares)(const SumSquaresArgs&, const Parallel&, Scratch);
  size_t (*sum_squares_scratch)(const SumSquaresArgs&, int threads);
  void (*scale)(const ScaleArgs&, const Parallel&);

  // Floats of a sampler's own packed copy of the weights (64-byte aligned), the packing, and the walk. The walk
  // returns -1, or the place of the first id of the caller's that is out of range (nothing is written).
  size_t (*char_sampler_size)(const CharSamplerDims&);
  void (*char_sampler_pack)(const CharSamplerWeights&, float* packed);
  int64_t (*char_sampler_run)(const CharSamplerArgs&, const Parallel&, Scratch);
  size_t (*char_sampler_run_scratch)(const CharSamplerArgs&, int threads);
};

// One table an instruction set, exported by native/kernels/isa_<name>.cc.
namespace baseline {
extern const KernelTable kTable;
}
namespace avx2 {
extern const KernelTable kTable;
}
namespace avx512 {
extern const KernelTable kTable;
}
namespace neon {
extern const KernelTable kTable;
}

}  // namespace lanegrad
