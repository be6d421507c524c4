// The table of kernels that each instruction set exports; args/ holds the argument structs.
//
// One field a method of `Backend` (src/backend/seam); names, meanings and the numeric contract are those of that
// interface. Sizes are elements. By the time a kernel runs, the binding has checked that every array reaches as far as the
// sizes say, that opcodes are in range, and that outputs overlap nothing they must not; sizes are at most 2^31 - 1 and
// any of them may be 0. Values inside Int32Arrays (ids, targets) are unchecked. Optional arrays are null.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "../kernels/parallel.h"
#include "args/conv.h"
#include "args/elementwise.h"
#include "args/layers.h"
#include "args/optim.h"
#include "args/order.h"
#include "args/recurrent.h"
#include "args/yardstick.h"

namespace lanegrad {

constexpr int64_t kBlockK = 256;        // K_BLOCK of backend.ts: part of the numeric contract, no tuning parameter
constexpr int64_t kReduceBlock = 4096;  // REDUCE_BLOCK of backend.ts
constexpr int64_t kScanBlock = 256;     // SCAN_BLOCK of backend.ts

// A kernel that keeps a `_scratch` twin gets that many floats; a null twin means none. The size may depend on the
// arguments' sizes, flags and thread count, not on what the arrays hold.
struct KernelTable {
  const char* name;

  void (*unary)(const UnaryArgs&, const Parallel&);
  void (*binary)(const BinaryArgs&, const Parallel&);
  void (*compare)(const CompareArgs&, const Parallel&);
  void (*select)(const SelectArgs&, const Parallel&);
  void (*lerp)(const LerpArgs&, const Parallel&);
  void (*isclose)(const IscloseArgs&, const Parallel&);

  void (*reduce)(const ReduceArgs&, const Parallel&, Scratch);
  size_t (*reduce_scratch)(const ReduceArgs&, int threads);
  void (*arg_reduce)(const ArgReduceArgs&, const Parallel&, Scratch);
  size_t (*arg_reduce_scratch)(const ArgReduceArgs&, int threads);
  void (*extremes)(const ExtremesArgs&, const Parallel&, Scratch);
  size_t (*extremes_scratch)(const ExtremesArgs&, int threads);

  void (*moments)(const MomentsArgs&, const Parallel&, Scratch);
  size_t (*moments_scratch)(const MomentsArgs&, int threads);
  void (*scan)(const ScanArgs&, const Parallel&, Scratch);
  size_t (*scan_scratch)(const ScanArgs&, int threads);
  void (*linear_scan)(const LinearScanArgs&, const Parallel&);
  void (*extreme_scan)(const ExtremeScanArgs&, const Parallel&);
  void (*sort_rows)(const SortRowsArgs&, const Parallel&, Scratch);
  size_t (*sort_rows_scratch)(const SortRowsArgs&, int threads);
  void (*top_rows)(const TopRowsArgs&, const Parallel&, Scratch);
  size_t (*top_rows_scratch)(const TopRowsArgs&, int threads);
  int64_t (*rank_rows)(const RankRowsArgs&, const Parallel&, Scratch);
  size_t (*rank_rows_scratch)(const RankRowsArgs&, int threads);

  void (*copy_strided)(const CopyStridedArgs&, const Parallel&);
  void (*convert)(const ConvertArgs&, const Parallel&);

  void (*gemm)(const GemmArgs&, const Parallel&, Scratch);
  size_t (*gemm_scratch)(const GemmArgs&, int threads);

  int64_t (*gather_rows)(const GatherRowsArgs&, const Parallel&);
  int64_t (*scatter_add_rows)(const ScatterAddRowsArgs&, const Parallel&);
  int64_t (*set_rows)(const SetRowsArgs&, const Parallel&);
  int64_t (*places)(const PlacesArgs&, const Parallel&);
  int64_t (*nonzero)(const NonzeroArgs&, const Parallel&);

  void (*softmax)(const SoftmaxArgs&, const Parallel&);
  void (*softmax_backward)(const SoftmaxBackwardArgs&, const Parallel&);
  int64_t (*cross_entropy)(const CrossEntropyArgs&, const Parallel&);
  void (*cross_entropy_backward)(const CrossEntropyBackwardArgs&, const Parallel&);

