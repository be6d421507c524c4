#include "exports.h"

#include "call.h"
#include "readers.h"
#include "sampler.h"

namespace lanegrad {
namespace {

using T = KernelTable;

// (steps, batch, inputs, hidden, reverse) → elements of the workspace.
template <auto kSize>
napi_value workspace_size(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, info, [env](Args& in) -> napi_value {
    const RecurrentDims dims = read_recurrent_dims(in);
    if (!in.report()) return nullptr;
    return to_js(env, static_cast<double>((in.state().table->*kSize)(dims)));
  });
}

constexpr Export kKernels[] = {
    {"unary", call<read_unary, &T::unary>},
    {"binary", call<read_binary, &T::binary>},
    {"compare", call<read_compare, &T::compare>},
    {"select", call<read_select, &T::select>},
    {"lerp", call<read_lerp, &T::lerp>},
    {"isclose", call<read_isclose, &T::isclose>},
    {"reduce", call<read_reduce, &T::reduce, &T::reduce_scratch>},
    {"argReduce", call<read_arg_reduce, &T::arg_reduce, &T::arg_reduce_scratch>},
    {"extremes", call<read_extremes, &T::extremes, &T::extremes_scratch>},
    {"moments", call<read_moments, &T::moments, &T::moments_scratch>},
    {"scan", call<read_scan, &T::scan, &T::scan_scratch>},
    {"linearScan", call<read_linear_scan, &T::linear_scan>},
    {"extremeScan", call<read_extreme_scan, &T::extreme_scan>},
    {"sortRows", call<read_sort_rows, &T::sort_rows, &T::sort_rows_scratch>},
    {"topRows", call<read_top_rows, &T::top_rows, &T::top_rows_scratch>},
    {"rankRows", call<read_rank_rows, &T::rank_rows, &T::rank_rows_scratch>},
    {"copyStrided", call<read_copy_strided, &T::copy_strided>},
    {"convert", call<read_convert, &T::convert>},
    {"gemm", call<read_gemm, &T::gemm, &T::gemm_scratch>},
    {"gatherRows", call<read_gather_rows, &T::gather_rows>},
    {"scatterAddRows", call<read_scatter_add_rows, &T::scatter_add_rows>},
    {"setRows", call<read_scatter_add_rows, &T::set_rows>},
    {"places", call<read_places, &T::places>},
    {"nonzero", call<read_nonzero, &T::nonzero>},
    {"softmax", call<read_softmax, &T::softmax>},
    {"softmaxBackward", call<read_softmax_backward, &T::softmax_backward>},
    {"crossEntropy", call<read_cross_entropy, &T::cross_entropy>},
    {"crossEntropyBackward", call<read_cross_entropy_backward, &T::cross_entropy_backward>},
    {"layerNorm", call<read_layer_norm, &T::layer_norm>},
    {"layerNormBackward", call<read_layer_norm_backward, &T::layer_norm_backward, &T::layer_norm_backward_scratch>},
    {"batchMoments", call<read_batch_moments, &T::batch_moments, &T::batch_moments_scratch>},
    {"channelNorm", call<read_channel_norm, &T::channel_norm>},
    {"channelNormBackward",
     call<read_channel_norm_backward, &T::channel_norm_backward, &T::channel_norm_backward_scratch>},
    {"lstmWorkspaceSize", workspace_size<&T::lstm_workspace>},
    {"lstm", call<read_lstm, &T::lstm, &T::lstm_scratch>},
    {"lstmBackward", call<read_lstm_backward, &T::lstm_backward, &T::lstm_backward_scratch>},
    {"conv2d", call<read_conv2d, &T::conv2d, &T::conv2d_scratch>},
    {"conv2dBackwardData",
     call<read_conv2d_backward_data, &T::conv2d_backward_data, &T::conv2d_backward_data_scratch>},
    {"conv2dBackwardWeight",
     call<read_conv2d_backward_weight, &T::conv2d_backward_weight, &T::conv2d_backward_weight_scratch>},
    {"maxPool2d", call<read_max_pool2d, &T::max_pool2d>},
    {"maxPool2dBackward", call<read_max_pool2d_backward, &T::max_pool2d_backward>},
    {"im2col", call<read_im2col, &T::im2col>},
    {"col2im", call<read_col2im, &T::col2im>},
    {"resample", call<read_resample, &T::resample, &T::resample_scratch>},
    {"gruWorkspaceSize", workspace_size<&T::gru_workspace>},
    {"gru", call<read_gru, &T::gru, &T::gru_scratch>},
    {"gruBackward", call<read_gru_backward, &T::gru_backward, &T::gru_backward_scratch>},
    {"rnn", call<read_rnn, &T::rnn, &T::rnn_scratch>},
    {"rnnBackward", call<read_rnn_backward, &T::rnn_backward, &T::rnn_backward_scratch>},
    {"uniform", call<read_uniform, &T::uniform>},
    {"uniformRows", call<read_uniform_rows, &T::uniform_rows>},
    {"uniform53", call<read_uniform53, &T::uniform53>},
    {"normal", call<read_normal, &T::normal>},
    {"integers", call<read_integers, &T::integers>},
    {"adam", call<read_adam, &T::adam>},
    {"sgd", call<read_sgd, &T::sgd>},
    {"update", call<read_update, &T::update>},
    {"sumSquares", call<read_sum_squares, &T::sum_squares, &T::sum_squares_scratch>},
    {"scale", call<read_scale, &T::scale>},
    {"createCharSampler", create_char_sampler},
    {"runCharSampler", run_char_sampler},
    {"yardstick", call<read_yardstick, &T::yardstick>},
};

}  // namespace

ExportList kernel_exports() noexcept { return {kKernels, sizeof kKernels / sizeof *kKernels}; }

}  // namespace lanegrad
