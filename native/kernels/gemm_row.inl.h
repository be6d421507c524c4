// The row class of matrix products: one row times a transposed, so row-major, B. Each output is a dot of two
// contiguous rows over 16 virtual lanes, folded once a block of K; nothing is packed, since B is read only once.
#pragma once

inline bool is_row_class(const GemmArgs& args) { return args.m == 1 && args.trans_b; }

// y[r] = start + x·b[r, :] for `ROWS` rows of b.
template <int ROWS>
LANEGRAD_INLINE void dot_rows(const float* x, const float* b, int64_t ldb, int64_t k, const float* start, float* y) {
  float sum[ROWS];
  for (int r = 0; r < ROWS; ++r) sum[r] = start == nullptr ? 0.0f : start[r];
  for (int64_t k0 = 0; k0 < k; k0 += kBlockK) {
    const int64_t depth = smaller(kBlockK, k - k0);
    v16 acc[ROWS];
    LANEGRAD_UNROLL for (int r = 0; r < ROWS; ++r) acc[r] = zero16();
    int64_t i = k0;
    for (; i + kVirtualLanes <= k0 + depth; i += kVirtualLanes) {
      const v16 xi = load16(x + i);
      LANEGRAD_UNROLL for (int r = 0; r < ROWS; ++r) acc[r] = fma(xi, load16(b + r * ldb + i), acc[r]);
    }
    if (i < k0 + depth) {
      const int left = static_cast<int>(k0 + depth - i);
      const v16 xi = load16_tail(x + i, left);
      LANEGRAD_UNROLL for (int r = 0; r < ROWS; ++r) acc[r] = fma(xi, load16_tail(b + r * ldb + i, left), acc[r]);
    }
    LANEGRAD_UNROLL for (int r = 0; r < ROWS; ++r) {
      const float block = hsum(acc[r]);
      sum[r] = k0 == 0 && start == nullptr ? block : sum[r] + block;
    }
  }
  for (int r = 0; r < ROWS; ++r) y[r] = sum[r];
}

// The columns of every item of the batch are cut into chunks; a task is a run of `per_task` chunks.
struct RowTasks {
  const GemmArgs* args;
  int64_t columns, chunks_per_item, per_task;
};

inline void multiply_row_chunk(const GemmArgs& args, int64_t item, int64_t j0, int64_t j1) {
  constexpr int kRows = kDotRows;
  const float* a = args.a + item * args.a_stride;
  const float* b = args.b + item * args.b_stride;
  float* c = args.c + item * args.c_stride;
  const float* start = args.accumulate ? c : args.bias;
  int64_t j = j0;
  for (; j + kRows <= j1; j += kRows) {
    dot_rows<kRows>(a, b + j * args.k, args.k, args.k, start == nullptr ? nullptr : start + j, c + j);
  }
  for (; j < j1; ++j) {
    dot_rows<1>(a, b + j * args.k, args.k, args.k, start == nullptr ? nullptr : start + j, c + j);
  }
}

inline void run_row_task(void* ctx, int task, int) {
  const auto& tasks = *static_cast<const RowTasks*>(ctx);
  const GemmArgs& args = *tasks.args;
  const int64_t first = task * tasks.per_task;
  const int64_t end = smaller(args.batch * tasks.chunks_per_item, first + tasks.per_task);
  for (int64_t chunk = first; chunk < end; ++chunk) {
    const int64_t j0 = chunk % tasks.chunks_per_item * tasks.columns;
    multiply_row_chunk(args, chunk / tasks.chunks_per_item, j0, smaller(args.n, j0 + tasks.columns));
  }
}

inline void multiply_row(const GemmArgs& args, const Parallel& par) {
  // Bound by reading B: half a megabyte of it is worth a task.
  constexpr int64_t kTaskFloats = 131072;
  const int64_t columns = larger(8, ceil_div(kTaskFloats, larger(args.k, 1)));
  const int64_t chunk_floats = larger(1, smaller(columns, args.n) * args.k);
  RowTasks tasks{&args, columns, ceil_div(args.n, columns), larger(1, kTaskFloats / chunk_floats)};
  par.run(par, static_cast<int>(ceil_div(args.batch * tasks.chunks_per_item, tasks.per_task)), run_row_task, &tasks);
}
