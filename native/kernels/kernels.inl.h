// Every kernel, in the order of their needs. Included once in each per-ISA namespace, after its vector header: one
// formula, compiled for every instruction set. A kernel bears the name of its field in KernelTable.
#pragma once

#include "../simd/math.inl.h"
#include "elementwise.inl.h"
#include "reduce.inl.h"
#include "rows.inl.h"
#include "softmax.inl.h"
#include "norm.inl.h"
#include "optim.inl.h"
#include "random.inl.h"
#include "gemm.inl.h"
#include "conv.inl.h"
#include "pool.inl.h"
#include "patches.inl.h"
#include "resample.inl.h"
#include "recurrent.inl.h"
#include "lstm.inl.h"
#include "gru.inl.h"
#include "rnn.inl.h"
#include "char_sampler.inl.h"
#include "yardstick.inl.h"
