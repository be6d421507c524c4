// How a kernel splits its work, and where it finds temporary memory. The core fills both in; kernels know no pool.
#pragma once

#include <stddef.h>

namespace lanegrad {

// Runs `tasks` calls of `fn`, in any order, on at most `threads` threads, and returns when all are done.
//
// How each element is computed follows from the shape of the problem alone, never from `threads`; that is what keeps
// the bits the same at any thread count. So does the cut into tasks, but where no element's arithmetic depends on its
// task (products, recurrent layers): there it may follow `threads`. `worker` is in [0, threads) and no two tasks that run at
// the same time share it: it selects a slice of the scratch. Worker w starts with the w-th contiguous share of the
// tasks, so equal splits meet the same core again; whoever is done first takes over from the others.
// A task must not call either. One fork and join costs about 0.2 µs while the workers spin and 10 to 50 µs once they are
// parked (after about 200 µs without work), so a task should be worth some 10 µs; `tasks` of 0 or 1 costs nothing.
//
// `run` wakes parked workers at once; `run_light`, for tasks of some 10 µs, only when the caller has found more work
// than waking them costs.
struct Parallel {
  using Task = void (*)(void* ctx, int task, int worker);

  int threads;
  void (*run)(const Parallel& self, int tasks, Task fn, void* ctx);
  void (*run_light)(const Parallel& self, int tasks, Task fn, void* ctx);
};

// Memory of one call, 64-byte aligned, not initialised, of the size the kernel's `_scratch` function asked for.
struct Scratch {
  float* data;
  size_t floats;
};

}  // namespace lanegrad