  void (*layer_norm)(const LayerNormArgs&, const Parallel&);
  void (*layer_norm_backward)(const LayerNormBackwardArgs&, const Parallel&, Scratch);
  size_t (*layer_norm_backward_scratch)(const LayerNormBackwardArgs&, int threads);

  void (*batch_moments)(const BatchMomentsArgs&, const Parallel&, Scratch);
  size_t (*batch_moments_scratch)(const BatchMomentsArgs&, int threads);
  void (*channel_norm)(const ChannelNormArgs&, const Parallel&);
  void (*channel_norm_backward)(const ChannelNormBackwardArgs&, const Parallel&, Scratch);
  size_t (*channel_norm_backward_scratch)(const ChannelNormBackwardArgs&, int threads);

  // Size and layout of a workspace are the same on every ISA, so that a backward may follow on another one.
  int64_t (*lstm_workspace)(const RecurrentDims&);
  void (*lstm)(const LstmArgs&, const Parallel&, Scratch);
  size_t (*lstm_scratch)(const LstmArgs&, int threads);
  void (*lstm_backward)(const LstmBackwardArgs&, const Parallel&, Scratch);
  size_t (*lstm_backward_scratch)(const LstmBackwardArgs&, int threads);
  int64_t (*gru_workspace)(const RecurrentDims&);
  void (*gru)(const GruArgs&, const Parallel&, Scratch);
  size_t (*gru_scratch)(const GruArgs&, int threads);
  void (*gru_backward)(const GruBackwardArgs&, const Parallel&, Scratch);
  size_t (*gru_backward_scratch)(const GruBackwardArgs&, int threads);
  void (*rnn)(const RnnArgs&, const Parallel&, Scratch);
  size_t (*rnn_scratch)(const RnnArgs&, int threads);
  void (*rnn_backward)(const RnnBackwardArgs&, const Parallel&, Scratch);
  size_t (*rnn_backward_scratch)(const RnnBackwardArgs&, int threads);

  void (*conv2d)(const Conv2dArgs&, const Parallel&, Scratch);
  size_t (*conv2d_scratch)(const Conv2dArgs&, int threads);
  void (*conv2d_backward_data)(const Conv2dBackwardDataArgs&, const Parallel&, Scratch);
  size_t (*conv2d_backward_data_scratch)(const Conv2dBackwardDataArgs&, int threads);
  void (*conv2d_backward_weight)(const Conv2dBackwardWeightArgs&, const Parallel&, Scratch);
  size_t (*conv2d_backward_weight_scratch)(const Conv2dBackwardWeightArgs&, int threads);
  void (*max_pool2d)(const MaxPool2dArgs&, const Parallel&);
  void (*max_pool2d_backward)(const MaxPool2dBackwardArgs&, const Parallel&);
  void (*im2col)(const PatchArgs&, const Parallel&);
  void (*col2im)(const PatchArgs&, const Parallel&);
  void (*resample)(const ResampleArgs&, const Parallel&, Scratch);
  size_t (*resample_scratch)(const ResampleArgs&, int threads);

  void (*uniform)(const UniformArgs&, const Parallel&);
  void (*uniform_rows)(const UniformRowsArgs&, const Parallel&);
  void (*uniform53)(const Uniform53Args&, const Parallel&);
  void (*normal)(const NormalArgs&, const Parallel&);
  void (*integers)(const IntegersArgs&, const Parallel&);

  void (*adam)(const AdamArgs&, const Parallel&);
  void (*sgd)(const SgdArgs&, const Parallel&);
  void (*update)(const UpdateArgs&, const Parallel&);
  double (*sum_squares)(const SumSquaresArgs&, const Parallel&, Scratch);
  size_t (*sum_squares_scratch)(const SumSquaresArgs&, int threads);
  void (*scale)(const ScaleArgs&, const Parallel&);

  // Floats of a sampler's own packed copy of the weights (64-byte aligned), the packing, and the walk. The walk
  // returns -1, or the place of the first id of the caller's that is out of range (nothing is written).
  size_t (*char_sampler_size)(const CharSamplerDims&);
  void (*char_sampler_pack)(const CharSamplerWeights&, float* packed);
  int64_t (*char_sampler_run)(const CharSamplerArgs&, const Parallel&, Scratch);
  size_t (*char_sampler_run_scratch)(const CharSamplerArgs&, int threads);

  // Floating-point operations done, or bytes read and written.
  double (*yardstick)(const YardstickArgs&, const Parallel&);
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
