// Every kernel, in the order of their needs. Included once in each per-ISA namespace, after its vector header: one
// formula, compiled for every instruction set. A kernel bears the name of its field in KernelTable.
#pragma once

#include "../simd/math.inl.h"
#if __has_include("elementwise.inl.h")
#include "elementwise.inl.h"
#endif
#if __has_include("reduce.inl.h")
#include "reduce.inl.h"
#endif
#if __has_include("rows.inl.h")
#include "rows.inl.h"
#endif
#if __has_include("softmax.inl.h")
#include "softmax.inl.h"
#endif
#if __has_include("norm.inl.h")
#include "norm.inl.h"
#endif
#if __has_include("optim.inl.h")
#include "optim.inl.h"
#endif
#if __has_include("random.inl.h")
#include "random.inl.h"
#endif
#if __has_include("gemm.inl.h")
#include "gemm.inl.h"
#endif
#if __has_include("lstm.inl.h")
#include "lstm.inl.h"
#endif
#if __has_include("char_sampler.inl.h")
#include "char_sampler.inl.h"
#endif
