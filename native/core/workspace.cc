#include "workspace.h"

#include <stdint.h>
#include <stdlib.h>
#if defined(_WIN32)
#include <malloc.h>
#elif defined(__linux__)
#include <sys/mman.h>
#endif

namespace lanegrad {
#if defined(__linux__)
namespace {

// Packed operands of some megabytes are walked again and again: on pages of 4 KiB the address translation costs up to
// a tenth of a large product or recurrent layer.
constexpr size_t kHugePage = size_t{2} << 20;

float* allocate_huge(size_t bytes) noexcept {
  const size_t rounded = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  void* data = aligned_alloc(kHugePage, rounded);
  if (data != nullptr) madvise(data, rounded, MADV_HUGEPAGE);  // a wish: small pages do as well
  return static_cast<float*>(data);
}

}  // namespace
#endif

float* allocate_aligned(size_t floats) noexcept {
  if (floats > (SIZE_MAX - kScratchAlign) / sizeof(float)) return nullptr;
  // aligned_alloc wants a multiple of the alignment, and never nothing.
  const size_t bytes = (floats * sizeof(float) / kScratchAlign + 1) * kScratchAlign;
#if defined(_WIN32)
  return static_cast<float*>(_aligned_malloc(bytes, kScratchAlign));
#else
#if defined(__linux__)
  if (bytes >= kHugePage && bytes <= SIZE_MAX - kHugePage) return allocate_huge(bytes);
#endif
  return static_cast<float*>(aligned_alloc(kScratchAlign, bytes));
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
