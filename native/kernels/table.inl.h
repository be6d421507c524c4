// The table of this namespace's kernels; included outside the anonymous namespace, so that it alone is exported.
#pragma once

const KernelTable kTable = {
    .name = kIsaName,
#if __has_include("elementwise.inl.h")
    .unary = unary,
    .binary = binary,
    .compare = compare,
    .select = select,
#endif
#if __has_include("reduce.inl.h")
    .reduce = reduce,
    .reduce_scratch = reduce_scratch,
    .arg_reduce = arg_reduce,
#endif
#if __has_include("rows.inl.h")
    .copy_strided = copy_strided,
#endif
#if __has_include("gemm.inl.h")
    .gemm = gemm,
    .gemm_scratch = gemm_scratch,
#endif
#if __has_include("rows.inl.h")
    .gather_rows = gather_rows,
    .scatter_add_rows = scatter_add_rows,
#endif
#if __has_include("softmax.inl.h")
    .softmax = softmax,
    .softmax_backward = softmax_backward,
    .cross_entropy = cross_entropy,
    .cross_entropy_backward = cross_entropy_backward,
#endif
#if __has_include("norm.inl.h")
    .layer_norm = layer_norm,
    .layer_norm_backward = layer_norm_backward,
    .layer_norm_backward_scratch = layer_norm_backward_scratch,
#endif
#if __has_include("lstm.inl.h")
    .lstm_workspace = lstm_workspace,
    .lstm = lstm,
    .lstm_scratch = lstm_scratch,
    .lstm_backward = lstm_backward,
    .lstm_backward_scratch = lstm_backward_scratch,
#endif
#if __has_include("random.inl.h")
    .uniform = uniform,
#endif
#if __has_include("optim.inl.h")
    .adam = adam,
    .sgd = sgd,
#endif
#if __has_include("optim.inl.h")
    .sum_squares = sum_squares,
    .sum_squares_scratch = sum_squares_scratch,
    .scale = scale,
#endif
#if __has_include("char_sampler.inl.h")
    .char_sampler_size = char_sampler_size,
    .char_sampler_pack = char_sampler_pack,
    .char_sampler_run = char_sampler_run,
    .char_sampler_run_scratch = char_sampler_run_scratch,
#endif
};
