// The process's one pool of worker threads.
//
// The caller takes part in its own job, so a job finishes even when no worker ever comes: threads that cannot be
// created, or are not awake yet, cost speed and never progress. One job runs at a time; a second caller (another
// environment) that finds the pool busy runs its job alone on its own thread. Results do not depend on any of this.
#pragma once

#include "../kernels/parallel.h"

namespace lanegrad {

constexpr int kMaxThreads = 64;

// The Parallel of a caller that wants at most `threads` threads, itself included (clamped to 1 … kMaxThreads).
Parallel parallel_with(int threads) noexcept;

// Every environment that loads the addon retains the pool and releases it at its end. Without one the workers end;
// the next job starts them again.
void retain_pool() noexcept;
void release_pool() noexcept;

// Worker threads alive now, the callers not counted.
int live_workers() noexcept;

// Keeps this shared object mapped until the process ends: a worker may still be on its way out when the last
// environment closes it. False where the loader refuses.
bool pin_module() noexcept;

}  // namespace lanegrad
