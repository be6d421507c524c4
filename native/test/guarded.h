// An array between two pages that must not be touched, flush with the one behind it or the one before it.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if !defined(_WIN32)
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "check.h"

enum class Flush { kEnd, kStart };

template <class T>
class Guarded {
 public:
  Guarded(size_t count, Flush flush) : count_(count) {
#if defined(_WIN32)
    (void)flush;
    memory_ = static_cast<char*>(malloc(count * sizeof(T) + 1));
    data = reinterpret_cast<T*>(memory_);
#else
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t inner = (count * sizeof(T) + page - 1) / page * page;
    bytes_ = inner + 2 * page;
    void* memory = mmap(nullptr, bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    memory_ = static_cast<char*>(memory);
    if (inner > 0) CHECK(mprotect(memory_ + page, inner, PROT_READ | PROT_WRITE) == 0);
    char* first = flush == Flush::kStart ? memory_ + page : memory_ + page + inner - count * sizeof(T);
    data = reinterpret_cast<T*>(first);
#endif
  }
  ~Guarded() {
#if defined(_WIN32)
    free(memory_);
#else
    munmap(memory_, bytes_);
#endif
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  T& operator[](size_t i) { return data[i]; }
  size_t size() const { return count_; }

  T* data;

 private:
  size_t count_;
  char* memory_ = nullptr;
  size_t bytes_ = 0;
};
