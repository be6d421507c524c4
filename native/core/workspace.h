// Temporary memory that outlives a call, so that a training step allocates nothing.
#pragma once

#include <stddef.h>

namespace lanegrad {

constexpr size_t kScratchAlign = 64;

// 64-byte aligned, uninitialised, or null when there is no memory. Freed with free_aligned.
float* allocate_aligned(size_t floats) noexcept;
void free_aligned(float* data) noexcept;

// Grows to the largest size asked for and keeps it. Each environment has its own, so no call meets another's.
class Workspace {
 public:
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() { free_aligned(data_); }

  // At least `floats` of memory; the old content is lost. Null when there is no memory, and then the workspace is
  // empty and may be asked again.
  float* reserve(size_t floats) noexcept;

 private:
  float* data_ = nullptr;
  size_t floats_ = 0;
};

}  // namespace lanegrad
