// One reader a kernel: its arguments in the order of src/backend/native/addon.ts, with the extent of every array.
// A reader returns false when there is nothing to compute.
#pragma once

#include "args.h"

namespace lanegrad {

// (…, outer, n, inner, …): the sizes of a walk along the middle axis; returns how many outputs a reduction over it has.
template <class Walk>
int64_t read_walk(Args& in, Walk& walk) {
  walk.outer = in.dim("outer");
  walk.n = in.dim("n");
  walk.inner = in.dim("inner");
  return in.mul(walk.outer, walk.inner);
}

bool read_unary(Args& in, UnaryArgs& a);
bool read_binary(Args& in, BinaryArgs& a);
bool read_compare(Args& in, CompareArgs& a);
bool read_select(Args& in, SelectArgs& a);
bool read_lerp(Args& in, LerpArgs& a);
bool read_isclose(Args& in, IscloseArgs& a);
bool read_reduce(Args& in, ReduceArgs& a);
bool read_arg_reduce(Args& in, ArgReduceArgs& a);
bool read_extremes(Args& in, ExtremesArgs& a);
bool read_moments(Args& in, MomentsArgs& a);
bool read_scan(Args& in, ScanArgs& a);
bool read_linear_scan(Args& in, LinearScanArgs& a);
bool read_extreme_scan(Args& in, ExtremeScanArgs& a);
bool read_sort_rows(Args& in, SortRowsArgs& a);
bool read_top_rows(Args& in, TopRowsArgs& a);
bool read_rank_rows(Args& in, RankRowsArgs& a);
bool read_copy_strided(Args& in, CopyStridedArgs& a);
bool read_convert(Args& in, ConvertArgs& a);
bool read_gemm(Args& in, GemmArgs& a);
bool read_gather_rows(Args& in, GatherRowsArgs& a);
bool read_scatter_add_rows(Args& in, ScatterAddRowsArgs& a);
bool read_places(Args& in, PlacesArgs& a);
bool read_nonzero(Args& in, NonzeroArgs& a);
bool read_softmax(Args& in, SoftmaxArgs& a);
bool read_softmax_backward(Args& in, SoftmaxBackwardArgs& a);
bool read_cross_entropy(Args& in, CrossEntropyArgs& a);
bool read_cross_entropy_backward(Args& in, CrossEntropyBackwardArgs& a);
bool read_layer_norm(Args& in, LayerNormArgs& a);
bool read_layer_norm_backward(Args& in, LayerNormBackwardArgs& a);
bool read_batch_moments(Args& in, BatchMomentsArgs& a);
bool read_channel_norm(Args& in, ChannelNormArgs& a);
bool read_channel_norm_backward(Args& in, ChannelNormBackwardArgs& a);
RecurrentDims read_recurrent_dims(Args& in);
bool read_lstm(Args& in, LstmArgs& a);
bool read_lstm_backward(Args& in, LstmBackwardArgs& a);
bool read_conv2d(Args& in, Conv2dArgs& a);
bool read_conv2d_backward_data(Args& in, Conv2dBackwardDataArgs& a);
bool read_conv2d_backward_weight(Args& in, Conv2dBackwardWeightArgs& a);
bool read_max_pool2d(Args& in, MaxPool2dArgs& a);
bool read_max_pool2d_backward(Args& in, MaxPool2dBackwardArgs& a);
bool read_im2col(Args& in, PatchArgs& a);
bool read_col2im(Args& in, PatchArgs& a);
bool read_resample(Args& in, ResampleArgs& a);
bool read_gru(Args& in, GruArgs& a);
bool read_gru_backward(Args& in, GruBackwardArgs& a);
bool read_rnn(Args& in, RnnArgs& a);
bool read_rnn_backward(Args& in, RnnBackwardArgs& a);
bool read_uniform(Args& in, UniformArgs& a);
bool read_uniform_rows(Args& in, UniformRowsArgs& a);
bool read_uniform53(Args& in, Uniform53Args& a);
bool read_normal(Args& in, NormalArgs& a);
bool read_integers(Args& in, IntegersArgs& a);
bool read_adam(Args& in, AdamArgs& a);
bool read_sgd(Args& in, SgdArgs& a);
bool read_update(Args& in, UpdateArgs& a);
bool read_sum_squares(Args& in, SumSquaresArgs& a);
bool read_scale(Args& in, ScaleArgs& a);
bool read_yardstick(Args& in, YardstickArgs& a);

}  // namespace lanegrad
