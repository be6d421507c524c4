// What the thread pool asks of the operating system beyond the C++ library.
#pragma once

namespace lanegrad {

// Starts a thread that nobody joins. False when the system has none to give (std::thread would throw).
bool start_detached(void (*run)(void*), void* arg) noexcept;

// Runs `fn` in the child after fork(), whose only thread is the one that forked. Nothing where there is no fork.
void on_fork_child(void (*fn)()) noexcept;

// Keeps the shared object that holds `address` mapped for good.
bool pin_module_of(void* address) noexcept;

}  // namespace lanegrad
