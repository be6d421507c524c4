#include "platform.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <stdint.h>
#include <stdlib.h>

namespace lanegrad {
namespace {

// The same everywhere: musl's default of 128 KiB would not hold a kernel's tile buffers.
constexpr size_t kStackBytes = size_t{2} << 20;

struct Start {
  void (*run)(void*);
  void* arg;
};

void begin(void* raw) noexcept {
  const Start start = *static_cast<Start*>(raw);
  free(raw);
  start.run(start.arg);
}

#if defined(_WIN32)
DWORD WINAPI thread_main(void* raw) {
  begin(raw);
  return 0;
}
#else
void* thread_main(void* raw) {
  begin(raw);
  return nullptr;
}
#endif

}  // namespace

bool start_detached(void (*run)(void*), void* arg) noexcept {
  auto* start = static_cast<Start*>(malloc(sizeof(Start)));
  if (start == nullptr) return false;
  *start = {run, arg};
#if defined(_WIN32)
  HANDLE thread = CreateThread(nullptr, kStackBytes, thread_main, start, 0, nullptr);
  const bool ok = thread != nullptr;
  if (ok) CloseHandle(thread);
#else
  pthread_attr_t attr;
  bool ok = pthread_attr_init(&attr) == 0;
  if (ok) {
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, kStackBytes);
    // Signals are Node's business: a worker that took one would run its handler outside the event loop.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    ok = pthread_create(&thread, &attr, thread_main, start) == 0;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attr);
  }
#endif
  if (!ok) free(start);
  return ok;
}

void on_fork_child(void (*fn)()) noexcept {
#if defined(_WIN32)
  (void)fn;
#else
  pthread_atfork(nullptr, nullptr, fn);
#endif
}

bool pin_module_of(void* address) noexcept {
#if defined(_WIN32)
  HMODULE module = nullptr;
  return GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                            static_cast<LPCWSTR>(address), &module) != 0;
#else
  Dl_info info;
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return false;
  return dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE) != nullptr;
#endif
}

void prefer_large_pages(void* data, size_t bytes) noexcept {
#if defined(__linux__)
  const uintptr_t address = reinterpret_cast<uintptr_t>(data);
  const uintptr_t first = (address + kLargePage - 1) / kLargePage * kLargePage;
  const uintptr_t end = (address + bytes) / kLargePage * kLargePage;
  if (first < end) madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
#else
  static_cast<void>(data);
  static_cast<void>(bytes);
#endif
}

}  // namespace lanegrad
