#include "workspace.h"

#include <stdint.h>
#include <stdlib.h>
#if defined(_WIN32)
#include <malloc.h>
#endif

#include "platform.h"

namespace lanegrad {

float* allocate_aligned(size_t floats) noexcept {
  if (floats > (SIZE_MAX - kScratchAlign) / sizeof(float)) return nullptr;
  // aligned_alloc wants a multiple of the alignment, and never nothing.
  const size_t bytes = (floats * sizeof(float) / kScratchAlign + 1) * kScratchAlign;
#if defined(_WIN32)
  return static_cast<float*>(_aligned_malloc(bytes, kScratchAlign));
#else
  if (bytes < kLargePage || bytes > SIZE_MAX - kLargePage) {
    return static_cast<float*>(aligned_alloc(kScratchAlign, bytes));
  }
  const size_t rounded = (bytes + kLargePage - 1) / kLargePage * kLargePage;
  void* data = aligned_alloc(kLargePage, rounded);
  if (data != nullptr) prefer_large_pages(data, rounded);
  return static_cast<float*>(data);
#endif
}

void free_aligned(float* data) noexcept {
#if defined(_WIN32)
  _aligned_free(data);
#else
  free(data);
#endif
}

float* Workspace::reserve(size_t floats) noexcept {
  if (data_ != nullptr && floats <= floats_) return data_;
  free_aligned(data_);
  data_ = allocate_aligned(floats);
  floats_ = data_ == nullptr ? 0 : floats;
  return data_;
}

}  // namespace lanegrad
