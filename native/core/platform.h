// What the core asks of the operating system beyond the C++ library.
#pragma once

#include <stddef.h>

namespace lanegrad {

// Starts a thread that nobody joins. False when the system has none to give (std::thread would throw).
bool start_detached(void (*run)(void*), void* arg) noexcept;

// Runs `fn` in the child after fork(), whose only thread is the one that forked. Nothing where there is no fork.
void on_fork_child(void (*fn)()) noexcept;

// Keeps the shared object that holds `address` mapped for good.
bool pin_module_of(void* address) noexcept;

// A page of the larger kind, where there are two.
constexpr size_t kLargePage = size_t{2} << 20;

// Asks that what lies at [data, data + bytes) be held in large pages as far as it fills them. A wish: small ones do as well,
// but memory of some megabytes is then paid for page by page, when it is touched for the first time (half of the time
// of adding two large arrays) and at every walk through it (up to a tenth of a large product or recurrent layer).
void prefer_large_pages(void* data, size_t bytes) noexcept;

}  // namespace lanegrad
